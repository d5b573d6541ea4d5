"""Start what is stopped: the same key as stop and start."""

from __future__ import annotations

from tui.domain.actions.base import UP_AGAIN, Action
from tui.domain.instance import InstanceState

ACTION = Action(
    name="start",
    key="s",
    rank=2,
    title="Start",
    footer="start",
    short="start",
    help="start a stopped instance",
    deed="starting it",
    steps=UP_AGAIN,
    states=(InstanceState.STOPPED,),
)
