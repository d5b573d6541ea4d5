"""The stack an instance stands on, and where it breaks: the picture of the detail screen."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from tui.domain.events import EventCode
from tui.domain.facts import Facts
from tui.domain.instance import CheckStatus, Instance, InstanceState, StatusCheck
from tui.domain.severity import Mark


class Layer(Struct, frozen=True):
    """One layer, and why it has its mark."""

    name: str
    mark: Mark
    why: str


_MARKS = {
    CheckStatus.OK: Mark.OK,
    CheckStatus.IMPAIRED: Mark.FAILING,
    CheckStatus.INITIALIZING: Mark.UNKNOWN,
    CheckStatus.INSUFFICIENT_DATA: Mark.UNKNOWN,
    CheckStatus.UNKNOWN: Mark.UNKNOWN,
    CheckStatus.NOT_APPLICABLE: Mark.NONE,
    CheckStatus.NOT_REPORTED: Mark.NONE,
}
_THREATS = {
    "AWS power, network": (EventCode.SYSTEM_MAINTENANCE,),
    "host": (
        EventCode.INSTANCE_STOP,
        EventCode.INSTANCE_RETIREMENT,
        EventCode.INSTANCE_REBOOT,
        EventCode.SYSTEM_REBOOT,
    ),
}


def layers(instance: Instance, facts: Facts | None, now: datetime) -> tuple[Layer, ...]:
    """From AWS's building up to the application.

    The system check does not tell power, network and host apart: all bear its mark.
    """
    checks = instance.checks
    running = instance.state in (InstanceState.RUNNING, InstanceState.PENDING, InstanceState.UNKNOWN)
    if not running:
        why = f"the instance is {instance.state}"
        names = ("AWS power, network", "host", "operating system", "volumes", "application", "performance")
        return tuple(Layer(name, Mark.NONE, why) for name in names)
    system_failing = checks.system.status is CheckStatus.IMPAIRED
    system = _layer("operating system", "instance check", checks.instance)
    if system_failing and checks.instance.status is CheckStatus.IMPAIRED:
        system = Layer("operating system", Mark.UNKNOWN, "can't be judged while the system check fails")
    return (
        *(_aws_side(name, instance, now) for name in _THREATS),
        system,
        _volumes(instance, facts),
        _layer("application", "application check", checks.application),
        _layer("performance", "performance check", checks.performance),
    )


def _aws_side(name: str, instance: Instance, now: datetime) -> Layer:
    layer = _layer(name, "system check", instance.checks.system)
    if layer.mark is Mark.FAILING:
        return Layer(
            name, Mark.FAILING, "system check impaired; it does not say which of power, network and host"
        )
    codes = [event.code for event in instance.open_events(now) if event.code in _THREATS[name]]
    return Layer(name, Mark.THREATENED, f"{codes[0]} announced") if codes else layer


def _layer(name: str, label: str, check: StatusCheck) -> Layer:
    return Layer(name, _MARKS[check.status], f"{label} {check.status}")


def _volumes(instance: Instance, facts: Facts | None) -> Layer:
    layer = _layer("volumes", "attached-EBS check", instance.checks.attached_ebs)
    volumes = None if facts is None else facts.volumes
    if not volumes or layer.mark is Mark.FAILING:
        return layer
    bad = [volume.volume_id for volume in volumes if volume.status == "impaired"]
    if bad:
        return Layer("volumes", Mark.FAILING, f"impaired: {', '.join(bad)}")
    unsure = [volume.volume_id for volume in volumes if volume.status != "ok"]
    if unsure:
        return Layer("volumes", Mark.UNKNOWN, f"not known to be ok: {', '.join(unsure)}")
    return Layer("volumes", Mark.OK, f"{len(volumes)} of {len(volumes)} ok")
