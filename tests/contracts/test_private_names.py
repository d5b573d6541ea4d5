"""Tests use what is public: a private attribute of the product may change without a test of its behaviour changing."""

from __future__ import annotations

import ast
import functools
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

ALLOWED = {
    # where a test has to stand between two lines of the product
    "_write": "every commit goes through it: a disk that is full for the writer alone, a runner that dies before or after one",
    "_ask": "the chaos runner learns from it which step is next",
    "_now": "a runner on the embedded AWS's time",
    "_before_parse": "what botocore's event calls, with what botocore would give it",
    "_early": "a collector that has been begun and that nothing public names yet",
    # what has no other trace than memory
    "_db": "`synchronous` is of one connection: no other can ask for it",
    "_login": "the session of a login is made inside, so that no client without the guard can be",
    "_session": "as above",
    "_entries": "failures in a row stop counting at eight: seen otherwise only after days of a schedule",
    "_next": "an instance lock that is due for its renewal, without waiting",
    "_waiting": "threads that wait: only then is their order decided",
    "_known": "memory has a limit",
    "_kept": "what is not ranked again",
    "_ids": "the rows a target keeps while its checks are denied",
    "_cache": "a server of the test's own in place of aiocache's",
    "_shared": "as above",
    "_checked": "how old an entry may be, without waiting",
    "_log": "the file descriptor that a runner is started with",
}
"""Of the product, with the reason. One that is used no more is taken out."""


LIBRARIES = {
    "_driver",
    "_notifications",
    "_compositor",
    "_styles_cache",
    "_cells",
    "_credentials",
    "_exit",
    "_loader",
}
"""Of Textual, Rich, botocore and os, where the product happens to have one of the same name."""


@functools.cache
def defined() -> frozenset[str]:
    """Each private name of tui and screens: attributes, methods, functions and constants."""
    found = set()
    for path in (path for floor in ("tui", "screens") for path in (ROOT / floor).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.add(node.name)
            elif (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == "self"
            ):
                found.add(node.attr)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
    return frozenset(name for name in found if name.startswith("_") and not name.startswith("__"))


def used(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Private attributes of something else than the class they stand in, and private names that are imported; their lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
                yield node.attr, node.lineno
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("tui", "screens"):
            for one in node.names:
                yield one.name, node.lineno


def test_tests_use_no_private_name_of_the_product_but_those_with_a_reason() -> None:
    found = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("*.py")):
        tree = ast.parse(path.read_text())
        own = {
            node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        for name, line in used(tree):
            if name in defined() and name not in LIBRARIES and (name in ALLOWED or name not in own):
                found[name].append(f"{path.relative_to(ROOT)}:{line}")
    assert {name: where for name, where in found.items() if name not in ALLOWED} == {}
    assert sorted(ALLOWED.keys() - found.keys()) == [], "used no more"
    assert len(ALLOWED) <= 18, "the list only gets shorter"
