"""How many of a group must be in service, and whether one more may go down: as tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tui.aws import group_health as read
from tui.domain.groups import (
    CLASSIC,
    SCALING,
    TARGETS,
    Asked,
    Group,
    GroupSeen,
    Hold,
    HoldState,
    lacking,
    needed,
    shortage,
)
from tui.domain.steps.base import SHORT_LIMIT, Call, Order, Seen, Send, StepHistory, Stuck, Wait, spared

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
POOL = Group(TARGETS, "arn:x", "x", "a", up=True, size=4)


def seen(up: str, ill: str = "", least: int = 1, group: Group = POOL) -> GroupSeen:
    return GroupSeen(group, tuple(up), tuple((one, "unhealthy") for one in ill), least)


def hold(member: str, number: int, state: str = "held", **more: Any) -> Hold:
    return Hold(
        f"op-{member}", "p", "target group x", member, f"name-{member}", "kim", "bastion-1", NOW, number, HoldState(state), **more
    )  # fmt: skip


@pytest.mark.parametrize(
    ("least", "members", "keep", "wanted"),
    [
        (1, 4, (), 1), (0, 4, (), 1), (6, 8, (), 6), (1, 4, (2,), 2), (3, 4, (2,), 3), (1, 4, ("50%",), 2), (1, 5, ("50%",), 3),
        (1, 3, ("100%",), 3), (1, 1, ("1%",), 1), (1, 10, (2, "50%"), 5), (1, 2, (9,), 9), (1, 0, ("50%",), 1),
    ],
)  # fmt: skip
def test_how_many_are_needed(least: int, members: int, keep: tuple[int | str, ...], wanted: int) -> None:
    assert needed(seen("", least=least), members, keep) == wanted


@pytest.mark.parametrize(
    ("now", "others", "keep", "left"),
    [
        (seen("ab"), (), (), None),
        (seen("a"), (), (), 0),
        (seen("a", "b"), (), (), 0),
        (seen("ab"), (hold("b", 1),), (), 0),
        (seen("a", "b"), (hold("b", 1),), (), 0),
        (seen("abc"), (hold("b", 1),), (), None),
        (seen("abc"), (hold("b", 1), hold("c", 2)), (), 0),
        (seen("bc"), (hold("b", 1), hold("c", 2)), (), None),
        (seen("", "ab"), (), (), None),
        (None, (), (), 0),
        (seen("ab", least=2), (), (), 1),
        (seen("abcd"), (), ("50%",), None),
        (seen("abcd"), (hold("b", 1),), ("50%",), None),
        (seen("abcd"), (hold("b", 1), hold("c", 2)), ("50%",), 1),
        (seen("acd"), (hold("b", 1),), ("50%",), None),
        (seen("ad"), (hold("b", 1), hold("c", 2)), ("50%",), 1),
    ],
)
def test_whether_one_more_may_go(
    now: GroupSeen | None, others: tuple[Hold, ...], keep: tuple[int | str, ...], left: int | None
) -> None:
    found = shortage(POOL, now, others, keep)
    assert (None if found is None else found.left) == left


def test_one_that_this_operation_took_out_still_counts_as_taken() -> None:
    assert shortage(POOL, seen("", "b"), (), ()) is None
    assert shortage(POOL, seen("", "b"), (), (), out=True) is not None


def test_a_wait_says_for_whom_or_what_is_wrong() -> None:
    for_whom = shortage(POOL, seen("ab"), (hold("b", 1),), ())
    assert for_whom is not None
    assert for_whom.line == "waits for op-b by kim on bastion-1: name-b of target group x"
    ill = shortage(POOL, seen("a", "b"), (), ())
    assert ill is not None
    assert ill.line == (
        "waits: with it down 0 of target group x would be in service, and 1 must be; not in service: b unhealthy"
    )
    both = shortage(POOL, seen("a", "c", least=2), (hold("b", 1),), ())
    assert both is not None
    assert both.by == (), "when it is back there are still too few"
    unread = shortage(POOL, None, (), ())
    assert unread is not None
    assert "could not be read" in unread.line


def ask(member: str, number: int, holds: tuple[Hold, ...], now: GroupSeen, *, going: bool) -> bool:
    mine = hold(member, number, "waiting")
    group = Group(TARGETS, "arn:x", "x", member, up=True, size=4)
    return not lacking([Asked("p", group, now)], holds, mine, (), going=going)


def test_first_come_first_served_and_of_two_that_may_go_the_first_goes() -> None:
    queue = (hold("a", 1, "going"), hold("b", 2, "waiting", reserves=True))
    assert not ask("c", 3, queue, seen("abc", least=2), going=False)
    three = (hold("a", 1, "going"), hold("b", 2, "waiting", reserves=True))
    assert ask("c", 3, three, seen("abcd"), going=False), "room for both"
    assert not ask("c", 3, three, seen("abc"), going=False), "the one that waits is not overtaken"
    assert ask("c", 3, (hold("a", 1, "waiting"),), seen("ac"), going=False), (
        "who waits for the group itself keeps nobody out"
    )
    held = (hold("a", 1), hold("b", 2))
    assert ask("a", 1, held, seen("ab"), going=True), "the third went down by itself: the first goes"
    assert not ask("b", 2, held, seen("ab"), going=True), "and the second waits for it"
    assert not ask("a", 1, (hold("a", 1), hold("b", 2, "going")), seen("ab"), going=True), (
        "unless it had begun"
    )


def test_another_group_is_no_concern_of_this_one() -> None:
    elsewhere = Hold("op-z", "q", "target group y", "b", "b", "kim", "h", NOW, 1, HoldState.GOING)
    assert ask("a", 2, (elsewhere,), seen("ab"), going=False)


# before each call


STOP = Send(Call("ec2", "StopInstances", {"InstanceIds": ["a"]}))
ORDER = Order("op-1", "stop-start", "a", groups=(POOL,))


@pytest.mark.parametrize(
    ("groups", "more", "kind"),
    [
        ((seen("ab"),), {}, Send),
        ((seen("a", "b"),), {}, Wait),
        ((), {}, Wait),
        ((seen("a", "b"),), {"lifted": True}, Send),
        ((), {"lifted": True}, Send),
        ((seen("", "ab"),), {}, Send),
        ((seen("", "ab"),), {"out": True}, Wait),
        ((seen("b"),), {"out": True}, Send),
        ((seen("abc"),), {"keep": (3,)}, Wait),
    ],
)
def test_what_is_seen_right_before_the_call_decides(
    groups: tuple[GroupSeen, ...], more: dict[str, Any], kind: type
) -> None:
    import msgspec

    order = msgspec.structs.replace(ORDER, **more)
    decided = spared(order, Seen(groups=groups), StepHistory(NOW), NOW, STOP)
    assert isinstance(decided, kind)
    if isinstance(decided, Wait):
        assert decided.reason
        assert decided.remedy, "a way out"


def test_what_was_taken_out_is_returned_rather_than_left_out_for_ever() -> None:
    import msgspec

    order = msgspec.structs.replace(ORDER, out=True)
    late = NOW + SHORT_LIMIT * 2
    decided = spared(order, Seen(groups=(seen("", "b"),)), StepHistory(NOW), late, STOP)
    assert isinstance(decided, Stuck)
    assert not decided.final
    waits = spared(ORDER, Seen(groups=(seen("a", "b"),)), StepHistory(NOW), late, STOP)
    assert isinstance(waits, Wait)
    assert waits.attention


# what AWS says


def test_who_is_in_service_of_each_kind_and_what_is_not_known_is_not() -> None:
    def target(name: str, state: str | None, port: int = 80) -> dict[str, Any]:
        return {"Target": {"Id": name, "Port": port}, "TargetHealth": {"State": state} if state else {}}

    rows = [target("a", "healthy"), target("b", "initial"), target("c", "draining"), target("d", None), target("e", "healthy"),
            target("e", "unhealthy", 81), target("f", "unavailable")]  # fmt: skip
    up, ill = read.targets(rows)
    assert up == ("a",)
    assert [name for name, _ in ill] == ["b", "c", "d", "e", "f"]
    up, _ = read.classic(
        [
            {"InstanceId": "a", "State": "InService"},
            {"InstanceId": "b", "State": "Unknown"},
            {"InstanceId": "c"},
        ]
    )
    assert up == ("a",)
    members = [
        {"InstanceId": name, "LifecycleState": life, "HealthStatus": health}
        for name, life, health in (("a", "InService", "Healthy"), ("b", "Standby", "Healthy"), ("c", "InService", "Unhealthy"))
    ]  # fmt: skip
    up, ill = read.scaling(members)
    assert up == ("a",)
    assert dict(ill) == {"b": "Standby", "c": "Unhealthy"}


class Cloud:
    """Answers as it is told; a service that is missing fails."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def __call__(self, service: str) -> Any:
        if service not in self.answers:
            raise RuntimeError(service)
        return self

    def describe_instance_health(self, **_: Any) -> Any:
        return self.answers["elb"]

    def describe_auto_scaling_groups(self, **_: Any) -> Any:
        return self.answers["autoscaling"]

    def describe_instances(self, Filters: Any, **_: Any) -> Any:  # noqa: N803 - as boto3 names it
        running = [one for one in self.answers["ec2"] if one in Filters[0]["Values"]]
        return {
            "Reservations": [
                {"Instances": [{"InstanceId": one, "State": {"Name": "running"}}]} for one in running
            ]
        }


