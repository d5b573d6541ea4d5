"""The app wires: which screen follows which key, what the palette offers, what the next start shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import stage
from textual.command import CommandPalette
from textual.pilot import Pilot

from screens.confirm import ConfirmScreen
from screens.detail.screen import DetailScreen
from screens.fleet.screen import FleetScreen
from screens.help import HelpScreen
from screens.operations import OperationsScreen
from tui.app import EvacApp
from tui.fleet import snapshot
from tui.fleet.store import Store
from tui.services import Services
from tui.settings import Settings


@asynccontextmanager
async def running(services: Services, path: Path | None = None) -> AsyncIterator[Pilot[Any]]:
    app = EvacApp(replace(services, link=None), path)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        yield pilot


@pytest.mark.parametrize(
    ("key", "screen"),
    [("enter", DetailScreen), ("o", OperationsScreen), ("question_mark", HelpScreen), ("s", ConfirmScreen)],
)
async def test_a_key_opens_its_screen_and_escape_leads_back(tmp_path: Path, key: str, screen: type) -> None:
    async with running(stage.services(tmp_path)) as pilot:
        await pilot.press(key)
        await pilot.pause()
        assert type(pilot.app.screen) is screen
        await pilot.press("escape")
        await pilot.pause()
        assert type(pilot.app.screen) is FleetScreen


async def test_the_same_screen_is_not_stacked_upon_itself(tmp_path: Path) -> None:
    async with running(stage.services(tmp_path)) as pilot:
        for _ in range(3):
            await pilot.press("o")
            await pilot.pause()
        assert len(pilot.app.screen_stack) == 3  # Textual's own first one, the fleet, the operations


async def test_from_a_detail_to_the_question_about_that_very_instance(tmp_path: Path) -> None:
    services = stage.services(tmp_path)
    async with running(services) as pilot:
        await pilot.press("j", "enter")
        await pilot.pause()
        detail = pilot.app.screen
        assert isinstance(detail, DetailScreen)
        await pilot.press("s")
        await pilot.pause()
        question = pilot.app.screen
        assert isinstance(question, ConfirmScreen)
        assert question.key == detail.key == stage.named(services.store, "warehouse-1").key


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
    async with running(stage.services(tmp_path)) as pilot:
        await palette(pilot, *"operations")
        for _ in range(50):
            if isinstance(pilot.app.screen, OperationsScreen):
                break
            await pilot.pause(0.1)
        assert type(pilot.app.screen) is OperationsScreen


async def test_the_palette_is_no_way_around_read_only(tmp_path: Path) -> None:
    services = stage.services(tmp_path, settings=Settings(read_only=True))
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
    services = stage.services(tmp_path)
    async with running(services, path) as pilot:
        services.store.revision += 1
        await pilot.press("q")
    kept = snapshot.load(path)
    assert kept is not None
    store = Store()
    store.load_snapshot(kept[0])
    assert len(store.rows()) == len(services.store.rows())
    async with running(stage.services(tmp_path, store)) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, FleetScreen)
        assert screen.subject is not None
        assert screen.subject.name == "payments-db-1"


async def test_a_journal_that_cannot_be_used_is_said_and_looking_goes_on(tmp_path: Path) -> None:
    trouble = "the journal can't be used (disk full), /x/journal.sqlite3: nothing was sent; free the disk"
    services = stage.services(tmp_path, journal=None, journal_trouble=trouble)
    async with running(services) as pilot:
        await pilot.pause(1.2)
        await pilot.press("s")
        await pilot.pause()
        assert type(pilot.app.screen) is FleetScreen
        assert any("disk full" in str(one.message) for one in pilot.app._notifications)
        await pilot.press("enter")
        await pilot.pause()
        assert type(pilot.app.screen) is DetailScreen
