"""What AWS Health explains in a verdict: AWS's own moves to another host, moves that failed, trouble of a zone."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit import evidence_cases as ev
from tests.unit.evidence_cases import DOWN, RUNS
from tests.unit.guidance_cases import NOW
from tui.domain.diagnosis.evidence import Evidence
from tui.domain.diagnosis.findings import Finding
from tui.domain.diagnosis.log_findings import system_log
from tui.domain.diagnosis.verdict import diagnose, diagnosis_of
from tui.domain.health import HealthEvent
from tui.domain.instance import Instance
from tui.domain.sanitize import clean

SUCCESS, FAILURE = (f"AWS_EC2_SIMPLIFIED_AUTO_RECOVERY_{end}" for end in ("SUCCESS", "FAILURE"))
SYSTEM = replace(DOWN, checks=replace(DOWN.checks, system=replace(ev.BAD, since=ev.at(30))))


def health(code: str, minutes: float, entity: str = "", zone: str = "", **more: Any) -> HealthEvent:
    event = HealthEvent(
        clean(f"arn:{code}"), clean(code), clean("EC2"), clean("issue"), clean("open"), clean("us-east-1"),
        clean(zone), starts_at=ev.at(minutes), entity=clean(entity),
    )  # fmt: skip
    return replace(event, **more)


def found(
    row: Instance, *own: HealthEvent, place: tuple[HealthEvent, ...] = (), log: str = ""
) -> list[Finding]:
    told = replace(row, health=own, launched_at=ev.at(60 * 24 * 30))
    read = system_log(log, NOW, latest=True) if log else None
    return list(diagnose(told, None, read, (), (), NOW, health=place))


def failing_for(minutes: float) -> Instance:
    return replace(DOWN, checks=replace(DOWN.checks, instance=replace(ev.BAD, since=ev.at(minutes))))


@pytest.mark.parametrize(
    ("row", "code", "minutes", "key", "severity", "advised"),
    [
        # AWS moved it just now: it boots
        (failing_for(4), SUCCESS, 5, "booting-after-move", 2, "wait"),
        # it did not come up well since
        (failing_for(50), SUCCESS, 55, "moved-by-aws", 2, ""),
        # hours before it failed: no cause of it
        (failing_for(10), SUCCESS, 60 * 5, "moved-by-aws", 1, ""),
        # it is well: a reboot explained
        (RUNS, SUCCESS, 55, "moved-by-aws", 1, ""),
        (failing_for(50), FAILURE, 48, "recovery-failed", 3, "stop-start"),
        (failing_for(10), FAILURE, 60 * 5, "recovery-failed", 1, "stop-start"),
        (RUNS, FAILURE, 48, "recovery-failed", 2, "stop-start"),
    ],
)
def test_a_recovery_counts_by_when_it_was(
    row: Instance, code: str, minutes: float, key: str, severity: int, advised: str
) -> None:
    first = found(row, health(code, minutes))[0]
    assert (first.key, first.severity, first.advised) == (key, severity, advised)
    assert bool(first.against) == (severity == 1 and row is not RUNS)


def test_a_start_since_takes_a_failed_recovery_back() -> None:
    told = replace(RUNS, health=(health(FAILURE, 48),), launched_at=ev.at(20))
    (only,) = diagnose(told, None, None, (), (), NOW)
    assert only.severity == 1
    assert only.against == ("it was started again since, on another host in most cases",)


def test_the_latest_recovery_counts() -> None:
    keys = [one.key for one in found(failing_for(50), health(FAILURE, 55), health(SUCCESS, 52))]
    assert keys == ["moved-by-aws"]


def test_the_head_says_that_aws_moved_it_and_tells_the_time_once() -> None:
    told = replace(failing_for(50), health=(health(SUCCESS, 55),))
    said = diagnosis_of(told, Evidence(NOW, (), None, ()), NOW)
    assert said.label == "likely"
    assert said.line.startswith("it rebooted at ")
    assert said.line.endswith("because AWS moved it to another host (automatic recovery), 55m ago")


def test_a_host_that_fails_has_what_health_says_as_its_evidence() -> None:
    place = (health("AWS_EC2_OPERATIONAL_ISSUE", 40),)
    first = found(SYSTEM, health(FAILURE, 28), place=place)[0]
    assert first.key == "host"
    assert any(one.startswith("AWS tried at") for one in first.evidence)
    assert any(one.startswith("not you: AWS has trouble with EC2") for one in first.evidence)


@pytest.mark.parametrize(
    ("row", "code", "minutes", "severity"),
    [
        (failing_for(30), "AWS_EC2_OPERATIONAL_ISSUE", 40, 2),
        (failing_for(30), "AWS_EC2_OPERATIONAL_ISSUE", 25, 2),  # AWS tells of it some minutes late
        (failing_for(30), "AWS_EC2_OPERATIONAL_ISSUE", 5, 1),
        (failing_for(30), "AWS_EC2_API_ISSUE", 40, 1),
        (RUNS, "AWS_EC2_OPERATIONAL_ISSUE", 40, 1),
    ],
)
def test_trouble_of_aws_itself(row: Instance, code: str, minutes: float, severity: int) -> None:
    mine = health(code, minutes, zone=str(row.zone))
    other = health(code, minutes, zone="elsewhere-1a")
    (only,) = found(row, place=(mine, other))
    assert (only.key, only.severity) == ("aws-issue", severity)
    assert only.words.startswith("not you: AWS has trouble with")


def test_a_lost_volume_is_grave_whatever_the_checks_say() -> None:
    lost = health("AWS_EBS_VOLUME_LOST", 90, "vol-1", service=clean("EBS"))
    for row in (RUNS, failing_for(30)):
        first = found(row, lost)[0]
        assert (first.key, first.severity, first.advised) == ("volume-lost", 3, "none")
    slow = health("AWS_EBS_DEGRADED_EBS_VOLUME_PERFORMANCE", 90, "vol-1")
    assert [(one.key, one.severity) for one in found(failing_for(30), slow)] == [("health-issue", 2)]


def test_what_health_merely_announces_is_no_cause() -> None:
    announced = health(
        "AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED", -9000, "i-1", category=clean("scheduledChange"),
        status=clean("upcoming"),
    )  # fmt: skip
    assert found(failing_for(30), announced) == []


def test_memory_that_ran_out_stands_before_an_old_move() -> None:
    log = (
        ev.BOOT
        + "[  600.1] Out of memory: Killed process 7 (java)\n"
        + "[  601.0] Kernel panic - not syncing: System is deadlocked on memory\n"
    )
    keys = [one.key for one in found(failing_for(10), health(SUCCESS, 60 * 5), log=log)]
    assert keys[0] in ("oom", "oom-deadlock")
    assert "moved-by-aws" in keys
