"""A priority lock for CPU-bound work (making a client, parsing an answer).

Under the interpreter's lock such work is done sooner one after another than side by side. The lowest `Rank` goes first, then
first come, first served."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum


class Rank(IntEnum):
    """Priorities, the most urgent first: what shows trouble, what must precede it, all else."""

    STATUS = 0
    CLIENT = 1
    LOGIN = 2
    SESSION = 3
    INVENTORY = 4


class PriorityLock:
    """One thread at a time; of those that wait the lowest rank first, and among equals the one that came first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy = False
        self._number = 0
        self._waiting: list[tuple[int, int, threading.Lock]] = []

    @contextmanager
    def take(self, rank: int) -> Iterator[None]:
        """Hold the lock for a `with` block. Not reentrant: the holder must not take it again."""
        gate: threading.Lock | None = None
        with self._lock:
            if self._busy:
                gate = threading.Lock()
                gate.acquire()
                self._number += 1
                heapq.heappush(self._waiting, (rank, self._number, gate))
            self._busy = True
        if gate is not None:
            gate.acquire()
        try:
            yield
        finally:
            with self._lock:
                if self._waiting:
                    heapq.heappop(self._waiting)[2].release()
                else:
                    self._busy = False


WORK = PriorityLock()
"""Of this process."""
