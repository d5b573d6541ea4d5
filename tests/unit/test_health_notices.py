"""What AWS Health adds to a row: never a second line for what DescribeInstanceStatus shows, recoveries, trouble of a zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tui.domain.events import ScheduledEvent
from tui.domain.health import HealthEvent
from tui.domain.health_notices import (
    issue_notice,
    issues_of,
    notices,
    of_scheduled,
    open_issues,
    recoveries_of,
    recovery_of,
    same_event,
)
from tui.domain.instance import Instance, Target
from tui.domain.sanitize import clean
from tui.domain.severity import Mark

NOW = datetime(2026, 11, 29, 4, tzinfo=UTC)
SOON = NOW + timedelta(days=9)
INSTANCE = Instance(Target("prod", "eu-west-1"), clean("i-1"), zone=clean("eu-west-1a"))


def health(code: str, **more: Any) -> HealthEvent:
    values: dict[str, Any] = {
        "service": "EC2", "category": "scheduledChange", "status": "upcoming", "region": "eu-west-1", "entity": "i-1",
        "entity_status": "PENDING", "starts_at": SOON,
    }  # fmt: skip
    values |= more
    texts: dict[str, Any] = {
        key: clean(value) if isinstance(value, str) else value for key, value in values.items()
    }
    return HealthEvent(clean(f"arn:{code}"), clean(code), **texts)


def scheduled(
    code: str, start: datetime | None = SOON, deadline: datetime | None = None, description: str = ""
) -> ScheduledEvent:
    return ScheduledEvent(
        clean(code), clean("instance-event-1"), clean(description), not_before=start, deadline=deadline
    )


RETIREMENT = health("AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("code", "start", "event", "same"),
    [
        ("PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED", SOON, scheduled("instance-retirement"), True),
        ("PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED", SOON, scheduled("instance-stop"), True),
        ("INSTANCE_RETIREMENT_SCHEDULED", SOON, scheduled("instance-retirement"), True),
        ("INSTANCE_RETIREMENT_EXPEDITED", SOON, scheduled("instance-retirement"), True),
        ("INSTANCE_STOP_SCHEDULED", SOON, scheduled("instance-stop"), True),
        ("INSTANCE_TERMINATION_SCHEDULED", SOON, scheduled("instance-retirement"), True),
        ("INSTANCE_REBOOT_MAINTENANCE_SCHEDULED", SOON, scheduled("instance-reboot"), True),
        ("INSTANCE_REBOOT_MAINTENANCE_SCHEDULED", SOON, scheduled("system-reboot"), True),
        ("INSTANCE_REBOOT_FLEXIBLE_MAINTENANCE_SCHEDULED", SOON, scheduled("system-reboot"), True),
        ("SYSTEM_REBOOT_MAINTENANCE_SCHEDULED", SOON, scheduled("system-reboot"), True),
        ("INSTANCE_NETWORK_MAINTENANCE_SCHEDULED", SOON, scheduled("system-maintenance"), True),
        ("INSTANCE_POWER_MAINTENANCE_SCHEDULED", SOON, scheduled("system-maintenance"), True),
        ("PERSISTENT_INSTANCE_POWER_MAINTENANCE_SCHEDULED", SOON, scheduled("system-maintenance"), True),
        ("SYSTEM_MAINTENANCE_EVENT", SOON, scheduled("system-maintenance"), True),
        ("INSTANCE_RETIREMENT_SCHEDULED", SOON, scheduled("instance-reboot"), False),
        ("INSTANCE_NETWORK_MAINTENANCE_SCHEDULED", SOON, scheduled("system-reboot"), False),
        ("INSTANCE_REBOOT_MAINTENANCE_SCHEDULED", SOON, scheduled("instance-retirement"), False),
        # the start: nearly the same; moved until the deadline; another one
        ("INSTANCE_RETIREMENT_SCHEDULED", SOON + HOUR * 3, scheduled("instance-retirement"), True),
        ("INSTANCE_RETIREMENT_SCHEDULED", SOON + DAY * 5, scheduled("instance-retirement"), False),
        ("INSTANCE_REBOOT_MAINTENANCE_SCHEDULED", SOON - DAY * 4, scheduled("instance-reboot", deadline=SOON + DAY), True),
        ("INSTANCE_REBOOT_MAINTENANCE_SCHEDULED", SOON + DAY * 5, scheduled("instance-reboot", deadline=SOON + DAY), False),
        ("INSTANCE_RETIREMENT_SCHEDULED", None, scheduled("instance-retirement"), True),
        ("INSTANCE_RETIREMENT_SCHEDULED", SOON, scheduled("instance-retirement", None), True),
        # a code that one of both does not know: only the time can tell
        ("SOMETHING_NEW_SCHEDULED", SOON, scheduled("instance-retirement"), True),
        ("SOMETHING_NEW_SCHEDULED", SOON + HOUR * 3, scheduled("instance-retirement"), False),
        ("INSTANCE_RETIREMENT_SCHEDULED", SOON, scheduled("instance-evacuation"), True),
        ("SOMETHING_NEW_SCHEDULED", None, scheduled("instance-retirement"), False),
    ],
)  # fmt: skip
def test_one_event_is_one_line(code: str, start: datetime | None, event: ScheduledEvent, same: bool) -> None:
    told = health(f"AWS_EC2_{code}", starts_at=start)
    assert same_event(told, event) is same
    shown = notices(replace(INSTANCE, events=(event,), health=(told,)), NOW)
    assert len(shown) == (0 if same else 1)


def test_of_an_event_that_both_tell_the_longer_text_can_be_asked_for() -> None:
    event = scheduled("instance-retirement")
    row = replace(INSTANCE, events=(event, scheduled("instance-reboot")), health=(RETIREMENT,))
    assert of_scheduled(row, NOW) == ((event, RETIREMENT),)


def test_an_event_that_is_over_or_was_the_last_stop_is_not_told_again() -> None:
    over = scheduled("instance-retirement", description="[Completed] done")
    assert not notices(replace(INSTANCE, events=(over,), health=(RETIREMENT,)), NOW)
    stopped = replace(INSTANCE, last_stop=scheduled("instance-retirement"), health=(RETIREMENT,))
    assert not notices(stopped, NOW)


@pytest.mark.parametrize(
    "more", [{"status": "closed"}, {"entity_status": "RESOLVED"}, {"entity_status": "UNIMPAIRED"}]
)
def test_what_concerns_it_no_longer_is_not_told(more: dict[str, Any]) -> None:
    assert not notices(replace(INSTANCE, health=(replace(RETIREMENT, **more),)), NOW)


@pytest.mark.parametrize(
    ("event", "mark", "text"),
    [
        (RETIREMENT, Mark.THREATENED, "AWS retires it, 8 Dec 04:00: AWS Health announces it"),
        (
            health("AWS_EBS_VOLUME_LOST", service="EBS", category="issue", status="open", entity="vol-7"),
            Mark.FAILING, "AWS lost vol-7 with its data: restore it from a snapshot",
        ),
        (
            health("AWS_EC2_INSTANCE_STORE_DRIVE_PERFORMANCE_DEGRADED", category="issue", status="open"),
            Mark.THREATENED, "a disk of its instance store is degraded",
        ),
        (
            health("AWS_EBS_DEGRADED_EBS_VOLUME_PERFORMANCE", service="EBS", category="issue", status="open", entity="vol-7"),
            Mark.THREATENED, "vol-7 is slower than it should be",
        ),
        (
            health("AWS_EC2_QUITE_NEW_TROUBLE", category="issue", status="open", starts_at=NOW - HOUR),
            Mark.THREATENED, "AWS has trouble with i-1 since 03:00: quite new trouble",
        ),
        (
            health("AWS_EC2_INSTANCE_SOMETHING_NOTED", category="accountNotification", status="open", starts_at=None),
            Mark.NONE, "instance something noted: AWS Health announces it",
        ),
    ],
)  # fmt: skip
def test_words(event: HealthEvent, mark: Mark, text: str) -> None:
    (told,) = notices(replace(INSTANCE, health=(event,)), NOW)
    assert (told.mark, told.text) == (mark, text)


def recovered(code: str, at: datetime | None, **more: Any) -> HealthEvent:
    return health(code, category="issue", status="closed", entity_status="RESOLVED", starts_at=at, **more)


@pytest.mark.parametrize(
    ("code", "done", "by"),
    [
        ("AWS_EC2_SIMPLIFIED_AUTO_RECOVERY_SUCCESS", True, "automatic recovery"),
        ("AWS_EC2_SIMPLIFIED_AUTO_RECOVERY_FAILURE", False, "automatic recovery"),
        ("AWS_EC2_INSTANCE_AUTO_RECOVERY_SUCCESS", True, "recover alarm"),
        ("AWS_EC2_INSTANCE_AUTO_RECOVERY_FAILURE", False, "recover alarm"),
    ],
)
def test_recoveries_are_told_though_health_has_closed_them(code: str, done: bool, by: str) -> None:
    row = replace(INSTANCE, health=(recovered(code, NOW - timedelta(minutes=54)),))
    (one,) = recoveries_of(row, NOW)
    assert (one.done, one.by, one.at) == (done, by, NOW - timedelta(minutes=54))
    (told,) = notices(row, NOW)
    assert told.mark is (Mark.NONE if done else Mark.FAILING)
    happened = "it rebooted at 03:06 because AWS moved it" if done else "AWS tried at 03:06 to move it"
    assert told.text.startswith(happened)
    assert told.text.endswith(f"({by}), 54m ago")


def test_no_recovery_is_told_for_ever_and_no_other_code_is_one() -> None:
    old = recovered("AWS_EC2_SIMPLIFIED_AUTO_RECOVERY_SUCCESS", NOW - timedelta(days=4))
    assert not notices(replace(INSTANCE, health=(old,)), NOW)
    assert not recoveries_of(replace(INSTANCE, health=(old,)), NOW)
    for code in ("AWS_EC2_AUTO_RECOVERY_SUCCESS_SOON", "AWS_RDS_INSTANCE_AUTO_RECOVERY_SUCCESS", ""):
        assert recovery_of(health(code)) is None


def test_the_gravest_stands_first_and_the_same_stands_once() -> None:
    failed = recovered("AWS_EC2_INSTANCE_AUTO_RECOVERY_FAILURE", NOW - HOUR)
    twice = replace(RETIREMENT, arn=clean("arn:another"))
    told = notices(replace(INSTANCE, health=(RETIREMENT, twice, failed)), NOW)
    assert [one.mark for one in told] == [Mark.FAILING, Mark.THREATENED]


def issue(zone: str = "", code: str = "AWS_EC2_OPERATIONAL_ISSUE", **more: Any) -> HealthEvent:
    values = {
        "category": "issue",
        "status": "open",
        "entity": "",
        "entity_status": "",
        "zone": zone,
        "starts_at": NOW - HOUR,
    }
    return replace(health(code, **(values | more)), arn=clean(f"arn:{code}:{zone}"))


def test_trouble_of_a_zone_concerns_who_is_in_it_and_that_of_a_region_everybody() -> None:
    mine, other, whole = issue("eu-west-1a"), issue("eu-west-1b"), issue()
    assert issues_of(INSTANCE, (whole, other, mine)) == (mine, whole)
    assert issues_of(replace(INSTANCE, zone=clean("")), (mine,)) == ()
    closed = replace(mine, status=clean("closed"))
    assert issues_of(INSTANCE, (closed, RETIREMENT)) == ()
    assert open_issues([(mine, closed, RETIREMENT), (mine, other)]) == (mine, other)


@pytest.mark.parametrize(
    ("event", "mark", "text"),
    [
        (issue("eu-west-1a"), Mark.THREATENED, "AWS has trouble with EC2 in eu-west-1a since 03:00"),
        (issue(), Mark.THREATENED, "AWS has trouble with EC2 in eu-west-1 since 03:00"),
        (issue(code="AWS_EC2_API_ISSUE"), Mark.NONE, "AWS has trouble with EC2's API in eu-west-1 since 03:00"),
        (
            issue(code="AWS_MULTIPLE_SERVICES_OPERATIONAL_ISSUE", service="MULTIPLE_SERVICES", starts_at=None),
            Mark.THREATENED, "AWS has trouble with several services in eu-west-1",
        ),
        (
            issue("eu-west-1a", "AWS_EBS_POWER_LOST", service="EBS"),
            Mark.THREATENED, "AWS has trouble with EBS in eu-west-1a since 03:00 (power lost)",
        ),
    ],
)  # fmt: skip
def test_words_of_trouble(event: HealthEvent, mark: Mark, text: str) -> None:
    told = issue_notice(event, NOW)
    assert (told.mark, told.text) == (mark, text)
