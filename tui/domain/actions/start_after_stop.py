"""Start once AWS has stopped it: ordered ahead, it waits for AWS's own stop, days if need be."""

from __future__ import annotations

from datetime import datetime

from tui.domain.actions.base import UP_AGAIN, Action
from tui.domain.down_by_aws import STOP_EVENTS, STOPPED
from tui.domain.instance import Instance, InstanceState


def awaits_stop(instance: Instance, now: datetime) -> bool:
    """Whether AWS has announced a stop after which it could be started, and it still runs."""
    if instance.state in STOPPED or instance.root_device == "instance-store" or not instance.events:
        return False
    return any(event.code in STOP_EVENTS for event in instance.open_events(now))


ACTION = Action(
    name="start-after-stop",
    key="w",
    rank=6,
    title="Start once AWS has stopped",
    footer="start after AWS's stop",
    short="after",
    help="wait until AWS has stopped it for its event, days if need be, and start it then",
    deed="starting it",
    steps=("wait-stopped", *UP_AGAIN),
    states=(InstanceState.RUNNING, InstanceState.PENDING, InstanceState.STOPPING),
    step_words={
        "wait-stopped": ("wait until AWS has stopped it", "days, if need be: AWS is asked once a minute")
    },
    takes=frozenset({"event_id"}),
    offered=awaits_stop,
)
