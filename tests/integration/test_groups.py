"""Members of one group do not go down together: real runners before one AWS, watched by a sampler all the while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import boto3
from msgspec.structs import replace

from tests.integration.operation_wait import until
from tests.integration.test_service import KEYS, SEOUL, Bench, bench
from tui.config.sections import GroupSettings
from tui.domain.plan import GuardKind
from tui.operations import recovery
from tui.operations.model import Operation, OperationState

__all__ = ["bench"]


def ended(one: Operation) -> bool:
    return one.state not in (OperationState.PLANNED, OperationState.RUNNING)


@contextmanager
def watched(count: Callable[[], int]) -> Iterator[list[int]]:
    """What it counted, again and again until the block ends."""
    found, over = [count()], threading.Event()

    def look() -> None:
        while not over.is_set():
            found.append(count())
            time.sleep(0.02)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


def behind_the_classic_one(bench: Bench) -> Callable[[], int]:
    client = boto3.client(
        "elb", region_name=SEOUL, endpoint_url=bench.demo.url, aws_access_key_id=KEYS["prod"],
        aws_secret_access_key="demo",
    )  # fmt: skip

    def count() -> int:
        states = client.describe_instance_health(LoadBalancerName="search")["InstanceStates"]
        return sum(one["State"] == "InService" for one in states)

    return count


def abandon(bench: Bench, operation: str) -> None:
    assert bench.journal.abandon(operation, "not now", datetime.now(UTC))
    bench.wait(operation, lambda one: one.lease_until is None)


def test_of_two_behind_one_balancer_the_second_waits_says_for_whom_and_goes_when_the_first_is_back(
    bench: Bench,
) -> None:
    plans = [bench.plan("stop-start", name) for name in ("search-1", "search-2")]
    bench.demo.control("clock", {"speed": 4})
    with watched(behind_the_classic_one(bench)) as samples:
        first, _ = bench.begin(plans[0])
        bench.wait(first, lambda one: one.step == "wait-stopped")
        second, _ = bench.begin(plans[1])
        waits = bench.wait(second, lambda one: one.note.startswith("waits for"))
        assert waits.note.startswith(f"waits for {first} by ")
        assert waits.note.endswith(": search-1 of classic load balancer search")
        assert not waits.attention
        assert [one for row in waits.steps for one in row.calls if not one.dry_run] == []
        again = bench.plan("stop-start", "search-2")
        assert again.guard.kind is GuardKind.BLOCKED, (
            "a plan that is not told of the holds: the last healthy one"
        )
        bench.demo.control("clock", {"speed": 100})
        done = [bench.ended(one) for one in (first, second)]
    assert [one.state for one in done] == [OperationState.SUCCEEDED] * 2, [one.note for one in done]
    assert min(samples) >= 1
    assert list(bench.journal.holds(datetime.now(UTC))) == []


def test_a_group_lets_as_many_go_at_once_as_it_can_spare(bench: Bench) -> None:
    plans = [bench.plan("stop-start", f"web-{number}") for number in (1, 2, 3)]
    bench.demo.control("clock", {"speed": 10})
    orders = [bench.begin(plan)[0] for plan in plans]
    for one in orders:
        bench.wait(one, lambda one: bool(one.sent) or one.note.startswith("waits for"))
    found = [bench.journal.get(one) for one in orders]
    assert sum(bool(one and one.sent) for one in found) == 2, "eight in service, six needed"
    until(lambda: len(bench.sent("EnterStandby")) == 2)  # written before it is sent
    bench.demo.control("clock", {"speed": 100})
    assert {bench.ended(one).state for one in orders} == {OperationState.SUCCEEDED}
    assert bench.group()["DesiredCapacity"] == 8


def test_what_others_took_down_since_the_question_is_seen_before_the_stop_and_there_is_a_way_out(
    bench: Bench,
) -> None:
    plans = [bench.plan("stop-start", "search-1"), bench.plan("reboot", "search-2")]
    bench.client("ec2").stop_instances(InstanceIds=[plans[1].order.instance_id])
    first, _ = bench.begin(plans[0])
    waits = bench.wait(first, lambda one: one.note.startswith("waits: "))
    assert f"with it down 0 of classic load balancer search would be in service, and 1 must be; not in service: "\
        f"{plans[1].order.instance_id}" in waits.note  # fmt: skip
    abandon(bench, first)
    assert bench.sent("StopInstances")[1:] == []
    bench.demo.control("advance", {"seconds": 600})
    bench.client("ec2").start_instances(InstanceIds=[plans[1].order.instance_id])
    second, _ = bench.begin(plans[0])
    assert bench.ended(second).state is OperationState.SUCCEEDED, "it goes on by itself"


def test_members_by_address_wait_for_each_other_and_see_what_others_took_down(bench: Bench) -> None:
    """A target group of addresses: its health checks notice minutes later that an instance was stopped."""
    client, rows = bench.client("elbv2"), [bench.see(name)[0] for name in ("ledger-1", "ledger-2")]
    made = client.create_target_group(
        Name="by-address", Protocol="HTTP", Port=80, VpcId=str(rows[0].vpc_id), TargetType="ip"
    )
    arn = made["TargetGroups"][0]["TargetGroupArn"]
    client.register_targets(TargetGroupArn=arn, Targets=[{"Id": str(row.private_ip)} for row in rows])
    bench.demo.control("advance", {"seconds": 120})
    first, second = (bench.plan("stop-start", name) for name in ("ledger-1", "ledger-2"))
    assert [one.member for one in first.order.groups] == [str(rows[0].private_ip)]
    bench.client("ec2").stop_instances(InstanceIds=[str(rows[1].instance_id)])
    waits, _ = bench.begin(first)
    found = bench.wait(waits, lambda one: one.note.startswith("waits: "))
    assert str(rows[1].private_ip) in found.note
    abandon(bench, waits)
    assert len(bench.sent("StopInstances")) == 1
    bench.demo.control("advance", {"seconds": 600})
    bench.client("ec2").start_instances(InstanceIds=[str(rows[1].instance_id)])
    bench.demo.control("advance", {"seconds": 600})
    orders = [bench.begin(plan)[0] for plan in (first, second)]
    done = [bench.ended(one) for one in orders]
    assert [one.state for one in done] == [OperationState.SUCCEEDED] * 2, [one.note for one in done]


def test_what_cannot_be_read_counts_as_down_and_an_override_goes_ahead(bench: Bench) -> None:
    plan = bench.plan("reboot", "search-1")
    lifted = bench.plan("reboot", "search-2", overrides=("last-healthy",))
    bench.refuse("DescribeInstanceHealth", "AccessDenied")
    first, _ = bench.begin(plan)
    bench.wait(first, lambda one: "could not be read" in one.note)
    second, _ = bench.begin(lifted)
    until(lambda: len(bench.sent("RebootInstances")) == 1)
    abandon(bench, first)
    abandon(bench, second)


def test_who_will_not_wait_is_refused_and_nothing_was_sent(bench: Bench) -> None:
    plans = [bench.plan("reboot", "search-1"), bench.plan("reboot", "search-2", if_held="refuse")]
    bench.demo.control("clock", {"speed": 1})
    first, _ = bench.begin(plans[0])
    bench.wait(first, lambda one: one.step == "wait-checks")
    second, _ = bench.begin(plans[1])
    refused = bench.wait(second, ended)
    assert refused.state is OperationState.FAILED
    assert refused.note.startswith(f"refused: held by {first}")
    assert len(bench.sent("RebootInstances")) == 1
    abandon(bench, first)


def test_a_drained_one_is_not_stopped_when_another_dies_and_giving_it_up_returns_it(bench: Bench) -> None:
    """Of three targets two are needed here."""
    bench.settings = replace(bench.settings, groups=GroupSettings(keep=2))
    plan = bench.plan("stop-start", "payments-db-2")
    (pool,) = [one for one in plan.order.groups if one.kind == "target group"]
    health = bench.client("elbv2").describe_target_health(TargetGroupArn=pool.key)["TargetHealthDescriptions"]
    other = next(one["Target"]["Id"] for one in health if one["Target"]["Id"] != plan.order.instance_id)
    bench.demo.control("clock", {"speed": 1})
    first, _ = bench.begin(plan)
    bench.wait(first, lambda one: one.step == "drain" and "draining" in one.note)
    bench.client("ec2").stop_instances(InstanceIds=[other])
    bench.demo.control("clock", {"speed": 100})
    bench.demo.control("advance", {"seconds": 400})
    waits = bench.wait(first, lambda one: one.step == "stop" and one.note.startswith("waits: "))
    assert "with it down 1 of target group pay-db would be in service, and 2 must be" in waits.note
    given_up, _ = recovery.give_up(bench.journal, waits, bench.settings, bench.environ, datetime.now(UTC))
    assert given_up
    assert bench.wait(first, ended).state is OperationState.ABANDONED
    assert bench.health(plan) == ["healthy"]
    assert bench.sent("StopInstances")[1:] == []
