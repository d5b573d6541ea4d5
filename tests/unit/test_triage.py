"""The triage order: total, and never calmer for more trouble."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from tui.domain.events import ScheduledEvent
from tui.domain.instance import CheckName, Checks, CheckStatus, Instance, InstanceState, StatusCheck, Target
from tui.domain.sanitize import SafeText
from tui.domain.triage import Level, urgency

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
OK = StatusCheck(CheckStatus.OK)
BAD = StatusCheck(CheckStatus.IMPAIRED)
CALM = Instance(
    Target("prod", "us-east-1"),
    SafeText("i-1"),
    name=SafeText("web"),
    state=InstanceState.RUNNING,
    checks=Checks(OK, OK, OK),
    status_at=NOW,
)


def event(hours: float | None, text: str = "") -> ScheduledEvent:
    start = None if hours is None else NOW + timedelta(hours=hours)
    return ScheduledEvent(SafeText("instance-stop"), description=SafeText(text), not_before=start)


def status(**checks: CheckStatus) -> Checks:
    return replace(CALM.checks, **{name: StatusCheck(value) for name, value in checks.items()})


@pytest.mark.parametrize(
    ("instance", "level"),
    [
        (CALM, Level.CALM),
        (replace(CALM, checks=status(system=CheckStatus.IMPAIRED)), Level.FAILING),
        (replace(CALM, checks=status(performance=CheckStatus.IMPAIRED)), Level.FAILING),
        (replace(CALM, checks=status(instance=CheckStatus.INITIALIZING)), Level.UNKNOWN),
        (replace(CALM, checks=status(system=CheckStatus.INSUFFICIENT_DATA)), Level.UNKNOWN),
        (replace(CALM, checks=status(attached_ebs=CheckStatus.INITIALIZING)), Level.UNKNOWN),
        (replace(CALM, checks=status(attached_ebs=CheckStatus.NOT_REPORTED)), Level.CALM),
        (replace(CALM, checks=Checks()), Level.UNKNOWN),
        (replace(CALM, state=InstanceState.UNKNOWN), Level.UNKNOWN),
        (replace(CALM, state=InstanceState.STOPPED, checks=Checks()), Level.CALM),
        (replace(CALM, state=InstanceState.STOPPED, events=(event(100),)), Level.SCHEDULED),
        (replace(CALM, state=InstanceState.TERMINATED, events=(event(1),), checks=Checks(BAD)), Level.CALM),
        (
            replace(CALM, state=InstanceState.PENDING, checks=status(instance=CheckStatus.INITIALIZING)),
            Level.UNKNOWN,
        ),
        (replace(CALM, events=(event(3),)), Level.DUE),
        (replace(CALM, events=(event(24),)), Level.DUE),
        (replace(CALM, events=(event(-3),)), Level.DUE),
        (replace(CALM, events=(event(25),)), Level.SCHEDULED),
        (replace(CALM, events=(event(None),)), Level.SCHEDULED),
        (replace(CALM, events=(event(None), event(2))), Level.DUE),
        (replace(CALM, events=(event(-3, "[Completed] x"), event(5, "[Canceled] y"))), Level.CALM),
    ],
)
def test_levels(instance: Instance, level: Level) -> None:
    result = urgency(instance, NOW)
    assert result.level is level
    assert result.is_trouble is (level is not Level.CALM)


EVENTS = st.one_of(st.none(), st.floats(-100, 1000)).map(event)
STATUSES = st.sampled_from(list(CheckStatus)).map(StatusCheck)
INSTANCES = st.builds(
    Instance,
    target=st.builds(Target, st.just("p"), st.sampled_from(["us-east-1", "eu-west-1"])),
    instance_id=st.sampled_from(["i-1", "i-2", "i-3"]).map(SafeText),
    name=st.sampled_from(["", "a", "B"]).map(SafeText),
    state=st.sampled_from(list(InstanceState)),
    checks=st.builds(Checks, STATUSES, STATUSES, STATUSES, STATUSES, STATUSES),
    events=st.lists(EVENTS, max_size=3).map(tuple),
)


@given(INSTANCES, INSTANCES)
def test_order_is_total(one: Instance, other: Instance) -> None:
    left, right = urgency(one, NOW), urgency(other, NOW)
    assert (left < right) + (left > right) + (left == right) == 1
    if left == right:
        assert one.key == other.key


@given(INSTANCES, st.sampled_from(list(CheckName)))
def test_another_failing_check_is_never_calmer(instance: Instance, name: CheckName) -> None:
    worse = replace(instance, checks=replace(instance.checks, **{name.value: BAD}))
    assert urgency(worse, NOW) <= urgency(instance, NOW)


@given(INSTANCES, st.floats(-100, 1000))
def test_another_event_is_never_calmer(instance: Instance, hours: float) -> None:
    worse = replace(instance, events=(*instance.events, event(hours)))
    assert urgency(worse, NOW).level <= urgency(instance, NOW).level


@given(INSTANCES, st.floats(0, 500), st.floats(0, 500))
def test_sooner_is_never_calmer(instance: Instance, hours: float, sooner: float) -> None:
    assume(hours - sooner >= -24)  # until then it is under way
    late = replace(instance, events=(event(hours),))
    early = replace(instance, events=(event(hours - sooner),))
    assert urgency(early, NOW) <= urgency(late, NOW)


def test_hundreds_of_events_long_past_stand_below_today_s_the_latest_first() -> None:
    rows = [
        replace(CALM, name=SafeText(f"old-{days}"), events=(event(-24.0 * days),)) for days in range(2, 302)
    ]
    rows += [
        replace(CALM, name=SafeText(f"in-{hours}"), events=(event(hours),)) for hours in (5, -3, -23, None)
    ]
    found = [row.label for row in sorted(rows, key=lambda row: urgency(row, NOW))]
    assert found[:6] == ["in--23", "in--3", "in-5", "old-2", "old-3", "old-4"]
    assert found[-2:] == ["old-301", "in-None"], "one without a start is not due"
    assert {urgency(row, NOW).level for row in rows[:-1]} == {Level.DUE}, (
        "none is calm: it may still have to be started"
    )
