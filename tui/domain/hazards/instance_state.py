"""The machine itself: its state, protections, hardware, and what a reboot or a new date can do for it."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.activity import AFTER_STOP
from tui.domain.down_by_aws import STOP_EVENTS
from tui.domain.events import RESCHEDULE_LEAD, EventCode
from tui.domain.hazards.base import Hazard, HazardView, dont_know
from tui.domain.instance import CheckStatus, InstanceState
from tui.domain.severity import Gravity

_STATES: dict[str, tuple[InstanceState, ...]] = {
    "stop-start": (InstanceState.RUNNING, InstanceState.STOPPING),
    "start": (InstanceState.STOPPED,),
    AFTER_STOP: (InstanceState.RUNNING, InstanceState.PENDING, InstanceState.STOPPING),
    "reboot": (InstanceState.RUNNING,),
    "image": (InstanceState.RUNNING, InstanceState.STOPPED),
}


def wrong_state(view: HazardView) -> Iterator[Hazard]:
    """Instance.State: each action wants its own. Source: botocore model, the operation's documentation."""
    wanted = _STATES.get(view.action)
    now = view.instance.state
    if wanted is None or now in wanted:
        return
    if now is InstanceState.UNKNOWN:
        yield Hazard(
            "state",
            Gravity.WARN,
            "don't know its state (not read yet)",
            "press r to refresh",
            "Instance.State",
            known=False,
        )
        return
    remedy = "start it instead" if now is InstanceState.STOPPED else "wait until the state has settled"
    if now in (InstanceState.TERMINATED, InstanceState.SHUTTING_DOWN):
        remedy = "nothing can be done: it is gone"
    elif now is InstanceState.RUNNING:
        remedy = "it runs already"
    yield Hazard(
        "state", Gravity.BLOCK, f"it is {now}; this wants {' or '.join(wanted)}", remedy, "Instance.State"
    )


def stopped_by_aws(view: HazardView) -> Iterator[Hazard]:
    """InstanceStatusEvent.Code; Instance.RootDeviceType. Source: user guide, monitoring-instances-status-check_sched."""
    field = "InstanceStatusEvent.Code"
    root = view.instance.root_device
    events = [event for event in view.instance.open_events(view.now) if event.code in STOP_EVENTS]
    if not events:
        text = "AWS has announced no stop or retirement of it: there is nothing to wait for"
        yield Hazard("awaited-stop", Gravity.BLOCK, text, "press r to refresh", field)
    elif root == "instance-store":
        text = "its root is instance store: AWS terminates it, and nothing is left to start"
        remedy = "launch a replacement from its newest AMI before the date"
        yield Hazard("awaited-stop", Gravity.BLOCK, text, remedy, "Instance.RootDeviceType")
    elif root != "ebs":
        yield Hazard(
            "awaited-stop",
            Gravity.WARN,
            "don't know whether its root is EBS: of an instance-store root nothing is left to start",
            "press r to refresh",
            "Instance.RootDeviceType",
            known=False,
        )
    else:
        yield Hazard(
            "awaited-stop", Gravity.OK, "it has an EBS root: it can be started afterwards", field=field
        )


def stop_protection(view: HazardView) -> Iterator[Hazard]:
    """DescribeInstanceAttribute disableApiStop. Source: user guide, ec2-stop-protection."""
    field = "DescribeInstanceAttribute disableApiStop"
    if view.instance.lifecycle == "spot":  # there is none for spot
        return
    protected = None if view.facts is None else view.facts.stop_protection
    if protected is None:
        yield dont_know("stop-protection", "whether stop protection is on", view, "stop_protection", field)
    elif protected:
        yield Hazard(
            "stop-protection",
            Gravity.BLOCK,
            "stop protection is on: AWS refuses the stop",
            "switch it off (ModifyInstanceAttribute disableApiStop=false)",
            field,
        )
    else:
        yield Hazard("stop-protection", Gravity.OK, "no stop protection", field=field)


def termination_protection(view: HazardView) -> Iterator[Hazard]:
    """DescribeInstanceAttribute disableApiTermination: it does not stop a stop."""
    if view.facts is not None and view.facts.termination_protection:
        yield Hazard(
            "termination-protection",
            Gravity.NOTE,
            "termination protection is on; it does not concern a stop",
            field="DescribeInstanceAttribute disableApiTermination",
        )


def shutdown_behavior(view: HazardView) -> Iterator[Hazard]:
    """DescribeInstanceAttribute instanceInitiatedShutdownBehavior: concerns a shutdown from inside, not StopInstances."""
    field = "DescribeInstanceAttribute instanceInitiatedShutdownBehavior"
    behaviour = None if view.facts is None else view.facts.shutdown_behavior
    if behaviour is None:
        yield dont_know(
            "shutdown-behavior", "what a shutdown from inside does", view, "shutdown_behavior", field
        )
    elif behaviour == "terminate":
        yield Hazard(
            "shutdown-behavior",
            Gravity.WARN,
            "a shutdown from inside would terminate it; a stop through the API does not",
            "never use `shutdown -h` on it; set the behaviour to stop to be safe",
            field,
        )


