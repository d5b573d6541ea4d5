"""Scheduled events: what state they are in, and whether they can be moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.rows import row
from tui.domain.events import KNOWN_CODES, EventCode, EventState, ScheduledEvent
from tui.domain.instance import Instance, InstanceState, Target, Trouble, TroubleKind
from tui.domain.listing import FleetView, Ranker, SortOrder
from tui.domain.query import Query
from tui.domain.sanitize import SafeText, clean
from tui.domain.triage import Level, urgency

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
T = SafeText


def event(minutes: float | None = None, text: str = "", deadline: float | None = None) -> ScheduledEvent:
    def at(value: float | None) -> datetime | None:
        return None if value is None else NOW + timedelta(minutes=value)

    return ScheduledEvent(T("instance-stop"), T("e"), T(text), at(minutes), None, at(deadline))


@pytest.mark.parametrize(
    ("given", "state"),
    [
        (event(), EventState.PENDING),
        (event(1), EventState.PENDING),
        (event(0), EventState.STARTED),
        (event(-1), EventState.STARTED),
        (event(-1, "[Completed] done"), EventState.COMPLETED),
        (event(5, " [COMPLETED]"), EventState.COMPLETED),
        (event(5, "[Canceled] x"), EventState.CANCELED),
        (event(5, "[Cancelled] x"), EventState.CANCELED),
        (event(5, "not [Completed] yet"), EventState.PENDING),
    ],
)
def test_state(given: ScheduledEvent, state: EventState) -> None:
    assert given.state(NOW) is state
    assert given.is_open(NOW) is (state in (EventState.PENDING, EventState.STARTED))


def test_codes() -> None:
    assert len(KNOWN_CODES) == 5
    assert [ScheduledEvent(T(code)).code for code in KNOWN_CODES] == list(KNOWN_CODES)
    assert ScheduledEvent(T("system-retirement")).code is EventCode.UNKNOWN


@pytest.mark.parametrize(
    ("given", "part"),
    [
        (event(600, deadline=6000), None),
        (event(5, deadline=61), None),
        (event(600, "[Completed]", 6000), "over"),
        (event(600), "no deadline"),
        (event(None, deadline=6000), "no start"),
        (event(-1, deadline=6000), "has started"),
        (event(4, deadline=6000), "within 5 minutes"),
        (event(10, deadline=59), "less than 60 minutes"),
    ],
)
def test_why_not_reschedule(given: ScheduledEvent, part: str | None) -> None:
    reason = given.why_not_reschedule(NOW)
    assert reason is None if part is None else part in (reason or "")


def test_instance_orders_open_events_and_names_itself() -> None:
    late, soon, dateless, over = event(60), event(5), event(None), event(1, "[Completed]")
    instance = Instance(
        Target("prod", "us-east-1"), T("i-1"), events=(late, soon, over, dateless), tags=((T("a"), T("b")),)
    )
    assert instance.open_events(NOW) == (dateless, soon, late)
    assert instance.label == "i-1"
    assert instance.key == "us-east-1/i-1"
    assert instance.target.key == "prod/us-east-1"
    assert instance.tag("a") == "b"
    assert instance.tag("c") is None


def test_trouble_is_one_line() -> None:
    assert Trouble(TroubleKind.DENIED, clean("no"), clean("ask")).line == "no: ask"
    assert Trouble(TroubleKind.DENIED, clean("no"), clean("")).line == "no"


@pytest.mark.parametrize(
    ("code", "hours", "open_still"),
    [
        ("instance-reboot", 25, False),
        ("system-reboot", 25, False),
        ("system-maintenance", 240, False),
        ("instance-reboot", 23, True),
        ("instance-stop", 240, True),
        ("instance-retirement", 240, True),
        ("something-new", 240, True),
    ],
)
def test_a_reboot_whose_window_is_long_past_is_over_and_a_stop_is_not(
    code: str, hours: int, open_still: bool
) -> None:
    end = NOW - timedelta(hours=hours)
    for event in (
        ScheduledEvent(clean(code), not_before=end - timedelta(hours=2), not_after=end),
        ScheduledEvent(clean(code), not_before=end),
    ):
        assert event.is_open(NOW) is open_still
    moved = ScheduledEvent(clean(code), not_before=end, not_after=NOW + timedelta(hours=1))
    assert moved.is_open(NOW), "its window is not over"


def test_what_is_terminated_awaits_nothing_and_what_is_overdue_stands_behind_today() -> None:
    today = ScheduledEvent(clean("instance-stop"), not_before=NOW + timedelta(hours=2))
    overdue = ScheduledEvent(clean("instance-stop"), clean("old"), not_before=NOW - timedelta(days=5))
    one = row(1, events=(overdue, today))
    assert one.open_events(NOW) == (today, overdue)
    first, second = row(1, events=(today,)), row(2, events=(overdue,))
    assert urgency(second, NOW).level is Level.DUE
    for state in (InstanceState.TERMINATED, InstanceState.SHUTTING_DOWN):
        gone = row(3, events=(today,), state=state)
        assert gone.open_events(NOW) == ()
        assert urgency(gone, NOW).level is Level.CALM
    listed = Ranker().listed([second, first], FleetView.EVENTS, SortOrder.URGENCY, Query(""), NOW)
    assert listed == [first, second]
