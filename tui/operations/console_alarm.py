"""What one console calls somebody for: which incidents began, which are not acknowledged, and `[alarm] command` for each.

Of consoles that read the same one keeps the file and has the program run. Any other one has its own terminal ring; it goes on
from what that file says, and takes the file over once nobody keeps it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from tui.config.schema import Settings
from tui.domain.incident_causes import judge_soundly
from tui.domain.incidents import (
    NO_INCIDENTS,
    AlarmKind,
    IncidentChange,
    Incidents,
    IncidentState,
    OperationInNeed,
    Picture,
    follow_incidents,
    read_alarm_rule,
)
from tui.operations.alarm_calls import AlarmCalls
from tui.operations.database import JournalError
from tui.operations.incident_file import IncidentFile, WatchedTwiceError
from tui.operations.journal import Journal
from tui.operations.needs import operations_in_need

SEEN_FOR = 0.8
"""Seconds that something must have been said before a key acknowledges it."""
MOST_KEPT = 500
"""Incidents that are kept until somebody acknowledges them: beyond that the oldest go."""
TAKEN_UP_WITHIN = 15.0
"""Seconds an operation may need somebody before it is an incident: what was cut off the console takes up by itself."""
STATE_EVERY = 30.0
"""Seconds between two writes of what changed without an incident that began or is over."""


class Unacknowledged(Struct, frozen=True):
    """An incident that nobody has acknowledged: how it began, and when it was over (UTC; None: it goes on)."""

    begun: IncidentChange
    over_at: datetime | None = None


class ConsoleAlarmState(Struct, frozen=True):
    """What is kept. `untold`: changes for which the program has not ended."""

    incidents: Incidents = NO_INCIDENTS
    unacknowledged: tuple[Unacknowledged, ...] = ()
    untold: tuple[IncidentChange, ...] = ()
    version: int = 1


class ConsoleAlarm:
    """`look` and `end` block for a disk; the rest never does. `said` is told lines for the operator, from any thread."""

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        path: Path,
        journal: Journal,
        said: Callable[[str], None],
    ) -> None:
        self._rules = tuple(map(read_alarm_rule, settings.alarm.on))
        self._journal, self._say = journal, said
        self.calls = AlarmCalls(settings, environ, said, ended=self._ended)
        self.file = IncidentFile(path, ConsoleAlarmState())
        self._kept_by_us, self._begun = False, False
        self._state = ConsoleAlarmState()
        self._busy, self._small = threading.Lock(), threading.Lock()
        self._acknowledged = frozenset[str]()
        self._over_with: list[IncidentChange] = []
        self._drawn: dict[str, float] = {}
        self._in_need: dict[str, float] = {}
        self._kept_at = float("-inf")
        self._told = set[str]()

    @property
    def calls_for_operations(self) -> bool:
        """Whether an operation that needs somebody is an incident."""
        return any(rule.kind is AlarmKind.OPERATION for rule in self._rules)

    @property
    def unacknowledged(self) -> Sequence[Unacknowledged]:
        """The oldest first."""
        gone = self._acknowledged
        return [one for one in self._state.unacknowledged if one.begun.incident not in gone]

    def drawn(self) -> None:
        """What is not acknowledged is said on the screen now."""
        now, known = time.monotonic(), self._drawn
        self._drawn = {
            name: known.get(name, now) for one in self.unacknowledged for name in [one.begun.incident]
        }

    def acknowledge(self) -> Sequence[Unacknowledged]:
        """What has been said for SEEN_FOR is acknowledged, and is returned; what came just now is not."""
        seen = {name for name, at in self._drawn.items() if time.monotonic() - at >= SEEN_FOR}
        done = [one for one in self.unacknowledged if one.begun.incident in seen]
        with self._small:
            self._acknowledged |= {one.begun.incident for one in done}
        return done

    def look(self, picture: Picture, now: datetime) -> Sequence[IncidentChange]:
        """What began since the last look: for this console's terminal. `picture` without its operations."""
        with self._busy:
            picture = replace(picture, operations=self._operations(now))
            self._open()
            before = self._state.incidents
            judged, odd = judge_soundly(before, picture, self._rules, now)
            if odd:
                self._say_once(odd)
            incidents, changes = follow_incidents(before, judged, now)
            self._take(incidents, changes)
            return [one for one in changes if one.state is IncidentState.BEGUN]

    def end(self, within: float) -> None:
        """Give the program a moment, and keep what is known."""
        self.calls.finish(within)
        with self._busy:
            self._take(self._state.incidents, ())
            if self._kept_by_us:
                self.file.write(self._state)
                self.file.close()

    def _take(self, incidents: Incidents, changes: Sequence[IncidentChange]) -> None:
        """Write down what is to be told before it is told."""
        with self._small:
            gone, ended = self._acknowledged, self._over_with
            self._over_with = []
        old = self._state
        over = {one.incident: one.at for one in changes if one.state is IncidentState.OVER}
        waiting = [
            replace(one, over_at=over.get(one.begun.incident, one.over_at))
            for one in old.unacknowledged
            if one.begun.incident not in gone
        ]
        waiting += [Unacknowledged(one) for one in changes if one.state is IncidentState.BEGUN]
        calls = [one for one in changes if self._kept_by_us and self.calls.calls_for(one, one.profile)]
        untold = tuple(one for one in old.untold if one not in ended) + tuple(calls)
        self._state = ConsoleAlarmState(incidents, tuple(waiting[-MOST_KEPT:]), untold)
        with self._small:
            self._acknowledged -= gone
        same = self._state.unacknowledged == old.unacknowledged and untold == old.untold
        if (
            not same
            or incidents.open != old.incidents.open
            or (incidents is not old.incidents and time.monotonic() - self._kept_at >= STATE_EVERY)
        ):
            self._keep()
        for one in calls:
            self.calls.call(one, one.profile)

    def _keep(self) -> None:
        self._kept_at = time.monotonic()
        if self._kept_by_us:
            self.file.write(self._state)
        self._say_trouble()

    def _say_trouble(self) -> None:
        if self.file.trouble:
            self._say_once(f"{self.file.trouble}: a restart tells open incidents again")

    def _say_once(self, trouble: str) -> None:
        if trouble not in self._told:
            self._told.add(trouble)
            self._say(f"alarm: {trouble}")

    def _ended(self, change: IncidentChange) -> None:
        with self._small:
            self._over_with.append(change)

    def _operations(self, now: datetime) -> Sequence[OperationInNeed] | None:
        """Those in need, for long enough or told of already; None: the journal can't be read, and the screens say so."""
        try:
            found = operations_in_need(self._journal, now)
        except JournalError:
            return None
        moment = time.monotonic()
        self._in_need = {one.id: self._in_need.get(one.id, moment) for one in found}
        told = {one.symptom.key for one in self._state.incidents.open.values()}
        return [
            one
            for one in found
            if moment - self._in_need[one.id] >= TAKEN_UP_WITHIN or f"{AlarmKind.OPERATION}/{one.id}" in told
        ]

    def _open(self) -> None:
        """Go on where the last console has ended, or beside one that is open."""
        if self._kept_by_us:
            return
        try:
            found = self.file.open()
        except WatchedTwiceError:
            if not self._begun:
                self._begun = True
                found = self.file.read()
                self._state = replace(found, incidents=found.incidents.taken_up(), untold=())
            return
        self._say_trouble()
        self._kept_by_us = True
        first, self._begun = not self._begun, True
        self._state = found if first else _joined(self._state, found)
        self._state = replace(self._state, incidents=self._state.incidents.taken_up())
        known = {one.id for one in found.incidents.open.values()}
        late = [] if first else [one for one in self._state.incidents.open.values() if one.id not in known]
        untold = (*found.untold, *(one.change(IncidentState.BEGUN, one.begun_at) for one in late))
        untold = tuple(one for one in untold if self.calls.calls_for(one, one.profile))
        self._state = replace(self._state, untold=untold)
        self._keep()
        for one in untold:
            self.calls.call(one, one.profile)


def _joined(mine: ConsoleAlarmState, found: ConsoleAlarmState) -> ConsoleAlarmState:
    """What a console knew beside another one, and what that has left: its names count, for the program was given those."""
    names = {
        one.id: found.incidents.open[key].id
        for key, one in mine.incidents.open.items()
        if key in found.incidents.open
    }
    waiting = tuple(
        replace(one, begun=replace(one.begun, incident=names.get(one.begun.incident, one.begun.incident)))
        for one in mine.unacknowledged
    )
    open_now = {**mine.incidents.open, **found.incidents.open}
    return ConsoleAlarmState(Incidents(open_now, mine.incidents.unread), waiting)
