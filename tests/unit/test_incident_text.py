"""How incidents read, in the columns that there are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tui.domain.incidents import IncidentChange, IncidentState
from tui.domain.sanitize import clean
from tui.presentation.ascii import in_ascii
from tui.presentation.incident_text import acknowledged_line, incident_line, incident_name, incident_notice
from tui.presentation.width import cell_len

NOW = datetime(2026, 11, 24, 3, 20, tzinfo=UTC)


def begun(name: str = "web-1", kind: str = "failing", minutes: int = 20, why: str = "") -> IncidentChange:
    at = NOW - timedelta(minutes=minutes)
    return IncidentChange(at, f"{name}{kind}", kind, IncidentState.BEGUN, name=clean(name), why=clean(why))


def line(*changes: IncidentChange, room: int = 78, over: datetime | None = None) -> str:
    return incident_line([(one, over) for one in changes], NOW, UTC, room)


def test_one_is_told_with_its_reason() -> None:
    assert line() == ""
    told = line(begun(why="system check fails since 2026-11-24T02:58:00Z"), room=118)
    assert told == (
        "✖ 1 not acknowledged: web-1 failing 03:00: system check fails since 2026-11-24T02:58:00Z   press K"
    )


def test_no_key_is_named_where_none_acknowledges() -> None:
    told = incident_line([(begun(), None)], NOW, UTC, 78, key=False)
    assert told == "✖ 1 not acknowledged: web-1 failing 03:00"


def test_the_newest_that_goes_on_comes_first_and_what_is_over_last() -> None:
    pairs = [
        (begun("old", minutes=60), None),
        (begun("gone", minutes=50), NOW - timedelta(minutes=40)),
        (begun("new", "stopped-by-aws", 1), None),
    ]
    assert incident_line(pairs, NOW, UTC, 118) == (
        "✖ 3 not acknowledged: new stopped by AWS 03:19; old failing 02:20; gone failing 02:30–02:40, over   press K"
    )


@pytest.mark.parametrize("room", [20, 38, 78, 118, 158])
@pytest.mark.parametrize("count", [1, 2, 5, 200])
@pytest.mark.parametrize("name", ["web", "a-very-long-name-of-a-server-in-production", "결제-데이터베이스"])
def test_it_fits_and_says_how_many_and_what_to_press(room: int, count: int, name: str) -> None:
    changes = [begun(f"{name}-{at}", "due<1h", at, "instance-retirement") for at in range(count)]
    told = line(*changes, room=max(room, 50))
    assert cell_len(told) <= max(room, 50)
    assert told.startswith(f"✖ {count} not acknowledged: ")
    assert told.endswith("   press K")
    assert in_ascii(told).isascii() or not name.isascii()


def test_hostile_names_are_inert() -> None:
    told = line(begun("x\x1b[2J\n[red]", why="\x07"), begun("\u202edb"))
    assert told.isprintable()
    assert "[red]" in told
    assert incident_notice([begun("x\x1b]9;\x07")]).isprintable()


def test_what_has_no_name_is_called_by_what_there_is() -> None:
    assert incident_name(IncidentChange(NOW, "x", "operation", IncidentState.BEGUN)) == "evac operation"
    bare = IncidentChange(
        NOW,
        "x",
        "unread>10m",
        IncidentState.BEGUN,
        account_id=clean("111122223333"),
        region=clean("eu-west-1"),
    )
    assert incident_name(bare) == "111122223333 unread>10m"


def test_the_desktop_is_told_one_line() -> None:
    assert incident_notice([begun(why="system check fails")]) == "web-1 failing: system check fails"
    several = [begun(f"web-{at}") for at in range(5)]
    assert incident_notice(several) == "5 incidents: web-0 failing; web-1 failing; web-2 failing; 2 more"


def test_who_acknowledges_hears_what() -> None:
    assert acknowledged_line([], 0) == "nothing is to be acknowledged"
    assert acknowledged_line([], 2) == "nothing acknowledged; 2 came just now: K again"
    assert acknowledged_line([begun()], 0) == "acknowledged: web-1 failing"
    assert acknowledged_line([begun(f"w{at}") for at in range(7)], 1).endswith(
        "; 2 more; 1 came just now: K again"
    )
