"""The question and the operations with a real collector, real hands and the embedded AWS: confirmed, followed, verified."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen

from screens.base import Go
from screens.confirm import ConfirmScreen
from screens.confirm.question import TypeName
from screens.operations import OperationsScreen
from tui.config.schema import Settings
from tui.config.sections import ProfileSettings
from tui.demo.environment import Demo, start
from tui.domain.instance import InstanceState
from tui.fleet import protocol
from tui.fleet.collector_client import Link
from tui.fleet.store import Store
from tui.operations import spawn
from tui.operations.journal import Journal
from tui.operations.model import OperationState
from tui.paths import default_journal_path
from tui.services import Services

SETTINGS = Settings(
    only_profiles=("prod",),
    only_regions=("ap-northeast-2",),
    timezone="Asia/Seoul",
    profiles={"prod": ProfileSettings(label="PROD", color="red")},
)


class Desk(App[None]):
    """Opens the operations when the question asks for them, as the app does."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services = services

    def on_go(self, message: Go) -> None:
        self.push_screen(OperationsScreen(self.services, message.key))


@pytest.fixture
def demo() -> Iterator[Demo]:
    made = start("--speed", "60")
    try:
        yield made
    finally:
        made.stop()


async def until(pilot: Pilot[None], reached: Callable[[], Any], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, pilot.app.screen
        await pilot.pause(0.1)


@asynccontextmanager
async def services(demo: Demo) -> AsyncIterator[Services]:
    """A collector that has read the region."""
    environ = demo.apply()
    link, store = Link(SETTINGS, environ), Store()
    await link.start()
    try:
        async for frame in link.frames():
            if isinstance(frame, protocol.Delta):
                store.apply(frame)
                if any(
                    row.name == "payments-db-1" and row.state is InstanceState.RUNNING for row in store.rows()
                ):
                    break
        yield Services(
            store=store, link=link, journal=Journal(default_journal_path(environ)), journal_trouble="", settings=SETTINGS,
            environ=environ, now=lambda: datetime.now(UTC), zone=SETTINGS.zone(),
            launch=lambda operation, profile: spawn.start(operation, profile, SETTINGS, environ),
        )  # fmt: skip
    finally:
        await link.stop()


def let_go(given: Services, operation: str) -> bool:
    """Whether the runner has ended."""
    assert given.journal is not None
    held = given.journal.get(operation)
    return held is not None and held.lease_until is None


async def test_a_stop_start_is_confirmed_followed_and_verified(demo: Demo) -> None:
    async with services(demo) as given:
        row = next(one for one in given.store.rows() if one.name == "payments-db-1")
        app = Desk(given)
        async with app.run_test(size=(80, 24)) as pilot:
            question = ConfirmScreen(given, "stop-start", row.key)
            await app.push_screen(question)
            await until(
                pilot, lambda: question.armed and question.query_one(TypeName).armed_at < time.monotonic()
            )
            assert question.permission is not None
            assert "AWS says yes" in question.permission.text
            assert [
                one
                for one in demo.control("calls")
                if one["operation"] == "StopInstances" and not one["dry_run"]
            ] == []
            await pilot.press(*"payments-db-1", "enter")
            await until(pilot, lambda: isinstance(app.screen, OperationsScreen))
            screen: Screen[Any] = app.screen
            assert isinstance(screen, OperationsScreen)
            await until(pilot, lambda: screen.current is not None and not screen.current.is_open)
            assert screen.current is not None
            assert screen.current.state is OperationState.SUCCEEDED, screen.current
            assert screen.current.instance_id == row.instance_id


async def test_a_question_that_is_left_sends_nothing_and_ends_its_hands(demo: Demo) -> None:
    async with services(demo) as given:
        row = next(one for one in given.store.rows() if one.name == "cache-1")
        app = Desk(given)
        async with app.run_test(size=(80, 24)) as pilot:
            question = ConfirmScreen(given, "stop-start", row.key)
            await app.push_screen(question)
            await until(pilot, lambda: question.armed)
            await pilot.press("escape")
            await until(pilot, lambda: question not in app.screen_stack)
            assert given.journal is not None
            (one,) = given.journal.list()
            assert one.state is OperationState.ABANDONED
            await until(pilot, lambda: let_go(given, one.id))
        assert [
            one for one in demo.control("calls") if one["operation"] == "StopInstances" and not one["dry_run"]
        ] == []