def mac(view: HazardView) -> Iterator[Hazard]:
    """Instance.InstanceType `mac*`: the host is scrubbed after a stop. Source: user guide, mac-instance-stop."""
    if view.instance.instance_type.startswith("mac"):
        yield Hazard(
            "mac",
            Gravity.DANGER,
            "a Mac: after a stop its host is scrubbed, up to 50 minutes on x86 (3 h with a firmware update), "
            "up to 4.5 h on Apple silicon, before it can start",
            "plan hours, not minutes",
            "Instance.InstanceType",
        )


def bare_metal(view: HazardView) -> Iterator[Hazard]:
    """InstanceTypeInfo.BareMetal."""
    if view.type is not None and view.type.bare_metal:
        yield Hazard(
            "bare-metal", Gravity.NOTE, "bare metal: it boots slowly", field="InstanceTypeInfo.BareMetal"
        )


def xen(view: HazardView) -> Iterator[Hazard]:
    """InstanceTypeInfo.Hypervisor; Instance.Hypervisor reads `xen` even on Nitro."""
    if view.type is not None and view.type.hypervisor == "xen":
        yield Hazard(
            "xen",
            Gravity.NOTE,
            "a Xen type: no attached-EBS check, no live console output, no reboot migration",
            field="InstanceTypeInfo.Hypervisor",
        )


def windows(view: HazardView) -> Iterator[Hazard]:
    """Instance.PlatformDetails. Source: user guide, Stop_Start and ec2-instance-reboot."""
    if "windows" not in view.instance.platform.lower():
        return
    text = (
        "Windows: drive letters may change after a start"
        if view.stops
        else "Windows: not while it installs updates"
    )
    yield Hazard("windows", Gravity.NOTE, text, field="Instance.PlatformDetails")


def credits(view: HazardView) -> Iterator[Hazard]:
    """Instance.InstanceType t2: CPU credits are lost at a stop. Source: user guide, burstable-credits-baseline-concepts."""
    if view.instance.instance_type.startswith("t2."):
        yield Hazard(
            "cpu-credits", Gravity.NOTE, "a T2 loses its CPU credits at a stop", field="Instance.InstanceType"
        )


def product_codes(view: HazardView) -> Iterator[Hazard]:
    """Instance.ProductCodes. Whether a licence minds the move is the vendor's matter: AWS does not say."""
    if view.instance.product_codes:
        yield Hazard(
            "product-codes",
            Gravity.NOTE,
            "from the Marketplace: check with its vendor whether a licence is bound to the hardware",
            field="Instance.ProductCodes",
        )


def reboot_stays(view: HazardView) -> Iterator[Hazard]:
    """SystemStatus = impaired: a reboot stays on the host. Source: user guide, TroubleshootingInstances."""
    if view.instance.checks.system.status is CheckStatus.IMPAIRED:
        yield Hazard(
            "same-host",
            Gravity.DANGER,
            "the system check fails: a reboot stays on the failing host and does not help",
            "stop and start it instead (s)",
            "InstanceStatus.SystemStatus",
        )


def reboot_and_event(view: HazardView) -> Iterator[Hazard]:
    """InstanceStatusEvent.Code: which events a reboot leaves open. Source: user guide, schedevents_actions_reboot."""
    for event in view.instance.open_events(view.now):
        if event.code is EventCode.UNKNOWN:
            text = f"don't know what a reboot does to the event {event.code_text}"
        elif event.code is EventCode.SYSTEM_REBOOT:
            text = "a reboot clears the system-reboot event only if it migrates; nothing tells in advance that it will"
        else:
            text = f"a reboot of one's own does not clear the {event.code} event"
        yield Hazard(
            "reboot-event",
            Gravity.WARN,
            text,
            field="InstanceStatusEvent.Code",
            known=event.code is not EventCode.UNKNOWN,
        )


def reschedulable(view: HazardView) -> Iterator[Hazard]:
    """InstanceStatusEvent.NotBeforeDeadline, NotBefore. Source: user guide, reschedule-event."""
    field = "InstanceStatusEvent.NotBeforeDeadline"
    wanted = "" if view.options is None else view.options.event_id
    events = [event for event in view.instance.events if not wanted or event.event_id == wanted]
    if not wanted:
        events = [event for event in events if event.is_open(view.now)]
    if not events:
        yield Hazard("reschedule", Gravity.BLOCK, "there is no such open event", "press r to refresh", field)
        return
    reasons = [event.why_not_reschedule(view.now) for event in events]
    if all(reasons):
        yield Hazard("reschedule", Gravity.BLOCK, f"it can't be moved: {reasons[0]}", "", field)
        return
    event = events[reasons.index(None)]
    start = None if view.options is None else view.options.not_before
    if start is not None and event.deadline is not None and start > event.deadline:
        yield Hazard(
            "reschedule",
            Gravity.BLOCK,
            "the new start lies after AWS's deadline",
            "choose an earlier one",
            field,
        )
    elif start is not None and start < view.now + RESCHEDULE_LEAD:
        yield Hazard(
            "reschedule",
            Gravity.BLOCK,
            "the new start must lie at least 60 minutes ahead",
            "choose a later one",
            field,
        )
    else:
        yield Hazard("reschedule", Gravity.OK, "AWS lets this event be moved up to its deadline", field=field)
