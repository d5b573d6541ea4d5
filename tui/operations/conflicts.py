"""Whether an operation that has not ended stands in the way of another on the same instance, and whose it is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo

from msgspec.structs import replace

from tui.domain.actions import ACTIONS
from tui.domain.hazards.base import Hazard
from tui.domain.plan import Draft, Guard, GuardKind
from tui.domain.sanitize import SafeText, clean
from tui.domain.severity import Gravity
from tui.operations.identity import who_since
from tui.operations.model import Operation


def in_the_way(
    unfinished: Iterable[Operation], action: str, region: str, instance_id: str
) -> Operation | None:
    """The one that takes the instance down or brings it back while this would too, or would image it; None if there is none.

    An AMI in the making is in nobody's way: AWS may take hours for it. Moving an event never is, nor is what only waits
    until AWS has stopped the instance, but for another of its kind.
    """
    wanted = ACTIONS[action]
    if not wanted.exclusive:
        return None
    for one in unfinished:
        here = one.region == region and one.instance_id == instance_id
        powers = one.action not in ACTIONS or ACTIONS[one.action].powers  # a newer evac's, whatever it does
        if here and powers and (not one.waiting or wanted.awaits_stop):
            return one
    return None


def ordered(unfinished: Iterable[Operation], region: str, instance_id: str) -> Operation | None:
    """The one that waits until AWS has stopped the instance: in nobody's way, but worth knowing."""
    return next(
        (one for one in unfinished if one.waiting and (one.region, one.instance_id) == (region, instance_id)),
        None,
    )


def who_is_in_the_way(other: Operation, zone: tzinfo, now: datetime) -> SafeText:
    """What stands in the way: who, since when, from where, how far."""
    who = who_since(
        other.user, other.host, other.ssh_client, other.confirmed_at or other.created_at, zone, now
    )
    return clean(f"{other.title} by {who} is not finished: at {other.step}, {other.id}")


def checked(draft: Draft, unfinished: Iterable[Operation], zone: tzinfo, now: datetime, remedy: str) -> Draft:
    """The same draft, blocked if another operation on that instance is in its way. `remedy` may name {id}."""
    unfinished = list(unfinished)
    other = in_the_way(unfinished, draft.action, draft.target.region, str(draft.instance_id))
    waiting = ordered(unfinished, draft.target.region, str(draft.instance_id))
    action = ACTIONS[draft.action]
    if other is None and waiting is not None and action.powers and not action.awaits_stop:
        told = clean(f"{waiting.user} has ordered: {waiting.title}. It ends by itself once the event is over")
        return replace(draft, hazards=(*draft.hazards, Hazard(Gravity.NOTE, told, code="ordered")))
    if other is None:
        return draft
    why = clean(f"{who_is_in_the_way(other, zone, now)}; {remedy.format(id=other.id)}")
    return replace(draft, guard=Guard(GuardKind.BLOCKED, "", (*draft.guard.unblock, why)))
