"""The calendar as a team's own one meets it: imported again and again, while AWS moves and drops events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar
from msgspec.structs import replace

from tests.unit.rows import PROD, row
from tui.domain.events import ScheduledEvent
from tui.domain.instance import Instance, Target
from tui.domain.sanitize import clean
from tui.presentation.ical import calendar, dropped

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
WEB = row(1)


def event(
    hours: float, code: str = "instance-stop", ident: str = "instance-event-1", text: str = "x", **more: Any
) -> ScheduledEvent:
    return ScheduledEvent(clean(code), clean(ident), clean(text), NOW + timedelta(hours=hours), **more)


def entries(*events: ScheduledEvent, now: datetime = NOW, gone: tuple[ScheduledEvent, ...] = ()) -> list[Any]:
    text, _ = calendar([(WEB, one) for one in events], now, [(WEB, one) for one in gone])
    assert Calendar.from_ical(text)["method"] == "PUBLISH"
    return list(Calendar.from_ical(text).walk("VEVENT"))


def test_a_later_file_replaces_an_earlier_one() -> None:
    """RFC 5545: the same UID, and a greater SEQUENCE."""
    (first,) = entries(event(30))
    (moved,) = entries(event(54), now=NOW + timedelta(minutes=1))
    assert first["uid"] == moved["uid"]
    assert moved["sequence"] > first["sequence"] > 0
    assert moved["last-modified"].dt > first["last-modified"].dt
    assert moved["dtstart"].dt - first["dtstart"].dt == timedelta(hours=24)


@pytest.mark.parametrize("ident", ["instance-event-1", ""])
def test_an_identity_stays_when_the_start_moves(ident: str) -> None:
    (first,), (moved,) = entries(event(30, ident=ident)), entries(event(54, ident=ident))
    assert first["uid"] == moved["uid"]


def test_events_without_an_id_are_told_apart_by_code_and_order() -> None:
    events = [event(30, ident=""), event(50, ident=""), event(40, "system-reboot", "")]
    uids = [str(one["uid"]) for one in entries(*events)]
    assert len(set(uids)) == 3
    assert uids == [str(one["uid"]) for one in entries(*reversed(events))][::-1]


@pytest.mark.parametrize(
    ("hours", "rings"),
    [
        (72, [24, 2]), (24, [2]), (3, [2]), (2, [0.25]), (1, [0.25]), (0.25, [5 / 60]), (0.05, [0]), (0, []), (-1, []),
    ],
)  # fmt: skip
def test_an_alarm_is_still_ahead_however_urgent(hours: float, rings: list[float]) -> None:
    (one,) = entries(event(hours))
    triggers = [-alarm["trigger"].dt.total_seconds() / 3600 for alarm in one.walk("VALARM")]
    assert triggers == pytest.approx(rings)
    assert all(NOW + timedelta(hours=hours) - timedelta(hours=ring) > NOW for ring in rings)


@pytest.mark.parametrize(
    ("text", "hours", "status"),
    [
        ("x", 30, "CONFIRMED"),
        ("[Canceled] x", 30, "CANCELLED"),
        ("[Completed] x", 30, "CANCELLED"),  # done before its time: stopped and started by hand, say
        ("[Completed] x", -30, "CONFIRMED"),
        ("x", -1, "CONFIRMED"),
    ],
)
def test_what_will_not_happen_is_cancelled_and_rings_no_more(text: str, hours: float, status: str) -> None:
    (one,) = entries(event(hours, text=text))
    assert one["status"] == status
    assert bool(list(one.walk("VALARM"))) is (status == "CONFIRMED" and hours > 0)


def test_what_aws_dropped_is_cancelled_under_the_same_identity() -> None:
    (before,) = entries(event(30))
    (after,) = entries(gone=(event(30),), now=NOW + timedelta(hours=1))
    assert (after["uid"], after["status"]) == (before["uid"], "CANCELLED")
    assert after["sequence"] > before["sequence"]


KEPT = replace(WEB, events=(event(30),))


@pytest.mark.parametrize(
    ("kept", "rows", "answered", "found"),
    [
        (KEPT, [], True, 1),
        (KEPT, [replace(WEB, events=())], True, 1),
        (KEPT, [replace(WEB, events=(event(54),))], True, 0),  # moved
        (KEPT, [replace(WEB, events=(event(30, text="[Canceled] x"),))], True, 0),  # AWS says so itself
        (KEPT, [], False, 0),
        (replace(KEPT, target=Target("other", "eu-west-1")), [], True, 0),
        (replace(WEB, events=(event(-1),)), [], True, 0),  # it has begun meanwhile
        (replace(WEB, events=(event(30, "instance-explosion"),)), [], True, 0),  # such are not asked for
        (replace(WEB, events=(event(30, text="[Completed] x"),)), [], True, 0),
    ],
)
def test_only_what_was_read_and_is_not_there_counts_as_dropped(
    kept: Instance, rows: list[Instance], answered: bool, found: int
) -> None:
    assert len(list(dropped([kept], rows, {PROD: answered}, NOW))) == found


def test_one_without_a_start_is_counted() -> None:
    text, left_out = calendar([(WEB, replace(event(1), not_before=None)), (WEB, event(5, ident="2"))], NOW)
    assert left_out == 1
    assert len(Calendar.from_ical(text).walk("VEVENT")) == 1


@pytest.mark.parametrize(
    "when", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)]
)
def test_any_clock_and_any_date_is_written(when: datetime) -> None:
    (one,) = entries(replace(event(1), not_before=when), now=when)
    assert 0 <= one["sequence"] < 2**31
