"""Which job of which target is due: problems first, jittered, slower when throttled. Pure: times are seconds of any clock.

EC2 gives an account and region 100 describe calls and 20 more a second, shared by everything that runs there (developer
guide, ec2-api-throttling). `Budget` takes a quarter of that.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from random import Random
from threading import Lock
from typing import Generic, TypeVar

from tui.config.sections import Intervals
from tui.domain.retry import RetryPolicy

K = TypeVar("K", bound=Hashable)
AFTER_FAILURE, LOGIN_RETRY = RetryPolicy(1 / 3, 20.0), 1.0
"""In status intervals (by default 5 s to 5 min, and 15 s): the waits after failures, and always when credentials are missing:
asking for those is cheap, and somebody may just have renewed them in another terminal."""
SLOWEST = 8.0
SLOWEST_PACE, PACE_BACK = 0.125, 0.05
JITTER = 0.2
IMAGES_EVERY = HEALTH_EVERY = COVER_EVERY = 900.0


class Job(IntEnum):
    """Kinds of work, the most urgent first. IDENTIFY belongs to a profile, HEALTH to an account, the others to a target.

    COVER is of a key of its own beside the target's: a poll of the checks never waits for it.
    """

    IDENTIFY = 0
    PROBLEMS = 1
    STATUS = 2
    INVENTORY = 3
    IMAGES = 4
    HEALTH = 5
    COVER = 6


HOLD = {Job.INVENTORY: 3.0, Job.IMAGES: 20.0, Job.HEALTH: 20.0, Job.COVER: 5.0}
"""Seconds that an inventory, and what is only nice to have, may be held back while more urgent kinds are under way
anywhere. Trouble of every target comes before any inventory; one target that does not answer holds nobody for long."""


class JobOutcome(IntEnum):
    """How a job ended; it decides when the next one is due."""

    WELL = 0
    THROTTLED = 1
    FAILED = 2
    LOGIN = 3


@dataclass
class _Entry:
    due: dict[Job, float]
    running: Job | None = None
    failures: dict[Job, int] = field(default_factory=dict)
    slow: float = 1.0


@dataclass
class Schedule(Generic[K]):
    """One job of a key at a time."""

    intervals: Intervals
    random: Random = field(default_factory=Random)
    hold: Mapping[Job, float] = field(default_factory=lambda: HOLD)
    _entries: dict[K, _Entry] = field(default_factory=dict)

    def add(self, key: K, now: float, *jobs: Job) -> None:
        """Begin with these jobs at once."""
        self._entries.setdefault(key, _Entry({})).due.update(dict.fromkeys(jobs, now))

    def remove(self, key: K) -> None:
        """Plan no more jobs for a key."""
        self._entries.pop(key, None)

    def refresh(self, key: K, now: float, *jobs: Job) -> None:
        """Plan these jobs for now."""
        entry = self._entries.get(key)
        if entry is not None:
            entry.due.update(dict.fromkeys(jobs, now))

    def knows(self, key: K) -> bool:
        """Whether any job of that key is planned or under way."""
        return key in self._entries

    def is_asked(self, key: K, job: Job) -> bool:
        """Whether that job is to come."""
        entry = self._entries.get(key)
        return entry is not None and job in entry.due

    def due(self, now: float) -> list[tuple[K, Job]]:
        """What to start now, the most urgent kind first; each is then running until `done`."""
        ready = [
            (job, number, at, key)
            for number, (key, entry) in enumerate(self._entries.items())
            if entry.running is None
            for job, at in entry.due.items()
            if at <= now
        ]
        urgent = self._urgent()
        started: list[tuple[K, Job]] = []
        for job, _, at, key in sorted(ready, key=lambda one: one[:2]):
            entry = self._entries[key]
            if entry.running is None and self._free_at(job, at, urgent) <= now:
                entry.running = job
                del entry.due[job]
                started.append((key, job))
                if job is not Job.STATUS and (urgent is None or job < urgent):
                    urgent = job
        return started

    def _urgent(self) -> Job | None:
        """The most urgent kind under way. Status polls do not count: some target is polled at any time."""
        running = (entry.running for entry in self._entries.values())
        return min((job for job in running if job is not None and job is not Job.STATUS), default=None)

    def _free_at(self, job: Job, at: float, urgent: Job | None) -> float:
        """When it may begin though more urgent kinds are under way."""
        return at + self.hold.get(job, 0.0) if urgent is not None and urgent < job else at

    def wait(self, now: float) -> float | None:
        """Seconds until something may begin; None if only running jobs can make it so."""
        urgent = self._urgent()
        times = [
            self._free_at(job, at, urgent)
            for entry in self._entries.values()
            if entry.running is None
            for job, at in entry.due.items()
        ]
        return max(0.0, min(times) - now) if times else None

    def done(self, key: K, job: Job, now: float, outcome: JobOutcome) -> None:
        """Book the outcome of a job and plan the next."""
        entry = self._entries.get(key)
        if entry is None:
            return
        entry.running = None
        if outcome is JobOutcome.WELL:
            entry.failures.pop(job, None)
            entry.slow = max(1.0, entry.slow * 0.8)
            self._follow(entry, job, now)
            return
        if outcome is JobOutcome.THROTTLED:
            entry.slow = min(SLOWEST, entry.slow * 2)
        failures = entry.failures[job] = entry.failures.get(job, 0) + 1
        pause = LOGIN_RETRY if outcome is JobOutcome.LOGIN else AFTER_FAILURE.interval(failures)
        again = now + self._jittered(pause * self.intervals.status)
        entry.due[job] = again
        # Without a login or a budget nothing else would do better; otherwise only what is less urgent waits along.
        alike = outcome in (JobOutcome.LOGIN, JobOutcome.THROTTLED)
        for other, at in entry.due.items():
            if alike or other > job:
                entry.due[other] = max(at, again)

    def polled(self, key: K, now: float) -> None:
        """The problems came with every status: the next one is due an interval from now."""
        entry = self._entries.get(key)
        if entry is not None:
            self._follow(entry, Job.STATUS, now)

    def _follow(self, entry: _Entry, job: Job, now: float) -> None:
        if job is Job.PROBLEMS:
            entry.due.update({Job.STATUS: now, Job.INVENTORY: now, Job.IMAGES: now})
        elif job is Job.STATUS:
            entry.due[job] = now + self._jittered(self.intervals.status) * entry.slow
        elif job is Job.INVENTORY:
            entry.due[job] = now + self._jittered(self.intervals.inventory) * entry.slow
        elif job is Job.IMAGES:
            entry.due[job] = now + self._jittered(IMAGES_EVERY) * entry.slow
        elif job is Job.HEALTH:
            entry.due[job] = now + self._jittered(HEALTH_EVERY) * entry.slow
        elif job is Job.COVER:
            entry.due[job] = now + self._jittered(COVER_EVERY) * entry.slow

    def _jittered(self, seconds: float) -> float:
        return seconds * self.random.uniform(1 - JITTER, 1 + JITTER)


@dataclass
class Budget:
    """A token bucket for the requests of one account and region, slower where AWS says that it is asked too often.

    Readers' threads share it. Times are seconds of any clock.
    """

    size: float = 25.0
    refill: float = 5.0
    pace: float = 1.0
    _tokens: float = math.inf
    _at: float = 0.0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def take(self, now: float) -> float:
        """Book one request; answers the seconds to wait before it."""
        with self._lock:
            self._fill(now)
            self._tokens -= 1
            return self._wait()

    def wait(self, now: float) -> float:
        """The seconds until the next request could begin, without booking it."""
        with self._lock:
            self._fill(now)
            return max(0.0, self._wait() if self._tokens < 1 else 0.0)

    def answered(self, now: float, throttled: bool) -> None:
        """Book an answer. Throttled: half the pace and no burst at once; each other answer gives a twentieth of it back."""
        with self._lock:
            self._fill(now)
            if throttled:
                self.pace = max(SLOWEST_PACE, self.pace / 2)
                self._tokens = min(self._tokens, 0.0)
            else:
                self.pace = min(1.0, self.pace + PACE_BACK)

    def _fill(self, now: float) -> None:
        self._tokens = min(self.size, self._tokens + (now - self._at) * self.refill * self.pace)
        self._at = now

    def _wait(self) -> float:
        return max(0.0, -self._tokens / (self.refill * self.pace))
