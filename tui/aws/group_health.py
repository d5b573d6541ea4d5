"""Who of a group is in service now, as AWS tells it: for the collector before a plan, and for the runner right before it acts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from tui.aws import describe, errors
from tui.domain.groups import CLASSIC, SCALING, TARGETS, Group, GroupSeen
from tui.domain.sanitize import SafeText, clean

Split = tuple[tuple[SafeText, ...], tuple[tuple[SafeText, SafeText], ...]]
"""Those in service, and the others with the reason."""


def _split(rows: Iterable[tuple[str, str, bool]]) -> Split:
    """Of (member, word, in service). Who is listed several times (several ports) is in service if it is at each of them."""
    ill: dict[SafeText, SafeText] = {}
    up: dict[SafeText, None] = {}
    for member, word, well in rows:
        name = clean(member)
        if well and name not in ill:
            up[name] = None
        elif not well:
            up.pop(name, None)
            ill[name] = clean(word or "unknown")
    return tuple(up), tuple(ill.items())


def targets(descriptions: Iterable[dict[str, Any]]) -> Split:
    """Of DescribeTargetHealth: only *healthy* is in service, neither `initial` nor `draining` nor `unavailable`."""
    return _split(
        (str(one["Target"].get("Id")), str(one["TargetHealth"].get("State")), one["TargetHealth"].get("State") == "healthy")
        for one in descriptions
    )  # fmt: skip


def classic(states: Iterable[dict[str, Any]]) -> Split:
    """Members in service, and the others with the reason, from DescribeInstanceHealth (elb)."""
    return _split(
        (str(one.get("InstanceId")), str(one.get("State")), one.get("State") == "InService") for one in states
    )


def scaling(members: Iterable[dict[str, Any]]) -> Split:
    """Members in service, and the others with the reason, from DescribeAutoScalingGroups' Instances."""
    rows = []
    for one in members:
        life, health = str(one.get("LifecycleState")), str(one.get("HealthStatus"))
        well = life == "InService" and health.lower() == "healthy"
        rows.append((str(one.get("InstanceId")), life if life != "InService" else health, well))
    return _split(rows)


def read_group(group: Group, client: Callable[[str], Any]) -> GroupSeen:
    """The group now. `client` makes one of a service. Raises what botocore raises, and NotAwsError."""
    if group.kind == TARGETS:
        answer = client("elbv2").describe_target_health(TargetGroupArn=group.key)
        up, ill = targets(errors.member_of(answer, "TargetHealthDescriptions"))
        return GroupSeen(group, up, ill)
    if group.kind == CLASSIC:
        answer = client("elb").describe_instance_health(LoadBalancerName=group.key)
        up, ill = classic(errors.member_of(answer, "InstanceStates"))
        return GroupSeen(group, up, ill)
    if group.kind == SCALING:
        answer = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[group.key])
        (found,) = errors.member_of(answer, "AutoScalingGroups")
        up, ill = scaling(found.get("Instances") or ())
        return GroupSeen(group, up, ill, found["MinSize"])
    raise errors.NotAwsError(f"{group.kind} is no kind of group")


def all_of(groups: Iterable[Group], client: Callable[[str], Any]) -> tuple[GroupSeen, ...]:
    """Each that could be read. A load balancer's and a group's health lag behind: a member counts only if EC2 shows it running.

    So does an address that an instance has; of one that none has (a container's, another network's) health is all that is known.
    """
    seen: list[GroupSeen] = []
    for group in groups:
        with suppress(
            Exception
        ):  # an answer cut off makes botocore's parsers fail in Python's own ways: not read
            seen.append(read_group(group, client))
    names = sorted({name for one in seen for name in one.up})
    running = set[str]()
    with suppress(Exception):  # as above
        running = set(_running(client("ec2"), [name for name in names if name.startswith("i-")]))
    with suppress(Exception):  # as above
        running |= set(_at_addresses(client("ec2"), [name for name in names if not name.startswith("i-")]))
    return tuple(_less(one, running) for one in seen)


def _less(seen: GroupSeen, running: set[str]) -> GroupSeen:
    down = [name for name in seen.up if name not in running]
    up = tuple(name for name in seen.up if name not in down)
    return GroupSeen(seen.group, up, (*seen.ill, *((name, "not running") for name in down)), seen.least)


def _running(ec2: Any, ids: list[str]) -> Iterator[str]:
    """By a filter: an id that AWS knows no more would fail the whole call otherwise."""
    for one in _instances(ec2, "instance-id", ids, {"Name": "instance-state-name", "Values": ["running"]}):
        if one["State"]["Name"] == "running":
            yield one["InstanceId"]


def _at_addresses(ec2: Any, addresses: list[str]) -> Iterator[str]:
    """Those of the addresses whose instance runs, and those that no instance has.

    One address may be in several networks: then one instance that runs will do.
    """
    held = dict.fromkeys(addresses, True)
    up = set[str]()
    for one in _instances(ec2, "network-interface.addresses.private-ip-address", addresses):
        cards = one.get("NetworkInterfaces") or ()
        rows = [row for card in cards for row in card.get("PrivateIpAddresses") or ()]
        own = {str(row.get("PrivateIpAddress")) for row in (*rows, one)}
        held.update(dict.fromkeys(own & set(held), False))
        up |= own if one["State"]["Name"] == "running" else set()
    yield from (address for address, free in held.items() if free or address in up)


def _instances(ec2: Any, name: str, values: list[str], *more: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for at in range(0, len(values), describe.IDS_A_CALL):
        part = [{"Name": name, "Values": values[at : at + describe.IDS_A_CALL]}, *more]
        for page in describe.pages(ec2.describe_instances, "Reservations", Filters=part):
            for reservation in page:
                yield from reservation["Instances"]
