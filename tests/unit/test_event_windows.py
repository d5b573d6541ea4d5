"""Event windows: what they say, what lies in them, and what is told beside an event."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.rows import row
from tui.aws.event_windows import windows_of
from tui.domain.event_windows import EventWindow, WindowHours
from tui.domain.events import ScheduledEvent
from tui.domain.facts import Facts
from tui.domain.guidance import explain
from tui.domain.policy import Policy
from tui.domain.sanitize import clean

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)  # a Tuesday
SATURDAY = datetime(2026, 11, 28, 3, tzinfo=UTC)
NIGHT = EventWindow(clean("iew-1"), clean("nights"), clean("active"), (WindowHours(6, 0, 6, 6),))


@pytest.mark.parametrize(
    ("hours", "when", "inside"),
    [
        (WindowHours(6, 0, 6, 6), SATURDAY, True),
        (WindowHours(6, 0, 6, 6), SATURDAY.replace(hour=0), True),
        (WindowHours(6, 0, 6, 6), SATURDAY.replace(hour=5, minute=59, second=59), True),
        (WindowHours(6, 0, 6, 6), SATURDAY.replace(hour=6), False),
        (WindowHours(6, 0, 6, 6), SATURDAY + timedelta(days=1), False),
        (WindowHours(6, 22, 0, 4), SATURDAY.replace(hour=23), True),
        (WindowHours(6, 22, 0, 4), SATURDAY + timedelta(days=1), True),  # Sunday 03:00, over the week's end
        (WindowHours(6, 22, 0, 4), SATURDAY + timedelta(days=1, hours=1), False),
    ],
)
def test_what_lies_in_a_range(hours: WindowHours, when: datetime, inside: bool) -> None:
    assert hours.holds(when) is inside


def test_the_words() -> None:
    assert NIGHT.words == "nights (Sat 00:00–06:00 UTC)"
    late = EventWindow(clean("iew-2"), hours=(WindowHours(6, 22, 0, 4),))
    assert late.words == "iew-2 (Sat 22:00 – Sun 04:00 UTC)"
    cron = EventWindow(clean("iew-3"), clean("c"), cron=clean("* 21-23 * * 2,3"))
    assert cron.words == "c (cron * 21-23 * * 2,3 UTC)"
    assert cron.holds(SATURDAY) is None


def told(code: str, start: datetime, **facts: Any) -> str:
    """What is explained of an instance with that event."""
    event = ScheduledEvent(clean(code), not_before=start)
    box = row(1, events=(event,), root_device=clean("ebs"), status_at=NOW)
    made = explain(box, Facts(NOW, **facts), Policy(), NOW, UTC)
    return "\n".join(one.text for one in made.paragraphs)


def test_a_window_is_told_beside_the_event_it_does_not_move() -> None:
    text = told("instance-stop", SATURDAY, windows=(NIGHT,))
    assert "Event window nights (Sat 00:00–06:00 UTC): AWS keeps to it in what it schedules later" in text
    assert "it moves nothing that is scheduled already. This event starts inside it." in text
    assert "starts outside it" in told("system-reboot", SATURDAY + timedelta(days=2), windows=(NIGHT,))


def test_maintenance_of_the_network_knows_no_window() -> None:
    assert "not for maintenance of the network" in told("system-maintenance", SATURDAY, windows=(NIGHT,))


def test_no_window_is_silent_and_an_unread_one_is_not() -> None:
    assert "vent window" not in told("instance-stop", SATURDAY, windows=())
    why = (("windows", clean("ec2:DescribeInstanceEventWindows is denied")),)
    text = told("instance-stop", SATURDAY, unknown=why)
    assert "Don't know whether it has an event window: ec2:DescribeInstanceEventWindows is denied." in text


class Client:
    """Answers as EC2 does, in two pages."""

    def describe_instance_event_windows(self, **params: Any) -> Any:
        assert params["Filters"] == [{"Name": "instance-id", "Values": ["i-1"]}]
        spans = [{"StartWeekDay": "saturday", "StartHour": 0, "EndWeekDay": "saturday", "EndHour": 6}]
        first = {
            "InstanceEventWindowId": "iew-1",
            "Name": "nights\x1b[31m",
            "State": "active",
            "TimeRanges": spans,
        }
        second = {"InstanceEventWindowId": "iew-2", "State": "deleting", "CronExpression": "* 21-23 * * 2,3"}
        third = {"InstanceEventWindowId": "iew-3", "State": "creating", "CronExpression": "* 0-4 * * sat"}
        if params.get("NextToken"):
            return {"InstanceEventWindows": [second, third]}
        return {"InstanceEventWindows": [first], "NextToken": "more"}


def test_they_are_read_page_by_page_and_cleaned() -> None:
    found = windows_of(Client(), "i-1")
    assert [one.words for one in found] == [
        f"{clean('nights' + chr(27) + '[31m')} (Sat 00:00–06:00 UTC)",
        "iew-3 (cron * 0-4 * * sat UTC)",
    ]
