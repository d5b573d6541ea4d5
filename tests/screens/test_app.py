"""The app wires: which screen follows which key, what the palette offers, what the next start shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from rich.style import Style
from textual.app import App
from textual.command import CommandList, CommandPalette
from textual.events import Click, Key
from textual.pilot import Pilot
from textual.screen import Screen

from screens.base import AlertLine, EvacScreen
from screens.confirm import ConfirmScreen
from screens.detail.screen import DetailScreen
from screens.fleet.screen import FleetScreen
from screens.help import HelpScreen
from screens.operations import OperationsScreen
from screens.palette import Commands
from tests.screens import fake_services
from tests.screens.fake_runner import Play
from tui.app import EvacApp
from tui.commands import VERBS
from tui.config.schema import Settings
from tui.domain.answers import NoteKind
from tui.fleet import snapshot
from tui.fleet.start_mark import Opening
from tui.fleet.store import Store
from tui.services import Services


@asynccontextmanager
async def running(services: Services, path: Path | None = None) -> AsyncIterator[Pilot[Any]]:
    app = EvacApp(
        replace(services, link=None), snapshot.StartSnapshot(path, None, "", Opening(path)) if path else None
    )
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        yield pilot


def on_top(pilot: Pilot[Any]) -> Screen[Any]:
    """Asked anew each time: to mypy the app's screen is still what it was before the key."""
    return pilot.app.screen


@pytest.mark.parametrize(
    ("key", "screen"),
    [("enter", DetailScreen), ("o", OperationsScreen), ("question_mark", HelpScreen), ("s", ConfirmScreen)],
)
async def test_a_key_opens_its_screen_and_escape_leads_back(tmp_path: Path, key: str, screen: type) -> None:
    async with running(fake_services.services(tmp_path)) as pilot:
        await pilot.press(key)
        await pilot.pause()
        assert type(pilot.app.screen) is screen
        await pilot.press("escape")
        await pilot.pause()
        assert type(pilot.app.screen) is FleetScreen


@pytest.mark.parametrize("key", ["", "enter", "o", "question_mark", "s"])
@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_a_server_that_is_down_is_said_on_every_screen(
    tmp_path: Path, key: str, size: tuple[int, int]
) -> None:
    services = fake_services.services(tmp_path)
    play = Play(services, "batch-14", at=timedelta(minutes=5)).done("stop", "wait-stopped").begin("start")
    play.say("STOPPED: no capacity; try 3 in 20 s", attention=True, down=True, kind=NoteKind.DOWN).driven()
    async with running(services) as pilot:
        await pilot.resize_terminal(*size)
        await pilot.press(*([key] if key else []))
        await pilot.pause()
        alarm = pilot.app.screen.query_one(AlertLine)
        assert alarm.display
        assert alarm.region.height >= 1
        assert "1 server is DOWN" in str(alarm.render())


async def test_the_same_screen_is_not_stacked_upon_itself(tmp_path: Path) -> None:
    async with running(fake_services.services(tmp_path)) as pilot:
        for _ in range(3):
            await pilot.press("o")
            await pilot.pause()
        assert len(pilot.app.screen_stack) == 2  # the fleet, the operations


async def test_from_a_detail_to_the_question_about_that_very_instance(tmp_path: Path) -> None:
    services = fake_services.services(tmp_path)
    async with running(services) as pilot:
        await pilot.press("j", "enter")
        await pilot.pause()
        detail = pilot.app.screen
        assert isinstance(detail, DetailScreen)
        await pilot.press("s")
        await pilot.pause()
        question = pilot.app.screen
        assert isinstance(question, ConfirmScreen)
        assert question.key == detail.key == fake_services.named(services.store, "down-1").key


async def palette(pilot: Pilot[Any], *typed: str) -> None:
    """Open it, type, and take the first line."""
    await pilot.press("ctrl+p")
    await pilot.pause()
    assert isinstance(pilot.app.screen, CommandPalette)
    await pilot.press(*typed)
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    await pilot.press("enter")
    await pilot.pause()


