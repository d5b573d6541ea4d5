"""Set an alarm that recovers the instance on another host once its system check fails.

What people mean by a *reboot* on a failed system check: a reboot stays on the failing host (CloudWatch user guide,
UsingAlarmActions), so that check recovers, and the instance check reboots.
"""

from __future__ import annotations

from tui.domain.actions.base import GONE, Action
from tui.domain.instance import InstanceState

HERE = tuple(state for state in InstanceState if state not in GONE and state is not InstanceState.UNKNOWN)
"""The states in which an instance is still there."""

ACTION = Action(
    name="recover-alarm",
    key="A",
    rank=7,
    title="Set a recover alarm",
    link=" on ",
    footer="alarm",
    help="set an alarm that moves it to another host once its system check has failed for two minutes",
    asks_which="set an alarm that recovers or reboots it, or switch automatic recovery: asks which",
    deed="setting an alarm on it",
    cell="alarm",
    steps=("set-alarm",),
    states=HERE,
    takes=frozenset({"minutes"}),
    exclusive=False,
    alarm="recover",
    undoable=True,
)
