"""How detail and help look. The fleet, the time and the ids are the stage's: nothing of this machine is in the pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from screens.detail.screen import DetailScreen
from screens.help import HelpScreen
from tests.screens.detail_pilot import EXPIRED, Slow, planned
from tests.screens.fake_services import NOW, Stage, StandIn, named, sample_store, services
from tests.screens.pilot_helpers import LARGE, SMALL, settled, tab, text_of, until
from tui.config.schema import Settings
from tui.domain.sanitize import clean
from tui.fleet import protocol
from tui.operations.model import OperationState

Compare = Callable[..., bool]
SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
NAMES = (
    "payments-db-1",
    "ledger-1",
    "batch-14",
    "checkout-2",
    "checkout-3",
    "web-2",
    "standby-1",
    "down-1",
    "licence-2",
    "hostile",
)


def detail(folder: Path, name: str, **changes: Any) -> Stage:
    given = services(folder, **changes)
    hostile = (row for row in given.store.rows() if "[red]" in row.name)
    row = next(hostile) if name == "hostile" else named(given.store, name)
    return Stage(DetailScreen(given, row.key))


@SIZES
@pytest.mark.parametrize("name", NAMES)
def test_detail(snap_compare: Compare, tmp_path: Path, size: tuple[int, int], name: str) -> None:
    assert snap_compare(detail(tmp_path, name), terminal_size=size, run_before=settled)


@pytest.mark.parametrize(
    "name", ["actions", "checks", "identity", "network", "disks", "tags", "console", "history"]
)
def test_tabs(snap_compare: Compare, tmp_path: Path, name: str) -> None:
    app = detail(tmp_path, "ledger-1")
    screen = app.shown
    assert isinstance(screen, DetailScreen)

    async def turn(pilot: Any) -> None:
        await settled(pilot)
        await tab(pilot, screen, name)

    assert snap_compare(app, terminal_size=SMALL, run_before=turn)


@SIZES
def test_history(
    snap_compare: Compare, tmp_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter(("00a1b2", "00c3d4", "00e5f6"))
    monkeypatch.setattr("secrets.token_hex", lambda count: next(numbers))
    monkeypatch.setattr("getpass.getuser", lambda: "mina")
    monkeypatch.setattr("socket.gethostname", lambda: "bastion")
    app = detail(tmp_path, "ledger-1")
    screen = app.shown
    assert isinstance(screen, DetailScreen)
    journal, row = screen.services.journal, screen.known.row
    assert journal is not None
    assert row is not None
    failed, ended = planned(journal, row, 55), planned(journal, row, 40, "image")
    planned(journal, row, 10, "reboot")
    journal.set_state(failed, OperationState.FAILED, NOW, note="AWS refused it: UnauthorizedOperation")
    journal.set_state(ended, OperationState.SUCCEEDED, NOW)

    async def turn(pilot: Any) -> None:
        await settled(pilot)
        await tab(pilot, screen, "history")
        await pilot.press("j", "j")
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=turn)


@SIZES
def test_reading(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    store = sample_store()
    app = detail(tmp_path, "batch-14", store=store, link=Slow(store))

    async def shown(pilot: Any) -> None:
        await until(pilot, lambda: "reading" in text_of(app))

    assert snap_compare(app, terminal_size=size, run_before=shown)


@SIZES
def test_trouble(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    store = sample_store()
    link = StandIn(store)
    link.trouble = EXPIRED
    app = detail(tmp_path, "payments-db-1", store=store, link=link)
    assert snap_compare(app, terminal_size=size, run_before=settled)


def test_gone(snap_compare: Compare, tmp_path: Path) -> None:
    app = detail(tmp_path, "payments-db-1")
    screen = app.shown
    assert isinstance(screen, DetailScreen)

    async def remove(pilot: Any) -> None:
        await settled(pilot)
        screen.services.store.apply(protocol.Delta(removed=(screen.key,)))
        screen.fleet_changed()
        await pilot.pause()

    assert snap_compare(app, terminal_size=SMALL, run_before=remove)


@SIZES
def test_ascii_and_read_only(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    settings = Settings(timezone="Asia/Seoul", ascii=True, read_only=True)
    app = detail(tmp_path, "payments-db-1", settings=settings)
    assert snap_compare(app, terminal_size=size, run_before=settled)


def test_narrow(snap_compare: Compare, tmp_path: Path) -> None:
    assert snap_compare(detail(tmp_path, "ledger-1"), terminal_size=(50, 16), run_before=settled)


def test_nothing_known(snap_compare: Compare, tmp_path: Path) -> None:
    app = Stage(DetailScreen(services(tmp_path), clean("us-east-1/i-0123456789abcdef0")))
    assert snap_compare(app, terminal_size=SMALL, run_before=settled)


@SIZES
def test_help(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    assert snap_compare(Stage(HelpScreen(services(tmp_path))), terminal_size=size, run_before=settled)
