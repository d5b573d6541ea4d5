"""What a failing check means: one entry a check, each sentence with its source. And what a check that says nothing means."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tui.domain.guidance import base as b
from tui.domain.guidance import survival
from tui.domain.guidance.base import Kind, Paragraph
from tui.domain.guidance.subject import Subject
from tui.domain.instance import CheckName, CheckStatus, InstanceState, StatusCheck
from tui.domain.time_format import ago, bare_clock, clock

CheckGuide = Callable[[Subject, StatusCheck], Iterator[Paragraph]]

CHECK_TITLES = {
    CheckName.SYSTEM: "system check",
    CheckName.INSTANCE: "instance check",
    CheckName.ATTACHED_EBS: "attached-EBS check",
    CheckName.APPLICATION: "application check",
    CheckName.PERFORMANCE: "performance check",
}
_DIAGNOSES = {
    CheckName.SYSTEM: "The host is failing",
    CheckName.INSTANCE: "The operating system does not answer",
    CheckName.ATTACHED_EBS: "A volume does not answer",
    CheckName.APPLICATION: "The application does not answer",
    CheckName.PERFORMANCE: "AWS reports impaired performance",
}


def checks_headline(subject: Subject, failing: tuple[CheckName, ...]) -> str:
    """The diagnosis of the outermost failing layer: an inner check fails with it."""
    name = failing[0]
    return f"{_DIAGNOSES[name]} ({CHECK_TITLES[name]}{_since(subject, name)})"


def checks_short(subject: Subject, failing: tuple[CheckName, ...]) -> str:
    """The same for 80 columns."""
    name = failing[0]
    word = {
        CheckName.SYSTEM: "Host failing",
        CheckName.INSTANCE: "OS not answering",
        CheckName.ATTACHED_EBS: "Volume failing",
        CheckName.APPLICATION: "Application failing",
        CheckName.PERFORMANCE: "Performance impaired",
    }[name]
    since = subject.instance.checks.get(name).since
    return word if since is None else f"{word} since {bare_clock(since, subject.zone)}"


def _since(subject: Subject, name: CheckName) -> str:
    since = subject.instance.checks.get(name).since
    return "" if since is None else f", since {clock(since, subject.zone)}, {ago(since, subject.now)}"


def check_paragraphs(subject: Subject, failing: tuple[CheckName, ...]) -> Iterator[Paragraph]:
    """All failing checks, outermost first; system and instance together are one problem, AWS's."""
    for name in failing:
        if name is CheckName.INSTANCE and CheckName.SYSTEM in failing:
            yield Kind.NOTE.says(
                "The instance check fails as well: a failed system check is enough to cause that. "
                "Look at the system first.",
                b.STATUS_CHECKS_GUIDE,
            )
            continue
        yield from CHECK_GUIDES[name](subject, subject.instance.checks.get(name))


def system(subject: Subject, check: StatusCheck) -> Iterator[Paragraph]:
    """AWS's side."""
    yield Kind.HAPPENING.says(
        "The system check fails: trouble on AWS's side, that is loss of network or power, the "
        "host's software, or host hardware "
        "that affects reachability. The check does not say which.",
        b.STATUS_CHECKS_GUIDE,
    )
    yield from _recovery(subject)
    if subject.root == "instance-store":
        yield Kind.DO.says(
            "Wait for AWS, or launch a replacement and terminate this one: an instance-store root can't be stopped.",
            b.STATUS_CHECKS_GUIDE,
        )
    elif not subject.leaving:  # an announced stop says more: its paragraphs follow
        block = subject.blocked("stop-start")
        if block is None:
            yield Kind.DO.says(
                "Wait for AWS, or stop and start it (s): it comes up on another host, in most cases.",
                b.STATUS_CHECKS_GUIDE,
                b.LIFECYCLE,
            )
            yield from survival.survival(subject, survival.STOP, "your stop and start")
        else:
            yield Kind.DO.says(
                f"Wait for AWS. Stop/start is not possible now: {block.text}.", b.STATUS_CHECKS_GUIDE
            )
    yield Kind.DO_NOT.says(
        "Do not reboot it (b): a reboot stays on the same host.", b.LIFECYCLE, b.TROUBLE_CHECKS
    )
    yield Kind.CLEARS.says(
        "AWS's repair, or a start on a healthy host; then the check reports ok.", b.STATUS_CHECKS_GUIDE
    )


