"""Ordered in advance: AWS stops it, and evac starts it; killed meanwhile, overtaken by a stop and start, or left alone."""

from __future__ import annotations

import os
import signal
import time
from datetime import UTC, datetime

from msgspec.structs import replace

from tests.integration.runner_watch import Bench, ended
from tui.aws import mapping
from tui.domain.actions import ActionOptions
from tui.domain.instance import Instance, InstanceState
from tui.domain.plan import GuardKind, draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.operations import conflicts
from tui.operations.model import OperationState


def announced(bench: Bench, name: str, seconds: float) -> Instance:
    """AWS announces a stop in so many seconds; the instance with it."""
    bench.demo.control(
        "events", {"instance": name, "code": "instance-stop", "in": seconds, "description": "degraded"}
    )
    row = bench.find(name)
    answer = bench.client().describe_instance_status(InstanceIds=[row.instance_id], IncludeAllInstances=True)
    return replace(row, events=mapping.status(answer["InstanceStatuses"][0]).events)


def order(bench: Bench, row: Instance) -> str:
    now = datetime.now(UTC)
    plan = draft("start-after-stop", row, None, ActionOptions(), Policy(), now)
    assert plan.guard.kind is not GuardKind.BLOCKED, plan.guard
    operation = bench.journal.create(plan, now)
    assert bench.journal.confirm(operation, now)
    return operation


def test_aws_stops_it_and_it_is_started_though_the_runner_was_killed(bench: Bench) -> None:
    row = announced(bench, "ledger-1", 14)
    operation = order(bench, row)
    pid = bench.run(operation)
    found = bench.wait(operation, lambda one: one.step == "wait-stopped" and "waits for AWS" in one.note)
    assert found.waiting
    assert not found.attention
    assert not found.instance_down
    os.kill(pid, signal.SIGKILL)
    bench.resume(operation)
    found = bench.wait(operation, lambda one: not one.waiting)
    assert found.state is not OperationState.NEEDS_ATTENTION
    found = bench.wait(operation, ended)
    assert found.state is OperationState.SUCCEEDED, found.note
    assert "AWS stopped it (Server.ScheduledStop)" in found.note
    assert bench.sent("StopInstances") == []
    assert len(bench.sent("StartInstances")) == 1
    again = bench.find("ledger-1")
    assert again.state is InstanceState.RUNNING
    assert again.launched_at != row.launched_at


def test_a_stop_and_start_of_ones_own_is_not_held_up_and_ends_it(bench: Bench) -> None:
    row = announced(bench, "cache-1", 280)
    operation = order(bench, row)
    bench.run(operation)
    bench.wait(operation, lambda one: one.waiting and "waits for AWS" in one.note)
    unfinished = bench.journal.unfinished()
    assert conflicts.in_the_way(unfinished, "stop-start", row.target.region, row.instance_id) is None
    assert (
        conflicts.in_the_way(unfinished, "start-after-stop", row.target.region, row.instance_id) is not None
    )
    plan = draft("stop-start", row, None, ActionOptions(), Policy(), datetime.now(UTC))
    told = conflicts.checked(plan, unfinished, UTC, datetime.now(UTC), "see {id}")
    assert told.guard == plan.guard
    assert "It ends by itself once the event is over" in told.hazards[-1].text
    other = bench.order("stop-start", "cache-1")
    bench.run(other)
    assert bench.wait(other, ended).state is OperationState.SUCCEEDED
    found = bench.wait(operation, ended, seconds=90)
    assert found.state is OperationState.SUCCEEDED, found.note
    assert "stopped and started since it was ordered" in found.note
    assert len(bench.sent("StopInstances")) == len(bench.sent("StartInstances")) == 1


def test_what_a_person_stopped_is_left_to_that_person(bench: Bench) -> None:
    row = announced(bench, "search-1", 20)
    operation = order(bench, row)
    bench.run(operation)
    bench.wait(operation, lambda one: one.waiting and "waits for AWS" in one.note)
    bench.client().stop_instances(InstanceIds=[row.instance_id])
    found = bench.wait(operation, lambda one: "somebody" in one.note)
    assert not found.attention
    found = bench.wait(operation, ended, seconds=90)
    assert found.state is OperationState.ABANDONED
    assert "it is left stopped" in found.note
    assert bench.sent("StartInstances") == []
    assert bench.find("search-1").state is InstanceState.STOPPED


def test_while_it_waits_it_is_light_and_may_be_given_up(bench: Bench) -> None:
    row = announced(bench, "cache-2", 86400)
    operation = order(bench, row)
    pid = bench.run(operation)
    bench.wait(operation, lambda one: one.waiting and "waits for AWS" in one.note)
    looked, leases = len(bench.demo.control("calls")), set()
    for _ in range(20):
        found = bench.journal.get(operation)
        assert found is not None
        leases.add(found.lease_until)
        time.sleep(0.2)
    assert len(leases) <= 2, "it renews its lease every few seconds, not every one"
    assert len(bench.demo.control("calls")) == looked, "and asks AWS nothing in between"
    assert bench.journal.abandon(operation, "not wanted", datetime.now(UTC))
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.2)
    else:
        raise AssertionError("the runner still lives")
    assert clean(bench.find("cache-2").state) == "running"
