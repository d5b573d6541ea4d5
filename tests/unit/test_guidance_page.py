"""docs/guidance.md says what the program says."""

from __future__ import annotations

from pathlib import Path

from tui.domain.events import KNOWN_CODES
from tui.domain.guidance.checks import CHECK_TITLES
from tui.domain.guidance.page import guidance_page

PAGE = Path(__file__).parents[2] / "docs" / "guidance.md"
REMEDY = (
    "write it anew: python -c 'from pathlib import Path; from tui.domain.guidance.page import guidance_page; "
    'Path("docs/guidance.md").write_text(guidance_page(), encoding="utf-8")\''
)


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == guidance_page(), REMEDY


def test_the_page_covers_every_code_and_check() -> None:
    page = guidance_page()
    for title in (*KNOWN_CODES, *CHECK_TITLES.values()):
        assert f"### {title}" in page
    assert "don't know" not in page.lower()
