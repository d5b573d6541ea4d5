"""How an instance is taken out of service before it goes down: by standby in its Auto Scaling group, or by draining.

Standby does the load balancers' part itself (Auto Scaling guide, as-enter-exit-standby), so it is never both. It is offered
only where the group's desired capacity can be lowered by one: with its minimum in the way the group would launch a substitute,
and on the way back have one member too many, of which it terminates any.
"""

from __future__ import annotations

from tui.domain.actions import ASIDE, ActionOptions
from tui.domain.facts import Facts, GroupMembership
from tui.domain.steps import Place


def member(facts: Facts | None) -> GroupMembership | None:
    """The Auto Scaling group it is in service of; None if there is none, or nobody knows."""
    found = None if facts is None else facts.membership
    return next((one for one in found or () if one.lifecycle == "InService"), None)


def why_no_standby(facts: Facts | None) -> str:
    """Why it can't be put in standby; empty if it can."""
    if facts is None or facts.membership is None:
        return "whether it is in an Auto Scaling group is not known"
    group = member(facts)
    if group is None:
        return "it is in no Auto Scaling group's service"
    if group.desired is None or group.min_size is None:
        return f"the capacity of {group.group} is not known"
    if group.desired - 1 < group.min_size:
        return f"the minimum of {group.group} is {group.min_size}, and its desired capacity no more than that"
    return ""


def places(facts: Facts | None) -> tuple[Place, ...]:
    """The target groups it is registered in, under which id and port; not those it is leaving."""
    found = None if facts is None else facts.target_groups
    return tuple(
        Place(str(one.arn), str(one.name), str(one.target_id), one.port, one.health == "healthy")
        for one in found or ()
        if one.health not in ("draining", "unused") and one.target_id
    )


def last_of(facts: Facts | None) -> tuple[str, ...]:
    """What has no other healthy member but this one: `target group web`, `Auto Scaling group web-prod`."""
    if facts is None:
        return ()
    found = [
        f"target group {one.name}"
        for one in facts.target_groups or ()
        if one.health == "healthy" and one.healthy <= 1
    ]
    found += [
        f"classic load balancer {one.name}"
        for one in facts.classic_balancers or ()
        if one.state == "InService" and one.in_service <= 1
    ]
    group = member(facts)
    if group is not None and group.health.lower() == "healthy" and group.in_service is not None:
        found += [f"Auto Scaling group {group.group}"] if group.in_service <= 1 else []
    return tuple(found)


def standby(facts: Facts | None, wanted: bool | None) -> bool:
    """Whether it is put in standby first: unless told otherwise, wherever that can be done."""
    return wanted is not False and not why_no_standby(facts)


def drain(facts: Facts | None, wanted: bool | None, in_standby: bool) -> bool:
    """Whether it is drained first: unless told otherwise, behind a load balancer and outside of groups."""
    if in_standby or not places(facts):
        return False
    return member(facts) is None if wanted is None else wanted


def resolve(action: str, facts: Facts | None, wanted: ActionOptions) -> tuple[bool, bool]:
    """Standby and drain, as the plan has them."""
    if action not in ASIDE:
        return False, False
    first = standby(facts, wanted.standby)
    return first, drain(facts, wanted.drain, first)