OLD = Group(CLASSIC, "old", "old", "i-a", up=True, size=2)
WEB = Group(SCALING, "web", "web", "i-a", up=True, size=2)
HEALTH = {"InstanceStates": [{"InstanceId": f"i-{one}", "State": "InService"} for one in "ab"]}
FLEET = {
    "AutoScalingGroups": [
        {"MinSize": 2, "Instances": [
            {"InstanceId": f"i-{one}", "LifecycleState": "InService", "HealthStatus": "Healthy"} for one in "ab"
        ]}
    ]
}  # fmt: skip


def test_a_member_that_does_not_run_is_down_whatever_its_groups_still_say() -> None:
    (one,) = read.all_of([OLD], Cloud(elb=HEALTH, ec2=["i-a"]))
    assert (one.up, dict(one.ill)) == (("i-a",), {"i-b": "not running"})
    (web,) = read.all_of([WEB], Cloud(autoscaling=FLEET, ec2=["i-a", "i-b"]))
    assert (web.up, web.least) == (("i-a", "i-b"), 2)


class Addressed(Cloud):
    """A target group of addresses, and the instances that have some of them: `ec2` says which run."""

    def describe_target_health(self, **_: Any) -> Any:
        found = [
            {"Target": {"Id": name}, "TargetHealth": {"State": "healthy"}} for name in self.answers["elbv2"]
        ]
        return {"TargetHealthDescriptions": found}

    def describe_instances(self, Filters: Any, **_: Any) -> Any:  # noqa: N803 - as boto3 names it
        values, rows = Filters[0]["Values"], []
        for address, state in self.answers["ec2"]:
            cards = [
                {"PrivateIpAddresses": [{"PrivateIpAddress": "10.0.0.9"}, {"PrivateIpAddress": address}]}
            ]
            one = {"State": {"Name": state}, "PrivateIpAddress": "10.0.0.9", "NetworkInterfaces": cards}
            rows += [one] if address in values else []
        return {"Reservations": [{"Instances": rows}]}


