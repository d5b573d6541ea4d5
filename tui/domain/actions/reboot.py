"""Reboot: the instance stays on its host unless it migrates."""

from __future__ import annotations

from tui.domain.actions.base import Action
from tui.domain.instance import InstanceState

ACTION = Action(
    name="reboot",
    key="b",
    rank=3,
    title="Reboot",
    footer="reboot",
    help="reboot the instance; it stays on its host unless it migrates",
    deed="rebooting it",
    cell="rebooting",
    steps=("reboot", "wait-checks", "verify-event"),
    states=(InstanceState.RUNNING,),
    takes=frozenset({"standby", "drain"}),
)
