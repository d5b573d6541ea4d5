"""How detail and help look, as text; and as a picture where only colours tell. The fleet, the time and the ids are made up:
nothing of this machine is in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from screens.detail.screen import TABS, DetailScreen
from screens.help import HelpScreen
from tests.screens.detail_pilot import EXPIRED, Evident, Slow, opened, planned
from tests.screens.fake_services import NOW, Stage, StandIn, named, sample_store, services
from tests.screens.looks import Looks
from tests.screens.pilot_helpers import LARGE, SMALL, settled, tab, text_of, until
from tui.config.schema import Settings
from tui.domain.sanitize import clean
from tui.fleet import protocol
from tui.operations.model import OperationState

DETAIL = ("#head", "#body")
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
TOLD_BY_COLOURS = {"batch-14", "standby-1", "down-1", "hostile"}


def colours(size: tuple[int, int], *, told: bool = True) -> str:
    """A picture of the small one, where only colours tell."""
    return "colours" if told and size == SMALL else ""


def detail(folder: Path, name: str, **changes: Any) -> Stage:
    given = services(folder, **changes)
    hostile = (row for row in given.store.rows() if "[red]" in row.name)
    row = next(hostile) if name == "hostile" else named(given.store, name)
    screen = DetailScreen(given, row.key)
    screen.tab = TABS[0]
    return Stage(screen)


@SIZES
@pytest.mark.parametrize("name", NAMES)
def test_detail(looks: Looks, tmp_path: Path, size: tuple[int, int], name: str) -> None:
    kind = (
        "screen" if name == "payments-db-1" and size == SMALL else colours(size, told=name in TOLD_BY_COLOURS)
    )
    looks(detail(tmp_path, name), size, *DETAIL, before=settled, picture=kind)


@pytest.mark.parametrize(
    "name", ["actions", "checks", "identity", "network", "disks", "tags", "console", "history"]
)
def test_tabs(looks: Looks, tmp_path: Path, name: str) -> None:
    app = detail(tmp_path, "ledger-1")
    screen = app.shown
    assert isinstance(screen, DetailScreen)

    async def turn(pilot: Any) -> None:
        await settled(pilot)
        await tab(pilot, screen, name)

    looks(app, SMALL, "#right", before=turn)


@SIZES
def test_history(
    looks: Looks, tmp_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
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

    looks(app, size, "#right", before=turn, picture=colours(size))


@SIZES
def test_reading(looks: Looks, tmp_path: Path, size: tuple[int, int]) -> None:
    store = sample_store()
    app = detail(tmp_path, "batch-14", store=store, link=Slow(store))

    async def shown(pilot: Any) -> None:
        await until(pilot, lambda: "reading" in text_of(app))

    looks(app, size, *DETAIL, before=shown, picture=colours(size))


@SIZES
def test_trouble(looks: Looks, tmp_path: Path, size: tuple[int, int]) -> None:
    store = sample_store()
    link = StandIn(store)
    link.trouble = EXPIRED
    app = detail(tmp_path, "payments-db-1", store=store, link=link)
    looks(app, size, *DETAIL, before=settled, picture=colours(size))


@SIZES
def test_triage(looks: Looks, tmp_path: Path, size: tuple[int, int]) -> None:
    store = sample_store()
    app, _, _ = opened(tmp_path, "edge-2", "", store=store, link=Evident(store))
    looks(app, size, *DETAIL, before=settled, picture=colours(size))


def test_gone(looks: Looks, tmp_path: Path) -> None:
    app = detail(tmp_path, "payments-db-1")
    screen = app.shown
    assert isinstance(screen, DetailScreen)

    async def remove(pilot: Any) -> None:
        await settled(pilot)
        screen.services.store.apply(protocol.Delta(removed=(screen.key,)))
        screen.fleet_changed()
        await pilot.pause()

    looks(app, SMALL, *DETAIL, before=remove, picture="colours")


@SIZES
def test_ascii_and_read_only(looks: Looks, tmp_path: Path, size: tuple[int, int]) -> None:
    settings = Settings(timezone="Asia/Seoul", ascii=True, read_only=True)
    app = detail(tmp_path, "payments-db-1", settings=settings)
    looks(app, size, *DETAIL, before=settled, picture=colours(size))


def test_narrow(looks: Looks, tmp_path: Path) -> None:
    looks(detail(tmp_path, "ledger-1"), (50, 16), *DETAIL, before=settled)


def test_nothing_known(looks: Looks, tmp_path: Path) -> None:
    app = Stage(DetailScreen(services(tmp_path), clean("us-east-1/i-0123456789abcdef0")))
    looks(app, SMALL, *DETAIL, before=settled)


@SIZES
def test_help(looks: Looks, tmp_path: Path, size: tuple[int, int]) -> None:
    kind = "screen" if size == SMALL else ""
    looks(Stage(HelpScreen(services(tmp_path))), size, "#title", "#body", before=settled, picture=kind)
