"""Stop and start: on EBS, in most cases, the way off a failing or retiring host."""

from __future__ import annotations

from tui.domain.actions.base import UP_AGAIN, Action
from tui.domain.instance import InstanceState

ACTION = Action(
    name="stop-start",
    key="s",
    rank=1,
    title="Stop and start",
    footer="stop/start",
    short="stop",
    help="stop the instance and start it again, in most cases on another host",
    deed="stopping and starting it",
    steps=("stop", "wait-stopped", *UP_AGAIN),
    states=(InstanceState.RUNNING, InstanceState.STOPPING),
    takes=frozenset({"image_first", "standby", "drain"}),
    typed=True,
)
