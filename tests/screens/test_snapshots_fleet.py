"""The fleet screen as a picture, in each of its states, at both sizes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Input

from screens.fleet.screen import FleetScreen
from tests.screens import fake_services
from tests.screens.fake_runner import Play
from tui.config.schema import Settings
from tui.domain.answers import NoteKind
from tui.domain.instance import Phase
from tui.domain.sanitize import clean
from tui.fleet import protocol
from tui.fleet.store import Store

SIZES = pytest.mark.parametrize("size", [(160, 50), (80, 24)], ids=["160x50", "80x24"])
Compare = Callable[..., bool]


@SIZES
@pytest.mark.parametrize(
    "keys",
    [
        pytest.param([], id="triage"),
        pytest.param(["2"], id="all"),
        pytest.param(["3"], id="events"),
        pytest.param(["4"], id="targets"),
        pytest.param(["j", "space", "space", "j"], id="marks"),
        pytest.param(["slash", *"web foo:"], id="bad-filter"),
        pytest.param(["slash", *"due<24h", "enter"], id="filter"),
        pytest.param(["slash", *"nobody"], id="no-match"),
        pytest.param(["2", "slash", *"HYPER", "enter"], id="hostile"),
        pytest.param(["end"], id="failed-target"),
    ],
)
def test_fleet(tmp_path: Path, snap_compare: Compare, size: tuple[int, int], keys: list[str]) -> None:
    app = fake_services.Stage(FleetScreen(fake_services.services(tmp_path)))
    assert snap_compare(app, terminal_size=size, press=keys)


@SIZES
def test_before_anything_was_read(tmp_path: Path, snap_compare: Compare, size: tuple[int, int]) -> None:
    services = fake_services.services(tmp_path, Store())
    assert snap_compare(fake_services.Stage(FleetScreen(services)), terminal_size=size)


@SIZES
def test_all_is_well(tmp_path: Path, snap_compare: Compare, size: tuple[int, int]) -> None:
    sample, store = fake_services.sample_store(), Store()
    calm = fake_services.named(sample, "load-1")
    store.apply(protocol.Delta(sample.target(calm.target), (calm,)))
    assert snap_compare(
        fake_services.Stage(FleetScreen(fake_services.services(tmp_path, store))), terminal_size=size
    )


@SIZES
def test_the_last_session_until_the_collector_answers(
    tmp_path: Path, snap_compare: Compare, size: tuple[int, int]
) -> None:
    store = fake_services.sample_store()
    for status in store.targets():
        store.apply(protocol.Delta(replace(status, phase=Phase.WAITING, trouble=None)))
    services = fake_services.services(tmp_path, store)
    assert services.link is not None
    services.link.state = protocol.LinkState(protocol.LinkPhase.STARTING)
    assert snap_compare(fake_services.Stage(FleetScreen(services)), terminal_size=size)


@SIZES
def test_the_collector_died(tmp_path: Path, snap_compare: Compare, size: tuple[int, int]) -> None:
    services = fake_services.services(tmp_path)
    assert services.link is not None
    services.link.state = protocol.LinkState(
        protocol.LinkPhase.RESTARTING, clean("the collector died (signal 9)"), 2.0
    )
    assert snap_compare(fake_services.Stage(FleetScreen(services)), terminal_size=size)


@SIZES
def test_read_only_and_plain(tmp_path: Path, snap_compare: Compare, size: tuple[int, int]) -> None:
    services = fake_services.services(tmp_path, settings=Settings(read_only=True, ascii=True, demo=True))
    assert snap_compare(fake_services.Stage(FleetScreen(services)), terminal_size=size)


@SIZES
def test_a_server_is_down(tmp_path: Path, snap_compare: Compare, size: tuple[int, int]) -> None:
    services = fake_services.services(tmp_path)
    play = Play(services, "batch-14", at=timedelta(minutes=5)).done("stop", "wait-stopped").begin("start")
    play.say("STOPPED: no capacity; try 3 in 20 s", attention=True, down=True, kind=NoteKind.DOWN).driven()

    async def before(pilot: Pilot[None]) -> None:
        pilot.app.screen.draw_alarm()  # type: ignore[attr-defined]  # a second has passed
        await pilot.press("slash", "w")
        await pilot.pause()
        pilot.app.screen.query_one(Input).cursor_blink = False
        await pilot.pause()

    assert snap_compare(fake_services.Stage(FleetScreen(services)), terminal_size=size, run_before=before)
