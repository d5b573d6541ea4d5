"""What a colleague must know: of one instance, or of a shift. Pure: what was read, what the journal holds, and a time in.

What was not read is said, and never taken for well. What evac itself did comes as `Deed`s: journal and audit log know them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from tui.domain.activity import NO_ACTIVITY, Own
from tui.domain.deed import Deed
from tui.domain.diagnosis.evidence import Change
from tui.domain.diagnosis.findings import Finding
from tui.domain.diagnosis.verdict import Diagnosis
from tui.domain.down_by_aws import why_down
from tui.domain.events import EventState, ScheduledEvent
from tui.domain.guidance.base import Explanation
from tui.domain.inbox import decide_by
from tui.domain.incidents import IncidentChange, IncidentState
from tui.domain.instance import EVERYWHERE, Instance, InstanceState, TargetStatus
from tui.domain.listing import failures
from tui.domain.sanitize import SafeText
from tui.domain.time_format import span
from tui.domain.triage import DUE_WITHIN, Level, urgency

MOST_FINDINGS = 6
"""Kinds of trouble that are handed over: the likeliest ones."""

MOST_CHANGES = 8
"""Changes by others that are handed over: the latest ones."""


class InstanceHandover(Struct, frozen=True):
    """Of one instance. `level`: how urgent; `since` (UTC): from when on the verdict holds, None: not known. `likely`: the cause.

    `unknown`: what was not read, or cannot be known. `health`: what AWS Health says. `waits`: what somebody must still do or
    decide. All three, and the verdict, are sentences. `changes`: what was changed by others than evac, as CloudTrail has it, the
    newest first. `gone`: AWS lists it no more.
    """

    instance: Instance
    level: Level
    verdict: str
    since: datetime | None
    likely: str = ""
    findings: tuple[Finding, ...] = ()
    unknown: tuple[str, ...] = ()
    health: tuple[str, ...] = ()
    events: tuple[ScheduledEvent, ...] = ()
    deeds: tuple[Deed, ...] = ()
    changes: tuple[Change, ...] = ()
    waits: tuple[str, ...] = ()
    gone: bool = False


def instance_handover(
    instance: Instance,
    told: Explanation,
    now: datetime,
    *,
    diagnosis: Diagnosis | None = None,
    deeds: Sequence[Deed] = (),
    changes: Iterable[Change] = (),
    own: Own = NO_ACTIVITY,
    health: Iterable[str] = (),
    unread: Iterable[str] = (),
    gone: bool = False,
) -> InstanceHandover:
    """All that is known of it. `diagnosis` None: nobody has looked why; `unread`: what else could not be read, in sentences."""
    found = Diagnosis() if diagnosis is None else diagnosis
    return InstanceHandover(
        instance=instance,
        level=urgency(instance, now, own).level,
        verdict=told.headline,
        since=troubled_since(instance, now),
        likely=f"{found.label}: {found.line}" if found.line else "",
        findings=tuple(one for one in found.findings if one.boot == 0)[:MOST_FINDINGS],
        unknown=tuple(dict.fromkeys((*found.unknown, *unread))),
        health=tuple(health),
        events=instance.open_events(now),
        deeds=tuple(sorted(deeds, key=lambda one: one.at)),
        changes=tuple(one for one in changes if not one.operation)[:MOST_CHANGES],
        waits=() if gone else tuple(_waits(instance, told, now, deeds, own)),
        gone=gone,
    )


def troubled_since(instance: Instance, now: datetime) -> datetime | None:
    """Since when (UTC) it fails, or is down by AWS; None: it does neither, or nobody knows."""
    if (down := why_down(instance, now)) is not None:
        return down.since
    if instance.state is not InstanceState.RUNNING:
        return None
    known = [instance.checks.get(name).since for name in instance.checks.impaired()]
    return min((one for one in known if one is not None), default=None)


def _waits(
    instance: Instance, told: Explanation, now: datetime, deeds: Sequence[Deed], own: Own
) -> Iterator[str]:
    for deed in deeds:
        if deed.is_open:
            yield _waiting(deed)
    work, mark = own.work(instance), own.meant(instance)
    if work is not None and not any(deed.ident == work.id for deed in deeds):
        yield work.line(now)
    if mark is not None:
        yield f"{mark.user} on {mark.host} said that it is meant to be down; that holds until it runs again"
    if told.recommended is not None:
        yield f"recommended: {told.recommended.verb} (key {told.recommended.key}): {told.recommended.why}"
    elif told.instead:
        yield told.instead
    for event in instance.open_events(now):
        if event.why_not_reschedule(now) is None and event.deadline is not None:
            yield f"{event.code_text} can be moved, for {span(_decide_by(event, now) - now)} yet"


def _waiting(deed: Deed) -> str:
    """An open deed in a sentence: what goes on, or what a person has to do."""
    said = "; ".join(filter(None, (deed.told, f"to do: {deed.remedy}" if deed.remedy else "")))
    return f"{deed.what}: {deed.outcome}" + (f": {said}" if said else "")


def _decide_by(event: ScheduledEvent, now: datetime) -> datetime:
    """As the inbox has it; `now` where that has come, or nobody said when."""
    return max(now, decide_by(event, now) or now)


class Happening(Struct, frozen=True):
    """Something that began, ended or still is. `at` (UTC): when it began or ended, None: not known. `what`: a sentence.

    Of what is of no one instance the ids are empty. `place`: `profile/region`, or what stands for it.
    """

    at: datetime | None
    what: str
    kind: str
    name: SafeText = SafeText("")
    instance_id: SafeText = SafeText("")
    account_id: SafeText = SafeText("")
    place: str = ""


class Due(Struct, frozen=True):
    """An announced event of an instance, and until when (UTC) something can be decided about it."""

    instance: Instance
    event: ScheduledEvent
    by: datetime


class Account(Struct, frozen=True):
    """What a watcher (`evac watch`) saw begin and end, and between which times (UTC) it was there; None: there was none."""

    changes: tuple[IncidentChange, ...] = ()
    first: datetime | None = None
    last: datetime | None = None


NO_ACCOUNT = Account()


class ShiftHandover(Struct, frozen=True):
    """Of everything, from `since` to `now` (UTC). `standing`: what is still so from before, or nobody knows since when.

    `done`: what people ordered or said, or what ended, in that time; `waits`: what has not ended, whenever it was ordered.
    `due`: what AWS does within a day; `later`: how many events it announced for after that. `unread`: in sentences.
    `account`: what a watcher kept of it. `targets`: how many were asked.
    """

    since: datetime
    now: datetime
    began: tuple[Happening, ...] = ()
    ended: tuple[Happening, ...] = ()
    standing: tuple[Happening, ...] = ()
    done: tuple[Deed, ...] = ()
    waits: tuple[Deed, ...] = ()
    due: tuple[Due, ...] = ()
    later: int = 0
    unread: tuple[str, ...] = ()
    account: Account = NO_ACCOUNT
    targets: int = 0


def shift_handover(
    rows: Iterable[Instance],
    targets: Sequence[TargetStatus],
    deeds: Iterable[Deed],
    since: datetime,
    now: datetime,
    *,
    own: Own = NO_ACTIVITY,
    account: Account = NO_ACCOUNT,
    unread: Iterable[str] = (),
) -> ShiftHandover:
    """Sorted: what began and ended by time, what is due by what must be decided first. `unread`: what else could not be read.

    Where a watcher saw something begin that AWS dates, AWS is believed: it knows also of what was before the watcher.
    """
    known = sorted(rows, key=lambda row: urgency(row, now, own))
    began, ended = _watched(account.changes, since, now)
    troubles = [found for row in known if (found := _trouble(row, now, own)) is not None]
    standing = [one for one in troubles if one.at is None or one.at < since]
    seen = {(one.instance_id, one.kind) for one in began}
    old = {(one.instance_id, one.kind) for one in standing if one.at is not None or _is_unseen(one, seen)}
    standing = [one for one in standing if (one.instance_id, one.kind) in old]
    began = [one for one in began if (one.instance_id, one.kind) not in old]
    began += [one for one in troubles if one not in standing and (one.instance_id, one.kind) not in seen]
    every = [Due(row, event, _decide_by(event, now)) for row in known for event in row.open_events(now)]
    due = [one for one in every if one.by <= now + DUE_WITHIN]
    told = list(deeds)
    return ShiftHandover(
        since=since,
        now=now,
        began=tuple(sorted(began, key=_moment)),
        ended=tuple(sorted((*ended, *_passed(known, since, now)), key=_moment)),
        standing=tuple(standing),
        done=tuple(sorted((one for one in told if not one.is_open), key=lambda one: one.at)),
        waits=tuple(
            sorted((one for one in told if one.is_open), key=lambda one: (not one.needs_person, one.at))
        ),
        due=tuple(sorted(due, key=lambda one: (one.by, one.instance.label.lower()))),
        later=len(every) - len(due),
        unread=(*unread, *_unread(targets)),
        account=account,
        targets=sum(one.target.region != EVERYWHERE for one in targets),
    )


def _is_unseen(one: Happening, seen: set[tuple[SafeText, str]]) -> bool:
    return (one.instance_id, one.kind) not in seen


def _watched(
    changes: Iterable[IncidentChange], since: datetime, now: datetime
) -> tuple[list[Happening], list[Happening]]:
    """What a watcher saw begin and end in that time, each incident once."""
    begun_at: dict[str, datetime] = {}
    began, ended = dict[str, Happening](), dict[str, Happening]()
    for one in sorted(changes, key=lambda each: each.at):
        lasted = ""
        if one.state is IncidentState.BEGUN:
            begun_at[one.incident] = one.at
        elif (first := begun_at.get(one.incident)) is not None:
            lasted = f" after {span(one.at - first)}"
        if not since <= one.at <= now:
            continue
        place = str(one.region)
        if one.state is IncidentState.BEGUN:
            told = Happening(one.at, str(one.why), one.kind, one.name, one.instance_id, one.account_id, place)
            began.setdefault(one.incident, told)
        else:
            why = f"over{lasted}: {one.why}"
            told = Happening(one.at, why, one.kind, one.name, one.instance_id, one.account_id, place)
            ended.setdefault(one.incident, told)
    return list(began.values()), list(ended.values())


def _moment(one: Happening) -> datetime:
    assert one.at is not None  # without a time nothing is told to have begun or ended
    return one.at


def _trouble(row: Instance, now: datetime, own: Own) -> Happening | None:
    """What is wrong with it now: a failing check, or that AWS stopped it. What is meant to be down is no trouble."""
    since, down = troubled_since(row, now), why_down(row, now)
    if urgency(row, now, own).level is not Level.FAILING:
        return None
    if down is not None:
        what, kind = down.line, "stopped-by-aws"
    elif failing := row.checks.impaired():
        what, kind = f"failing: {', '.join(name.value for name in failing)} check", "failing"
    elif (work := own.work(row)) is not None:
        what, kind = work.line(now), "operation"
    else:
        return None
    return _of(row, since, what, kind)


def _passed(rows: Iterable[Instance], since: datetime, now: datetime) -> Iterator[Happening]:
    """Events that AWS calls over, and whose window was in that time: it says nowhere when one was cleared."""
    for row in rows:
        for event in row.events:
            state, at = event.state(now), event.not_after or event.not_before
            if state in (EventState.COMPLETED, EventState.CANCELED) and at is not None and since <= at <= now:
                yield _of(row, at, f"{event.code_text} is {state.value}", "event")


def _of(row: Instance, at: datetime | None, what: str, kind: str) -> Happening:
    return Happening(at, what, kind, row.name, row.instance_id, row.account_id, row.target.key)


def _unread(targets: Iterable[TargetStatus]) -> Iterator[str]:
    every = list(targets)
    for status in failures(every):
        if status.trouble is not None:
            yield (
                status.trouble.line if status.trouble.where else f"{status.target.key}: {status.trouble.line}"
            )
    for status in every:
        for trouble in status.partial:
            yield (
                f"{trouble.line} (the rest was read)"
                if trouble.where
                else f"{status.target.key}: {trouble.line}"
            )
