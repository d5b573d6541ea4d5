"""The watch itself: frames in, incidents out. Of one loop and thread."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tui.config.schema import Settings
from tui.domain.incident_causes import judge_soundly
from tui.domain.incidents import (
    FRESH_FOR,
    AlarmRule,
    IncidentChange,
    IncidentState,
    OperationInNeed,
    Picture,
    follow_incidents,
)
from tui.domain.plurals import counted
from tui.domain.sanitize import EMPTY, SafeText
from tui.domain.triage import Level, urgency
from tui.domain.unread_causes import is_fresh
from tui.fleet import protocol
from tui.fleet.collector_client import Link
from tui.fleet.store import Store
from tui.operations.activity_watch import Watch
from tui.operations.alarm_calls import AlarmCalls
from tui.operations.database import JournalError
from tui.operations.journal import Journal
from tui.operations.needs import operations_in_need
from tui.watch.notify import Notifier
from tui.watch.state_file import StateFile, WatchState

if TYPE_CHECKING:  # without --metrics prometheus_client need not be there
    from tui.watch.metrics import Gauges

LAST_CALLS = 5.0
"""Seconds in which programs that were begun may come to their end, once the watch is told to end."""
LOOK_AFTER = 1.0
"""Seconds between two looks while frames come; without any the clock alone is a reason after IDLE."""
IDLE = 5.0
COUNT_EVERY = 15.0
"""Seconds between two counts of instances for the metrics: what Prometheus asks for as often."""
PAST, PAST_FOR = 500, timedelta(days=7)
"""So many changes, and for so long, are kept for who asks what happened."""
KEEP_EVERY = timedelta(seconds=30)
"""Between two writes though no incident began or is over: a restart then knows since when what was not read."""


class Watcher:
    """One watch. `tell` is given each change once and answers whether somebody still listens; `say` is given lines for people.

    `run` needs a link. Whoever brings the frames himself gives them to `take` and calls `look`.
    """

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        rules: Sequence[AlarmRule],
        state: StateFile,
        journal: Journal,
        tell: Callable[[IncidentChange], bool],
        say: Callable[[str], None],
        now: Callable[[], datetime],
        *,
        gauges: Gauges | None = None,
        notifier: Notifier | None = None,
    ) -> None:
        self.store, self.done = Store(), False
        self._rules, self._file, self._journal = rules, state, journal
        self._tell, self._say, self._now = tell, say, now
        self._gauges, self._notifier = gauges, notifier or Notifier({})
        self._fresh_for = max(FRESH_FOR, timedelta(seconds=10 * settings.intervals.status))
        self._watch = Watch()
        self._reader: SafeText = EMPTY
        self._said: dict[str, str] = {}
        self._kept_at, self._counted_at = now(), float("-inf")
        self._ready = False
        self._state = WatchState()
        self.calls = AlarmCalls(settings, environ, say, ended=self._ended)
        self._called: deque[IncidentChange] = deque()

    def begin(self) -> None:
        """Go on where the last watch of this state has ended. Raises WatchedTwiceError."""
        found = self._file.open()
        self._state = replace(found, incidents=found.incidents.taken_up(), began_at=self._now())
        self._trouble_line(
            "state", self._file.trouble, "what it kept is not known, and open incidents are told again"
        )
        for change in self._state.uncalled:
            self.calls.call(change, change.profile)
        self._deliver(())

    def end(self) -> None:
        """Give the program of [alarm] command a moment, keep what is known, and let others watch."""
        if not self.calls.finish(LAST_CALLS):
            self._say("the program of [alarm] command has not ended yet: it is run again by the next watch")
        self._strike_called()
        self._keep()
        self._file.close()

    async def run(self, link: Link, stop: asyncio.Event, is_lost: Callable[[], bool]) -> None:
        """Until told to stop, or until nobody listens any more (`is_lost`)."""
        changed = asyncio.Event()
        await link.start()
        follower = asyncio.create_task(self._follow(link, changed))
        try:
            while not (stop.is_set() or self.done or is_lost()):
                self.look()
                if follower.done():
                    follower.result()  # a fault of ours
                    return
                await _first_of(min(IDLE, self._notifier.every or IDLE), changed, stop)
                changed.clear()
                await _first_of(LOOK_AFTER, stop)
        finally:
            self._notifier.stopping()
            follower.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(follower, return_exceptions=True)
            await link.stop()

    async def _follow(self, link: Link, changed: asyncio.Event) -> None:
        async for frame in link.frames():
            self.take(frame)
            changed.set()

    def take(self, frame: protocol.Frame) -> None:
        """What the collector, or its link, says."""
        if isinstance(frame, protocol.Delta):
            self.store.apply(frame)
        elif isinstance(frame, protocol.Note):
            self._say(frame.text)
        elif isinstance(frame, protocol.LinkState):
            self._reader = EMPTY if frame.state is protocol.LinkPhase.LIVE else frame.why
            if frame.state is protocol.LinkPhase.RESTARTING:
                self._say(f"{frame.why}; it is started again")
                if self._gauges is not None:
                    self._gauges.restarted()
            elif frame.state is protocol.LinkPhase.LIVE and not self._ready:
                self._ready = True
                self._notifier.ready("reading")

    def look(self) -> None:
        """Judge what is known now, keep it, and tell what has changed."""
        now = self._now()
        operations = self._operations(now)
        own = self._watch.look(self._journal if self._journal.path.exists() else None)
        picture = Picture(
            self.store.rows(), self.store.targets(), operations, own, self._reader, self._fresh_for
        )
        before = self._state.incidents
        judged, odd = judge_soundly(before, picture, self._rules, now)
        self._trouble_line("list", odd, "of those nothing is told")
        incidents, changes = follow_incidents(before, judged, now)
        if incidents is not before:
            same = incidents.open == before.open
            self._state = replace(self._state, incidents=incidents)
            if changes or not same:
                self._deliver(changes)
        if self._strike_called() or abs(now - self._kept_at) >= KEEP_EVERY:
            self._keep(durable=False)
        self._count(picture, changes, now)
        opened = counted(len(incidents.open), "incident")
        self._notifier.alive(f"{counted(len(picture.targets), 'target')}, {opened}")

    def _operations(self, now: datetime) -> Sequence[OperationInNeed] | None:
        try:
            found = operations_in_need(self._journal, now)
        except JournalError as error:
            self._trouble_line("journal", str(error), "no operation is known to be well until it can be read")
            return None
        self._trouble_line("journal", "")
        return found

    def _deliver(self, changes: Sequence[IncidentChange]) -> None:
        """Write down what is to be told, tell it, and strike it off."""
        untold = (*self._state.untold, *changes)
        calls = [one for one in changes if self.calls.calls_for(one, one.profile)]
        past = tuple(one for one in self._state.past if self._now() - one.at < PAST_FOR)
        past, uncalled = (*past, *changes)[-PAST:], (*self._state.uncalled, *calls)
        self._state = replace(self._state, untold=untold, past=past, uncalled=uncalled)
        self._keep()
        for change in calls:
            self.calls.call(change, change.profile)
        for number, change in enumerate(untold):
            if not self._tell(change):
                self.done = True
                self._state = replace(self._state, untold=untold[number:])
                return
        if untold:
            self._state = replace(self._state, untold=())
            self._keep()

    def _ended(self, change: IncidentChange) -> None:
        """The program has ended for it: from any thread."""
        self._called.append(change)

    def _strike_called(self) -> bool:
        """Whether anything was struck off for which the program has ended."""
        ended = [self._called.popleft() for _ in range(len(self._called))]
        left = tuple(one for one in self._state.uncalled if one not in ended)
        self._state = replace(self._state, uncalled=left)
        return bool(ended)

    def _keep(self, *, durable: bool = True) -> None:
        self._kept_at = self._now()
        written = self._file.write(replace(self._state, kept_at=self._kept_at), durable=durable)
        self._trouble_line(
            "state", self._file.trouble, "it goes on, and a restart would tell open incidents again"
        )
        if self._gauges is not None:
            self._gauges.kept(written)

    def _trouble_line(self, what: str, trouble: str, so: str = "") -> None:
        """Each trouble once, and that it is over."""
        if trouble == self._said.get(what, ""):
            return
        self._said[what] = trouble
        self._say(
            f"the {what} can't be used: {trouble}: {so}" if trouble else f"the {what} can be used again"
        )

    def _count(self, picture: Picture, changes: Sequence[IncidentChange], now: datetime) -> None:
        gauges = self._gauges
        if gauges is None:
            return
        kinds = Counter(one.symptom.rule for one in self._state.incidents.open.values())
        by_state = {state: [one.kind for one in changes if one.state is state] for state in IncidentState}
        gauges.count(
            by_state[IncidentState.BEGUN],
            by_state[IncidentState.OVER],
            {rule.text: kinds[rule.text] for rule in self._rules},
        )
        if time.monotonic() - self._counted_at < COUNT_EVERY:
            return
        self._counted_at = time.monotonic()
        read = sum(is_fresh(one, picture.fresh_for, now) for one in picture.targets)
        failed = sum(one.trouble is not None for one in picture.targets)
        targets = {"read": read, "failed": failed, "waiting": len(picture.targets) - read - failed}
        levels = Counter(urgency(row, now, picture.own).level for row in picture.rows)
        times = [one.status_at for one in picture.targets if one.status_at is not None]
        gauges.fleet(
            targets, {level.name.lower(): levels[level] for level in Level}, max(times, default=None)
        )


async def _first_of(seconds: float, *events: asyncio.Event) -> None:
    """Until one of these happens, at most so long."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waits:
            one.cancel()
