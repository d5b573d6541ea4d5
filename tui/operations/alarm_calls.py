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
    """`said` is told what went wrong, in a line, from any thread; the same failure once until one has gone well."""

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        said: Callable[[str], None],
        within: float = PROGRAM_WITHIN,
    ) -> None:
        self._settings, self._said, self._within = settings, said, within
        self._environ = without_credentials(environ)
        self._waiting: tuple[deque[bytes], ...] = tuple(deque() for _ in range(LANES))
        self._at_work = [False] * LANES
        self._changed = threading.Condition()
        self._told = ""

    @property
    def why_none(self) -> str:
        """Why no program is run at all; empty where one is, or where none is named."""
        return why_no_programs(self._settings, "") if self._settings.alarm.command else ""

    def call(self, change: IncidentChange, profile: str) -> None:
        """Have the program run for this change of an incident that was seen through the profile. Never waits."""
        if not self._settings.alarm.command or why_no_programs(self._settings, profile, change.account_id):
            return
        lane = crc32(change.incident.encode()) % LANES
        trouble = self._queue(lane, msgspec.json.encode(change.as_object()) + b"\n")
        if trouble:
            self._fail(trouble)

    def _queue(self, lane: int, line: bytes) -> str:
        """Put it in its lane; what is to be told of that, if anything."""
        with self._changed:
            waiting, trouble = self._waiting[lane], ""
            if len(waiting) >= MOST_WAITING:
                waiting.popleft()
                trouble = f"more than {MOST_WAITING} changes wait for the program: the oldest was dropped"
            waiting.append(line)
            if not self._at_work[lane]:
                try:
                    threading.Thread(target=self._work, args=(lane,), name="alarm", daemon=True).start()
                except RuntimeError as error:  # no more threads: tried again with the next
                    return str(error)
                self._at_work[lane] = True
            return trouble

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
        while (line := self._next(lane)) is not None:
            try:
                end = run_program(
                    self._settings.alarm.command, self._environ, within=self._within, given=line
                )
                ok, text = end.ok, str(end.text)
            except Exception as error:  # whatever it is: the next incident is told of all the same
                ok, text = False, f"{type(error).__name__}: {error}"
            if ok:
                self._told = ""
            else:
                self._fail(text)

    def _next(self, lane: int) -> bytes | None:
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
