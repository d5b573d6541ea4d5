"""Collector and runner read an instance by one reader: the same answer of AWS is the same checks and events to both."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tui.aws import inspect
from tui.domain.instance import Checks, InstanceState, Target
from tui.domain.steps.base import Order, Seen

SAMPLES = sorted((Path(__file__).parents[1] / "samples").glob("describe-instance-status.*.json"))
TARGET = Target("prod", "eu-west-1")
NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


class Aws:
    """Stands for the sessions and for every client of theirs; answers what it is given, or raises it."""

    def __init__(self, instances: Any, statuses: Any) -> None:
        self.instances, self.statuses = instances, statuses

    def client(self, *_: Any, **__: Any) -> Aws:
        return self

    def about(self, profile: str) -> None:
        return None

    def describe_instances(self, **_: Any) -> Any:
        return self._answer(self.instances)

    def describe_instance_status(self, **_: Any) -> Any:
        return self._answer(self.statuses)

    @staticmethod
    def _answer(value: Any) -> Any:
        if isinstance(value, Exception):
            raise value
        return value


def described(instance_id: str, **fields: Any) -> dict[str, Any]:
    doc = {"InstanceId": instance_id, "State": {"Name": "running"}, "LaunchTime": NOW, **fields}
    return {"Reservations": [{"Instances": [doc]}]}


def runner_sees(aws: Aws, instance_id: str) -> Seen:
    observer = inspect.Observer(aws, TARGET)  # type: ignore[arg-type] # stands for the sessions
    return observer.look(Order("op", "reboot", instance_id), ())


def typed(statuses: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sample's texts as botocore gives them: times are times."""
    for status in statuses:
        for event in status.get("Events", ()):
            for name in ("NotBefore", "NotAfter", "NotBeforeDeadline"):
                if name in event:
                    event[name] = datetime.fromisoformat(event[name])
    return statuses


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem.partition(".")[2])
def test_both_see_the_same_checks_and_events(sample: Path) -> None:
    for status in typed(json.loads(sample.read_text())["InstanceStatuses"]):
        ident = status["InstanceId"]
        aws = Aws(described(ident), {"InstanceStatuses": [status]})
        row = inspect.inspect_instance(aws, TARGET, ident, NOW)  # type: ignore[arg-type] # as above
        seen = runner_sees(aws, ident)
        assert row is not None
        assert seen.checks == row.checks
        assert seen.events == row.events
        assert (seen.state, seen.launched_at) == (row.state, row.launched_at)


def test_a_time_no_clock_can_hold_is_one_for_the_runner_too() -> None:
    far = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(-timedelta(hours=9)))
    status = {"InstanceId": "i-1", "Events": [{"Code": "instance-stop", "NotBefore": far}]}
    seen = runner_sees(Aws(described("i-1"), {"InstanceStatuses": [status]}), "i-1")
    assert seen.events is not None
    assert seen.events[0].not_before is not None
    assert seen.events[0].not_before.tzinfo is UTC


def test_a_status_of_another_instance_or_none_is_no_word_of_its_checks_and_events() -> None:
    for statuses in ([], [{"InstanceId": "i-2", "SystemStatus": {"Status": "ok"}}]):
        seen = runner_sees(Aws(described("i-1"), {"InstanceStatuses": statuses}), "i-1")
        assert seen.state is InstanceState.RUNNING
        assert seen.checks == Checks()
        assert seen.events is None


@pytest.mark.parametrize(
    "answer", [{}, {"Reservations": []}, described("i-2"), described("i-1", State={"Name": "new"})]
)
def test_an_answer_without_the_instance_is_unread_but_that_it_is_stopped_is_seen(answer: Any) -> None:
    status = {"InstanceId": "i-1", "InstanceState": {"Name": "stopped"}}
    seen = runner_sees(Aws(answer, {"InstanceStatuses": [status]}), "i-1")
    assert seen.state is InstanceState.STOPPED
    assert "the answer was not AWS's" in seen.unread
    assert runner_sees(Aws(answer, {"InstanceStatuses": []}), "i-1").state is InstanceState.UNKNOWN


def test_only_an_id_that_aws_knows_no_more_is_terminated_to_the_runner() -> None:
    def refused(code: str) -> ClientError:
        return ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeInstances")

    gone = Aws(refused("InvalidInstanceID.NotFound"), {"InstanceStatuses": []})
    assert runner_sees(gone, "i-1").state is InstanceState.TERMINATED
    assert inspect.inspect_instance(gone, TARGET, "i-1", NOW) is None  # type: ignore[arg-type] # as above
    denied = Aws(refused("UnauthorizedOperation"), {"InstanceStatuses": []})
    assert runner_sees(denied, "i-1").state is InstanceState.UNKNOWN
