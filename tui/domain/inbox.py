"""The inbox: what AWS announced, a line an event, in the order in which it must be decided, grouped by day.

A line is an instance with one of its open events (`tui.domain.listing`). Days are those of the operator's zone, times are UTC.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from enum import IntEnum

from msgspec import Struct

from tui.domain.campaign.keys import key_text
from tui.domain.events import RESCHEDULE_CLOSED, RESCHEDULE_LEAD, ScheduledEvent
from tui.domain.groups import BalancerGroups
from tui.domain.instance import Instance, Target
from tui.domain.known_groups import KnownGroups
from tui.domain.sanitize import SafeText, clean
from tui.domain.time_format import later, to_zone

STRIP_DAYS = 14
"""Days of the strip, today the first."""
TOGETHER_WITHIN = timedelta(hours=24)
"""Events of two members of a group that begin less than this apart fall together: the first may not be back before the second."""


class When(IntEnum):
    """NOW: under way, or it may begin at any moment. PAST: long over by its times, though AWS still lists it."""

    NOW = 0
    AHEAD = 1
    PAST = 2


def when_of(event: ScheduledEvent, now: datetime) -> When:
    """Where an open event stands at `now`."""
    if event.is_past(now):
        return When.PAST
    return When.NOW if event.not_before is None or event.not_before <= now else When.AHEAD


def movable_until(event: ScheduledEvent, now: datetime) -> datetime | None:
    """The last moment at which AWS still moves it (user guide, reschedule-event); None: it does not, or no longer."""
    if event.why_not_reschedule(now) is not None or event.not_before is None or event.deadline is None:
        return None
    return min(later(event.not_before, -RESCHEDULE_CLOSED), later(event.deadline, -RESCHEDULE_LEAD))


def decide_by(event: ScheduledEvent, now: datetime) -> datetime | None:
    """Until when something can still be decided: to move it, or where it cannot be moved, to be earlier than AWS.

    None: AWS announced no start, so it is now.
    """
    return movable_until(event, now) or event.not_before


def inbox_order(row: Instance, event: ScheduledEvent, now: datetime) -> tuple[int, float, float, str, str]:
    """Sorts lines: what must be decided first; of what is long past the latest first."""
    when, decide = when_of(event, now), decide_by(event, now)
    starts = event.not_before.timestamp() if event.not_before is not None else float("-inf")
    first = decide.timestamp() if decide is not None else float("-inf")
    if when is When.PAST:
        first = starts = -starts
    return int(when), first, starts, row.label.lower(), row.event_key(event)


def announced(
    rows: Iterable[Instance], now: datetime, *, every: bool = False
) -> list[tuple[Instance, ScheduledEvent]]:
    """The open events of these instances, each with its own, in the inbox's order; with `every` what is over behind them."""
    known = list(rows)
    found = [(row, event) for row in known for event in row.open_events(now)]
    found.sort(key=lambda one: inbox_order(one[0], one[1], now))
    if every:
        still = {id(event) for _, event in found}
        found += [(row, event) for row in known for event in row.events if id(event) not in still]
    return found


class InboxDay(Struct, frozen=True):
    """A day above its lines; `day` None: not of a day, but of now or of what is long past. `count` lines follow."""

    when: When
    day: date | None
    count: int

    @property
    def key(self) -> str:
        """Its identity among the rows of the list."""
        return f"day {self.when.value} {self.day or ''}"


def day_of(event: ScheduledEvent, now: datetime, zone: tzinfo) -> tuple[When, date | None]:
    """The group of an event: the day on which it must be decided at the latest."""
    when, decide = when_of(event, now), decide_by(event, now)
    return when, to_zone(decide, zone).date() if decide is not None and when is When.AHEAD else None


def by_day(lines: Sequence[Instance], now: datetime, zone: tzinfo) -> list[Instance | InboxDay]:
    """The lines, in their order, each day's name above its own."""
    groups = [day_of(row.events[0], now, zone) for row in lines]
    counts, found = Counter(groups), list[Instance | InboxDay]()
    above: tuple[When, date | None] | None = None
    for row, group in zip(lines, groups, strict=True):
        if group != above:
            found.append(InboxDay(*group, counts[group]))
            above = group
        found.append(row)
    return found


class Strip(Struct, frozen=True):
    """How much is to be decided on which day: `now`, each of the next days from today on, `after` them, and what is `past`."""

    now: int
    days: tuple[tuple[date, int], ...]
    after: int
    past: int


def strip_of(lines: Iterable[Instance], now: datetime, zone: tzinfo) -> Strip:
    """The next STRIP_DAYS days with how many of the lines must be decided on each."""
    counts = Counter(day_of(row.events[0], now, zone) for row in lines)
    today = to_zone(now, zone).date()
    days = [today + timedelta(days=number) for number in range(STRIP_DAYS)]
    shown = tuple((day, counts[When.AHEAD, day]) for day in days)
    ahead = sum(count for (when, _), count in counts.items() if when is When.AHEAD)
    return Strip(
        sum(count for (when, _), count in counts.items() if when is When.NOW),
        shown,
        ahead - sum(count for _, count in shown),
        sum(count for (when, _), count in counts.items() if when is When.PAST),
    )