def test_an_address_is_down_with_the_instance_that_has_it_whatever_health_checks_still_say() -> None:
    group = Group(TARGETS, "arn", "pods", "10.0.0.1", up=True, size=4)
    own = [("10.0.0.1", "running"), ("10.0.0.2", "stopped"), ("10.0.0.3", "stopped"), ("10.0.0.3", "running")]
    seen = [f"10.0.0.{number}" for number in (1, 2, 3, 4)]
    (one,) = read.all_of([group], Addressed(elbv2=seen, ec2=own))
    assert one.up == ("10.0.0.1", "10.0.0.3", "10.0.0.4"), (
        "of the last no instance is known: a container's, say"
    )
    assert dict(one.ill) == {"10.0.0.2": "not running"}
    (dark,) = read.all_of([group], Addressed(elbv2=seen))
    assert dark.up == ()


def test_what_cannot_be_read_is_not_among_the_seen_and_nobody_is_up_where_ec2_is_silent() -> None:
    assert [one.group for one in read.all_of([OLD, WEB], Cloud(elb=HEALTH, ec2=["i-a", "i-b"]))] == [OLD]
    (one,) = read.all_of([OLD], Cloud(elb=HEALTH))
    assert one.up == ()
    assert read.all_of([OLD], Cloud(elb={}, ec2=[])) == (), "a proxy's page"
