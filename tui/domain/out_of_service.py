"""How an instance is taken out of service before it goes down: by standby in its Auto Scaling group, or by draining.

Standby does the load balancers' part itself (Auto Scaling guide, as-enter-exit-standby), so it is never both. It is offered
only where the group's desired capacity can be lowered by one: with its minimum in the way the group would launch a substitute,
and on the way back have one member too many, of which it terminates any.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from tui.domain.actions import Action, ActionOptions
from tui.domain.facts import Facts, GroupMembership
from tui.domain.groups import (
    CLASSIC,
    SCALING,
    TARGETS,
    Group,
    GroupSeen,
    Hold,
    Keep,
    Short,
    group_key,
    shortage,
)
from tui.domain.instance import Instance
from tui.domain.sanitize import SafeText
from tui.domain.steps.base import TargetRegistration


def member(facts: Facts | None) -> GroupMembership | None:
    """The Auto Scaling group it is in service in; None if there is none, or it is unknown."""
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
    if (
        group.desired + group.standing - 1 < group.min_size
    ):  # who is in Standby comes back, and the capacity with it
        return f"the minimum of {group.group} is {group.min_size}, and its desired capacity no more than that"
    return ""


def places(facts: Facts | None) -> tuple[TargetRegistration, ...]:
    """The target groups it is registered in, under which id and port; not those it is leaving."""
    found = None if facts is None else facts.target_groups
    return tuple(
        TargetRegistration(str(one.arn), str(one.name), str(one.target_id), one.port, one.health == "healthy")
        for one in found or ()
        if one.health not in ("draining", "unused") and one.target_id
    )


def groups(facts: Facts | None, own: str) -> tuple[GroupSeen, ...]:
    """The groups the instance `own` serves in, each once, with who is in service there."""
    if facts is None:
        return ()
    found: dict[str, GroupSeen] = {}
    for pool in facts.target_groups or ():
        member = str(pool.target_id) or own
        up = _names(pool.up, pool.healthy, member if pool.health == "healthy" else "")
        group = Group(TARGETS, str(pool.arn), str(pool.name), member, size=pool.members)
        found.setdefault(f"{TARGETS} {pool.arn}", GroupSeen(group, up, _texts(pool.ill)))
    for balancer in facts.classic_balancers or ():
        up = _names(balancer.up, balancer.in_service, own if balancer.state == "InService" else "")
        group = Group(CLASSIC, str(balancer.name), str(balancer.name), own, size=balancer.members)
        found[f"{CLASSIC} {balancer.name}"] = GroupSeen(group, up, _texts(balancer.ill))
    for one in facts.membership or ():
        well = one.lifecycle == "InService" and one.health.lower() == "healthy"
        up = _names(one.up, one.in_service or 0, own if well else "")
        size = len(up) + len(one.ill)
        group = Group(SCALING, str(one.group), str(one.group), own, size=size)
        if one.in_service is not None:
            found[f"{SCALING} {one.group}"] = GroupSeen(group, up, _texts(one.ill), one.min_size or 1)
    return tuple(
        replace(one, group=replace(one.group, up=one.group.member in one.up)) for one in found.values()
    )


def _names(up: tuple[SafeText, ...] | None, count: int, own: str) -> tuple[str, ...]:
    """Who is in service; where only a number is known, placeholders for the other members."""
    if up is not None:
        return tuple(map(str, up))
    others = count - bool(own)
    return (*((own,) if own else ()), *(f"?{number}" for number in range(max(others, 0))))


def _texts(ill: tuple[tuple[SafeText, SafeText], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((str(name), str(why)) for name, why in ill)


def shorts(facts: Facts | None, instance: Instance, keep: Sequence[Keep]) -> tuple[Short, ...]:
    """Each group of which too few would be in service without it: because others hold members down (`by`), or anyway."""
    if facts is None:
        return ()
    account, region = str(instance.account_id), instance.target.region
    found = []
    for seen in groups(facts, str(instance.instance_id)):
        mine = group_key(account, region, seen.group)
        others: list[Hold] = [one for one in facts.holds if one.place == mine]
        if (why := shortage(seen.group, seen, others, keep)) is not None:
            found.append(why)
    return tuple(found)


def standby(facts: Facts | None, wanted: bool | None) -> bool:
    """Whether it is put in standby first: unless told otherwise, wherever that can be done."""
    return wanted is not False and not why_no_standby(facts)


def drain(facts: Facts | None, wanted: bool | None, in_standby: bool) -> bool:
    """Whether it is drained first: unless told otherwise, behind a load balancer and outside of groups."""
    if in_standby or not places(facts):
        return False
    return member(facts) is None if wanted is None else wanted


def resolve(action: Action, facts: Facts | None, wanted: ActionOptions) -> tuple[bool, bool]:
    """Whether the plan has standby, and whether it drains: two booleans."""
    if not action.sets_aside:
        return False, False
    first = standby(facts, wanted.standby)
    return first, drain(facts, wanted.drain, first)
