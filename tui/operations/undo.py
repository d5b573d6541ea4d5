"""Whether what an operation set can be put back, and what an undo of it has to know: all of it stands in its own order."""

from __future__ import annotations

from tui.domain.actions import ACTIONS, ActionOptions
from tui.domain.actions.base import Undone
from tui.domain.instance import Instance, InstanceState, Target
from tui.domain.sanitize import clean
from tui.errors import EvacError
from tui.operations.model import Operation


class NotUndoableError(EvacError):
    """It can't be undone: why."""


def why_not_undoable(operation: Operation) -> str:
    """Why it can't be undone; empty: it can, unless somebody has changed since what it set."""
    action, order = ACTIONS.get(operation.action), operation.kept.order
    if action is None or not action.undoable:
        return f"{operation.action} can't be undone: only what sets an alarm or automatic recovery can"
    if operation.is_open:
        return "it has not ended: resume or abandon it first"
    if not operation.sent:
        return "it changed nothing"
    return "" if order.alarm or order.recovery else "it does not say what was there before"


def undo_options(operation: Operation) -> ActionOptions:
    """What the action `undo` is planned with. Raises NotUndoableError."""
    if why := why_not_undoable(operation):
        raise NotUndoableError(f"{operation.id}: {why}")
    order = operation.kept.order
    return ActionOptions(undone=Undone(operation.id, order.alarm, order.recovery))


def gone_instance(operation: Operation) -> Instance:
    """The instance of an operation, which AWS knows no more: an alarm on it outlives it."""
    return Instance(
        Target(operation.profile, operation.region),
        clean(operation.instance_id),
        clean(operation.account_id),
        name=clean(operation.instance_name),
        state=InstanceState.TERMINATED,
    )