def _recovery(subject: Subject) -> Iterator[Paragraph]:
    """Whether simplified automatic recovery may act. Source: user guide, instance-configuration-recovery."""
    setting = subject.instance.auto_recovery
    scheduled = bool(subject.instance.open_events(subject.now))
    if setting == "disabled":
        yield Kind.NOTE.says("Automatic recovery is switched off for this instance.", b.RECOVERY)
    elif (
        subject.in_group
        or subject.on_host
        or subject.store
        or (subject.type is not None and subject.type.bare_metal)
    ):
        yield Kind.NOTE.says(
            "Automatic recovery does not act here: not for metal, Dedicated Hosts, instance store "
            "or Auto Scaling members.",
            b.RECOVERY,
        )
    elif scheduled:
        yield Kind.NOTE.says("Automatic recovery does not act during scheduled maintenance.", b.RECOVERY)
    elif setting == "default" or subject.general:
        yield Kind.AWS_WILL.says(
            "Where automatic recovery is on (the default) and the type supports it, AWS may move the instance "
            "by itself. It keeps its id, all its addresses and EBS, and loses memory; from inside it looks like an "
            "unexpected reboot.",
            b.RECOVERY,
        )
    else:
        yield Kind.NOTE.says("Don't know whether automatic recovery is on for it.", b.RECOVERY)


def instance_check(subject: Subject, check: StatusCheck) -> Iterator[Paragraph]:
    """The operator's side."""
    yield Kind.HAPPENING.says(
        "The instance check fails while the host is not known to: usually wrong network or start-up "
        "configuration, exhausted memory, "
        "a corrupt file system or an incompatible kernel. It also fails while the instance reboots.",
        b.STATUS_CHECKS_GUIDE,
    )
    yield Kind.AWS_WILL.says(
        "Nothing by itself: this side is yours. Only a reboot alarm of your own would act.",
        b.STATUS_CHECKS_GUIDE,
        b.ALARMS,
    )
    yield Kind.DO.says(
        "Read the console output first; then reboot it (b), or change the configuration. After a "
        "change of type, look for the ENA or "
        "NVMe driver.",
        b.TROUBLE_CHECKS,
    )
    yield Kind.NOTE.says(
        "Triage: which check, then CPU, memory, volume I/O, then the system log, then what was changed last.",
        b.EXPERIENCE,
    )
    yield from survival.survival(subject, survival.REBOOT, "a reboot")
    yield Kind.DO_NOT.says(
        "Do not expect a stop/start to cure it: a full disk or a broken configuration comes along to the new host.",
        b.TROUBLE_CHECKS,
    )
    yield Kind.CLEARS.says("The operating system answering again.", b.STATUS_CHECKS_GUIDE)


