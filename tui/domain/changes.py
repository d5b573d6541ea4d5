"""What changed between two drafts of a plan: the one that was shown, and the one made when the question is answered.

An answer to a question that stood open may rest on facts that another person, a deployment or AWS has changed since.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from tui.domain.actions import ACTIONS
from tui.domain.facts import Facts
from tui.domain.instance import Instance
from tui.domain.plan import Draft, GuardKind
from tui.domain.severity import Gravity
from tui.domain.this_machine import NOWHERE, Here

HURTS_NOBODY = frozenset(name for name, one in ACTIONS.items() if one.only_starts)
"""Actions that a look which fails may not prevent: what is down stays down by that."""


class Reading(Struct, frozen=True):
    """A plan, and the look at the instance that it was made of. `here`: the machine it was made on."""

    draft: Draft
    instance: Instance
    facts: Facts | None
    here: Here = NOWHERE


def differences(before: Reading, after: Reading) -> tuple[str, ...]:
    """Each difference in words; empty if the answer to the first also answers the second. Times and ages do not count."""
    found = [*_power(before, after), *_addresses(before, after), *_groups(before, after)]
    found += _hazards(before.draft, after.draft)
    old, new = before.draft.guard, after.draft.guard
    if new.kind is GuardKind.BLOCKED and old.kind is not GuardKind.BLOCKED:
        found.append("it can't be done now")
    elif (old.kind, old.expected) != (new.kind, new.expected):
        found.append("the confirmation it needs is another")
    if not found and _ordered(before.draft) != _ordered(after.draft):
        found.append("what would be done is something else")
    return tuple(found)


def worse(before: Reading, after: Reading) -> bool:
    """Whether somebody who agreed to the first might not agree to the second: it stopped, or costs more."""
    old = {(one.code, one.gravity) for one in before.draft.hazards}
    grave = (Gravity.BLOCK, Gravity.DANGER)
    return (
        before.draft.state is not after.draft.state
        or before.instance.launched_at != after.instance.launched_at
        or any(one.gravity in grave and (one.code, one.gravity) not in old for one in after.draft.hazards)
    )


def _power(before: Reading, after: Reading) -> Iterator[str]:
    if before.draft.state is not after.draft.state:
        yield f"it was {before.draft.state}, it is {after.draft.state}"
    if before.instance.launched_at != after.instance.launched_at:
        yield "it was started anew"
    if set(before.draft.order.open_events) != set(after.draft.order.open_events):
        yield "its scheduled events are others"


def _addresses(before: Reading, after: Reading) -> Iterator[str]:
    for what in ("public_ip", "private_ip", "public_kind"):
        old, new = getattr(before.instance, what), getattr(after.instance, what)
        if old != new:
            words = what.replace("_ip", " address").replace("_kind", " address's kind")
            yield f"its {words} was {old or 'none'}, it is {new or 'none'}"


def _groups(before: Reading, after: Reading) -> Iterator[str]:
    """Of every group it serves in: its own part, and how many of how many are healthy."""
    old, new = _counts(before.facts), _counts(after.facts)
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            yield f"{name}: {old.get(name, 'it was not in it')}; now {new.get(name, 'it is not in it')}"


def _counts(facts: Facts | None) -> dict[str, str]:
    if facts is None:
        return {}
    found = {
        f"target group {one.name}": f"{one.healthy} of {one.members} healthy, it is {one.health}"
        for one in facts.target_groups or ()
    }
    for balancer in facts.classic_balancers or ():
        told = f"{balancer.in_service} of {balancer.members} in service, it is {balancer.state}"
        found[f"classic load balancer {balancer.name}"] = told
    for group in facts.membership or ():
        told = (
            f"{group.in_service} healthy, {group.min_size} to {group.desired} wanted, it is {group.lifecycle}"
        )
        found[f"Auto Scaling group {group.group}"] = told
    return found


def _hazards(before: Draft, after: Draft) -> Iterator[str]:
    old = {(one.code, one.gravity) for one in before.hazards}
    new = {(one.code, one.gravity) for one in after.hazards}
    for one in after.hazards:
        if one.gravity is not Gravity.OK and (one.code, one.gravity) not in old:
            yield f"new: {one.text}"
    for one in before.hazards:
        if one.gravity is not Gravity.OK and (one.code, one.gravity) not in new:
            yield f"no longer so: {one.text}"


def _ordered(draft: Draft) -> tuple[object, ...]:
    """What the runner would be given, without the proposed AMI name, which contains the time."""
    return (replace(draft.order, image_name="", places=()), [step.name for step in draft.steps])
