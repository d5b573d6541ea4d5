"""What became of a campaign's member, from its operation; and how fast the next may be begun, from all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from tui.domain.answers import RefusedBy
from tui.domain.aws_codes import NO_CAPACITY
from tui.domain.campaign.model import CAME_BACK, Campaign, Member, MemberState
from tui.domain.campaign.pace import LOOK_BACK, next_begin
from tui.domain.campaign.turn import bucket_of
from tui.operations.database import to_text
from tui.operations.journal import Journal
from tui.operations.model import ABANDONED, Operation, OperationState
from tui.operations.start_tokens import start_tokens

_TRIES = 3
"""How often a member is begun whose lock or group somebody else had, before it is left to a person."""
_HELD = (RefusedBy.LOCK, RefusedBy.OPERATION, RefusedBy.GROUP)
_CAPACITY_TRIES = 2
"""A start that AWS refused so often for want of capacity counts as a failure; it is tried on all the same."""
_TRIED_ON = "; it is tried on"
NOT_BEGUN = "no runner could be started"
"""How the note of an operation begins that was made and taken back at once: its member waits again."""


def outcome(one: Operation, tries: Callable[[], int]) -> tuple[MemberState, str] | None:
    """How its member stands by it, and why; None: it is under way. WAITS: nothing was done, and it is begun once more.

    `tries`: how often it was begun. Only one that succeeded is done: healthy again, where a group could tell. What nobody can
    know is a failure.
    """
    if one.state is OperationState.SUCCEEDED:
        return MemberState.DONE, one.note
    if one.state is OperationState.NEEDS_ATTENTION:
        return MemberState.FAILED, one.note or "it needs you"
    if one.is_open:
        refused = capacity_refusals(one)
        if refused < _CAPACITY_TRIES:
            return None
        return MemberState.FAILED, f"no capacity: AWS refused its start {refused} times{_TRIED_ON}"
    if not one.sent:
        if one.refused_by in _HELD:
            again = tries() < _TRIES
            return (MemberState.WAITS if again else MemberState.NEEDS_YOU), one.note
        if one.refused_by is RefusedBy.SELF:
            return MemberState.NEEDS_YOU, one.note
        if one.state is OperationState.ABANDONED:
            waits = one.note.startswith(NOT_BEGUN)
            return (MemberState.WAITS if waits else MemberState.LEFT_OUT), one.note
    given_up = one.state is OperationState.ABANDONED and one.note.startswith(ABANDONED)
    return MemberState.FAILED, one.note or ("given up by a person" if given_up else "it failed")


def came_back(failed: Member) -> str:
    """What is said of a member whose operation succeeded after all: also why it had failed."""
    return f"{CAME_BACK}: {failed.why.removesuffix(_TRIED_ON)}"


def capacity_refusals(one: Operation) -> int:
    """How often AWS refused its start for want of capacity."""
    calls = (call for row in one.steps for call in row.calls)
    return sum(call.operation == "StartInstances" and call.code in NO_CAPACITY for call in calls)


def in_service(one: Operation) -> bool:
    """Whether a member that failed by this operation is known to serve all the same: nothing was sent, or it is back."""
    return not one.is_open and (not one.sent or (not one.may_be_down and not one.pending_rollback))


def ready_at(journal: Journal, waiting: Iterable[Member], now: datetime) -> dict[str, datetime | None]:
    """When the Region and account (`bucket_of`) of each has a token for one more start (`next_begin`); absent: now."""
    ended = journal._operations("SELECT * FROM operation WHERE finished_at>=?", (to_text(now - LOOK_BACK),))
    operations = (*journal.unfinished(), *ended)
    found = {}
    for place in {bucket_of(one) for one in waiting}:
        account, _, region = place.partition("/")
        at = next_begin(*start_tokens(operations, account, region), now)
        if at is None or at > now:
            found[place] = at
    return found


def member_operations(
    journal: Journal, campaign: Campaign, *states: MemberState
) -> dict[str, Operation | None]:
    """The operations of its members in these states, by the member's key; None: the journal has it no more."""
    return {one.key: journal.get(one.operation) for one in campaign.of(*states) if one.operation}
