"""Which instances a view lists, and in which order; and which targets are too old to be believed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from math import inf
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from tui.domain.activity import NO_ACTIVITY, Own
from tui.domain.instance import EVERYWHERE, Instance, Phase, Target, TargetStatus, TroubleKind
from tui.domain.plurals import counted
from tui.domain.query import Query
from tui.domain.sanitize import clean
from tui.domain.triage import Level, Urgency, urgency

if TYPE_CHECKING:  # the first frame lists no cover
    from tui.domain.cover.standing import Covers


class FleetView(StrEnum):
    """The views. EVENTS lists a line an event, the others a line an instance; COVER those with a gap in their cover."""

    TRIAGE = "triage"
    ALL = "all"
    EVENTS = "events"
    TARGETS = "targets"
    COVER = "cover"


class SortOrder(StrEnum):
    """What rows are sorted by."""

    URGENCY = "urgency"
    NAME = "name"
    TARGET = "target"
    TYPE = "type"
    EVENT = "event"


class TagOrder(Struct, frozen=True):
    """By the value of a tag; those without it last. Its text is `tag.KEY`."""

    key: str

    def __str__(self) -> str:
        return f"tag.{self.key}"


AnyOrder: TypeAlias = SortOrder | TagOrder


def order_named(name: str) -> AnyOrder:
    """The order that the configuration calls so: one of SortOrder, or `tag.KEY`. Raises ValueError."""
    key = name.removeprefix("tag.")
    return TagOrder(key) if key and key != name else SortOrder(name)


Stale = Mapping[Target, datetime | None]
"""Targets whose rows say how things *were*: since when (UTC), None where they were never read."""
MISSED = 3
"""After so many missed intervals a target's rows are old."""
RESORT_AFTER = timedelta(seconds=20)
"""An instance with events is looked at again after so long: the hour moves it up."""


def stale(targets: Iterable[TargetStatus], interval: float, now: datetime) -> dict[Target, datetime | None]:
    """The targets not to be believed: failed, not read in this run, or silent for MISSED intervals (seconds)."""
    oldest = now - timedelta(seconds=MISSED * interval + 15)
    return {
        one.target: one.status_at
        for one in targets
        if one.trouble is not None
        or one.phase is not Phase.LIVE
        or one.status_at is None
        or one.status_at < oldest
    }


