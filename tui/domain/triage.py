"""The triage order: what is broken, then what AWS will do soonest, then what is not known, then the calm rest."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import IntEnum
from math import inf

from msgspec import Struct, field

from tui.domain.activity import NO_ACTIVITY, Own
from tui.domain.down_by_aws import STOPPED, why_down
from tui.domain.instance import CheckName, CheckStatus, Instance, InstanceState

DUE_WITHIN = timedelta(hours=24)
"""An event this near is due."""

_CHECK_ORDER = tuple(CheckName)
_GONE = (InstanceState.TERMINATED, InstanceState.SHUTTING_DOWN)
_NOT_RUNNING = (*_GONE, InstanceState.STOPPED, InstanceState.STOPPING)
_SAYS_NOTHING = (CheckStatus.UNKNOWN, CheckStatus.INITIALIZING, CheckStatus.INSUFFICIENT_DATA)


class Level(IntEnum):
    """Smaller is more urgent. UNKNOWN is everything that is not known to be well: no answer, initializing, too little data."""

    FAILING = 0
    DUE = 1
    SCHEDULED = 2
    UNKNOWN = 3
    CALM = 4


_AFTER_EVENTS = 1e12
"""Later than any event's start, in seconds since 1970."""
_LEVELS = tuple(Level)
_CALM = int(Level.CALM)


class Urgency(Struct, frozen=True, order=True):
    """Orders instances totally by `key`: level, the outermost failing layer, the next event's time, name, identity.

    What is down counts as what fails on AWS's side, the latest first; where AWS has announced more, that comes first.

    An open event without a start counts as the earliest of its level: it may begin any time. One that is long past stands after
    all that are not, the latest first.
    """

    key: tuple[int, int, float, str, str] = field()

    @property
    def level(self) -> Level:
        """How urgent it is."""
        return _LEVELS[self.key[0]]

    @property
    def is_trouble(self) -> bool:
        """Whether triage shows it."""
        return self.key[0] != _CALM


def urgency(instance: Instance, now: datetime, own: Own = NO_ACTIVITY) -> Urgency:
    """Where this instance stands in the triage order at `now` (UTC).

    An operation of evac hides nothing: what it has stopped counts as down, and an unfinished one keeps the instance out of CALM.
    """
    checks = instance.checks
    worst = len(_CHECK_ORDER)
    level = Level.CALM
    starts = inf
    if instance.state not in _GONE:
        if instance.events:
            level, starts = _by_events(instance, now)
        if instance.state in STOPPED:
            if (found := why_down(instance, now)) is not None and own.meant(instance) is None:
                if level is Level.CALM:  # after all that has an event, before all that has none
                    starts = _AFTER_EVENTS - (found.since.timestamp() if found.since is not None else 0.0)
                level, worst = Level.FAILING, 0
        elif instance.state not in _NOT_RUNNING:
            failing = checks.impaired()
            if failing:
                level, worst = Level.FAILING, _CHECK_ORDER.index(failing[0])
            elif level is Level.CALM and (
                instance.state is InstanceState.UNKNOWN
                or checks.system.status in _SAYS_NOTHING
                or checks.instance.status in _SAYS_NOTHING
                or checks.attached_ebs.status in _SAYS_NOTHING[1:]
            ):
                level = Level.UNKNOWN
        work = own.work(instance)
        if work is not None and work.powers:
            if work.attention or instance.state not in (InstanceState.RUNNING, InstanceState.UNKNOWN):
                level, worst = Level.FAILING, min(worst, 0)
            level = min(level, Level.UNKNOWN)
    return Urgency((int(level), worst, starts, instance.label.lower(), instance.key))


def _by_events(instance: Instance, now: datetime) -> tuple[Level, float]:
    open_events = instance.open_events(now)
    if not open_events:
        return Level.CALM, inf
    start = open_events[0].not_before
    dated = [event.not_before for event in open_events if event.not_before is not None]
    due = bool(dated) and min(dated) <= now + DUE_WITHIN
    level = Level.DUE if due else Level.SCHEDULED
    if start is None:
        return level, -inf
    return level, _AFTER_EVENTS - start.timestamp() if open_events[0].is_past(now) else start.timestamp()
