"""Runs `[alarm] command`: once for each change of an incident, with one line of JSON on its input.

Whoever tells of trouble waits for none of it: it is run in threads of its own, each program within its time limit. What concerns
one incident keeps its order; LANES of them run at a time, so that one that hangs holds up a few others at most.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from zlib import crc32

import msgspec

from tui.config.schema import Settings
from tui.domain.incidents import IncidentChange
from tui.operations.programs import PROGRAM_WITHIN, run_program, why_no_programs, without_credentials

LANES = 4
MOST_WAITING = 1000
"""Changes that may wait in a lane: with a program that hangs for ever, the latest are still told of."""


class AlarmCalls:
    """`said` is told what went wrong, in a line; the same failure once until one has gone well. `ended` is told each change for
    which the program has ended, however it did, or will not be run. Both from any thread."""

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        said: Callable[[str], None],
        within: float = PROGRAM_WITHIN,
        ended: Callable[[IncidentChange], None] = lambda _: None,
    ) -> None:
        self._settings, self._said, self._within, self._ended = settings, said, within, ended
        self._environ = without_credentials(environ)
        self._waiting: tuple[deque[IncidentChange], ...] = tuple(deque() for _ in range(LANES))
        self._at_work = [False] * LANES
        self._changed = threading.Condition()
        self._told = ""

    @property
    def why_none(self) -> str:
        """Why no program is run at all; empty where one is, or where none is named."""
        return why_no_programs(self._settings, "") if self._settings.alarm.command else ""

    def calls_for(self, change: IncidentChange, profile: str) -> bool:
        """Whether the program is run for it: one is named, and may be run for what was seen through the profile."""
        command = self._settings.alarm.command
        return bool(command) and not why_no_programs(self._settings, profile, change.account_id)

    def call(self, change: IncidentChange, profile: str) -> None:
        """Have the program run for this change, if it is to be. Never waits."""
        if not self.calls_for(change, profile):
            return
        dropped, trouble = self._queue(crc32(change.incident.encode()) % LANES, change)
        if dropped is not None:
            self._ended(dropped)
        if trouble:
            self._fail(trouble)

    def _queue(self, lane: int, change: IncidentChange) -> tuple[IncidentChange | None, str]:
        """Put it in its lane; what had to give way, and what is to be told, if anything."""
        with self._changed:
            waiting = self._waiting[lane]
            dropped = waiting.popleft() if len(waiting) >= MOST_WAITING else None
            waiting.append(change)
            if not self._at_work[lane]:
                try:
                    threading.Thread(target=self._work, args=(lane,), name="alarm", daemon=True).start()
                except RuntimeError as error:  # no more threads: tried again with the next
                    return dropped, str(error)
                self._at_work[lane] = True
        return dropped, "" if dropped is None else "too many wait for the program: the oldest was dropped"

    def finish(self, seconds: float) -> bool:
        """Whether all was run within so many seconds: for who is about to end."""
        until = time.monotonic() + seconds
        with self._changed:
            while any(self._at_work):
                left = until - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
        return True

    def _work(self, lane: int) -> None:
        while (change := self._next(lane)) is not None:
            try:
                given = msgspec.json.encode(change.as_object()) + b"\n"
                end = run_program(
                    self._settings.alarm.command, self._environ, within=self._within, given=given
                )
                ok, text = end.ok, str(end.text)
            except Exception as error:  # whatever it is: the next incident is told of all the same
                ok, text = False, f"{type(error).__name__}: {error}"
            if ok:
                self._told = ""
            else:
                self._fail(text)
            self._ended(change)

    def _next(self, lane: int) -> IncidentChange | None:
        with self._changed:
            if self._waiting[lane]:
                return self._waiting[lane].popleft()
            self._at_work[lane] = False
            self._changed.notify_all()
            return None

    def _fail(self, text: str) -> None:
        if text != self._told:
            self._told = text
            self._said(f"alarm: {text}")
