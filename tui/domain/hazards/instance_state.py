"""The machine itself: its protections and its hardware."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.hazards.base import Hazard, HazardView, block, danger, dont_know, hazard, note, ok, warn


@hazard("stop-protection", "stop", field="DescribeInstanceAttribute disableApiStop")
def stop_protection(view: HazardView) -> Iterator[Hazard]:
    """DescribeInstanceAttribute disableApiStop. Source: user guide, ec2-stop-protection."""
    if view.instance.lifecycle == "spot":  # there is none for spot
        return
    protected = None if view.facts is None else view.facts.stop_protection
    if protected is None:
        yield dont_know("whether stop protection is on", view, "stop_protection")
    elif protected:
        yield block(
            "stop protection is on: AWS refuses the stop",
            "switch it off (ModifyInstanceAttribute disableApiStop=false)",
        )
    else:
        yield ok("no stop protection")


@hazard("termination-protection", "stop", field="DescribeInstanceAttribute disableApiTermination")
def termination_protection(view: HazardView) -> Iterator[Hazard]:
    """DescribeInstanceAttribute disableApiTermination: it does not stop a stop."""
    if view.facts is not None and view.facts.termination_protection:
        yield note("termination protection is on; it does not concern a stop")


@hazard("shutdown-behavior", "stop", field="DescribeInstanceAttribute instanceInitiatedShutdownBehavior")
def shutdown_behavior(view: HazardView) -> Iterator[Hazard]:
    """DescribeInstanceAttribute instanceInitiatedShutdownBehavior: concerns a shutdown from inside, not StopInstances."""
    behaviour = None if view.facts is None else view.facts.shutdown_behavior
    if behaviour is None:
        yield dont_know("what a shutdown from inside does", view, "shutdown_behavior")
    elif behaviour == "terminate":
        yield warn(
            "a shutdown from inside would terminate it; a stop through the API does not",
            "never use `shutdown -h` on it; set the behaviour to stop to be safe",
        )


@hazard("mac", "start", field="Instance.InstanceType")
def mac(view: HazardView) -> Iterator[Hazard]:
    """Instance.InstanceType `mac*`: the host is scrubbed after a stop. Source: user guide, mac-instance-stop."""
    if view.instance.instance_type.startswith("mac"):
        yield danger(
            "a Mac: after a stop its host is scrubbed, up to 50 minutes on x86 (3 h with a firmware update), "
            "up to 4.5 h on Apple silicon, before it can start",
            "plan hours, not minutes",
        )


@hazard("bare-metal", "start", field="InstanceTypeInfo.BareMetal")
def bare_metal(view: HazardView) -> Iterator[Hazard]:
    """InstanceTypeInfo.BareMetal."""
    if view.type is not None and view.type.bare_metal:
        yield note("bare metal: it boots slowly")


@hazard("xen", "stop", field="InstanceTypeInfo.Hypervisor")
def xen(view: HazardView) -> Iterator[Hazard]:
    """InstanceTypeInfo.Hypervisor; Instance.Hypervisor reads `xen` even on Nitro."""
    if view.type is not None and view.type.hypervisor == "xen":
        yield note("a Xen type: no attached-EBS check, no live console output, no reboot migration")


@hazard("windows", "stop", "reboot", field="Instance.PlatformDetails")
def windows(view: HazardView) -> Iterator[Hazard]:
    """Instance.PlatformDetails. Source: user guide, Stop_Start and ec2-instance-reboot."""
    if "windows" not in view.instance.platform.lower():
        return
    text = (
        "Windows: drive letters may change after a start"
        if view.stops
        else "Windows: not while it installs updates"
    )
    yield note(text)


@hazard("cpu-credits", "stop", field="Instance.InstanceType")
def credits(view: HazardView) -> Iterator[Hazard]:
    """Instance.InstanceType t2: CPU credits are lost at a stop. Source: user guide, burstable-credits-baseline-concepts."""
    if view.instance.instance_type.startswith("t2."):
        yield note("a T2 loses its CPU credits at a stop")


@hazard("product-codes", "start", field="Instance.ProductCodes")
def product_codes(view: HazardView) -> Iterator[Hazard]:
    """Instance.ProductCodes. Whether a licence minds the move is the vendor's matter: AWS does not say."""
    if view.instance.product_codes:
        yield note("from the Marketplace: check with its vendor whether a licence is bound to the hardware")
