"""The keys in the documents are those of the registry: docs/keys.md has every one, the README those of a first shift."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from tui.commands import ACTION_VERBS, COUNTING, GUARDED, SEARCHING, TYPING, VERBS, shown_key
from tui.domain.actions import ACTIONS

ROOT = Path(__file__).parents[2]
ANEW = "write it anew: make keys"


@pytest.fixture(scope="module")
def keys() -> ModuleType:
    spec = spec_from_file_location("docs_keys", ROOT / "docs" / "keys.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_the_registry_s(keys: ModuleType) -> None:
    assert (ROOT / "docs/keys.md").read_text(encoding="utf-8") == keys.page(), ANEW


def test_the_readme_s_table_is_the_registry_s(keys: ModuleType) -> None:
    kept = (ROOT / "README.md").read_text(encoding="utf-8")
    assert keys.readme(kept) == kept, ANEW
    assert keys.table() in kept
    assert set(GUARDED) <= set(keys.FIRST)


def test_no_verb_and_no_action_is_left_out(keys: ModuleType) -> None:
    told = keys.page()
    for verb in (*VERBS.values(), *ACTION_VERBS.values(), *TYPING, *SEARCHING, *COUNTING):
        assert re.search(rf"^\| .*\| {re.escape(verb.title)} \| ", told, re.MULTILINE), verb.name
    for action in ACTIONS.values():
        assert f"| `{action.name}` | `{action.key}` |" in told


PRESSED = {shown_key(verb).replace("⏎", "enter") for verb in (*VERBS.values(), *ACTION_VERBS.values())}
"""As a page spells them."""


def test_the_korean_readme_s_table_names_keys_that_there_are() -> None:
    rows = re.findall(r"^\| (`.+?`) \|", (ROOT / "README.ko.md").read_text(encoding="utf-8"), re.MULTILINE)
    named = {key for row in rows for key in re.findall(r"`([^`]+)`", row)}
    assert len(rows) > 5
    assert named <= PRESSED, named - PRESSED


@pytest.mark.parametrize(
    "page",
    ["README.md", "README.ko.md", *(f"docs/{one.name}" for one in sorted((ROOT / "docs").glob("*.md")))],
)
def test_a_key_that_a_page_tells_to_press_is_one(page: str) -> None:
    """`press KEY`, in English or Korean (`KEY`를 누르)."""
    known = PRESSED | {"tab", "up", "down", "←", "→", "↑", "↓", "shift+tab", "ctrl+l"}
    text = (ROOT / page).read_text(encoding="utf-8")
    pressed = re.findall(r"(?i)\bpress(?:es|ing)? (?:on )?`([^`]+)`", text)
    pressed += re.findall(r"`([^`]+)`(?:을|를)? 누르", text)
    assert {key for group in pressed for key in group.split()} <= known