class Together(Struct, frozen=True):
    """So many members of one group have events that fall together; `size`: how many it has, None where that is not known."""

    key: str
    count: int
    size: int | None = None

    @property
    def is_all(self) -> bool:
        """Whether nobody of it is left."""
        return self.size is not None and self.count >= self.size

    @property
    def text(self) -> SafeText:
        """`2 of target group pay-db`, `all 2 of target group pay-db`."""
        return clean(f"{'all ' * self.is_all}{self.count} of {key_text(self.key)}")

    @property
    def short(self) -> SafeText:
        """`2/2 pay-db`, or without the size `2 pay-db`: for narrow cells."""
        name = str(key_text(self.key)).rpartition(" ")[2]
        return clean(f"{self.count}{'' if self.size is None else f'/{self.size}'} {name}")


class FallsTogether(Struct, frozen=True):
    """By an event's key what falls together with it. `unread`: accounts and Regions whose load balancers are not, or cannot be,
    read."""

    found: Mapping[str, tuple[Together, ...]] = {}
    unread: frozenset[tuple[str, str]] = frozenset()

    def of(self, row: Instance, event: ScheduledEvent) -> tuple[Together, ...] | None:
        """Of an event; None: of its load balancers it is not known, and of nothing else there is anything."""
        found = self.found.get(row.event_key(event), ())
        return found or (None if (str(row.account_id), row.target.region) in self.unread else ())


def places_in_doubt(rows: Iterable[Instance], now: datetime) -> dict[tuple[str, str], Target]:
    """The accounts and Regions where two instances or more have events, each with a target that reads it: only there can members
    of one load balancer's group fall together."""
    found = defaultdict[tuple[str, str], dict[str, Target]](dict)
    for row in rows:
        if row.account_id and row.events and row.open_events(now):
            found[str(row.account_id), row.target.region][row.key] = row.target
    return {place: next(iter(known.values())) for place, known in found.items() if len(known) > 1}


def falls_together(
    rows: Iterable[Instance],
    together: Sequence[str],
    read: Mapping[tuple[str, str], BalancerGroups],
    now: datetime,
) -> FallsTogether:
    """What falls together among all these. `together`: tags, as in `[campaign]`. `read`: what is known of load balancers."""
    known = [row for row in rows if row.events]
    groups = KnownGroups(together, read.values())
    unread = {place for place in places_in_doubt(known, now) if place not in read or read[place].unknown}
    return FallsTogether(group_warnings(known, groups, now, groups.sizes), frozenset(unread))


def begins(event: ScheduledEvent, now: datetime) -> datetime:
    """When it takes its instance down, for comparing: now, where it is under way or AWS did not say."""
    return now if event.not_before is None else max(event.not_before, now)


def group_warnings(
    rows: Iterable[Instance],
    keys_of: Callable[[Instance], Iterable[str]],
    now: datetime,
    sizes: Mapping[str, int] | None = None,
) -> dict[str, tuple[Together, ...]]:
    """By an event's key what falls together with it, in groups of which its instance is a member; nothing: not in there.

    `rows`: all instances with events, whichever are listed. `keys_of`: the groups of an instance
    (`tui.domain.campaign.keys`). `sizes`: how many members a group has.
    """
    members = defaultdict[str, list[tuple[datetime, str, str]]](list)
    for row in rows:
        events = [one for one in row.open_events(now) if not one.is_past(now)]
        for key in keys_of(row) if events else ():
            members[key] += [(begins(one, now), row.key, row.event_key(one)) for one in events]
    found = defaultdict[str, list[Together]](list)
    for key, each in members.items():
        if len({row for _, row, _ in each}) > 1:
            for event, count in _near(sorted(each)):
                if count > 1:
                    found[event].append(Together(key, count, (sizes or {}).get(key)))
    return {event: tuple(sorted(each, key=_gravest)) for event, each in found.items()}


def _near(each: Sequence[tuple[datetime, str, str]]) -> Iterable[tuple[str, int]]:
    """Of each event, sorted by their beginnings, how many instances have one less than TOGETHER_WITHIN away, it included."""
    inside, first, last = Counter[str](), 0, 0
    for begin, _, event in each:
        while last < len(each) and each[last][0] - begin < TOGETHER_WITHIN:
            inside[each[last][1]] += 1
            last += 1
        while begin - each[first][0] >= TOGETHER_WITHIN:
            gone = each[first][1]
            inside[gone] -= 1
            if not inside[gone]:
                del inside[gone]
            first += 1
        yield event, len(inside)


def _gravest(one: Together) -> tuple[bool, int, str]:
    return not one.is_all, -one.count, one.key
