"""instance-stop and instance-retirement: the host is given up, and only leaving it helps."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.events import ScheduledEvent
from tui.domain.guidance import base as b
from tui.domain.guidance import survival
from tui.domain.guidance.base import Kind, Paragraph
from tui.domain.guidance.stop_start_advice import clearing
from tui.domain.guidance.subject import Subject


def instance_stop(subject: Subject, event: ScheduledEvent) -> Iterator[Paragraph]:
    """instance-stop."""
    if subject.down:
        yield from _already(subject)
    else:
        yield Kind.HAPPENING.says(
            "AWS plans to stop this instance. The documented reason is degraded hardware under it; "
            "a degraded host can also die before the date.",
            b.SCHED,
            b.VIEW,
            b.RETIREMENT,
        )
        yield Kind.AWS_WILL.says(
            "Stop it, and nothing more: it stays stopped until somebody starts it. The start brings it up "
            "on a new host.",
            b.SCHED,
        )
    yield from survival.survival(subject, survival.STOP)
    if subject.general or subject.blocked("stop-start") is None:
        yield Kind.DO.says(
            "Stop and start it yourself (s) in a quiet hour, sooner rather than later; make an AMI first (i) "
            "if the newest is old.",
            b.RETIRE_EVENT,
        )
    if not subject.down:
        yield _otherwise()
    yield Kind.DO_NOT.says(
        "Do not reboot it (b): a reboot stays on the degraded host and clears nothing.",
        b.RETIRE_EVENT,
        b.LIFECYCLE,
    )
    yield Kind.DO_NOT.says(
        "Do not count on stop protection: it does not hold this stop off.", b.STOP_PROTECTION
    )
    yield from clearing(subject)


def _already(subject: Subject) -> Iterator[Paragraph]:
    """The stop has happened, by AWS or by somebody else: what is planned makes no difference any more."""
    yield Kind.HAPPENING.says(
        f"AWS planned to stop this instance, for degraded hardware under it, and it is {subject.instance.state} already.",
        b.SCHED,
        b.VIEW,
        b.RETIREMENT,
    )
    yield Kind.AWS_WILL.says(
        "Nothing more: it stays stopped until somebody starts it. The start brings it up on a new host.",
        b.SCHED,
    )


def _otherwise() -> Paragraph:
    return Kind.DO.says(
        "Otherwise wait for the date, and see that something starts it afterwards: order it now (w), and evac starts it "
        "once AWS has stopped it; or replace it from an AMI.",
        b.SCHED,
        b.RETIRE_EVENT,
    )


def instance_retirement(subject: Subject, event: ScheduledEvent) -> Iterator[Paragraph]:
    """instance-retirement: a stop for an EBS root, the end for an instance-store root."""
    if subject.down and subject.root == "ebs":
        yield from _already(subject)
        yield from survival.survival(subject, survival.STOP)
        yield from clearing(subject)
        return
    yield Kind.HAPPENING.says(
        "AWS retires the hardware under this instance. The host can also die before the date.", b.RETIREMENT
    )
    stays = "Stop it; it stays stopped until somebody starts it, and the start brings it up on a new host"
    if subject.root == "ebs":
        yield Kind.AWS_WILL.says(f"{stays}.", b.SCHED)
        yield from survival.survival(subject, survival.STOP)
    elif subject.root == "instance-store":
        yield Kind.AWS_WILL.says("Terminate it: its root device is instance store.", b.SCHED, b.RETIREMENT)
        yield from survival.survival(subject, survival.TERMINATE)
    else:
        yield Kind.AWS_WILL.says(
            f"With an EBS root: {stays[0].lower()}{stays[1:]}. With an instance-store root: terminate it.",
            b.SCHED,
        )
        yield from survival.survival(subject, survival.STOP, "with an EBS root")
        yield from survival.survival(subject, survival.TERMINATE, "with an instance-store root")
    yield from _retirement_advice(subject, event)


def _retirement_advice(subject: Subject, event: ScheduledEvent) -> Iterator[Paragraph]:
    if subject.root != "instance-store" and (subject.general or subject.blocked("stop-start") is None):
        yield Kind.DO.says(
            "Stop and start it yourself (s) before the date; at once if it can't be reached already. For an AMI you "
            "can trust, AWS asks to make it while the instance is stopped.",
            b.RETIREMENT,
            b.RETIRE_EVENT,
        )
    if subject.root != "instance-store":
        yield _otherwise()
    if subject.root != "ebs":
        yield Kind.DO.says(
            "With an instance-store root: launch a replacement from the newest AMI, move the data over, "
            "terminate the old one.",
            b.RETIRE_EVENT,
        )
        yield Kind.DO_NOT.says(
            "With an instance-store root, do not wait: nothing can be recovered after the date.", b.RETIREMENT
        )
    yield Kind.DO_NOT.says("Do not reboot it (b): it stays on the host that is retired.", b.RETIRE_EVENT)
    if subject.root == "instance-store":
        yield Kind.CLEARS.says(
            "Only the replacement: an instance-store root can't be stopped.", b.RETIRE_EVENT
        )
    else:
        yield from clearing(subject)
