"""The inbox: in which order, on which day, what is movable until when, and which members of a group fall together."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.unit.rows import PROD
from tui.domain.events import ScheduledEvent
from tui.domain.inbox import (
    InboxDay,
    When,
    by_day,
    decide_by,
    group_warnings,
    inbox_order,
    movable_until,
    strip_of,
    when_of,
)
from tui.domain.instance import Instance
from tui.domain.sanitize import clean

NOW = datetime(2026, 5, 4, 3, tzinfo=UTC)
SEOUL = ZoneInfo("Asia/Seoul")


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def event(
    start: float | None,
    deadline: float | None = None,
    code: str = "instance-reboot",
    end: float | None = None,
) -> ScheduledEvent:
    return ScheduledEvent(
        clean(code),
        clean(f"{code}-{start}"),
        not_before=None if start is None else at(start),
        not_after=None if end is None else at(end),
        deadline=None if deadline is None else at(deadline),
    )


def row(name: str, *events: ScheduledEvent, group: str = "") -> Instance:
    tags = ((clean("aws:autoscaling:groupName"), clean(group)),) if group else ()
    return Instance(
        PROD, clean(f"i-{name}"), account_id=clean("1"), name=clean(name), events=events, tags=tags
    )


@pytest.mark.parametrize(
    ("what", "movable", "decide", "when"),
    [
        (event(30, 100), 30 - 5 / 60, 30 - 5 / 60, When.AHEAD),  # until five minutes before it begins
        (
            event(30, 30.5),
            29.5,
            29.5,
            When.AHEAD,
        ),  # a new start lies an hour ahead, and not after the deadline
        (event(30), None, 30, When.AHEAD),  # it cannot be moved: until it begins
        (event(0.05, 100), None, 0.05, When.AHEAD),  # too late to move it
        (event(None), None, None, When.NOW),
        (event(-1, 100), None, -1, When.NOW),
        (event(-50, code="instance-stop"), None, -50, When.PAST),
    ],
)
def test_until_when_it_can_be_moved_and_by_when_somebody_must_decide(
    what: ScheduledEvent, movable: float | None, decide: float | None, when: When
) -> None:
    assert movable_until(what, NOW) == (None if movable is None else at(movable))
    assert decide_by(what, NOW) == (None if decide is None else at(decide))
    assert when_of(what, NOW) is when


def test_what_must_be_decided_first_comes_first_whatever_begins_first() -> None:
    lines = [
        row("stopped-days-ago", event(-50, code="instance-stop")),
        row("stopped-yesterday", event(-30, code="instance-stop")),
        row("movable", event(30, 30.5)),
        row("fixed", event(29.75)),
        row("under-way", event(-1)),
        row("any-moment", event(None)),
        row("soon", event(2)),
    ]
    lines.sort(key=lambda one: inbox_order(one, one.events[0], NOW))
    assert [str(one.name) for one in lines] == [
        "any-moment", "under-way", "soon", "movable", "fixed", "stopped-yesterday", "stopped-days-ago",
    ]  # fmt: skip


def test_lines_are_grouped_by_the_operators_day() -> None:
    lines = [
        row("now", event(None)),
        row("tonight", event(11)),
        row("late", event(13)),
        row("later", event(14)),
    ]
    told = [
        (one.when, one.day, one.count) if isinstance(one, InboxDay) else str(one.name)
        for one in by_day(lines, NOW, SEOUL)  # noon in Seoul: 13 hours on is the next day there, not in UTC
    ]
    assert told == [
        (When.NOW, None, 1), "now",
        (When.AHEAD, date(2026, 5, 4), 1), "tonight",
        (When.AHEAD, date(2026, 5, 5), 2), "late", "later",
    ]  # fmt: skip


def test_the_strip_counts_two_weeks_and_loses_nothing() -> None:
    starts = (None, -1, 1, 2, 30, 13 * 24, 14 * 24 + 12, 5000)
    lines = [row(f"one-{start}", event(start)) for start in starts]
    lines.append(row("past", event(-80, code="instance-stop")))
    strip = strip_of(lines, NOW, UTC)
    assert len(strip.days) == 14
    assert [count for _, count in strip.days] == [2, 1, *[0] * 11, 1]
    assert (strip.now, strip.after, strip.past) == (2, 2, 1)


def keys(one: Instance) -> list[str]:
    name = one.tag("aws:autoscaling:groupName")
    return [f"1:ap-northeast-2:target group:{name}"] if name else []


def test_members_of_a_group_whose_events_are_less_than_a_day_apart_fall_together() -> None:
    first, second, third = event(10), event(33), event(57)
    rows = [
        row("a", first, group="pay-db"),
        row("b", second, group="pay-db"),
        row("c", third, group="pay-db"),
        row("d", event(10), group="web"),
        row("e", event(10)),
        row("f", group="web"),
    ]
    found = group_warnings(rows, keys, NOW)
    told = {key: [str(one.text) for one in each] for key, each in found.items()}
    # 10 and 33 are 23 hours apart; 33 and 57 a whole day.
    assert told == {
        rows[0].event_key(first): ["2 of target group pay-db"],
        rows[1].event_key(second): ["2 of target group pay-db"],
    }


def test_two_events_of_one_instance_are_no_two_members() -> None:
    rows = [row("a", event(10), event(12, code="instance-stop"), group="x"), row("b", event(90), group="x")]
    assert group_warnings(rows, keys, NOW) == {}


def test_the_last_of_a_group_is_told_and_stands_first() -> None:
    one, other = event(10), event(11)
    rows = [row("a", one, group="pay-db"), row("b", other, group="pay-db")]

    def both(each: Instance) -> list[str]:
        return [*keys(each), "1:ap-northeast-2:cluster:big"]

    found = group_warnings(rows, both, NOW, {"1:ap-northeast-2:target group:pay-db": 2})
    told = found[rows[0].event_key(one)]
    assert [(str(each.text), str(each.short)) for each in told] == [
        ("all 2 of target group pay-db", "2/2 pay-db"),
        ("2 of cluster big", "2 big"),
    ]


def test_what_is_under_way_and_what_has_no_start_fall_together_now_and_what_is_long_past_does_not() -> None:
    rows = [
        row("a", event(-5), group="x"),
        row("b", event(None), group="x"),
        row("c", event(20), group="x"),
        row("d", event(-60, code="instance-stop"), group="x"),
    ]
    found = group_warnings(rows, keys, NOW)
    assert {str(one.text) for each in found.values() for one in each} == {"3 of target group x"}
    assert len(found) == 3


def test_a_large_group_is_counted_without_comparing_each_with_each() -> None:
    rows = [row(f"n{number}", event(number / 100), group="x") for number in range(1, 5001)]
    found = group_warnings(rows, keys, NOW)
    assert len(found) == 5000
    assert found[rows[0].event_key(rows[0].events[0])][0].count == 2400
