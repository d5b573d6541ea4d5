"""What is wrong with an instance, what AWS will do, what survives, what to press: for one instance, or for an event code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from tui.domain.activity import NO_ACTIVITY, Own
from tui.domain.diagnosis.findings import Finding
from tui.domain.down_by_aws import STOP_EVENTS
from tui.domain.events import EventCode, EventState, ScheduledEvent
from tui.domain.facts import Facts
from tui.domain.guidance import advice, checks, events, in_progress, stopped_instance
from tui.domain.guidance import base as b
from tui.domain.guidance.base import Explanation, Kind, Paragraph, Recommendation, Source
from tui.domain.guidance.by_evidence import recommend_by_evidence
from tui.domain.guidance.layer_stack import Layer, layers
from tui.domain.guidance.subject import Subject
from tui.domain.instance import CheckName, Instance, InstanceState, Target
from tui.domain.policy import Policy
from tui.domain.sanitize import SafeText, clean
from tui.domain.severity import Mark
from tui.domain.this_machine import NOWHERE, Here
from tui.domain.time_format import bare_clock

__all__ = [
    "Explanation",
    "Kind",
    "Layer",
    "Mark",
    "Paragraph",
    "Recommendation",
    "Source",
    "explain",
    "explain_code",
    "layers",
]

_GRAVITY = (
    EventCode.INSTANCE_RETIREMENT,
    EventCode.INSTANCE_STOP,
    EventCode.UNKNOWN,
    EventCode.SYSTEM_REBOOT,
    EventCode.INSTANCE_REBOOT,
    EventCode.SYSTEM_MAINTENANCE,
)


def explain(
    instance: Instance,
    facts: Facts | None,
    policy: Policy,
    now: datetime,
    zone: tzinfo,
    here: Here = NOWHERE,
    own: Own = NO_ACTIVITY,
    findings: Sequence[Finding] = (),
) -> Explanation:
    """Everything the console teaches about this instance at `now` (UTC); times are drawn in `zone` and in UTC.

    `here`: the machine evac runs on. `own`: what evac itself does to instances, and what people said of them.
    `findings`: why it fails, the likeliest cause first; they change which key is recommended, and nothing else.
    """
    subject = Subject(
        instance, facts, policy, now, zone, here=here, work=own.work(instance), meant=own.meant(instance)
    )
    if instance.state in (InstanceState.TERMINATED, InstanceState.SHUTTING_DOWN):
        return Explanation(
            f"It is {instance.state}: nothing can be done for it.", diagnosis_short=f"It is {instance.state}."
        )
    stopped = subject.down
    failing = () if stopped else instance.checks.impaired()
    open_events = instance.open_events(now)
    paragraphs: list[Paragraph] = list(in_progress.in_progress_paragraphs(subject))
    if failing or open_events:
        paragraphs += advice.from_elsewhere(subject)
    if stopped:
        paragraphs += stopped_instance.stopped_paragraphs(subject, subject.found_down)
    paragraphs += checks.check_paragraphs(subject, failing)
    paragraphs += _together(subject, failing, open_events)
    for event in (*open_events, *(event for event in instance.events if event not in open_events)):
        paragraphs += events.event_paragraphs(subject, event)
    if failing or open_events or subject.found_down is not None:
        paragraphs += advice.obstacles(subject)
    silent, silence = list(checks.silent(subject)), checks.silence(subject)
    recommended, instead = in_progress.recommend_following(subject, failing), ""
    if recommended is None:
        usual = advice.recommend(subject, failing, open_events)
        recommended, instead = recommend_by_evidence(subject, failing, usual, findings)
    return Explanation(
        _headline(subject, failing, open_events, silence),
        tuple(paragraphs + silent),
        recommended,
        _short(subject, failing, open_events, silence),
        instead,
    )


def _worst(open_events: tuple[ScheduledEvent, ...]) -> ScheduledEvent:
    return min(open_events, key=lambda event: _GRAVITY.index(event.code))


def _headline(
    subject: Subject, failing: tuple[CheckName, ...], open_events: tuple[ScheduledEvent, ...], silence: str
) -> str:
    ours = subject.work is not None and not (subject.work.waiting and open_events)
    parts = [subject.work.line(subject.now)] if subject.work is not None and ours else []
    if subject.down:
        parts.append(stopped_instance.stopped_headline(subject, subject.found_down))
    if failing:
        parts.append(checks.checks_headline(subject, failing))
    if open_events:
        more = f" (and {len(open_events) - 1} more)" if len(open_events) > 1 else ""
        parts.append(events.event_headline(subject, _worst(open_events)) + more)
    if not parts:
        parts.append(silence or "No failing check and no open event")
    return ". ".join(part if part.startswith("evac ") else part[0].upper() + part[1:] for part in parts) + "."


_SHORT = {
    EventCode.INSTANCE_STOP: "AWS stops it",
    EventCode.INSTANCE_REBOOT: "AWS reboots it",
    EventCode.SYSTEM_REBOOT: "AWS reboots and moves it",
    EventCode.SYSTEM_MAINTENANCE: "AWS maintenance",
}


def _short(
    subject: Subject, failing: tuple[CheckName, ...], open_events: tuple[ScheduledEvent, ...], silence: str
) -> str:
    waiting = subject.work is not None and subject.work.waiting
    afterwards = "evac starts it then" if waiting else "It will NOT start by itself"
    parts = [subject.work.line(subject.now)] if subject.work is not None and not waiting else []
    if subject.work is not None and subject.work.explains(subject.instance):
        return f"{parts[0]}."
    found = subject.found_down
    if found is not None:
        parts.append(stopped_instance.stopped_short(subject, found))
    elif subject.down:
        parts.append(f"It is {subject.instance.state}")
    if failing:
        parts.append(checks.checks_short(subject, failing))
    if open_events:
        event = _worst(open_events)
        if subject.down and event.code in STOP_EVENTS and subject.root == "ebs":
            parts.append(f"{event.code_text} {_short_time(subject, event)} is still listed")
            return f"{'; '.join(parts)}. {afterwards}."
        deed = _SHORT.get(event.code) or _short_retirement(subject, event)
        parts.append(f"{deed} {_short_time(subject, event)}")
        if event.code in STOP_EVENTS and subject.root == "ebs":
            return f"{'; '.join(parts)}. {afterwards}."
    if not parts:
        return f"{silence or 'No failing check and no open event'}."
    return "; ".join(parts) + "."


def _short_retirement(subject: Subject, event: ScheduledEvent) -> str:
    if event.code is EventCode.UNKNOWN:
        return f"AWS announced {event.code_text}"
    return {"ebs": "AWS stops it", "instance-store": "AWS TERMINATES it"}.get(
        subject.root, "AWS stops or TERMINATES it"
    )


def _short_time(subject: Subject, event: ScheduledEvent) -> str:
    if event.not_before is None:
        return "at an unknown time"
    if event.state(subject.now) is EventState.STARTED:
        return "(started or due)"
    if event.not_before - subject.now < timedelta(hours=24):
        return f"at {bare_clock(event.not_before, subject.zone)}"
    return subject.at(event).split(" (")[0]


def _together(
    subject: Subject, failing: tuple[CheckName, ...], open_events: tuple[ScheduledEvent, ...]
) -> Iterator[Paragraph]:
    if CheckName.SYSTEM in failing and subject.leaving:
        yield Kind.DO.says(
            "Do not wait for the announced date: the host fails already, and an instance that can't "
            "be reached is to be stopped and "
            "started now (an instance-store root: replaced now).",
            b.RETIREMENT,
        )
    if CheckName.INSTANCE in failing and any(
        event.code is EventCode.INSTANCE_REBOOT for event in open_events
    ):
        yield Kind.NOTE.says(
            "A reboot may cure the instance check; it does not clear the reboot event.", b.REBOOT_EVENT
        )
    known = [event for event in open_events if event.code is not EventCode.UNKNOWN]
    if len(known) > 1 and subject.root == "ebs" and subject.blocked("stop-start") is None:
        yield Kind.NOTE.says(
            "Several events: one stop and start before the earliest of them clears them all.", b.WINDOWS
        )


def explain_code(
    code: str,
    root_device: str = "",
    state: EventState = EventState.PENDING,
    reboot_migration: str = "",
    tenancy: str = "",
    *,
    now: datetime | None = None,
) -> Explanation:
    """The guidance for any instance with such an event. `root_device`: ebs, instance-store or empty (both cases are told)."""
    moment = now or datetime(2000, 1, 1, tzinfo=UTC)
    words = {EventState.COMPLETED: "[Completed]", EventState.CANCELED: "[Canceled]"}
    event = ScheduledEvent(
        clean(code),
        description=SafeText(words.get(state, "")),
        not_before=moment if state is EventState.STARTED else None,
    )
    instance = Instance(
        Target("", ""),
        SafeText("any instance"),
        events=(event,),
        root_device=clean(root_device),
        reboot_migration=clean(reboot_migration),
        tenancy=clean(tenancy),
    )
    subject = Subject(instance, None, Policy(), moment, UTC, general=True)  # no site's: it is no instance's
    paragraphs = events.event_paragraphs(subject, event)
    if event.code is EventCode.UNKNOWN:
        line = f"{event.code_text}: a code this version can't explain."
    elif not event.is_open(moment):
        line = f"{event.code_text}: {state}."
    else:
        line = f"{events.event_headline(subject, event)}."
    return Explanation(line, paragraphs, None, line)
