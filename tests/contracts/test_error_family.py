"""What evac raises is one family, and the tree at the top of tui/errors.py is all of it."""

from __future__ import annotations

import ast
import builtins
import re
from pathlib import Path

import pytest

from tui import errors
from tui.cli.exit_codes import exit_code_of
from tui.cli.session import FAILED, READ_ONLY, USAGE, RefusedError
from tui.config.schema import ConfigError
from tui.operations.database import JournalError
from tui.operations.spawn import ReadOnlyError

ROOT = Path(errors.__file__).parents[1]
APART = {"ToldToEnd"}
"""No `except Exception` may catch it."""


def classes() -> dict[str, set[str]]:
    """Each class of the program with the names of its bases; the embedded AWS is apart."""
    found: dict[str, set[str]] = {}
    for path in (*(ROOT / "tui").rglob("*.py"), *(ROOT / "screens").rglob("*.py")):
        if (ROOT / "tui" / "demo") not in path.parents:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    found[node.name] = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
    return found


def is_pythons(name: str) -> bool:
    kind = getattr(builtins, name, None)
    return isinstance(kind, type) and issubclass(kind, BaseException)


def test_every_error_is_of_the_family() -> None:
    strangers = {name for name, bases in classes().items() if any(map(is_pythons, bases))}
    assert strangers == {"EvacError", *APART}


def test_the_tree_at_the_top_is_the_family() -> None:
    bases, family = classes(), {"EvacError"}
    while new := {name for name, above in bases.items() if above & family} - family:
        family |= new
    drawn = re.findall(r"^[│├└─ ]*(\w+Error)\b", str(errors.__doc__), re.MULTILINE)
    assert sorted(drawn) == sorted(family)


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (RefusedError("not today", 5), 5, "not today"),
        (ConfigError("config.toml", "theme", "no such theme"), USAGE, "config.toml: theme: no such theme"),
        (ReadOnlyError("read-only: no changes"), READ_ONLY, "read-only: no changes"),
        (JournalError("the journal can't be used"), FAILED, "the journal can't be used"),
        (errors.EvacError("this", "do that"), FAILED, "this; do that"),
    ],
)
def test_a_command_ends_with_its_line_and_its_code(
    error: errors.EvacError, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        raise error

    assert exit_code_of(work) == code
    assert capsys.readouterr().err == f"evac: {line}\n"
