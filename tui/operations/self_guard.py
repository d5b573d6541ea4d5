"""What a runner refuses because of the machine it runs on: stopping that machine, and beginning while it is going down.

Fence agents do the second too: a node that is itself being stopped fences nobody else.
"""

from __future__ import annotations

from collections.abc import Callable

from tui.domain.answers import RefusedBy
from tui.domain.hazards.this_machine import cut_short
from tui.domain.instance import InstanceState
from tui.domain.steps.base import Call, Decision, Send, Stuck
from tui.domain.this_machine import NOWHERE, Here
from tui.operations.model import Operation

_GOING_UP = (InstanceState.RUNNING, InstanceState.PENDING, InstanceState.UNKNOWN)
_TAKES_DOWN = frozenset({"StopInstances", "RebootInstances", "EnterStandby", "DeregisterTargets"})


class Ownself:
    """The guard of one runner. Off EC2, or where this machine's instance id is unknown, it refuses nothing.

    `state_of` tells the state of an instance (id, region) as AWS shows it; UNKNOWN where it can't be seen.
    """

    def __init__(
        self, here: Here = NOWHERE, state_of: Callable[[str, str], InstanceState] | None = None
    ) -> None:
        self._here, self._state_of = here, state_of

    def refuses(self, operation: Operation) -> Stuck | None:
        """Why this runner must not begin the operation, None if it may. What was begun goes on, towards running."""
        options = operation.kept.options
        if operation.sent or "self" in options.overrides:
            return None
        aside = bool(options.standby or options.drain)
        why = cut_short(self._here, operation.instance_id, operation.action, set_aside=aside)
        if not why:
            return None
        remedy = "do it from another machine; or plan it anew here and override self"
        return Stuck(why, remedy, final=True, refused_by=RefusedBy.SELF)

    def guard(self, decision: Decision, operation: Operation) -> Decision:
        """The step's decision, or Stuck where it would be the first to take an instance down while this machine is stopping."""
        if self._state_of is None or not self._here.instance_id or not isinstance(decision, Send):
            return decision
        if not _takes_down(decision.call) or any(one in _TAKES_DOWN for one in operation.sent):
            return decision
        state = self._state_of(self._here.instance_id, self._here.region)
        if state in _GOING_UP:
            return decision
        return Stuck(
            f"the machine evac runs on ({self._here.instance_id}) is {state}: its runner would end in the middle",
            "do it from another machine",
            refused_by=RefusedBy.SELF,
        )


def _takes_down(call: Call) -> bool:
    return call.operation in _TAKES_DOWN or (
        call.operation == "CreateImage" and not call.params.get("NoReboot")
    )
