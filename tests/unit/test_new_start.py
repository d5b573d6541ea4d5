"""What is proposed as an event's new start, and what is said to fall together with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace as structs_replace

from tests.unit.rows import PROD
from tui.domain.campaign.hours import read_hours
from tui.domain.events import ScheduledEvent
from tui.domain.facts import Facts, TargetGroup
from tui.domain.instance import Instance, Target
from tui.domain.known_groups import groups_beside
from tui.domain.new_start import fall_together, movable, next_hour, others_announced, proposed_start
from tui.domain.sanitize import clean
from tui.presentation.companions import start_told

SEOUL = "Tue-Thu 03:00-05:00 Asia/Seoul"
NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
"""A Monday, noon in Seoul."""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "earliest", "other_than", "expected"),
    [
        (SEOUL, "2026-05-04 04:05", None, "2026-05-04 18:00"),  # Tuesday 03:00 in Seoul
        (SEOUL, "2026-05-04 04:05", "2026-05-04 18:00", "2026-05-04 19:00"),
        (SEOUL, "2026-05-04 18:20", None, "2026-05-04 19:00"),  # in the window: its next hour
        (SEOUL, "2026-05-04 19:01", None, "2026-05-05 18:00"),
        (SEOUL, "2026-05-06 19:01", None, "2026-05-11 18:00"),  # Thursday's is over: Tuesday again
        ("Mon 22:30-00:15 UTC", "2026-05-04 04:05", "2026-05-04 22:30", "2026-05-04 23:30"),
        ("Mon 22:30-23:00 UTC; Mon 22:45-23:30 UTC", "2026-05-04 22:31", None, "2026-05-04 22:45"),
        ("daily 03:00-05:00 Asia/Kolkata", "2026-05-04 21:31", None, "2026-05-04 22:30"),  # by its own clock
        ("Sun 00:00-01:00 UTC", "2026-05-04 04:05", None, None),  # beyond the deadline
    ],
)
def test_the_next_hour_of_the_maintenance_hours(
    hours: str, earliest: str, other_than: str | None, expected: str | None
) -> None:
    latest = at("2026-05-09 23:00") if expected is None else at("2026-05-20 00:00")
    avoided = at(other_than) if other_than else None
    now = at(earliest) - timedelta(minutes=65)  # AWS's hour, and five minutes to answer in
    event = ScheduledEvent(clean("instance-reboot"), clean("e-1"), not_before=avoided, deadline=latest)
    assert next_hour(event, read_hours(hours), now) == (None if expected is None else at(expected))


def announced(start: str, deadline: str) -> ScheduledEvent:
    return ScheduledEvent(clean("instance-reboot"), clean("e-1"), not_before=at(start), deadline=at(deadline))


@pytest.mark.parametrize(
    ("hours", "event", "expected", "why"),
    [
        (SEOUL, ("2026-05-05 10:00", "2026-05-09 10:00"), "2026-05-04 18:00", "the next hour of maintenance"),
        (SEOUL, ("2026-05-04 18:00", "2026-05-09 10:00"), "2026-05-04 19:00", "the next hour of maintenance"),
        (
            SEOUL,
            ("2026-05-04 10:00", "2026-05-04 17:30"),
            "2026-05-04 17:00",
            "as late as AWS lets it be: no other",
        ),
        ("", ("2026-05-04 10:00", "2026-05-09 10:20"), "2026-05-09 10:00", "as late as AWS lets it be"),
        ("", ("2026-05-04 03:50", "2026-05-04 04:30"), "2026-05-04 04:30", "as late as AWS lets it be"),
    ],
)
def test_a_start_is_proposed_with_its_reason(
    hours: str, event: tuple[str, str], expected: str, why: str
) -> None:
    found = proposed_start(announced(*event), read_hours(hours), NOW)
    assert found.at == at(expected)
    assert found.why.startswith(why)


def row(name: str, *starts: float, **changes: Any) -> Instance:
    events = tuple(
        ScheduledEvent(clean("instance-stop"), clean(f"e{start}"), not_before=NOW + timedelta(hours=start))
        for start in starts
    )
    return Instance(
        PROD, clean(f"i-{name}"), account_id=clean("1"), name=clean(name), events=events, **changes
    )


def grouped(*ids: str) -> Facts:
    group = TargetGroup(
        clean("pay-db"), clean("arn:aws:elasticloadbalancing:r:1:targetgroup/pay-db/1"), clean("healthy"), len(ids), len(ids),
        target_id=clean("i-a"), up=tuple(map(clean, ids)),
    )  # fmt: skip
    return Facts(NOW, target_groups=(group,))


def test_members_of_its_groups_within_a_day_and_others_in_the_same_hour_fall_together() -> None:
    asg = ((clean("aws:autoscaling:groupName"), clean("web")),)
    mine, start = row("a", 1, 50, tags=asg), NOW + timedelta(hours=20)
    rows = [
        mine,
        row("b", 3),  # of the target group, by its id
        row("by-address", 43, private_ip=clean("10.0.0.9")),
        row("c", 20.5),  # somebody else's, in the same hour
        row("d", 21),
        row("e", 19.9),
        row("asg", 30, tags=asg),
        row("far", 45, tags=asg),
    ]
    away = Instance(
        Target("prod", "us-east-1"), clean("i-b"), account_id=clean("1"), name=clean("away"), events=rows[1].events
    )  # fmt: skip
    groups = groups_beside(mine, grouped("i-a", "i-b", "10.0.0.9"), ())
    found = fall_together(others_announced(mine, [*rows, away], groups, NOW), start)
    assert [(str(one.label), str(one.group)) for one in found] == [
        ("b", "target group pay-db"),
        ("asg", "Auto Scaling group web"),
        ("by-address", "target group pay-db"),
        ("c", ""),
    ]


def test_what_falls_together_is_told_with_the_next_hour_in_which_no_other_of_its_groups_does() -> None:
    event = announced("2026-05-05 10:00", "2026-05-12 10:00")
    mine = row("a")
    rows = [row("b", 15), *(row(f"c{number}", 15.5) for number in range(5))]
    others = others_announced(mine, rows, groups_beside(mine, grouped("i-a", "i-b"), ()), NOW)
    start = proposed_start(event, read_hours(SEOUL), NOW).at
    assert start_told(event, start, others, read_hours(SEOUL), UTC, NOW) == (
        "less than a day apart: b of target group pay-db (instance-stop Mon 18:00 UTC); "
        "the next hour of maintenance without that is Tue 18:00 UTC",
        "in the same hour: c0, c1, c2 and 2 more",
    )
    assert start_told(event, at("2026-05-08 00:00"), others, read_hours(SEOUL), UTC, NOW) == ()


def test_the_event_that_is_meant_comes_first_and_no_other_where_it_cannot_be_moved() -> None:
    first, fixed = (
        announced("2026-05-05 10:00", "2026-05-12 10:00"),
        announced("2026-05-06 10:00", "2026-05-12 10:00"),
    )
    first = structs_replace(first, event_id=clean("e-2"))
    both = Instance(PROD, clean("i-a"), events=(fixed, first))
    assert [str(one.event_id) for one in movable(both, NOW)] == ["e-2", "e-1"]
    assert [str(one.event_id) for one in movable(both, NOW, "e-1")] == ["e-1", "e-2"]
    stuck = Instance(PROD, clean("i-a"), events=(structs_replace(fixed, deadline=None), first))
    assert movable(stuck, NOW, "e-1") == ()
