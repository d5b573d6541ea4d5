"""What of AWS's StartInstances buckets evac's operations have used, and will use yet: for tui.domain.campaign.pace."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tui.domain.actions import ACTIONS
from tui.domain.campaign.pace import MEMBER_USES
from tui.operations.model import Operation, OperationState, StepState

FOR_REFUSED = 2
"""Tokens kept for all together whose start was refused: each tries it again after 5 s at the earliest, ever more seldom."""
_START = "StartInstances"


def start_tokens(
    operations: Iterable[Operation], account: str, region: str
) -> tuple[tuple[datetime, ...], int]:
    """`used` and `owed` of this account and Region: when AWS answered each StartInstances, dry runs too, and how many tokens
    the open ones will use yet.

    `operations`: the open ones and those that ended within LOOK_BACK. A call without an answer is owed still. Nobody works on
    one that needs a person, and one whose start AWS refuses tries it once in a while: such ones use a token at most now and
    then, so that all of them together are owed FOR_REFUSED, and hold nobody back for ever.
    """
    used: list[datetime] = []
    owed = refused = 0
    for one in operations:
        if one.region != region or one.account_id != account:
            continue
        calls = [call for step in one.steps for call in step.calls if call.operation == _START]
        used += [call.outcome_at for call in calls if call.outcome_at is not None]
        if any(call.ok is False and not call.dry_run for call in calls):
            refused += bool(_owed(one))
        else:
            owed += _owed(one)
    return tuple(sorted(used)), owed + min(refused, FOR_REFUSED)


def _owed(operation: Operation) -> int:
    action = ACTIONS.get(operation.action)
    if action is None or not action.starts or operation.waiting:
        return 0  # one that waits for a stop by AWS, for days: it starts whatever others do
    rows = {row.name: row for row in operation.steps}
    start = rows.get("start")
    going = operation.state in (OperationState.PLANNED, OperationState.RUNNING)
    if not going or start is None or start.state in (StepState.DONE, StepState.SKIPPED):
        return 0
    asked = "preflight" not in rows or rows["preflight"].state is StepState.DONE
    return 1 if asked else MEMBER_USES
