"""What AWS's error codes mean is said once: who reads and who acts take the same one for the same thing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from tui.aws import errors
from tui.domain.aws_codes import BAD_KEYS, DENIED, EXPIRED, NOT_YET, THROTTLED
from tui.domain.instance import InstanceState
from tui.domain.sanitize import clean
from tui.domain.steps.base import Attempt, Decision, Order, Seen, Send, StepHistory, Stuck, Wait, retry
from tui.domain.steps.power import Preflight, Start, Stop

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
ORDER = Order("op", "stop-start", "i-1", NOW - timedelta(days=9))
RUNNING = Seen(InstanceState.RUNNING, NOW - timedelta(days=9))
STOPPED = Seen(InstanceState.STOPPED, NOW - timedelta(days=9))


def refused(code: str, *, ago: int, call: str = "StopInstances", dry_run: bool = False) -> StepHistory:
    at = NOW - timedelta(seconds=ago)
    return StepHistory(at, (Attempt(call, at, at, False, clean(code), dry_run=dry_run),))


def kind(code: str) -> str:
    answer = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return errors.trouble(ClientError(answer, "StopInstances"), "prod", "eu-west-1").kind  # type: ignore[arg-type] # a part of an answer


@pytest.mark.parametrize("code", sorted(THROTTLED))
def test_what_is_throttling_to_who_reads_is_asked_again_by_who_acts(code: str) -> None:
    assert kind(code) == "throttled"
    early = Stop().decide(ORDER, RUNNING, refused(code, ago=1), NOW)
    assert isinstance(early, Wait)
    assert "AWS asks to slow down" in early.reason
    assert isinstance(Stop().decide(ORDER, RUNNING, refused(code, ago=10), NOW), Send)


@pytest.mark.parametrize("code", sorted(NOT_YET))
def test_every_step_that_asks_once_more_does_so_for_each_of_them(code: str) -> None:
    send = Send(Stop().calls(ORDER)[0])
    assert retry(refused(code, ago=10), NOW, send, doing="stop") is send


@pytest.mark.parametrize("code", sorted(DENIED))
def test_a_denial_is_one_for_both(code: str) -> None:
    assert kind(code) == "denied"
    decision: Decision = Preflight(Stop().calls(ORDER)).decide(
        ORDER, RUNNING, refused(code, ago=1, dry_run=True), NOW
    )
    assert isinstance(decision, Stuck)
    assert "AWS does not permit StopInstances" in decision.why
    told = Start().decide(ORDER, STOPPED, refused(code, ago=1, call="StartInstances"), NOW)
    assert isinstance(told, Wait)
    assert "allow ec2:StartInstances" in told.remedy


@pytest.mark.parametrize("code", sorted(EXPIRED | BAD_KEYS))
def test_a_login_that_is_over_is_one_for_both(code: str) -> None:
    assert kind(code) == "credentials"
    told = Start().decide(ORDER, STOPPED, refused(code, ago=1, call="StartInstances"), NOW)
    assert isinstance(told, Wait)
    assert "log in anew" in told.remedy
