"""Set an alarm that reboots the instance once its own check fails, a minute later than recover, so that they don't race."""

from __future__ import annotations

from tui.domain.actions.base import Action
from tui.domain.actions.recover_alarm import HERE

ACTION = Action(
    name="reboot-alarm",
    key="A",
    rank=8,
    title="Set a reboot alarm",
    link=" on ",
    footer="reboot alarm",
    help="set an alarm that reboots it once its instance check has failed for three minutes",
    deed="setting an alarm on it",
    cell="alarm",
    steps=("set-alarm",),
    states=HERE,
    takes=frozenset({"minutes"}),
    exclusive=False,
    alarm="reboot",
    undoable=True,
)
