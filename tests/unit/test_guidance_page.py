"""docs/guidance.md says what the program says."""

from __future__ import annotations

from pathlib import Path

from tui.domain.events import KNOWN_CODES
from tui.domain.guidance.checks import NAMES
from tui.domain.guidance.page import render

PAGE = Path(__file__).parents[2] / "docs" / "guidance.md"
REMEDY = (
    "write it anew: python -c 'from pathlib import Path; from tui.domain.guidance.page import render; "
    'Path("docs/guidance.md").write_text(render(), encoding="utf-8")\''
)


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), REMEDY


def test_the_page_covers_every_code_and_check() -> None:
    page = render()
    for title in (*KNOWN_CODES, *NAMES.values()):
        assert f"### {title}" in page
    assert "don't know" not in page.lower()
