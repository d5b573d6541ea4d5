"""What of AWS's StartInstances buckets evac's operations have used, and will use yet: for tui.domain.campaign.pace."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tui.domain.actions import ACTIONS
from tui.domain.campaign.pace import MEMBER_USES
from tui.operations.model import Operation, OperationState, StepState

_START = "StartInstances"


def start_tokens(
    operations: Iterable[Operation], account: str, region: str
) -> tuple[tuple[datetime, ...], int]:
    """`used` and `owed` of this account and Region: when AWS answered each StartInstances, dry runs too, and how many tokens
    the open ones will use yet.

    `operations`: the open ones and those that ended within LOOK_BACK. A call without an answer is owed still. One whose start
    AWS has refused, and tries again, is owed one more.
    """
    used: list[datetime] = []
    owed = 0
    for one in operations:
        if one.region != region or one.account_id != account:
            continue
        calls = [call for step in one.steps for call in step.calls if call.operation == _START]
        used += [call.outcome_at for call in calls if call.outcome_at is not None]
        if one.is_open:
            owed += _owed(one)
    return tuple(sorted(used)), owed


def _owed(operation: Operation) -> int:
    action = ACTIONS.get(operation.action)
    if (
        action is None
        or not action.starts
        or operation.waiting
        or operation.state is OperationState.NEEDS_ATTENTION
    ):
        return 0  # one that waits for a stop by AWS, or for a person, for days: it starts whatever others do
    rows = {row.name: row for row in operation.steps}
    start = rows.get("start")
    if start is None or start.state in (StepState.DONE, StepState.SKIPPED):
        return 0
    tried = any(call.operation == _START and call.ok is False for call in start.calls)
    asked = "preflight" not in rows or rows["preflight"].state is StepState.DONE
    return (1 if asked else MEMBER_USES) + tried
