"""What Textual keeps to itself is used in screens/textual_compat.py only, where each name has a fall-back."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import screens

ROOT = Path(__file__).parents[2]
COMPAT = "screens/textual_compat.py"
SOURCES = sorted([*(ROOT / "tui").rglob("*.py"), *(ROOT / "screens").rglob("*.py")])
DRAWN = [path for path in SOURCES if "screens" in path.parts or path.name == "app.py"]
LIBRARIES = ("textual", "rich", "asyncio")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def imported(tree: ast.AST) -> Iterator[str]:
    """Dotted names of what is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_nothing_private_is_imported() -> None:
    found = [
        f"{name_of(path)}: {name}"
        for path in SOURCES
        if name_of(path) != COMPAT
        for name in imported(ast.parse(path.read_text()))
        if name.partition(".")[0] in LIBRARIES
        if any(map(is_private, name.split(".")))
        # Of asyncio's modules one is an interface.
        or (
            name.startswith("asyncio.") and name.count(".") > 1 and not name.startswith("asyncio.subprocess.")
        )
    ]
    assert found == []


@cache
def kept_private(kind: type) -> frozenset[str]:
    """Names that a class of Textual defines for itself, or gives its instances."""
    names = {name for name in vars(kind) if is_private(name)}
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(kind)))):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_private(node.attr):
            names.add(node.attr)
    return frozenset(names)


def ours() -> list[type]:
    """Our classes that are made from a class of Textual."""
    for module in pkgutil.walk_packages(screens.__path__, "screens."):
        importlib.import_module(module.name)
    importlib.import_module("tui.app")
    return [
        kind
        for name, module in sorted(sys.modules.items())
        if name.partition(".")[0] == "screens" or name == "tui.app"
        for kind in vars(module).values()
        if inspect.isclass(kind) and kind.__module__ == name
        if any(base.__module__.startswith("textual.") for base in kind.__mro__)
    ]


def test_no_class_uses_or_hides_what_its_base_keeps_to_itself() -> None:
    """A name of ours that Textual has too would be found here as well: it breaks both."""
    found = set[str]()
    classes = ours()
    assert len(classes) > 30
    for kind in classes:
        theirs = {
            name
            for base in kind.__mro__
            if base.__module__.startswith("textual.")
            for name in kept_private(base)
        }
        for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(kind)))):
            name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "name", "")
            if name in theirs and kind.__module__ != "screens.textual_compat":
                found.add(f"{kind.__module__}.{kind.__name__}: {name}")
    assert found == set()


def test_no_private_attribute_of_another_s_object_is_touched() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}: {ast.unparse(node)}"
        for path in DRAWN
        if name_of(path) != COMPAT
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and is_private(node.attr)
        if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
    ]
    assert [one for one in found if not one.endswith(": os._exit")] == []