async def test_the_palette_does_what_the_key_does(tmp_path: Path) -> None:
    async with running(fake_services.services(tmp_path)) as pilot:
        await palette(pilot, *"operations")
        for _ in range(50):
            if isinstance(pilot.app.screen, OperationsScreen):
                break
            await pilot.pause(0.1)
        assert type(pilot.app.screen) is OperationsScreen


async def test_the_palette_is_no_way_around_read_only(tmp_path: Path) -> None:
    services = fake_services.services(tmp_path, settings=Settings(read_only=True))
    async with running(services) as pilot:
        await palette(pilot, *"reboot")
        for _ in range(50):
            if pilot.app._notifications:
                break
            await pilot.pause(0.1)
        assert type(pilot.app.screen) is FleetScreen
        said = [str(one.message) for one in pilot.app._notifications]
        assert any("read-only" in line for line in said)
        assert services.launch.made == []  # type: ignore[attr-defined]  # the stage's


async def test_what_is_known_at_the_end_is_shown_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "evac" / "snapshot.mpk"
    services = fake_services.services(tmp_path)
    async with running(services, path) as pilot:
        services.store.revision += 1
        await pilot.press("q")
    kept = snapshot.load_snapshot(path)
    assert kept is not None
    store = Store()
    store.load_snapshot(kept.deltas, kept.count)
    for rows in kept.rest():
        store.load_rest(rows)
    assert len(store.rows()) == len(services.store.rows())
    async with running(fake_services.services(tmp_path, store)) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, FleetScreen)
        assert screen.subject is not None
        assert screen.subject.name == "payments-db-1"


async def test_a_journal_that_cannot_be_used_is_said_and_looking_goes_on(tmp_path: Path) -> None:
    trouble = "the journal can't be used (disk full), /x/journal.sqlite3: nothing was sent; free the disk"
    services = fake_services.services(tmp_path, journal=None, journal_trouble=trouble)
    async with running(services) as pilot:
        await pilot.pause(1.2)
        await pilot.press("s")
        await pilot.pause()
        assert type(on_top(pilot)) is FleetScreen
        assert any("disk full" in str(one.message) for one in pilot.app._notifications)
        await pilot.press("enter")
        await pilot.pause()
        assert type(on_top(pilot)) is DetailScreen


LEAVES = [
    ("enter", "escape", "escape", "escape"),
    ("o", "escape", "escape"),
    ("question_mark", "escape", "escape", "escape"),
    ("s", "escape", "escape", "escape"),
    ("ctrl+p", "escape", "escape", "escape"),
    ("enter", "ctrl+p", "escape", "escape", "escape", "escape"),
]


@pytest.mark.parametrize("keys", LEAVES, ids=" ".join)
async def test_keys_that_come_faster_than_a_screen_leaves_take_no_other_along(
    tmp_path: Path, keys: tuple[str, ...]
) -> None:
    """Over a slow line several escapes arrive at once: the fleet is the last screen, and stays."""
    async with running(fake_services.services(tmp_path)) as pilot:
        await pilot.press(keys[0])
        await pilot.pause()
        screen = pilot.app.screen
        for key in keys[1:]:
            driver = pilot.app._driver
            assert driver is not None
            driver.process_message(Key(key, None))
        await pilot.pause()
        for _ in range(100):
            if type(pilot.app.screen) is FleetScreen:
                break
            await pilot.pause(0.05)
        assert type(pilot.app.screen) is FleetScreen
        assert screen not in pilot.app.screen_stack
        assert len(pilot.app.screen_stack) == 1
        await _the_last_key_is_answered(pilot.app)


async def _the_last_key_is_answered(app: App[object]) -> None:
    """One still waiting when the app ends asks which screen is open: there is none any more."""
    answered = asyncio.Event()
    app.call_later(answered.set)
    await asyncio.wait_for(answered.wait(), 60)


