"""The red line on every screen: who is down, since when and why, and what to press."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from screens.base import AlertLine
from screens.operation_status import warning
from screens.operations import OperationsScreen
from tests.screens.fake_runner import Play
from tests.screens.fake_services import NOW, Stage
from tests.screens.operation_factory import cut, finished, retrying, running
from tests.screens.pilot_helpers import until
from tui.operations.model import OperationState
from tui.operations.status import Standing, status_of
from tui.presentation.ascii import in_ascii
from tui.services import Services


def alert(given: Services, *plays: Callable[[Services], Play]) -> str:
    for play in plays:
        play(given)
    assert given.journal is not None
    found = warning(given.journal.unfinished(), NOW)
    return found.text if found else ""


def test_a_server_that_is_down_is_named_with_since_when_and_why(given: Services) -> None:
    assert alert(given, retrying) == (
        "✖ 1 server is DOWN by an unfinished operation: batch-14, stopped 4m ago, no capacity; try 3 in 20 s"
        " (runner alive)   press o"
    )


def test_what_was_cut_off_says_which_keys_resume_it(given: Services) -> None:
    assert alert(given, cut) == (
        "✖ 1 server is DOWN by an unfinished operation: web-3, stopped 8m ago,"
        " cut off at start (press o, then r to resume)"
    )


def test_several_servers_are_counted(given: Services) -> None:
    text = alert(given, retrying, cut, running)
    assert text.startswith("✖ 2 servers are DOWN by unfinished operations: web-3")
    assert "also batch-14" in text
    assert "mail-1" not in text


def test_the_alarm_in_ascii(given: Services) -> None:
    assert in_ascii(alert(given, retrying)).isascii()


def test_a_stop_that_goes_as_planned_is_told_calmly(given: Services) -> None:
    play = Play(given, "web-3", at=timedelta(minutes=1)).done("stop", "wait-stopped").begin("start")
    play.say("start sent; waiting to see it", down=True).driven()
    assert given.journal is not None
    found = warning(given.journal.unfinished(), NOW)
    assert found is not None
    assert found.calm
    assert found.ring == frozenset()


def test_what_runs_well_is_no_alarm(given: Services) -> None:
    assert alert(given, running, finished) == ""


def test_a_stuck_operation_needs_a_person(given: Services) -> None:
    play = Play(given, "load-1", "reboot").begin("reboot")
    play.end(
        OperationState.NEEDS_ATTENTION, "nobody can know whether AWS got the reboot", "look at its uptime"
    )
    assert status_of(play.read(), NOW).standing is Standing.NEEDS_YOU
    assert alert(given) == (
        "✖ an operation needs you: load-1, nobody can know whether AWS got the reboot (press o, then r to resume)"
    )


async def test_the_bell_rings_once_for_each_that_newly_needs_a_person(
    given: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    retrying(given)
    screen = OperationsScreen(given)
    app = Stage(screen)
    rung: list[int] = []
    monkeypatch.setattr(app, "bell", lambda: rung.append(1))
    async with app.run_test() as pilot:
        await until(pilot, lambda: screen.query_one(AlertLine).display)
        for _ in range(3):
            screen.draw_alarm()
        assert len(rung) == 1
        cut(given)
        screen.draw_alarm()
        screen.draw_alarm()
        assert len(rung) == 2
        assert "2 servers are DOWN" in str(screen.query_one(AlertLine).render())
