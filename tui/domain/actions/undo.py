"""Put back what an operation changed: the alarm as it was, or none; automatic recovery as it was."""

from __future__ import annotations

from tui.domain.actions.base import Action
from tui.domain.instance import InstanceState

ACTION = Action(
    name="undo",
    key="u",
    rank=10,
    title="Undo",
    link=" what was set on ",
    footer="undo",
    help="put back what an operation set: the alarm as it was or none, automatic recovery as it was",
    deed="putting back what was set on it",
    cell="undo",
    steps=("put-back",),
    states=tuple(state for state in InstanceState if state is not InstanceState.UNKNOWN),
    takes=frozenset({"undone"}),
    exclusive=False,
    of_operation=True,
)
