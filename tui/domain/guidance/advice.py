"""Which verb to press, if any; and what stands in the way of the usual one."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.actions import ACTIONS
from tui.domain.down_by_aws import Cause
from tui.domain.events import EventCode, ScheduledEvent
from tui.domain.guidance import base as b
from tui.domain.guidance import stopped_instance
from tui.domain.guidance.base import Kind, Paragraph, Recommendation
from tui.domain.guidance.subject import Subject
from tui.domain.hazards.images import image_view
from tui.domain.instance import CheckName, InstanceState


def recommend(
    subject: Subject, failing: tuple[CheckName, ...], events: tuple[ScheduledEvent, ...]
) -> Recommendation | None:
    """The one verb worth pressing now, or None: then waiting, or work outside this console, is better."""
    state = subject.instance.state
    if subject.down:
        return _start(subject)
    if state is not InstanceState.RUNNING or subject.instance.managed_by:
        return None
    leaving = subject.leaving
    if CheckName.SYSTEM in failing:
        why = (
            "moves it off the failing host"
            if not leaving
            else "moves it off the failing host before AWS stops it"
        )
        return stop_start(subject, why)
    if leaving:
        return stop_start(subject, "moves it to another host at a time of your own, and clears the event")
    if CheckName.INSTANCE in failing:
        return advised_verb(subject, "reboot", "the remedy AWS names, once the console output is read")
    if CheckName.ATTACHED_EBS in failing:
        if subject.stop_costs:
            return None
        return stop_start(
            subject, "if waiting does not help: it costs nothing but memory and a few minutes here"
        )
    if failing:
        return None
    if any(
        event.why_not_reschedule(subject.now) is None
        for event in events
        if event.code is not EventCode.UNKNOWN
    ):
        return advised_verb(
            subject,
            "reschedule",
            "only if the time does not suit: waiting loses nothing on disk and no address",
        )
    return None


def _start(subject: Subject) -> Recommendation | None:
    found = subject.found_down
    if subject.meant is not None:
        return None
    if found is not None and (found.spot or (subject.group and found.cause is Cause.AWS)):
        return None  # AWS starts it, or its group replaces it
    if found is not None and found.stopping:
        return advised_verb(
            subject, "stop-start", "it waits until AWS has stopped it, and starts it on a new host"
        )
    if found is not None or (subject.leaving and subject.instance.state is InstanceState.STOPPED):
        return advised_verb(subject, "start", stopped_instance.why_start(found))
    return None


def stop_start(subject: Subject, why: str) -> Recommendation | None:
    """A stop and start, if its root survives one and nothing forbids it; with a word on the newest AMI."""
    if subject.root != "ebs":
        return None
    asked, newest, _ = image_view(subject.facts, subject.instance, subject.now)
    age = None if newest is None or newest.created is None else subject.now - newest.created
    old = age is None or age > subject.policy.image_max_age
    return advised_verb(
        subject, "stop-start", f"{why}; no fresh AMI, so think of one first (i)" if asked and old else why
    )


def advised_verb(subject: Subject, verb: str, why: str) -> Recommendation | None:
    """An action, if nothing forbids it and it is not for another machine to do."""
    if subject.from_elsewhere(verb):
        return None
    if subject.blocked(verb) is not None or (ACTIONS[verb].sets_aside and subject.group):
        return None
    return Recommendation(verb, ACTIONS[verb].key, why)


def from_elsewhere(subject: Subject) -> Iterator[Paragraph]:
    """Before all else: of the machine evac runs on."""
    if subject.from_elsewhere("stop-start"):
        yield Kind.DO.says(
            "Act on it from another machine: evac runs on this very instance, so its runner would end with a stop, and nobody "
            "would be left to start it again."
        )


def obstacles(subject: Subject) -> Iterator[Paragraph]:
    """What changes the usual advice for this instance: another owner, a group, a Dedicated Host."""
    instance = subject.instance
    if instance.managed_by:
        yield Kind.DO_NOT.says(
            f"Do not change it directly: it is managed by {instance.managed_by}. Act through that service.",
            b.MANAGED,
        )
    if subject.group:
        yield Kind.AWS_WILL.says(
            f"Auto Scaling group {subject.group} treats a stopped or failing member as unhealthy, "
            f"terminates it and launches another.",
            b.GROUP_HEALTH,
        )
        yield Kind.DO.says(
            "Let the group replace it if it holds nothing of its own; to keep it, put it in Standby first.",
            b.GROUP_HEALTH,
            b.GROUP_STANDBY,
        )
    if subject.on_host:
        back = (
            "Its affinity is 'host': a start brings it back to the same host, unless affinity or "
            "host is changed while it is stopped."
            if instance.affinity == "host"
            else "A start may use any host of the account, the last one tried first."
        )
        yield Kind.NOTE.says(f"It runs on a Dedicated Host. {back}", b.HOSTS_PLACEMENT)
        if subject.facts is not None and subject.facts.host_state == "permanent-failure":
            yield Kind.DO_NOT.says(
                "Do not stop it before affinity or host is planned: its host is in "
                "permanent-failure, where nothing can be started.",
                b.HOSTS_MAINTENANCE,
            )
