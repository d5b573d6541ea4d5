"""Whether it can be done now: its state, its owner, its events."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.actions.base import GONE
from tui.domain.down_by_aws import STOP_EVENTS
from tui.domain.events import RESCHEDULE_LEAD, EventCode
from tui.domain.hazards.base import Hazard, HazardView, block, danger, hazard, not_known, ok, warn
from tui.domain.instance import CheckStatus, InstanceState


@hazard("state", field="Instance.State")
def wrong_state(view: HazardView) -> Iterator[Hazard]:
    """Instance.State: each action wants its own. Source: botocore model, the operation's documentation."""
    now = view.instance.state
    why = view.action.why_not(view.instance)
    if why is not None:
        remedy = "start it instead" if now is InstanceState.STOPPED else "wait until the state has settled"
        if now in GONE:
            remedy = "nothing can be done: it is gone"
        elif now is InstanceState.RUNNING:
            remedy = "it runs already"
        yield block(why, remedy)
    elif now not in view.action.states:
        yield not_known("its state (not read yet)", "press r to refresh")


@hazard("managed", field="Instance.Operator")
def managed(view: HazardView) -> Iterator[Hazard]:
    """Instance.Operator.Managed, Principal: EKS Auto Mode, ECS managed and others. Source: amazon-ec2-managed-instances."""
    if view.instance.managed_by:
        yield block(
            f"it is managed by {view.instance.managed_by}: it can't be changed directly",
            "make the change through that service",
        )


@hazard("awaited-stop", "wait-stopped", field="InstanceStatusEvent.Code")
def stopped_by_aws(view: HazardView) -> Iterator[Hazard]:
    """InstanceStatusEvent.Code; Instance.RootDeviceType. Source: user guide, monitoring-instances-status-check_sched."""
    if view.action.stops:
        return
    root = view.instance.root_device
    events = [event for event in view.instance.open_events(view.now) if event.code in STOP_EVENTS]
    if not events:
        text = "AWS has announced no stop or retirement of it: there is nothing to wait for"
        yield block(text, "press r to refresh")
    elif root == "instance-store":
        text = "its root is instance store: AWS terminates it, and nothing is left to start"
        remedy = "launch a replacement from its newest AMI before the date"
        yield block(text, remedy, "Instance.RootDeviceType")
    elif root != "ebs":
        yield not_known(
            "whether its root is EBS: of an instance-store root nothing is left to start",
            "press r to refresh",
            "Instance.RootDeviceType",
        )
    else:
        yield ok("it has an EBS root: it can be started afterwards")


@hazard("same-host", "reboot", field="InstanceStatus.SystemStatus")
def reboot_stays(view: HazardView) -> Iterator[Hazard]:
    """SystemStatus = impaired: a reboot stays on the host. Source: user guide, TroubleshootingInstances."""
    if view.instance.checks.system.status is CheckStatus.IMPAIRED:
        yield danger(
            "the system check fails: a reboot stays on the failing host and does not help",
            "stop and start it instead (s)",
        )


@hazard("reboot-event", "reboot", field="InstanceStatusEvent.Code")
def reboot_and_event(view: HazardView) -> Iterator[Hazard]:
    """InstanceStatusEvent.Code: which events a reboot leaves open. Source: user guide, schedevents_actions_reboot."""
    for event in view.instance.open_events(view.now):
        if event.code is EventCode.UNKNOWN:
            yield not_known(f"what a reboot does to the event {event.code_text}", "")
            continue
        if event.code is EventCode.SYSTEM_REBOOT:
            text = "a reboot clears the system-reboot event only if it migrates; nothing tells in advance that it will"
        else:
            text = f"a reboot of one's own does not clear the {event.code} event"
        yield warn(text)


@hazard("reschedule", "reschedule", field="InstanceStatusEvent.NotBeforeDeadline")
def reschedulable(view: HazardView) -> Iterator[Hazard]:
    """InstanceStatusEvent.NotBeforeDeadline, NotBefore. Source: user guide, reschedule-event."""
    wanted = view.options.event_id
    events = [event for event in view.instance.events if not wanted or event.event_id == wanted]
    if not wanted:
        events = [event for event in events if event.is_open(view.now)]
    if not events:
        text = "no open event of that id" if wanted else "no scheduled event is open"
        yield block(f"it can't be moved: {text}", "press r to refresh")
        return
    reasons = [event.why_not_reschedule(view.now) for event in events]
    if all(reasons):
        yield block(f"it can't be moved: {reasons[0]}")
        return
    event = events[reasons.index(None)]
    start = view.options.not_before
    if start is not None and event.deadline is not None and start > event.deadline:
        yield block("the new start lies after AWS's deadline", "choose an earlier one")
    elif start is not None and start < view.now + RESCHEDULE_LEAD:
        yield block("the new start must lie at least 60 minutes ahead", "choose a later one")
    else:
        yield ok("AWS lets this event be moved up to its deadline")
