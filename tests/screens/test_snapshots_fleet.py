"""How the fleet screen looks in each of its states, at both sizes: as text, and where only colours tell as a picture too."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from screens.fleet.screen import FleetScreen
from tests.screens import fake_services
from tests.screens.fake_runner import Play
from tests.screens.looks import Looks
from tests.screens.pilot_helpers import LARGE, SMALL
from tui.config.schema import Settings
from tui.domain.answers import NoteKind
from tui.domain.instance import Phase
from tui.domain.sanitize import clean
from tui.fleet import protocol
from tui.fleet.store import Store

SIZES = pytest.mark.parametrize("size", [LARGE, SMALL], ids=["160x50", "80x24"])
LIST = ("FleetTable", "#preview")
TOP = ("#header", "#targets")


async def lower(pilot: Pilot[None]) -> None:
    """To an instance whose preview names no key: a verb's word is in few pictures."""
    await pilot.press(*"jjjjj")
    await pilot.pause()


def colours(size: tuple[int, int], *, told: bool = True) -> str:
    """A picture of the small one, where only colours tell."""
    return "colours" if told and size == SMALL else ""


@SIZES
@pytest.mark.parametrize(
    ("keys", "widgets", "told_by_colours"),
    [
        pytest.param([], (*TOP, *LIST), False, id="triage"),  # whole/ has its pictures
        pytest.param(["2"], LIST, False, id="all"),
        pytest.param(["3", "j"], LIST, True, id="events"),
        pytest.param(["4"], ("FleetTable", "#targets", "#preview"), True, id="targets"),
        pytest.param(["j", "space", "space", "j"], ("#marks", *LIST), True, id="marks"),
        pytest.param(["slash", *"web foo:"], ("FilterBar", "FleetTable"), True, id="bad-filter"),
        pytest.param(["slash", *"due<24h", "enter"], ("#header", "FilterBar", *LIST), False, id="filter"),
        pytest.param(["slash", *"nobody"], ("#header", "FilterBar", "FleetTable"), False, id="no-match"),
        pytest.param(["2", "slash", *"HYPER", "enter"], LIST, True, id="hostile"),
        pytest.param(["end"], (*TOP, *LIST), True, id="failed-target"),
    ],
)
def test_fleet(
    tmp_path: Path,
    looks: Looks,
    size: tuple[int, int],
    keys: list[str],
    widgets: tuple[str, ...],
    told_by_colours: bool,
) -> None:
    async def before(pilot: Pilot[None]) -> None:
        await pilot.press(*keys)
        await pilot.pause()

    app = fake_services.Stage(FleetScreen(fake_services.services(tmp_path)))
    looks(app, size, *widgets, before=before, picture=colours(size, told=told_by_colours))


@SIZES
def test_before_anything_was_read(tmp_path: Path, looks: Looks, size: tuple[int, int]) -> None:
    services = fake_services.services(tmp_path, Store())
    looks(fake_services.Stage(FleetScreen(services)), size, *TOP, *LIST)


@SIZES
def test_all_is_well(tmp_path: Path, looks: Looks, size: tuple[int, int]) -> None:
    sample, store = fake_services.sample_store(), Store()
    calm = fake_services.named(sample, "load-1")
    store.apply(protocol.Delta(sample.target(calm.target), (calm,)))
    looks(fake_services.Stage(FleetScreen(fake_services.services(tmp_path, store))), size, *TOP, *LIST)


@SIZES
def test_the_last_session_until_the_collector_answers(
    tmp_path: Path, looks: Looks, size: tuple[int, int]
) -> None:
    store = fake_services.sample_store()
    for status in store.targets():
        store.apply(protocol.Delta(replace(status, phase=Phase.WAITING, trouble=None)))
    services = fake_services.services(tmp_path, store)
    assert services.link is not None
    services.link.state = protocol.LinkState(protocol.LinkPhase.STARTING)
    looks(fake_services.Stage(FleetScreen(services)), size, *TOP, *LIST, before=lower, picture=colours(size))


@SIZES
def test_the_collector_died(tmp_path: Path, looks: Looks, size: tuple[int, int]) -> None:
    services = fake_services.services(tmp_path)
    assert services.link is not None
    services.link.state = protocol.LinkState(
        protocol.LinkPhase.RESTARTING, clean("the collector died (signal 9)"), 2.0
    )
    looks(fake_services.Stage(FleetScreen(services)), size, *TOP, *LIST, before=lower, picture=colours(size))


@SIZES
def test_read_only_and_plain(tmp_path: Path, looks: Looks, size: tuple[int, int]) -> None:
    services = fake_services.services(tmp_path, settings=Settings(read_only=True, ascii=True, demo=True))
    looks(fake_services.Stage(FleetScreen(services)), size, *TOP, *LIST, picture=colours(size))


@SIZES
def test_a_server_is_down(tmp_path: Path, looks: Looks, size: tuple[int, int]) -> None:
    services = fake_services.services(tmp_path)
    play = Play(services, "batch-14", at=timedelta(minutes=5)).done("stop", "wait-stopped").begin("start")
    play.say("STOPPED: no capacity; try 3 in 20 s", attention=True, down=True, kind=NoteKind.DOWN).driven()

    async def before(pilot: Pilot[None]) -> None:
        pilot.app.screen.draw_alarm()  # type: ignore[attr-defined]  # a second has passed
        await pilot.press("slash", "w")
        await pilot.pause()

    looks(
        fake_services.Stage(FleetScreen(services)),
        size,
        "#header",
        "AlertLine",
        *LIST,
        "FilterBar",
        before=before,
        picture=colours(size),
    )
