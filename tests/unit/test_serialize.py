"""The shapes scripts rely on: JSON, CSV and the calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from icalendar import Calendar

from tui.domain.events import ScheduledEvent
from tui.domain.instance import Checks, CheckStatus, Instance, InstanceState, StatusCheck, Target
from tui.domain.sanitize import clean
from tui.presentation import instance_objects, instance_text
from tui.presentation.ical import calendar

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
OK = StatusCheck(CheckStatus.OK)


def event(
    code: str = "instance-stop", description: str = "the host is degraded", **times: datetime
) -> ScheduledEvent:
    return ScheduledEvent(clean(code), clean(f"instance-event-{code}"), clean(description), **times)


def instance(*events: ScheduledEvent, checks: Checks | None = None, name: str = "web-7") -> Instance:
    return Instance(
        Target("prod", "ap-northeast-2"),
        clean("i-0123456789abcdef0"),
        account_id=clean("111122223333"),
        name=clean(name),
        state=InstanceState.RUNNING,
        checks=checks or Checks(OK, OK, OK),
        events=events,
    )


def test_an_instance_carries_every_promised_field() -> None:
    made = instance_objects.instance_object(instance(event(not_before=NOW + timedelta(hours=3))), NOW)
    promised = {
        "profile",
        "account_id",
        "region",
        "instance_id",
        "name",
        "state",
        "checks",
        "events",
        "hazards",
    }
    assert promised <= set(made)
    assert made["checks"] == {
        "system": "ok", "instance": "ok", "attached_ebs": "ok", "application": "unknown", "performance": "unknown",
    }  # fmt: skip
    assert made["events"] == [
        {
            "code": "instance-stop",
            "id": "instance-event-instance-stop",
            "description": "the host is degraded",
            "not_before": "2026-11-24T06:00:00Z",
            "not_after": None,
            "not_before_deadline": None,
            "state": "pending",
            "decide_by": "2026-11-24T06:00:00Z",
            "together": None,
        }
    ]


def test_events_that_are_over_are_left_out_where_asked() -> None:
    over = event(description="[Completed] done", not_before=NOW - timedelta(days=1))
    assert instance_objects.instance_object(instance(over), NOW, open_only=True)["events"] == []
    assert instance_objects.instance_object(instance(over), NOW)["events"][0]["state"] == "completed"


def test_unknown_is_never_called_ok() -> None:
    assert instance_text.checks_text(instance()) == "ok"
    assert instance_text.checks_text(instance(checks=Checks())) == "unknown"
    assert (
        instance_text.checks_text(instance(checks=Checks(OK, StatusCheck(CheckStatus.INITIALIZING))))
        == "initializing"
    )
    failing = Checks(OK, OK, StatusCheck(CheckStatus.IMPAIRED))
    assert instance_text.checks_text(instance(checks=failing)) == "impaired: attached_ebs"


def test_a_row_has_a_cell_a_column() -> None:
    assert len(instance_objects.event_row(instance(), event(), NOW)) == len(instance_objects.EVENT_COLUMNS)


def test_the_calendar_reads_back_and_an_event_without_a_start_is_counted() -> None:
    start = NOW + timedelta(days=2)
    evil = event(
        "system-reboot", "a;b,c\\ BEGIN:VEVENT", not_before=start, deadline=start + timedelta(days=1)
    )
    target = instance(name="서버;1")
    text, left_out = calendar([(target, evil), (target, event())], NOW)
    assert left_out == 1
    (entry,) = Calendar.from_ical(text).walk("VEVENT")
    assert entry.decoded("dtstart") == start
    assert entry.decoded("dtend") > start
    assert str(entry["summary"]) == "system-reboot: 서버;1 (prod/ap-northeast-2)"
    assert "a;b,c\\ BEGIN:VEVENT" in str(entry["description"])
    ahead = [alarm.decoded("trigger") for alarm in entry.walk("VALARM")]
    assert ahead
    assert all(start + before > NOW for before in ahead)  # what would have rung already rings nobody
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))


def test_a_second_export_keeps_the_uid_and_cancels() -> None:
    start = NOW + timedelta(days=2)
    first, _ = calendar([(instance(), event(not_before=start))], NOW)
    moved = event(description="[Canceled] no longer", not_before=start + timedelta(days=3))
    second, _ = calendar([(instance(), moved)], NOW + timedelta(hours=1))
    (before,), (after,) = (Calendar.from_ical(text).walk("VEVENT") for text in (first, second))
    assert before["uid"] == after["uid"]
    assert str(after["status"]) == "CANCELLED"
    assert not after.walk("VALARM")
