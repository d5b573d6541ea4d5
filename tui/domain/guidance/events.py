"""What a scheduled event means: one entry an event code, each sentence with its source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import assert_never

from tui.domain.down_by_aws import STOP_EVENTS
from tui.domain.events import EventCode, EventState, ScheduledEvent
from tui.domain.guidance import base as b
from tui.domain.guidance import reboot_events, stop_events
from tui.domain.guidance.base import Kind, Paragraph
from tui.domain.guidance.subject import Subject

EventGuide = Callable[[Subject, ScheduledEvent], Iterator[Paragraph]]


def event_headline(subject: Subject, event: ScheduledEvent) -> str:
    """What AWS will do, in one sentence without its full stop."""
    if event.state(subject.now) is EventState.STARTED and event.not_before is not None:
        return f"{_deed(subject, event, ' (started or due)')}"
    return _deed(subject, event, f" {subject.at(event)}")


def _deed(subject: Subject, event: ScheduledEvent, when: str) -> str:
    if subject.down and event.code in STOP_EVENTS and subject.root != "instance-store":
        state = subject.instance.state
        return f"its {event.code_text} event{when} finds it {state} already"
    match event.code:
        case EventCode.INSTANCE_STOP:
            return f"AWS will stop it{when}; {_afterwards(subject)}"
        case EventCode.INSTANCE_RETIREMENT:
            if subject.root == "instance-store":
                return f"AWS will TERMINATE it{when}; everything on its disks is lost for good"
            if subject.root == "ebs":
                return f"AWS will stop it{when} (retirement); {_afterwards(subject)}"
            doubt = "" if subject.general else " (don't know which)"
            return f"AWS will stop it{when}, or TERMINATE it if its root is instance store{doubt}"
        case EventCode.INSTANCE_REBOOT:
            if subject.on_host:
                return f"AWS will stop it and restart it on a replacement host{when}"
            return f"AWS will reboot it{when}"
        case EventCode.SYSTEM_REBOOT:
            return f"AWS will reboot it and move it to a new host{when}"
        case EventCode.SYSTEM_MAINTENANCE:
            return f"AWS will work on its network or power{when}"
        case EventCode.UNKNOWN:
            return f"AWS announced {event.code_text}{when}, which this version can't explain"
        case _ as never:
            assert_never(never)


def _afterwards(subject: Subject) -> str:
    """Who starts it: nobody, unless that was ordered."""
    waiting = subject.work is not None and subject.work.waiting
    return "evac starts it then" if waiting else "it will NOT start by itself"


def event_paragraphs(subject: Subject, event: ScheduledEvent) -> tuple[Paragraph, ...]:
    """Everything about one event of this instance; a closed one is a note."""
    state = event.state(subject.now)
    if state in (EventState.COMPLETED, EventState.CANCELED):
        return (
            Kind.NOTE.says(
                f"{event.code_text}: AWS calls it {state}. Such an event stays listed for up to a week "
                "and asks for nothing.",
                b.MODEL_EVENT,
            ),
        )
    result = [*EVENT_GUIDES[event.code](subject, event)]
    if event.description:
        result.append(Kind.NOTE.says(f"AWS's own words: {event.description}", b.MODEL_EVENT))
    if not subject.general:
        result[1:1] = when(subject, event)
        result.extend(event_window_notes(subject, event))
    return tuple(result)


def when(subject: Subject, event: ScheduledEvent) -> Iterator[Paragraph]:
    """NotBefore, NotAfter, the deadline, and whether it can be moved."""
    parts = []
    if event.not_before is None:
        parts.append(f"{event.code_text}: AWS announced no start")
    elif event.state(subject.now) is EventState.STARTED:
        parts.append(
            f"{event.code_text}: started or due since {subject.time(event.not_before)}; "
            "its text can lag behind by an hour"
        )
    else:
        parts.append(f"{event.code_text}: not before {subject.time(event.not_before)}")
    if event.not_after is not None:
        parts.append(f"planned to end by {subject.time(event.not_after)}")
    if event.deadline is not None:
        parts.append(f"AWS starts it by {subject.time(event.deadline)} at the latest")
    yield Kind.WHEN.says("; ".join(parts) + ".", b.MODEL_EVENT, b.MAINTENANCE_EVENT)
    reason = event.why_not_reschedule(subject.now)
    if reason is None:
        yield Kind.DO.says(
            "You can move it (t) to a time at least 60 minutes ahead and not after the deadline; "
            "AWS shows the new time after one or two minutes.",
            b.RESCHEDULE,
        )
    else:
        yield Kind.NOTE.says(f"It can't be moved: {reason}.", b.RESCHEDULE)


def event_window_notes(subject: Subject, event: ScheduledEvent) -> Iterator[Paragraph]:
    """Which event windows it has, and that they move nothing that is scheduled already."""
    if subject.facts is None:
        return
    if subject.facts.windows is None:
        why = next((why for name, why in subject.facts.unknown if name == "windows"), None)
        if why is not None:
            yield Kind.NOTE.says(f"Don't know whether it has an event window: {why}.", b.WINDOWS)
        return
    for window in subject.facts.windows:
        if event.code is EventCode.SYSTEM_MAINTENANCE:
            told = "it is for what stops, reboots or terminates it, not for maintenance of the network."
        else:
            inside = None if event.not_before is None else window.holds(event.not_before)
            place = "" if inside is None else f" This event starts {'in' if inside else 'out'}side it."
            told = f"AWS keeps to it in what it schedules later; it moves nothing that is scheduled already.{place}"
        yield Kind.NOTE.says(f"Event window {window.words}: {told}", b.WINDOWS)


def undocumented_event(subject: Subject, event: ScheduledEvent) -> Iterator[Paragraph]:
    """A code AWS does not document: shown verbatim, with no advice."""
    yield Kind.HAPPENING.says(
        f"AWS announced {event.code_text}. This version does not know that code and gives no advice."
    )
    yield Kind.NOTE.says(
        "AWS announces scheduled events by e-mail and in AWS Health too: the text there may say more.",
        b.SCHED,
    )


EVENT_GUIDES: dict[EventCode, EventGuide] = {
    EventCode.INSTANCE_STOP: stop_events.instance_stop,
    EventCode.INSTANCE_RETIREMENT: stop_events.instance_retirement,
    EventCode.INSTANCE_REBOOT: reboot_events.instance_reboot,
    EventCode.SYSTEM_REBOOT: reboot_events.system_reboot,
    EventCode.SYSTEM_MAINTENANCE: reboot_events.system_maintenance,
    EventCode.UNKNOWN: undocumented_event,
}
