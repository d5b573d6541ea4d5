"""The reboots and maintenance: waiting loses nothing on disk and no address."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.events import ScheduledEvent
from tui.domain.guidance import base as b
from tui.domain.guidance import survival
from tui.domain.guidance.base import Kind, Paragraph
from tui.domain.guidance.stop_start_advice import clearing, price
from tui.domain.guidance.subject import Subject


def instance_reboot(subject: Subject, event: ScheduledEvent) -> Iterator[Paragraph]:
    """instance-reboot; on a Dedicated Host it is a stop and a restart elsewhere."""
    if subject.on_host:
        yield Kind.HAPPENING.says(
            "AWS does maintenance on the Dedicated Host and moves the instance to a replacement host.",
            b.HOSTS_MAINTENANCE,
        )
        yield Kind.AWS_WILL.says("Stop it and restart it on the replacement host.", b.HOSTS_MAINTENANCE)
        yield from survival.survival(subject, survival.HOST_MOVE)
        yield Kind.DO_NOT.says(
            "Do not stop it before the event without a plan: that gives up the place reserved for it on the "
            "replacement host.",
            b.HOSTS_MAINTENANCE,
        )
    else:
        yield Kind.HAPPENING.says(
            "AWS works on the host and reboots this instance meanwhile (an in-place reboot).", b.REBOOT_EVENT
        )
        yield Kind.AWS_WILL.says(
            "Reboot it on the same host: typically seconds, about 30 in place, and then the time until its "
            "checks are ok again.",
            b.REBOOT_EVENT,
        )
        yield from survival.survival(subject, survival.REBOOT)
    yield Kind.DO.says(
        "Wait for AWS's reboot, or move it (t) if it has a deadline: that loses nothing on disk and no address.",
        b.REBOOT_EVENT,
        b.RESCHEDULE,
    )
    yield Kind.DO_NOT.says(
        "Do not expect a reboot of your own (b) to clear it: that does no host maintenance and the event stays "
        "open, whatever older runbooks say.",
        b.REBOOT_EVENT,
    )
    yield Kind.CLEARS.says("AWS's own reboot.", b.REBOOT_EVENT)
    yield from clearing(subject)
    yield from price(subject)


def system_reboot(subject: Subject, event: ScheduledEvent) -> Iterator[Paragraph]:
    """system-reboot: a reboot onto another host."""
    yield Kind.HAPPENING.says(
        "AWS does maintenance on the host. The instance is rebooted onto another one (a reboot migration).",
        b.REBOOT_EVENT,
    )
    yield Kind.AWS_WILL.says(
        "Reboot it and move it to a new host: typically minutes; do not call it hung. Then the time until its "
        "checks are ok again.",
        b.REBOOT_EVENT,
    )
    yield Kind.NOTE.says("Most such events are over within three minutes.", b.EXPERIENCE)
    yield from survival.survival(subject, survival.REBOOT)
    yield Kind.DO.says(
        "Wait for AWS's reboot, or move it (t) if it has a deadline: that keeps everything but memory, "
        "instance store too.",
        b.REBOOT_EVENT,
        b.STORE,
    )
    yield _own_reboot(subject)
    yield Kind.CLEARS.says("AWS's own reboot.", b.REBOOT_EVENT)
    yield from clearing(subject)
    yield from price(subject)


def _own_reboot(subject: Subject) -> Paragraph:
    able, why = subject.migration
    if subject.general and able is None:
        return Kind.DO.says(
            "A reboot of your own (b) clears it only if it migrates: type supported, setting 'default', no instance "
            "store, no EFA, not in Auto Scaling, not Xen, metal or on a Dedicated Host.",
            b.REBOOT_EVENT,
        )
    if able:
        return Kind.DO.says(
            f"A reboot of your own (b) may migrate it and clear the event ({why}; EFA is not seen here). Nothing "
            "tells in advance that it will succeed: look at the event again afterwards.",
            b.REBOOT_EVENT,
        )
    if able is None:
        return Kind.NOTE.says(
            f"Don't know whether a reboot of your own (b) would migrate it: {why}.", b.REBOOT_EVENT
        )
    return Kind.DO_NOT.says(
        f"Do not reboot it (b) to clear the event: {why}, so it would stay on this host and the event "
        "would remain. AWS still moves it at the scheduled time.",
        b.REBOOT_EVENT,
    )


def system_maintenance(subject: Subject, event: ScheduledEvent) -> Iterator[Paragraph]:
    """system-maintenance: network or power; only AWS's text tells which."""
    yield Kind.HAPPENING.says(
        "AWS works on the network or the power of the hardware. The code does not tell which; AWS's own words may.",
        b.MAINTENANCE_EVENT,
    )
    yield Kind.AWS_WILL.says(
        "Network: its network drops for a moment. Power: it goes offline for a moment and is then rebooted, with its "
        "configuration kept. Normally a few minutes.",
        b.MAINTENANCE_EVENT,
    )
    yield from survival.survival(subject, survival.NETWORK, "network maintenance")
    yield from survival.survival(subject, survival.POWER_EFFECT, "power maintenance")
    yield Kind.DO.says(
        "Wait for it, or move it (t) if it has a deadline: that loses nothing on disk and no address.",
        b.MAINTENANCE_EVENT,
        b.RESCHEDULE,
    )
    yield Kind.DO_NOT.says(
        "Do not reboot it (b) to avoid it: it stays on the same host.", b.MAINTENANCE_EVENT
    )
    yield Kind.CLEARS.says("AWS's work.", b.MAINTENANCE_EVENT)
    yield from clearing(subject)
    yield from price(subject)
