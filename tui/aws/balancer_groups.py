"""Who is registered with which load balancer of an account and region, whichever instance it is: a call for each target group.

Sources: elbv2 DescribeTargetGroups and DescribeTargetHealth; elb DescribeLoadBalancers, whose list names all members.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from typing import Any

from tui.aws import describe, errors
from tui.aws.memberships import MOST_GROUPS
from tui.aws.sessions import Sessions
from tui.domain.groups import CLASSIC, TARGETS, Group, RegisteredGroup, group_key
from tui.domain.instance import Target
from tui.domain.sanitize import SafeText


def read_registered(
    sessions: Sessions, target: Target, account: str, askers: Executor
) -> tuple[tuple[RegisteredGroup, ...], SafeText | None]:
    """The groups, and why some of them could not be read; never raises for what AWS refuses. `askers`: for its many calls."""
    found, unknown = list[RegisteredGroup](), None
    parts: tuple[Callable[[], Iterator[RegisteredGroup]], ...] = (
        lambda: _target_groups(sessions, target, account, askers),
        lambda: _classic(sessions, target, account),
    )
    for part in parts:
        try:
            found += part()
        except Exception as error:
            unknown = unknown or describe.why_unread(sessions, error, target)
    return tuple(found), unknown


def _target_groups(
    sessions: Sessions, target: Target, account: str, askers: Executor
) -> Iterator[RegisteredGroup]:
    client = sessions.client(target.profile, "elbv2", target.region)
    groups: list[Any] = []
    for page in client.get_paginator("describe_target_groups").paginate():
        groups += errors.member_of(page, "TargetGroups")
    if len(groups) > MOST_GROUPS:
        raise errors.NotAwsError(f"{len(groups)} target groups, more than evac searches")

    def members(group: Any) -> tuple[str, ...]:
        answer = client.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
        found = errors.member_of(answer, "TargetHealthDescriptions")
        return tuple(dict.fromkeys(str(one["Target"].get("Id")) for one in found))

    for group, registered in zip(groups, askers.map(members, groups), strict=True):
        arn, name = str(group["TargetGroupArn"]), str(group.get("TargetGroupName"))
        key = group_key(account, target.region, Group(TARGETS, arn, name, ""))
        yield RegisteredGroup(key, registered)


def _classic(sessions: Sessions, target: Target, account: str) -> Iterator[RegisteredGroup]:
    client = sessions.client(target.profile, "elb", target.region)
    for page in client.get_paginator("describe_load_balancers").paginate():
        for one in errors.member_of(page, "LoadBalancerDescriptions"):
            name = str(one["LoadBalancerName"])
            key = group_key(account, target.region, Group(CLASSIC, name, name, ""))
            yield RegisteredGroup(
                key, tuple(str(each.get("InstanceId")) for each in one.get("Instances") or ())
            )