@dataclass
class Ranker:
    """Remembers how urgent an instance is while the very same object is asked about: most are, at most looks.

    Rows are compared as objects: whoever changes some gives another sequence, as the store does.
    """

    odd: dict[str, Exception] = field(default_factory=dict)
    """Instances that could not be judged, and why: a fault of ours, which must cost no other row its place."""
    own: Own = NO_ACTIVITY
    image_max_age: timedelta = timedelta(days=7)
    _covers: Covers | None = None
    _kept: dict[str, tuple[Instance, datetime, Urgency]] = field(default_factory=dict)
    _listed: tuple[Any, ...] = (None,)
    _counted: tuple[Any, ...] = (None,)

    def see(self, own: Own) -> bool:
        """What evac does now; whether that is something else than before. Only the rows it is about are looked at again."""
        if own is self.own:
            return False
        touched = {*self.own.works, *self.own.marks, *own.works, *own.marks}
        for key in touched:
            self._kept.pop(key.rpartition("/")[2], None)
        self.own, self._listed, self._counted = own, (None,), (None,)
        return True

    @property
    def covers(self) -> Covers:
        """Who acts for each row; made when somebody asks."""
        if self._covers is None:
            from tui.domain.cover.standing import Covers

            self._covers = Covers(self.image_max_age, self.odd)
        return self._covers

    def urgency(self, row: Instance, now: datetime) -> Urgency:
        """As `tui.domain.triage.urgency`."""
        kept = self._kept.get(row.instance_id)
        if (
            kept is not None
            and kept[0] is row
            and (not row.events or timedelta() <= now - kept[1] < RESORT_AFTER)
        ):
            return kept[2]
        try:
            found = urgency(row, now, self.own)
        except Exception as error:
            self.odd[row.instance_id] = error
            found = Urgency((int(Level.UNKNOWN), 0, -inf, row.label.lower(), row.key))  # not known to be well
        self._kept[row.instance_id] = (row, now, found)
        return found

    def level(self, row: Instance, now: datetime, old: Stale) -> Level:
        """How it is drawn: what was well when last read, and is not read now, is not known to be well."""
        level = self.urgency(row, now).level
        return Level.UNKNOWN if level is Level.CALM and row.target in old else level

    def counts(self, rows: Iterable[Instance], now: datetime, old: Stale) -> dict[Level, int]:
        """How many stand at each level; every level is present. Counted again when other rows are given, or it is later."""
        kept, at, stale_then, *found = self._counted if len(self._counted) == 4 else (None, now, None)
        if kept is not rows or stale_then != old.keys() or not timedelta() <= now - at < RESORT_AFTER:
            result = dict.fromkeys(Level, 0)
            for row in rows:
                result[self.level(row, now, old)] += 1
            self._counted = (rows, now, set(old), result)
            found = [result]
        return dict(found[0])

    def listed(
        self, rows: Sequence[Instance], view: FleetView, order: AnyOrder, query: Query, now: datetime
    ) -> list[Instance]:
        """The rows of a view that match, in order. The same list again for the same question, for a while."""
        question = (rows, view, order, query)
        kept, at, found_then = self._listed if len(self._listed) == 3 else (None, now, [])
        same = kept is not None and kept[0] is rows and kept[1:] == question[1:]
        if not same or not timedelta() <= now - at < RESORT_AFTER:
            found_then = self._find(rows, view, order, query, now)
            self._listed = (question, now, found_then)
        return list(found_then)

    def _find(
        self, rows: Sequence[Instance], view: FleetView, order: AnyOrder, query: Query, now: datetime
    ) -> list[Instance]:
        found: Iterable[Instance] = rows
        if view is FleetView.TRIAGE:
            found = (row for row in found if self.urgency(row, now).is_trouble)
        elif view is FleetView.EVENTS:
            found = (one for row in found if row.events for one in self._by_event(row, now))
        elif (
            view is FleetView.COVER and not query.tests
        ):  # whoever filters asks about those that are well, too
            covers = self.covers
            found = (row for row in found if covers.standing(row, now).is_listed)
        if query.tests:
            found = (row for row in found if self._asked(row, query.matches, row, now))
        key = self._key(view, order, now)
        try:
            return sorted(found := list(found), key=key)
        except (
            Exception
        ) as error:  # one of them cannot be put in that order: then by urgency, which always can
            self.odd[f"the order by {order}"] = error
            return sorted(found, key=lambda row: self.urgency(row, now))

    def _by_event(self, row: Instance, now: datetime) -> Iterable[Instance]:
        """The instance once for each of its open events, with that event alone."""
        events = self._asked(row, row.open_events, now)
        if events is True or (events and len(row.events) == 1):
            return (row,)
        return (replace(row, events=(event,)) for event in events)

    def _asked(self, row: Instance, ask: Callable[..., Any], *arguments: Any) -> Any:
        """The answer; where there is none the row stays in the list: hidden, nobody would miss it."""
        try:
            return ask(*arguments)
        except Exception as error:
            self.odd[row.instance_id] = error
            return True

    def _key(self, view: FleetView, order: AnyOrder, now: datetime) -> Callable[[Instance], Any]:
        def name(row: Instance) -> Any:
            return (row.label.lower(), row.key)

        keys: dict[AnyOrder, Callable[[Instance], Any]] = {
            SortOrder.URGENCY: lambda row: self.urgency(row, now),
            SortOrder.NAME: name,
            SortOrder.TARGET: lambda row: (row.target, row.zone, *name(row)),
            SortOrder.TYPE: lambda row: (row.instance_type, *name(row)),
            SortOrder.EVENT: lambda row: (_next(row, now), *name(row)),
        }
        if isinstance(order, TagOrder):
            tag = order.key
            keys[order] = lambda row: (*_tagged(row, tag), *name(row))
        if view is FleetView.TARGETS:
            return lambda row: (row.target, keys[order](row))
        if view is FleetView.COVER and order is SortOrder.URGENCY:
            covers = self.covers
            return lambda row: covers.order(row, now)
        if view is FleetView.EVENTS and order is SortOrder.URGENCY:
            from tui.domain.inbox import inbox_order  # the first frame lists no events

            return lambda row: inbox_order(row, row.events[0], now)
        return keys[order]


