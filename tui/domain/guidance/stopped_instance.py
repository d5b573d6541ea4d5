"""A stopped instance: whether somebody meant it, AWS's reason in words, and what brings it back."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.down_by_aws import Cause, Down
from tui.domain.guidance import base as b
from tui.domain.guidance.base import Kind, Paragraph
from tui.domain.guidance.subject import Subject
from tui.domain.time_format import ago, bare_clock, clock

_WHY = {
    "Server.ScheduledStop": "for a scheduled stop or retirement of its host",
    "Server.SpotInstanceShutdown": "because it needed the spot capacity, or the spot price rose",
    "Server.SpotInstanceTermination": "because it needed the spot capacity, or the spot price rose",
    "Server.InsufficientInstanceCapacity": "there was no capacity for its type in its zone",
    "Server.InternalError": "by an error on AWS's side",
    "Client.InternalError": "a volume's KMS key could not be used, in most cases",
    "Client.VolumeLimitExceeded": "the account's limit of EBS volumes was exceeded",
    "Client.InvalidSnapshot.NotFound": "a snapshot it needs is not there",
    "Client.InvalidKMSKey.InvalidState": "the KMS key of a volume is disabled or to be deleted",
}
"""AWS's codes in words (botocore model, StateReason; knowledge centre, kms-iam-ec2-permission)."""
_MEND = {
    "Server.InsufficientInstanceCapacity": "it is tried until there is room",
    "Client.InternalError": "give whoever starts it kms:CreateGrant on the key first, or it falls back again",
    "Client.InvalidKMSKey.InvalidState": "have the key enabled again first, or it falls back again",
    "Client.VolumeLimitExceeded": "have the limit raised or volumes deleted first, or it falls back again",
    "Client.InvalidSnapshot.NotFound": "see which volume asks for it first, or it falls back again",
}


def stopped_headline(subject: Subject, found: Down | None) -> str:
    """Who stopped it and when, and that it stays so."""
    state = subject.instance.state
    if found is None:
        return f"It is {state}, and a stopped instance never comes back by itself"
    when = "" if found.since is None or found.stopping else f" at {_at(subject, found)}"
    if subject.meant is not None:
        return f"{found.line}{when}, and that is meant, says {subject.meant.user}"
    if found.spot:
        return f"{found.line}{when}, and only AWS starts it again"
    return f"{found.line}{when}, and a stopped instance never comes back by itself"


def _at(subject: Subject, found: Down) -> str:
    assert found.since is not None
    past = found.since <= subject.now  # clocks differ
    return clock(found.since, subject.zone) + (f", {ago(found.since, subject.now)}" if past else "")


def stopped_short(subject: Subject, found: Down) -> str:
    """The same for 80 columns."""
    if found.stopping:
        return "AWS is stopping it"
    when = "" if found.since is None else f" at {bare_clock(found.since, subject.zone)}"
    if found.cause is Cause.START:
        return f"Its start failed{when} ({found.code})"
    return f"AWS stopped it{when}"


def why_start(found: Down | None) -> str:
    """Why a start is the verb to press."""
    if found is not None and found.cause is Cause.START:
        return f"it was to run and is down; {_MEND.get(found.code, 'a start may find another host')}"
    if found is not None:
        return "AWS stopped it, and a start finds a new host"
    return "AWS stopped it or is about to; it never comes back by itself, and a start finds a new host"


def stopped_paragraphs(subject: Subject, found: Down | None) -> Iterator[Paragraph]:
    """What happened, that it stays so, and what to do."""
    instance = subject.instance
    reason = instance.state_reason or (found.code if found is not None else "")
    told = f" AWS's reason: {reason}." if reason else " Why, is not known."
    meaning = _WHY.get(found.code, "") if found is not None else ""
    if found is not None:
        told = f" {found.line}{f': {meaning}' if meaning else ''}.{told if instance.state_reason else ''}"
    yield Kind.HAPPENING.says(f"It is {instance.state}.{told}", b.MODEL_REASON)
    if found is not None and found.spot:
        yield Kind.AWS_WILL.says(
            "Start it again by itself once there is spot capacity at its price: of a spot instance that AWS stopped, only "
            "AWS can do that.",
            b.SPOT,
        )
        yield Kind.DO.says("Launch an on-demand instance from its AMI if you can't wait.", b.SPOT)
        return
    yield Kind.NOTE.says(
        "It never comes back by itself: only a person, an alarm or an Auto Scaling group starts or replaces it.",
        b.SCHED,
    )
    yield from _do(subject, found)
    if subject.leaving:
        yield Kind.NOTE.says(
            "An event is still listed: the move to a new host happens at the start, and the text "
            "can lag behind by an hour.",
            b.SCHED,
            b.MAINTENANCE_EVENT,
        )


def _do(subject: Subject, found: Down | None) -> Iterator[Paragraph]:
    block = subject.blocked("start")
    if found is not None and found.stopping:
        yield Kind.DO.says("Once it is stopped, start it: s waits for that, and starts it.", b.STOP_START)
    elif block is not None:
        yield Kind.DO_NOT.says(f"A start is not possible now: {block.text}.")
    elif found is None:
        yield Kind.DO.says(
            "Start it, if it should run: it comes up on a new host in most cases.", b.STOP_START, b.LIFECYCLE
        )
    else:
        client = found.cause is Cause.START and found.code.startswith("Client.")
        other = (
            "mend what AWS names first, or it falls back again"
            if client
            else "it comes up on a new host in most cases"
        )
        mend = _MEND.get(found.code, other)
        yield Kind.DO.says(f"Start it (s): {mend}.", b.STOP_START, b.LIFECYCLE)
        if subject.meant is None:
            yield Kind.NOTE.says(
                "If it is meant to stay down, say so (M): it counts as trouble no more until it runs again."
            )
    if subject.meant is not None:
        mark = subject.meant
        yield Kind.NOTE.says(
            f"{mark.user} on {mark.host} said {ago(mark.at, subject.now)} that it is meant to be down. M takes that back; once "
            "it has run it counts no more."
        )
