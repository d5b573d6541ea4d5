"""Whole screens, key line included, drawn by the real screens on the sample fleet at a frozen time: `make snapshots`."""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
import socket
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace
from textual.screen import Screen
from textual.widgets import Input

from screens.confirm import ConfirmScreen
from screens.detail.screen import TABS, DetailScreen
from screens.fleet.screen import FleetScreen
from screens.help import HelpScreen
from screens.operations import OperationsScreen
from tests.screens import cover_rows, fake_services
from tests.screens.detail_pilot import Evident
from tests.screens.fake_runner import Hands
from tui.domain.actions import ActionOptions
from tui.domain.answers import NoteKind, Permission
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.operations.journal import Journal
from tui.operations.model import OperationState, StepState
from tui.services import Services

OUT = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("whole")


@dataclass(frozen=True)
class Shot:
    """One picture: a screen, a size, the keys before it."""

    name: str
    screen: Callable[[Services], Screen[None]]
    size: tuple[int, int] = (160, 50)
    keys: tuple[str, ...] = ()


def _key(services: Services, name: str) -> str:
    return fake_services.named(services.store, name).key


def _detail(services: Services) -> Screen[None]:
    screen = DetailScreen(services, _key(services, "payments-db-1"))
    screen.tab = TABS[0]
    return screen


def _triage(services: Services) -> Screen[None]:
    """One whose memory ran out."""
    return DetailScreen(replace(services, link=Evident(services.store)), _key(services, "edge-2"))


def _cover(services: Services) -> Screen[None]:
    """A gap of each kind."""
    return FleetScreen(replace(services, store=cover_rows.gaps()))


def _journal(services: Services) -> Journal:
    assert services.journal is not None
    return services.journal


def _confirm(services: Services) -> Screen[None]:
    return ConfirmScreen(
        replace(services, launch=Hands(_journal(services))), "stop-start", _key(services, "ledger-1")
    )


def _operations(services: Services) -> Screen[None]:
    """One that succeeded, and one that waits for capacity with its instance down."""
    journal, ids = _journal(services), []
    for minutes, name in ((40, "cache-1"), (4, "batch-14")):
        now = fake_services.NOW - timedelta(minutes=minutes)
        plan = draft(
            "stop-start",
            fake_services.named(services.store, name),
            fake_services.plain_facts(),
            ActionOptions(),
            Policy(),
            now,
        )
        ident = journal.create(plan, now)
        assert journal.confirm(ident, now + timedelta(seconds=9))
        ids.append(ident)
        journal.set_permission(ident, Permission.YES)
        ended = ("preflight", "stop", "wait-stopped", "start", "wait-running", "wait-checks", "verify-event")
        for place, step in enumerate(ended if name == "cache-1" else ended[:3]):
            at = now + timedelta(seconds=10 + 12 * place)
            journal.begin_step(ident, step, at)
            journal.end_step(ident, step, StepState.DONE, "", at + timedelta(seconds=11))
    journal.set_state(
        ids[0],
        OperationState.SUCCEEDED,
        fake_services.NOW - timedelta(minutes=38),
        "the event is gone or completed",
    )
    journal.set_state(ids[1], OperationState.RUNNING, fake_services.NOW)
    journal.begin_step(ids[1], "start", fake_services.NOW - timedelta(minutes=3))
    journal.lease(ids[1], "bastion-2:4711:a1b2c3", fake_services.NOW)
    journal.set_progress(
        ids[1], "STOPPED: no capacity; try 4 in 20 s", attention=True, down=True, kind=NoteKind.DOWN
    )
    return OperationsScreen(services, ids[1])


SHOTS = (
    Shot("fleet", FleetScreen),
    Shot("fleet-80x24", FleetScreen, (80, 24)),
    Shot("cover", _cover, (120, 22), keys=("5",)),
    Shot("detail", _detail, (140, 44)),
    Shot("triage", _triage, (100, 32)),
    Shot("confirm", _confirm, (110, 36)),
    Shot("operations", _operations, (120, 34)),
    Shot("help", HelpScreen, (140, 44)),
)


async def take(shot: Shot) -> None:
    """Draw it and keep it."""
    with tempfile.TemporaryDirectory() as folder:
        services = fake_services.services(Path(folder))
        app = fake_services.Stage(shot.screen(services))
        app.title = "evac"
        async with app.run_test(size=shot.size) as pilot:
            await app.workers.wait_for_complete()
            await pilot.pause(0.5)
            for key in shot.keys:
                await pilot.press(key)
            for field in app.screen.query(Input):
                field.cursor_blink = False
            picture = ""
            for _ in range(40):  # a busy machine draws late
                await pilot.pause(0.5)
                before, picture = picture, app.export_screenshot(title="evac")
                if picture == before:
                    break
    (OUT / f"{shot.name}.svg").write_text(picture, encoding="utf-8")


def main() -> None:
    """All of them, the same on every machine."""
    os.environ["LOGNAME"] = "kim"
    socket.gethostname = lambda: "bastion-2"
    numbers = itertools.count(0xA1B2C3)
    secrets.token_hex = lambda nbytes=3: f"{next(numbers):x}"
    OUT.mkdir(exist_ok=True)
    for shot in SHOTS:
        asyncio.run(take(shot))
        sys.stdout.write(f"{OUT / shot.name}.svg\n")


if __name__ == "__main__":
    main()
