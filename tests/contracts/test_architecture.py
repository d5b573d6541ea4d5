"""ARCHITECTURE.md, CONTRIBUTING.md and the decision notes name only what is in the tree: files, modules, functions, classes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAP = ROOT / "ARCHITECTURE.md"
PAGES = [MAP, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PATHS = re.compile(r"`((?:tui|screens|tests|bench|docs)/[\w/.*-]+)`")
MODULES = re.compile(r"\b((?:tui|screens)(?:\.(?!py\b)[a-z_0-9]+)+)\b")


def is_there(dotted: str) -> bool:
    """Whether `tui.a.b` is a package, a module, or a name in the module before its last dot."""
    place = ROOT / dotted.replace(".", "/")
    if place.is_dir() or place.with_suffix(".py").is_file():
        return True
    holder, name = place.parent, place.name
    source = holder / "__init__.py" if holder.is_dir() else holder.with_suffix(".py")
    return source.is_file() and re.search(rf"\b{name}\b", source.read_text()) is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_and_module_on_the_page_exists(page: Path) -> None:
    text = page.read_text()
    assert not [path for path in PATHS.findall(text) if not list(ROOT.glob(path.rstrip("/")))]
    assert not [name for name in MODULES.findall(text) if not is_there(name)]


def walk_rows() -> list[tuple[str, str]]:
    """(module, function) of the two walks."""
    rows = re.findall(
        r"^\| (?:console|collector|runner|command) \| `(\S+\.py)` \| ((?:`\w+`(?:, )?)+)",
        MAP.read_text(),
        re.M,
    )
    return [(module, name) for module, names in rows for name in re.findall(r"\w+", names)]


@pytest.mark.parametrize(("module", "name"), walk_rows())
def test_every_function_of_the_walks_is_in_its_module(module: str, name: str) -> None:
    assert re.search(rf"^\s*(?:async )?def {name}\b", (ROOT / module).read_text(), re.M)


def test_every_type_in_the_glossary_exists() -> None:
    section = MAP.read_text().partition("## Words")[2].partition("## To add")[0]
    sources = [path.read_text() for package in ("tui", "screens") for path in (ROOT / package).rglob("*.py")]
    names = set(re.findall(r"`([A-Z]\w+)`", section))
    assert len(names) > 15
    assert not [
        name for name in names if not any(re.search(rf"^class {name}\b", one, re.M) for one in sources)
    ]


def test_every_package_is_on_the_map() -> None:
    text = MAP.read_text()
    packages = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for package in ("tui", "screens")
        for path in (ROOT / package).rglob("__init__.py")
    } - {"tui"}
    assert not [name for name in sorted(packages) if f"`{name}`" not in text]
