"""A start that AWS accepts and that falls back; and whose clock decides whether something was started since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from tui.domain.instance import InstanceState
from tui.domain.sanitize import clean
from tui.domain.steps import STEPS
from tui.domain.steps.base import Attempt, Done, Order, Seen, Send, StepHistory, Stuck, Wait

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
BEFORE = NOW - timedelta(days=9)
ORDER = Order(
    "op-1", "stop-start", "i-0a", launched_at=BEFORE, stop_intent_at=NOW - timedelta(minutes=9),
    stop_launched_at=BEFORE,
)  # fmt: skip
KMS = Seen(
    InstanceState.STOPPED, NOW - timedelta(minutes=1), clean("Client.InternalError: Client error on launch"),
    reason_code=clean("Client.InternalError"),
)  # fmt: skip
STEP = STEPS["wait-running"]


def started(*ago: float) -> StepHistory:
    """Starts that AWS accepted, so many seconds ago each."""
    calls = [Attempt("StartInstances", NOW - timedelta(seconds=one), NOW, True) for one in ago]
    return StepHistory(NOW - timedelta(seconds=max((*ago, 70.0)) + 60), tuple(calls))


def test_the_first_time_it_is_only_started_again() -> None:
    assert isinstance(STEP.decide(ORDER, KMS, started(), NOW), Send)


def test_from_the_second_time_on_a_person_is_told_why_and_what_to_do() -> None:
    told = STEP.decide(ORDER, KMS, started(61), NOW)
    assert isinstance(told, Wait)
    assert told.attention
    assert "STOPPED" in told.reason
    assert "2 times" in told.reason
    assert "Client.InternalError: Client error on launch" in told.reason
    assert "encrypted volume" in told.reason
    assert "kms:CreateGrant" in told.remedy
    assert "evac goes on" in told.remedy


def test_it_goes_on_slower_and_slower_and_stays_loud_meanwhile() -> None:
    assert isinstance(STEP.decide(ORDER, KMS, started(121), NOW), Send)
    assert isinstance(STEP.decide(ORDER, KMS, started(300, 121), NOW), Wait)
    assert isinstance(STEP.decide(ORDER, KMS, started(600, 241), NOW), Send)
    just = STEP.decide(ORDER, KMS, started(600, 5), NOW)
    assert isinstance(just, Wait)
    assert just.attention
    assert "kms:CreateGrant" in just.remedy
    pending = STEP.decide(ORDER, replace(KMS, state=InstanceState.PENDING), started(600, 5), NOW)
    assert isinstance(pending, Wait)
    assert pending.attention
    assert STEP.decide(ORDER, replace(KMS, state=InstanceState.RUNNING), started(600, 5), NOW) == Done()


def test_it_is_given_up_only_where_the_settings_say_so() -> None:
    patient = replace(ORDER, start_retry_for=timedelta(hours=1))
    assert isinstance(STEP.decide(patient, KMS, started(600, 241), NOW), Send)
    over = STEP.decide(patient, KMS, started(9000, 600), NOW)
    assert isinstance(over, Stuck)
    assert "Client.InternalError" in over.why
    assert "kms:CreateGrant" in over.remedy
    assert "it stays down until then" in over.remedy


@pytest.mark.parametrize(
    ("code", "told", "remedy"),
    [
        ("Client.VolumeLimitExceeded", "limit of EBS volumes", "quota"),
        ("Client.InvalidSnapshot.NotFound", "a snapshot that its volumes need", "newest AMI"),
        ("Client.UserInitiatedShutdown", "somebody, or a program such as a scheduler, stopped it again", "CloudTrail"),
        ("Client.InstanceInitiatedShutdown", "its own system shuts it down while it boots", "console output"),
        ("Server.InsufficientInstanceCapacity", "no room for it in its zone", "Capacity Reservation"),
        ("Server.InternalError", "an error within AWS", "AWS Support"),
        ("Server.ScheduledStop", "its host is to be retired", "its events"),
        ("Server.SpotInstanceShutdown", "Spot capacity", "Spot"),
        ("Client.InvalidKMSKey.InvalidState", "KMS key of a volume", "enabled"),
        ("Client.InvalidVolume.NotFound", "a volume it needs", "replace it"),
        ("Client.InstanceLimitExceeded", "a quota of the account", "raise the quota"),
        ("Server.InsufficientHostCapacity", "no room for it", "Capacity Reservation"),
        ("Server.SomethingNew", "Server.SomethingNew", "AWS console"),
        ("", "AWS gives no reason", "AWS console"),
    ],
)  # fmt: skip
def test_each_code_has_its_words(code: str, told: str, remedy: str) -> None:
    seen = replace(KMS, reason=clean(code), reason_code=clean(code))
    decided = STEP.decide(ORDER, seen, started(61), NOW)
    assert isinstance(decided, Wait)
    assert told in decided.reason
    assert remedy in decided.remedy


def test_the_reason_of_our_own_stop_is_not_told_as_somebody_s() -> None:
    """LaunchTime is as it was: the start left no trace at all."""
    seen = replace(
        KMS, launched_at=BEFORE, reason=clean("x"), reason_code=clean("Client.UserInitiatedShutdown")
    )
    decided = STEP.decide(ORDER, seen, started(61), NOW)
    assert isinstance(decided, Wait)
    assert "somebody" not in decided.reason
    assert "no sign of the start" in decided.reason


# whose clock


@pytest.mark.parametrize("ahead", [-280, -100, 0, 100, 280])
def test_a_machine_s_clock_decides_nothing_about_a_start(ahead: int) -> None:
    """It was started 50 s before by AWS's clock, and the Stop's answer was lost: it has not been stopped yet."""
    launched = NOW - timedelta(seconds=50)
    here = NOW + timedelta(seconds=ahead)
    lost = Attempt("StopInstances", here, None, None, launched_at=launched)
    seen = Seen(InstanceState.RUNNING, launched)
    order = replace(ORDER, launched_at=BEFORE, stop_intent_at=None, stop_launched_at=None)
    said = StepHistory(here, (lost,))
    assert isinstance(STEPS["stop"].decide(order, seen, said, here + timedelta(seconds=1)), Wait)
    assert isinstance(STEPS["stop"].decide(order, seen, said, here + timedelta(seconds=61)), Send)
    since = replace(seen, launched_at=launched + timedelta(seconds=1))
    assert isinstance(STEPS["stop"].decide(order, since, said, here + timedelta(seconds=1)), Done)
    waits = replace(order, stop_intent_at=here, stop_launched_at=launched)
    assert isinstance(STEPS["wait-stopped"].decide(waits, seen, StepHistory(here), here), Wait)
    assert isinstance(STEPS["wait-stopped"].decide(waits, since, StepHistory(here), here), Done)