async def test_a_screen_asked_to_leave_twice_leaves_once(tmp_path: Path) -> None:
    async with running(fake_services.services(tmp_path)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        detail = pilot.app.screen
        assert isinstance(detail, DetailScreen)
        detail.dismiss()
        detail.dismiss()
        detail.dismiss()
        await pilot.pause()
        assert [type(one) for one in pilot.app.screen_stack] == [FleetScreen]


@pytest.mark.parametrize("opens", ["o", "enter", "question_mark"])
async def test_a_verb_chosen_for_a_screen_that_has_left_does_nothing(tmp_path: Path, opens: str) -> None:
    """The palette hands it over later: by then an escape may have been faster."""
    async with running(fake_services.services(tmp_path)) as pilot:
        await pilot.press(opens)
        await pilot.pause()
        left = pilot.app.screen
        assert isinstance(left, EvacScreen)
        left.dismiss()
        await pilot.pause()
        for verb in VERBS:
            pilot.app.call_later(left.action_verb, verb)
        await pilot.pause()
        assert pilot.app.fault is None  # type: ignore[attr-defined]  # EvacApp's
        assert type(on_top(pilot)) is FleetScreen


async def test_a_click_upon_a_line_of_the_palette_that_has_gone_chooses_nothing(tmp_path: Path) -> None:
    async with running(fake_services.services(tmp_path)) as pilot:
        await pilot.press("ctrl+p")
        await pilot.pause()
        commands = pilot.app.screen.query_one(CommandList)
        assert type(commands) is Commands
        for _ in range(100):
            if commands.option_count:
                break
            await pilot.pause(0.05)
        style = Style.from_meta({"option": commands.option_count + 3})
        plain = {"shift": False, "meta": False, "ctrl": False}
        commands.post_message(Click(commands, x=1, y=1, delta_x=0, delta_y=0, button=1, **plain, style=style))
        await pilot.pause()
        assert pilot.app.fault is None  # type: ignore[attr-defined]  # EvacApp's
        assert isinstance(pilot.app.screen, CommandPalette)
        await pilot.click(CommandList, offset=(5, 1))  # one that is there is chosen as ever
        await pilot.pause()
        assert not isinstance(pilot.app.screen, CommandPalette)


async def test_a_covered_screen_leaves_when_it_is_on_top_again(tmp_path: Path) -> None:
    async with running(fake_services.services(tmp_path)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        detail = pilot.app.screen
        assert isinstance(detail, DetailScreen)
        await pilot.press("ctrl+p")
        await pilot.pause()
        detail.dismiss()
        assert isinstance(on_top(pilot), CommandPalette)  # what lies over it is not taken instead
        await pilot.press("escape")
        await pilot.pause()
        assert type(pilot.app.screen) is FleetScreen


@pytest.mark.parametrize("opens", ["o", "enter", "s", "question_mark"])
async def test_a_key_that_comes_before_its_screen_is_drawn_does_nothing(tmp_path: Path, opens: str) -> None:
    async with running(fake_services.services(tmp_path)) as pilot:
        driver = pilot.app._driver
        assert driver is not None
        for key in (opens, "enter", "r", "y", "a", "down", "escape", "enter", "o", "enter", "y"):
            driver.process_message(Key(key, None))
        for _ in range(20):
            await pilot.pause(0.05)
        assert pilot.app.fault is None  # type: ignore[attr-defined]  # EvacApp's


@pytest.mark.parametrize("opens", ["o", "enter", "s", "question_mark", "ctrl+p"])
async def test_leaving_while_a_screen_is_being_opened_is_no_fault(tmp_path: Path, opens: str) -> None:
    async with running(fake_services.services(tmp_path)) as pilot:
        driver = pilot.app._driver
        assert driver is not None
        driver.process_message(Key(opens, None))
        pilot.app.call_later(pilot.app.exit)
    assert pilot.app.fault is None  # type: ignore[attr-defined]  # EvacApp's
    assert pilot.app.return_code == 0
