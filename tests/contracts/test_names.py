"""A public name means one thing: few are defined in more than one module.

`python tests/contracts/test_names.py` prints them. The embedded AWS (tui/demo) is apart: its modules carry AWS's own names.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FEWER_THAN = 15


def public_names(module: ast.Module) -> Iterator[str]:
    """What a module defines at its top level, imports and private names left out."""
    for node in module.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names = [name]
            case ast.AnnAssign(target=ast.Name(id=name)):
                names = [name]
            case ast.Assign(targets=targets):
                names = [one.id for one in targets if isinstance(one, ast.Name)]
            case _:
                names = []
        yield from (name for name in names if not name.startswith("_"))


def defined_twice() -> dict[str, list[str]]:
    """Each public name that more than one module defines, with those modules."""
    where = defaultdict[str, list[str]](list)
    for package in ("tui", "screens"):
        for path in sorted((ROOT / package).rglob("*.py")):
            module = path.relative_to(ROOT)
            if module.parts[:2] == ("tui", "demo"):
                continue
            for name in set(public_names(ast.parse(path.read_text(encoding="utf-8")))):
                where[name].append(str(module))
    return {name: modules for name, modules in sorted(where.items()) if len(modules) > 1}


def test_few_names_are_defined_in_two_modules() -> None:
    found = defined_twice()
    assert len(found) < FEWER_THAN, found


def test_the_processes_have_one_name_each() -> None:
    """Collector and runner: what reads and what acts had other names beside these once."""
    words = re.compile(r"\b(?:the|its|these|our) (?:eyes|hands)\b", re.IGNORECASE)
    for package in ("tui", "screens"):
        for path in sorted((ROOT / package).rglob("*.py")):
            assert not words.search(path.read_text(encoding="utf-8")), path


if __name__ == "__main__":
    for name, modules in (found := defined_twice()).items():
        sys.stdout.write(f"{name}: {', '.join(modules)}\n")
    sys.stdout.write(
        f"{len(found)} public names are defined in more than one module (fewer than {FEWER_THAN} is the limit)\n"
    )
