"""The filter of the fleet: what is typed, what it finds, and whose the keys are meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.events import Key, Paste
from textual.pilot import Pilot
from textual.widgets import Input

from screens.base import Act, Go
from screens.fleet.filter_bar import FilterInput
from tests.screens import fake_services
from tests.screens.fleet_pilot import cursor, screen, shown
from tests.screens.pilot_helpers import text_of
from tui.commands import VERBS
from tui.domain.listing import FleetView


@pytest.mark.parametrize("size", [(160, 50), (80, 24), (40, 12)])
async def test_while_a_filter_is_typed_the_key_line_says_what_can_be_pressed_then(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with shown(fake_services.services(tmp_path), size) as pilot:
        await pilot.press("slash", *"web")
        await pilot.pause()
        line = text_of(pilot.app).splitlines()[-1]
        assert "⏎ keep" in line
        assert "esc clear" in line
        assert "stop" not in line
        await pilot.press("enter")
        await pilot.pause()
        assert "s stop" in text_of(pilot.app).splitlines()[-1]


async def test_a_question_mark_in_an_empty_filter_asks_for_help_and_is_a_letter_after_that(
    tmp_path: Path,
) -> None:
    async with shown(fake_services.services(tmp_path)) as pilot:
        await pilot.press("slash", "a", "question_mark")
        assert screen(pilot).query_one(FilterInput).value == "a?"
        assert fake_services.asked(pilot) == []
        await pilot.press("backspace", "backspace", "question_mark")
        await pilot.pause()
        assert [one.place for one in fake_services.asked(pilot)] == ["help"]


async def test_a_filter_narrows_as_it_is_typed_and_a_bad_term_keeps_the_last_result(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path)) as pilot:
        await pilot.press("2", "slash", *"web")
        await pilot.pause()
        table = screen(pilot).table
        matching = len(table.rows)
        assert 0 < matching < 78
        screen(pilot).query_one(FilterInput).value = "web foo:bar"
        await pilot.pause()
        assert len(table.rows) == matching
        assert "no field 'foo'" in text_of(pilot.app)
        await pilot.press("escape")
        await pilot.pause()
        assert len(table.rows) == 78
        assert table.has_focus


async def test_keys_typed_into_the_filter_are_letters_not_verbs(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path)) as pilot:
        await pilot.press("slash", *"sbitqyx1234")
        await pilot.pause()
        assert screen(pilot).query_now.text == "sbitqyx1234"
        assert fake_services.asked(pilot) == []
        assert "Nothing in this view matches" in text_of(pilot.app)


async def test_what_is_typed_right_after_the_slash_reaches_no_verb(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path)) as pilot:
        for key, letter in (
            ("2", "2"),
            ("slash", "/"),
            *((letter, letter) for letter in "bisto"),
            ("slash", "/"),
            ("s", "s"),
        ):
            pilot.app.post_message(Key(key, letter))  # all of them before the first is dealt with
        await pilot.pause()
        assert fake_services.asked(pilot) == []
        assert screen(pilot).query_one(FilterInput).value == "bisto/s"
        assert screen(pilot).view is FleetView.ALL


def at_once(pilot: Pilot[Any], *keys: str) -> None:
    """All of them before the first is dealt with, as a slow line brings them."""
    for key in keys:
        pilot.app.post_message(Key(NAMES.get(key, key), key if len(key) == 1 else None))


NAMES = {"-": "minus", "/": "slash", " ": "space"}


@pytest.mark.parametrize("verb", ["stop-start", "reboot", "image"])
async def test_a_verb_right_after_the_filter_is_about_what_it_found(tmp_path: Path, verb: str) -> None:
    async with shown(fake_services.services(tmp_path)) as pilot:
        at_once(pilot, "2", "/", *"search-2", "enter", VERBS[verb].key)
        await pilot.pause()
        assert screen(pilot).query_one(FilterInput).value == "search-2"
        (asked,) = fake_services.asked(pilot)
        assert isinstance(asked, Act)
        row = screen(pilot).subject
        assert row is not None
        assert row.name == "search-2"
        assert (asked.action, asked.key) == (verb, f"{row.target.region}/{row.instance_id}")


async def test_what_is_typed_right_before_and_after_the_ways_out_of_the_filter_is_meant_so(
    tmp_path: Path,
) -> None:
    async with shown(fake_services.services(tmp_path)) as pilot:
        at_once(pilot, "2", "/", *"search", "escape", "1")
        await pilot.pause()
        assert screen(pilot).query_now.text == screen(pilot).query_one(FilterInput).value == ""
        assert screen(pilot).view is FleetView.TRIAGE
        at_once(pilot, "2", "/", *"search-", "down", "enter", "enter")
        await pilot.pause()
        assert len(screen(pilot).table.rows) == 2
        assert screen(pilot).subject is screen(pilot).table.rows[1]
        assert [one.place for one in fake_services.asked(pilot)] == ["detail"]


async def test_what_is_corrected_and_typed_on_at_once_is_as_it_was_typed(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path)) as pilot:
        at_once(
            pilot,
            "2",
            "/",
            *"serach",
            *["backspace"] * 4,
            *"arhc",
            "left",
            "left",
            "delete",
            "end",
            *"h-2",
            "enter",
        )
        await pilot.pause()
        assert screen(pilot).query_one(FilterInput).value == screen(pilot).query_now.text == "search-2"


async def test_enter_leaves_the_filter_and_opens_on_the_next(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path)) as pilot:
        await pilot.press("slash", *"batch-14", "enter")
        assert screen(pilot).table.has_focus
        await pilot.press("enter")
        await pilot.pause()
        (asked,) = fake_services.asked(pilot)
        assert isinstance(asked, Go)
        assert (asked.place, asked.key.split("/")[0]) == ("detail", "us-east-1")


async def test_two_enters_at_once_leave_the_filter_and_open_what_it_found(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path)) as pilot:
        await pilot.press("slash")
        driver = pilot.app._driver
        assert driver is not None
        for key in (*"edge-2", "enter", "enter"):
            driver.process_message(Key({"-": "minus"}.get(key, key), key if len(key) == 1 else None))
        for _ in range(100):
            if fake_services.asked(pilot):
                break
            await pilot.pause(0.05)
        assert cursor(pilot) == "edge-2"
        assert [one.place for one in fake_services.asked(pilot)] == ["detail"]


async def test_the_slash_opens_with_the_filter_in_force_marked(tmp_path: Path) -> None:
    """What is typed replaces it, as in a browser's search; end or an arrow goes on with it."""
    async with shown(fake_services.services(tmp_path)) as pilot:
        await pilot.press("2", "slash", *"web", "enter", "slash", *"batch", "enter")
        await pilot.pause()
        assert screen(pilot).query_now.text == "batch"
        await pilot.press("slash", "end", *" state:running", "enter")
        await pilot.pause()
        assert screen(pilot).query_now.text == "batch state:running"
        await pilot.press("slash", "enter")
        await pilot.pause()
        assert screen(pilot).query_now.text == "batch state:running"


async def test_a_pasted_list_of_ids_is_one_filter(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path)) as pilot:
        store = screen(pilot).services.store
        chosen = [row for row in store.rows() if row.name in ("web-1", "batch-14", "load-1")]
        await pilot.press("2", "slash")
        assert isinstance(pilot.app.focused, Input)
        pilot.app.focused.post_message(Paste("\n".join(f"  {row.instance_id}" for row in chosen) + "\n"))
        await pilot.pause()
        assert {one.name for one in screen(pilot).table.rows} == {"web-1", "batch-14", "load-1"}  # type: ignore[union-attr]  # all are instances
