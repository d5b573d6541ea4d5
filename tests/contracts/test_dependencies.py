"""Every base dependency is imported, everything imported is declared, and each has its purpose in a table."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MODULES = {"tomli-w": "tomli_w"}
BESIDE = {"botocore": "boto3", "rich": "textual"}
"""Imported by name, and brought by the one that cannot be without it."""
SOURCES = [*(ROOT / "tui").rglob("*.py"), *(ROOT / "screens").rglob("*.py")]


def name_of(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None
    return found[0]


def imported() -> Iterator[str]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0]


BASE = {name_of(one) for one in PROJECT["dependencies"]}
THIRD = {name for name in imported() if name not in sys.stdlib_module_names} - {"tui", "screens"}


def test_nothing_is_in_the_base_install_that_is_not_imported() -> None:
    assert {name for name in BASE if MODULES.get(name, name) not in THIRD} == set()


def test_everything_imported_is_declared() -> None:
    declared = {MODULES.get(name, name) for name in BASE} | set(BESIDE)
    extras = {"redis", "prometheus_client"}
    assert THIRD - declared - extras == set()
    assert set(BESIDE.values()) <= BASE


def test_each_has_a_line_in_the_table() -> None:
    table = (ROOT / "docs" / "dependencies.md").read_text()
    extras = {name_of(one) for some in PROJECT["optional-dependencies"].values() for one in some}
    for name in BASE | extras:
        assert f"| {name} |" in table, name
