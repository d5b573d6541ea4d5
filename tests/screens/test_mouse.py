"""The mouse: a click on a key in the key line is that key, one on a tab puts it in front."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Input

from screens.base import Act, Go, KeyLine
from screens.detail.screen import TABS
from screens.detail.tab_line import TabLine
from tests.screens import detail_pilot, fake_services
from tests.screens.fleet_pilot import said, screen, shown
from tests.screens.pilot_helpers import lines_of
from tui.domain.listing import FleetView
from tui.presentation.width import cell_len


async def click(pilot: Pilot[None], words: str, line: str = "KeyLine") -> None:
    """Upon these words in that line, wherever they stand on screen."""
    y = pilot.app.screen.query_one(line).region.y
    text = lines_of(pilot.app)[y]
    assert words in text, text
    assert await pilot.click(offset=(cell_len(text[: text.index(words)]), y))
    await pilot.pause()


async def test_a_click_on_a_key_of_the_line_is_that_key(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path)) as pilot:
        now = screen(pilot)
        await click(pilot, "2 all")
        assert now.view is FleetView.ALL
        await click(pilot, "⏎ detail")
        await click(pilot, "b reboot")
        await click(pilot, "? help")
        asked = fake_services.asked(pilot)
        assert [type(one) for one in asked] == [Go, Act, Go]
        assert [one.place for one in asked if isinstance(one, Go)] == ["detail", "help"]
        assert asked[1].action == "reboot"
        cursor = now.table.cursor
        await click(pilot, "/ filter")
        await pilot.press(*"web")
        await click(pilot, "↑↓ rows")
        assert isinstance(now.focused, Input)
        await click(pilot, "↓ rows")
        assert now.table.cursor == cursor + 1
        assert now.query_one(Input).value == "web"
        await click(pilot, "⏎ keep")
        assert now.table.has_focus
        assert now.query_now.text == "web"
        await pilot.click(KeyLine, offset=(0, 0))  # nothing stands there
        await pilot.pause()
        assert len(fake_services.asked(pilot)) == 3


async def test_a_click_on_what_is_blocked_says_why(tmp_path: Path) -> None:
    settings = replace(fake_services.SETTINGS, read_only=True)
    async with shown(fake_services.services(tmp_path, settings=settings), (80, 24)) as pilot:
        await click(pilot, "s stop")
        assert any("read-only" in line for line in said(pilot))
        assert fake_services.asked(pilot) == []


async def test_a_click_on_a_tab_puts_it_in_front_and_on_the_ellipsis_the_next(tmp_path: Path) -> None:
    app, detail, _ = detail_pilot.opened(tmp_path, "web-7")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await click(pilot, "cover", "TabLine")
        assert detail.tab == "cover"
        line = lines_of(pilot.app)[pilot.app.screen.query_one(TabLine).region.y]
        shown_now = [tab for tab in TABS if f" {tab} " in line]
        await click(pilot, "…", "TabLine")
        assert detail.tab == TABS[TABS.index(shown_now[-1]) + 1]
        await click(pilot, detail.tab, "TabLine")
        assert detail.tab == TABS[TABS.index(shown_now[-1]) + 1]
        await click(pilot, "esc back")
        assert app.screen is not detail


async def test_a_click_on_the_header_is_the_palette_which_has_everything(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path), (80, 24)) as pilot:
        opened: list[str] = []
        pilot.app.action_command_palette = lambda: opened.append("palette")  # type: ignore[method-assign] # the stage has none
        await click(pilot, "evac", "#header")
        assert opened == ["palette"]