def _tagged(row: Instance, key: str) -> tuple[bool, str]:
    value = row.tag_like(key)
    return value is None, (value or "").lower()


def _next(row: Instance, now: datetime) -> tuple[bool, float]:
    """Those without an event last; one without a start first of all."""
    events = row.open_events(now) if row.events else ()
    if not events:
        return True, 0.0
    start = events[0].not_before
    if events[0].is_past(now):
        return False, inf
    return False, start.timestamp() if start is not None else -inf


def failures(targets: Iterable[TargetStatus]) -> list[TargetStatus]:
    """One line a failure: a profile whose login has expired fails once, not once a region, and hundreds that share the login
    fail once too; so do the regions that one policy forbids."""
    alike: dict[tuple[str, str], list[TargetStatus]] = {}
    for one in targets:
        if one.trouble is not None:
            key = ("", one.trouble.of) if one.trouble.of else (one.target.profile, one.trouble.line)
            alike.setdefault(key, []).append(one)
    return [_once(found) for found in alike.values()]


def _once(found: Sequence[TargetStatus]) -> TargetStatus:
    """Several failures of one reason as one: how many it is the reason of, and the one remedy."""
    first, trouble = found[0], found[0].trouble
    if len(found) == 1 or trouble is None:
        return first
    whole = replace(first, target=Target(first.target.profile, EVERYWHERE))
    profiles = dict.fromkeys(one.target.profile for one in found)
    regions = [*dict.fromkeys(one.target.region for one in found)]
    what, remedy = str(trouble.cause), str(trouble.remedy)
    if len(profiles) > 1 and trouble.kind is TroubleKind.CONFIG:
        what += f", for {counted(len(profiles), 'profile')}"
    elif len(profiles) > 1:
        remedy = f"one login renews {len(profiles)} profiles: {remedy}"
    elif trouble.of and len(regions) > 1:
        what += (
            f", in {counted(len(regions), 'region')} ({', '.join(regions[:4])}{', …' * (len(regions) > 4)})"
        )
    else:
        return whole
    where, cause = clean(first.target.profile), clean(what, 300)
    return replace(whole, trouble=replace(trouble, where=where, cause=cause, remedy=clean(remedy, 300)))


FOLDED = 3
"""So many regions of a profile without instances, or more, are one line."""


def group_by_target(
    rows: Sequence[Instance], targets: Sequence[TargetStatus]
) -> list[Instance | TargetStatus]:
    """Rows sorted by target, each target's line above its own; what is not read, or in part, comes first.

    Targets without rows have their line as well, but one login that fails is one, and so are a profile's empty regions.
    """
    by_target: dict[Target, list[Instance]] = {}
    for row in rows:
        by_target.setdefault(row.target, []).append(row)
    found: list[Instance | TargetStatus] = []
    bare = [one for one in targets if one.trouble is not None and one.target not in by_target]
    found.extend(failures(bare))
    rest = [one for one in targets if one.trouble is None or one.target in by_target]
    for status in sorted(_folded(rest, by_target), key=lambda one: one.trouble is None and not one.partial):
        found.append(status)
        found.extend(by_target.pop(status.target, ()))
    for others in by_target.values():
        found.extend(others)
    return found


def _folded(targets: Sequence[TargetStatus], by_target: Mapping[Target, object]) -> list[TargetStatus]:
    """The same, a profile's live regions without instances as one behind its others."""

    def empty(one: TargetStatus) -> bool:
        return one.phase is Phase.LIVE and one.count == 0 and not one.partial and one.target not in by_target

    found: list[TargetStatus] = []
    for _, group in groupby(targets, key=lambda one: one.target.profile):
        every = list(group)
        none = [one for one in every if empty(one)]
        if len(none) < FOLDED:
            found += every
            continue
        found += [one for one in every if not empty(one)]
        found.append(replace(none[0], target=Target(none[0].target.profile, EVERYWHERE), regions=len(none)))
    return found
