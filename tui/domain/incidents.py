"""Incidents: what begins and ends of all that somebody wants to be called for. Pure: values and a time in, changes out.

An incident is one cause. It begins when the cause is seen, and is over once it has been known to be gone for WELL_FOR, shown
by readings at both ends of that time: what flaps stays one incident. What could not be read is never taken for well, so it
ends nothing. `Incidents` is all that has to be kept so that whoever goes on repeats no change and misses none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from msgspec import Struct, field
from msgspec.structs import replace

from tui.domain.activity import NO_ACTIVITY, Own
from tui.domain.instance import Instance, TargetStatus
from tui.domain.sanitize import EMPTY, SafeText
from tui.domain.time_format import iso_utc, parse_duration

WELL_FOR = timedelta(minutes=5)
"""So long the cause has to be gone before the incident is over."""
FRESH_FOR = timedelta(minutes=10)
"""A target whose last good reading is older than this is not known any more, whether or not it says why."""
KEPT_FOR = timedelta(days=30)
"""An incident of which nothing was to be learned for so long (its profile is read no more, say) is kept no longer."""


class AlarmKind(StrEnum):
    """What one may be called for."""

    STOPPED_BY_AWS = "stopped-by-aws"
    FAILING = "failing"
    DUE = "due"
    UNREAD = "unread"
    OPERATION = "operation"


class AlarmRule(Struct, frozen=True):
    """One of the kinds; `within`: how near an event is that is due, or how long a target has not been read. `text` says both."""

    kind: AlarmKind
    text: str
    within: timedelta = timedelta()


_RULE = re.compile(r"(due<|unread>)(\d{1,5}[mhd])", re.ASCII)


def read_alarm_rule(text: str) -> AlarmRule:
    """`stopped-by-aws`, `failing`, `operation`, `due<1h`, `unread>10m`. Raises ValueError that says what may stand there."""
    if text in (AlarmKind.STOPPED_BY_AWS, AlarmKind.FAILING, AlarmKind.OPERATION):
        return AlarmRule(AlarmKind(text), text)
    found = _RULE.fullmatch(text)
    if found is None or not (within := parse_duration(found[2])):
        raise ValueError(
            f"{text!r} is nothing to be called for: stopped-by-aws, failing, operation, due<1h or unread>10m"
        )
    return AlarmRule(AlarmKind.DUE if found[1] == "due<" else AlarmKind.UNREAD, text, within)


DEFAULT_ALARMS = ("stopped-by-aws", "failing", "due<1h", "unread>10m", "operation")
"""All kinds there are, with the times that suit most."""


class IncidentState(StrEnum):
    """What a change tells of its incident."""

    BEGUN = "begun"
    OVER = "over"


class IncidentChange(Struct, frozen=True):
    """An incident that began or is over. `at` is UTC; `incident` is the same in both; `kind` is the rule's text: `due<1h`.

    Texts are empty where there is none or not one: of 672 targets without a login there is no one Region. `profile`: one through
    which it was seen, for rules that are a profile's; others are not told of it.
    """

    at: datetime
    incident: str
    kind: str
    state: IncidentState
    instance_id: SafeText = EMPTY
    account_id: SafeText = EMPTY
    region: SafeText = EMPTY
    name: SafeText = EMPTY
    why: SafeText = EMPTY
    profile: str = ""

    def as_object(self) -> dict[str, str]:
        """The same as it is told to others: one JSON object on one line, its fields as here."""
        return {
            "at": iso_utc(self.at),
            "incident": self.incident,
            "kind": self.kind,
            "state": self.state.value,
            "instance_id": self.instance_id,
            "account_id": self.account_id,
            "region": self.region,
            "name": self.name,
            "why": self.why,
        }


class OperationInNeed(Struct, frozen=True):
    """An operation (or a campaign, then without an instance) that goes no further by itself: cut off, or asking for somebody."""

    id: str
    why: SafeText
    instance_id: SafeText = EMPTY
    account_id: SafeText = EMPTY
    region: SafeText = EMPTY
    name: SafeText = EMPTY


class Picture(Struct, frozen=True):
    """What is known at one moment. `operations`: those in need; None: the journal can't be read. `own`: what evac does itself.

    `reader`: why nothing is read at all, empty while the collector runs. `fresh_for`: see FRESH_FOR.
    """

    rows: Sequence[Instance] = ()
    targets: Sequence[TargetStatus] = ()
    operations: Sequence[OperationInNeed] | None = ()
    own: Own = NO_ACTIVITY
    reader: SafeText = EMPTY
    fresh_for: timedelta = FRESH_FOR


class Symptom(Struct, frozen=True):
    """A cause that is there now, by its `key`. `members`: the targets it keeps from being read, as `profile/region`, or the
    checks that fail."""

    key: str
    rule: str
    kind: AlarmKind
    why: SafeText
    instance_id: SafeText = EMPTY
    account_id: SafeText = EMPTY
    region: SafeText = EMPTY
    name: SafeText = EMPTY
    profile: str = ""
    members: tuple[str, ...] = ()


class Incident(Struct, frozen=True):
    """One that is not over. `well_since`: the first reading since which its cause is gone, None: it is there, or not known.

    `known_at`: when it was last known whether the cause is there. Times are UTC.
    """

    id: str
    begun_at: datetime
    symptom: Symptom
    known_at: datetime
    well_since: datetime | None = None

    def change(self, state: IncidentState, at: datetime) -> IncidentChange:
        """How that is told."""
        one = self.symptom
        place = (one.instance_id, one.account_id, one.region, one.name)
        return IncidentChange(at, self.id, one.rule, state, *place, one.why, one.profile)


class Incidents(Struct, frozen=True):
    """What is to be kept between two looks: the open ones by the key of their cause, and since when targets are not read."""

    open: dict[str, Incident] = field(default_factory=dict)
    unread: dict[str, datetime] = field(default_factory=dict)

    def taken_up(self) -> Incidents:
        """What an earlier process kept, for one that goes on: of the time between the two nothing is known."""
        return replace(self, open={key: replace(one, well_since=None) for key, one in self.open.items()})


NO_INCIDENTS = Incidents()


class Judged(Struct, frozen=True):
    """What a look says of causes: those that are there, and of the open ones that are gone the time of the reading (UTC) that
    says so. Of an open one in neither nothing is known."""

    there: Sequence[Symptom] = ()
    gone: dict[str, datetime] = field(default_factory=dict)
    unread: dict[str, datetime] = field(default_factory=dict)


def follow_incidents(
    known: Incidents, judged: Judged, now: datetime
) -> tuple[Incidents, tuple[IncidentChange, ...]]:
    """What is to be kept now, and what began or is over since `known`. The same object where nothing is to be kept anew.

    `judged`: what `tui.domain.incident_causes.judge` says of `known` and the picture of this moment.
    """
    open_now, changes = dict(known.open), []
    for symptom in judged.there:
        was = open_now.get(symptom.key)
        if was is None:
            was = Incident(_name(symptom.key, now), now, symptom, now)
            changes.append(was.change(IncidentState.BEGUN, now))
        members = tuple(dict.fromkeys((*was.symptom.members, *symptom.members)))
        told = replace(was.symptom, members=members)  # what is told at the end is what was told when it began
        open_now[symptom.key] = replace(was, symptom=told, known_at=_day(was, now), well_since=None)
    there = {symptom.key for symptom in judged.there}
    for key, was in known.open.items():
        if key in there:
            continue
        is_over, went_on = _without(was, judged.gone.get(key), now)
        if is_over:
            changes.append(was.change(IncidentState.OVER, now))
            del open_now[key]
        else:
            open_now[key] = went_on
    kept = Incidents(open_now, judged.unread)
    return (known if kept == known else kept), tuple(changes)


def _without(was: Incident, gone_at: datetime | None, now: datetime) -> tuple[bool, Incident]:
    """Whether an incident whose cause is not seen is over, and how it goes on if not. `gone_at`: None, nothing is known."""
    if gone_at is None:
        return now - was.known_at >= KEPT_FOR, replace(was, well_since=None)
    since = was.well_since
    if since is None or since > gone_at:  # the clock was set back
        since = gone_at
    return gone_at - since >= WELL_FOR, replace(was, known_at=_day(was, now), well_since=since)


def _day(was: Incident, now: datetime) -> datetime:
    """When it was last known, to the day: what is kept changes only with what happens."""
    return now if now - was.known_at >= timedelta(days=1) else was.known_at


def _name(key: str, begun_at: datetime) -> str:
    """Another one each time the same cause comes back."""
    return sha256(f"{key} {begun_at.isoformat()}".encode()).hexdigest()[:12]
