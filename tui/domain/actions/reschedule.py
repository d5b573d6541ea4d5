"""Move the start of a scheduled event: it touches the event alone."""

from __future__ import annotations

from tui.domain.actions.base import Action
from tui.domain.instance import InstanceState

ACTION = Action(
    name="reschedule",
    key="t",
    rank=5,
    title="Reschedule an event",
    link=" of ",
    footer="reschedule",
    short="move",
    help="move the start of a scheduled event, up to its deadline",
    deed="moving its event",
    steps=("reschedule",),
    states=tuple(state for state in InstanceState if state is not InstanceState.TERMINATED),
    takes=frozenset({"event_id", "not_before"}),
    asks="asks for the new start",
    exclusive=False,
)
