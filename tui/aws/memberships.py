"""The groups an instance serves in: its Auto Scaling group, the target groups and the classic load balancers.

The collector asks for all of them; the runner, between two calls, for those that its order names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tui.aws import errors, group_health
from tui.aws.sessions import Sessions
from tui.domain.facts import ClassicBalancer, GroupMembership, TargetGroup
from tui.domain.instance import Instance
from tui.domain.sanitize import clean
from tui.domain.steps.base import Order, TargetRegistration, TargetSeen

MOST_GROUPS = 100
"""Target groups asked for their health, a call each; a region with more is not searched."""


def read_membership(sessions: Sessions, row: Instance) -> tuple[GroupMembership, ...]:
    """Its Auto Scaling group as it is now; empty: it is in none. Raises what botocore raises, and NotAwsError."""
    client = sessions.client(row.target.profile, "autoscaling", row.target.region)
    found = []
    answer = client.describe_auto_scaling_instances(InstanceIds=[str(row.instance_id)])
    for item in errors.member_of(answer, "AutoScalingInstances"):
        name = item.get("AutoScalingGroupName", "")
        groups = client.describe_auto_scaling_groups(AutoScalingGroupNames=[name]).get("AutoScalingGroups")
        group = groups[0] if groups else {}
        up, ill = group_health.scaling(group.get("Instances") or ())
        suspended = [one.get("ProcessName") for one in group.get("SuspendedProcesses") or ()]
        found.append(
            GroupMembership(
                clean(name),
                clean(item.get("LifecycleState")),
                clean(item.get("HealthStatus")),
                group.get("MinSize"),
                group.get("DesiredCapacity"),
                "ReplaceUnhealthy" in suspended if group else None,
                len(up) if group else None,
                up if group else None,
                ill,
                sum(why in ("Standby", "EnteringStandby") for _, why in ill),
            )
        )
    return tuple(found)


def read_target_groups(sessions: Sessions, row: Instance) -> tuple[TargetGroup, ...]:
    """Each target group and port it is registered at. Raises what botocore raises, and NotAwsError."""
    client = sessions.client(row.target.profile, "elbv2", row.target.region)
    groups: list[Any] = []
    for page in client.get_paginator("describe_target_groups").paginate():
        groups += [
            one
            for one in errors.member_of(page, "TargetGroups")
            if not row.vpc_id or one.get("VpcId", row.vpc_id) == row.vpc_id
        ]
    if len(groups) > MOST_GROUPS:
        raise errors.NotAwsError(f"{len(groups)} target groups, more than evac searches")
    mine = {str(row.instance_id), str(row.private_ip)}
    found = []
    for group in groups:
        members = client.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
        health = errors.member_of(members, "TargetHealthDescriptions")
        states = [
            (one["Target"].get("Id"), one["Target"].get("Port"), one["TargetHealth"].get("State"))
            for one in health
        ]
        up, ill = group_health.targets(health)
        for identity, port, state in states:
            if identity in mine:
                found.append(
                    TargetGroup(
                        clean(group.get("TargetGroupName")),
                        clean(group["TargetGroupArn"]),
                        clean(state),
                        sum(one[2] == "healthy" for one in states),
                        len(states),
                        port,
                        clean(identity),
                        up,
                        ill,
                    )
                )
    return tuple(found)


def read_classic_balancers(sessions: Sessions, row: Instance) -> tuple[ClassicBalancer, ...]:
    """Those that have this instance registered: their list names all members (elb model), so only those are asked more.

    Raises what botocore raises, and NotAwsError.
    """
    client = sessions.client(row.target.profile, "elb", row.target.region)
    mine: list[str] = []
    for page in client.get_paginator("describe_load_balancers").paginate():
        for one in errors.member_of(page, "LoadBalancerDescriptions"):
            members = {member.get("InstanceId") for member in one.get("Instances") or ()}
            mine += [one["LoadBalancerName"]] if str(row.instance_id) in members else []
    found = []
    for name in mine:
        states = errors.member_of(client.describe_instance_health(LoadBalancerName=name), "InstanceStates")
        state = next((one.get("State") for one in states if one.get("InstanceId") == row.instance_id), "")
        up, ill = group_health.classic(states)
        found.append(ClassicBalancer(clean(name), clean(state), len(up), len(states), up, ill))
    return tuple(found)


def group_state(client: Callable[[str], Any], order: Order) -> tuple[str | None, int | None]:
    """The instance's lifecycle state in the order's group (empty: it is no member of that), and the group's desired capacity.

    None: it could not be read. `client` makes one of a service. Never raises.
    """
    lifecycle: str | None = None
    try:
        autoscaling = client("autoscaling")
        answer = autoscaling.describe_auto_scaling_instances(InstanceIds=[order.instance_id])
        mine = [one for one in answer["AutoScalingInstances"] if one["AutoScalingGroupName"] == order.group]
        lifecycle = clean(mine[0]["LifecycleState"]) if mine else ""
        groups = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[order.group])
        return lifecycle, groups["AutoScalingGroups"][0]["DesiredCapacity"]
    except Exception:  # an answer cut off makes botocore's parsers fail in Python's own ways
        return lifecycle, None


def registrations_seen(client: Callable[[str], Any], order: Order) -> tuple[TargetSeen, ...] | None:
    """Each place of the order as it is now; None if only one of them could not be read. Never raises."""
    try:
        elbv2 = client("elbv2")
        return tuple(_target_seen(elbv2, place) for place in order.places)
    except Exception:  # as above
        return None


def _target_seen(elbv2: Any, place: TargetRegistration) -> TargetSeen:
    answer = elbv2.describe_target_health(TargetGroupArn=place.arn)
    for one in answer["TargetHealthDescriptions"]:
        target, health = one["Target"], one["TargetHealth"]
        if target.get("Id") == place.target_id and place.port in (None, target.get("Port")):
            why = clean(health.get("Description") or health.get("Reason"))
            return TargetSeen(place, clean(health["State"]), why)
    return TargetSeen(place, "")
