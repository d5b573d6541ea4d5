"""Switch EC2's own automatic recovery on or off."""

from __future__ import annotations

from tui.domain.actions.base import Action
from tui.domain.actions.recover_alarm import HERE

ACTION = Action(
    name="auto-recovery",
    key="A",
    rank=9,
    title="Switch automatic recovery",
    link=" of ",
    footer="automatic recovery",
    help="switch EC2's own automatic recovery on, or off: it moves an instance whose host fails",
    deed="switching its automatic recovery",
    cell="recovery",
    steps=("set-recovery",),
    states=HERE,
    takes=frozenset({"switch_off"}),
    exclusive=False,
    undoable=True,
)