def attached_ebs(subject: Subject, check: StatusCheck) -> Iterator[Paragraph]:
    """Storage."""
    yield Kind.HAPPENING.says(
        "The attached-EBS check fails: a volume can't complete I/O. AWS names the storage "
        "subsystem, the host's hardware, and the "
        "connection between them.",
        b.STATUS_CHECKS_GUIDE,
    )
    for volume in (subject.facts.volumes if subject.facts is not None else None) or ():
        if volume.status not in ("ok", ""):
            yield Kind.NOTE.says(
                f"{volume.volume_id}: {_volume(volume.status, volume.io_enabled, volume.io_performance)}.",
                b.VOLUME_STATUS,
            )
    block = subject.blocked("stop-start")
    if block is None:
        yield Kind.DO.says(
            "Wait, replace the affected volumes, or stop and start it (s).", b.STATUS_CHECKS_GUIDE
        )
        yield from survival.survival(subject, survival.STOP, "your stop and start")
    else:
        yield Kind.DO.says(
            f"Wait, or replace the affected volumes. Stop/start is not possible now: {block.text}.",
            b.STATUS_CHECKS_GUIDE,
        )
    yield Kind.DO_NOT.says("Do not reboot it (b): that is no remedy for its volumes.", b.STATUS_CHECKS_GUIDE)
    yield Kind.CLEARS.says("The volumes completing I/O again.", b.STATUS_CHECKS_GUIDE)


def _volume(status: str, enabled: str, performance: str) -> str:
    text = f"status {status}"
    if enabled == "failed":
        text += ", I/O cut by AWS because its data may be inconsistent: decide on a file-system check, then EnableVolumeIO"
    if performance and performance not in ("normal", "not-applicable"):
        text += f", I/O {performance}"
    return text


def application(subject: Subject, check: StatusCheck) -> Iterator[Paragraph]:
    """The operator's own probes."""
    yield Kind.HAPPENING.says(
        "The application check fails: the HTTP or HTTPS probe somebody configured gets no good answer.",
        b.APPLICATION_CHECKS,
    )
    if subject.group:
        yield Kind.AWS_WILL.says(
            f"Auto Scaling group {subject.group} replaces a member with a failing application check.",
            b.APPLICATION_CHECKS,
        )
    yield Kind.DO.says("Look at the application; this console can't.", b.APPLICATION_CHECKS)
    yield Kind.CLEARS.says("The probe getting a good answer.", b.APPLICATION_CHECKS)


def performance(subject: Subject, check: StatusCheck) -> Iterator[Paragraph]:
    """AWS's own remedy, verbatim: no page of the guide explains it."""
    yield Kind.HAPPENING.says("AWS reports impaired performance.", b.MODEL_STATUS)
    if check.detail:
        yield Kind.DO.says(f"AWS's own words: {check.detail}", b.MODEL_STATUS)
    else:
        yield Kind.DO.says("AWS gave no remedy with it.", b.MODEL_STATUS)


CHECK_GUIDES: dict[CheckName, CheckGuide] = {
    CheckName.SYSTEM: system,
    CheckName.INSTANCE: instance_check,
    CheckName.ATTACHED_EBS: attached_ebs,
    CheckName.APPLICATION: application,
    CheckName.PERFORMANCE: performance,
}

_SILENCE = {
    CheckStatus.INITIALIZING: "is still initializing: no verdict yet",
    CheckStatus.INSUFFICIENT_DATA: "has insufficient data: AWS itself does not know",
    CheckStatus.UNKNOWN: "is not known: it was not read",
}


def silence(subject: Subject) -> str:
    """Why it is not known to be well, when no check fails and no event is open; empty: it is."""
    told = [one.text for one in silent(subject)]
    if told and all(_SILENCE[CheckStatus.INITIALIZING] in text for text in told):
        return "Too early to tell: its status checks are still starting"
    return "Not known to be well: some checks say nothing" if told else ""


def silent(subject: Subject) -> Iterator[Paragraph]:
    """The checks of a running instance that do not say anything: never taken for healthy."""
    if subject.instance.state not in (InstanceState.RUNNING, InstanceState.PENDING, InstanceState.UNKNOWN):
        return
    for name in CheckName:
        status = subject.instance.checks.get(name).status
        if status in _SILENCE and not (
            status is CheckStatus.UNKNOWN and name not in (CheckName.SYSTEM, CheckName.INSTANCE)
        ):
            yield Kind.NOTE.says(f"The {CHECK_TITLES[name]} {_SILENCE[status]}.", b.MODEL_STATUS)
