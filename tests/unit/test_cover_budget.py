"""10,000 alarms and 10,000 images over 100 targets, on a clock of the test's own: what reading them costs, and no poll is late.

The real schedule, the real budgets and the real cover reads run; only the time that a request takes is the test's.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from random import Random

from tui.config.sections import Intervals
from tui.fleet.collector.cover_reader import A_SECOND, AT_ONCE, COVER_THREADS, EC2_A_SECOND, EC2_AT_ONCE
from tui.fleet.collector.schedule import JITTER, Budget, Job, JobOutcome, Schedule
from tui.fleet.collector.state import CoverKey

Place = tuple[str, str]
LATENCY = 0.3
"""Seconds that a request takes."""
CLOUDWATCH_A_SECOND = 9
"""Of DescribeAlarms, in an account and region (user guide, cloudwatch_limits)."""


@dataclass
class World:
    """Targets whose jobs take as long as their requests, each booked on its budget. Cover has threads of its own."""

    targets: int
    alarm_pages: int
    snapshot_pages: int
    now: float = 0.0
    late: list[float] = field(default_factory=list)
    sent: defaultdict[tuple[str, Place], list[float]] = field(default_factory=lambda: defaultdict(list))
    covered: dict[Place, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.places = [(f"{number // 5:012}", f"r-{number % 5}") for number in range(self.targets)]
        self.ec2 = {place: Budget() for place in self.places}
        self.cloudwatch = {place: Budget(AT_ONCE, A_SECOND) for place in self.places}
        self.turns = {place: Budget(EC2_AT_ONCE, EC2_A_SECOND) for place in self.places}
        self.schedule: Schedule[Place | CoverKey] = Schedule(Intervals(), Random(4))
        self.free = [0.0] * COVER_THREADS
        self.ends: list[tuple[float, int, Place | CoverKey, Job]] = []

    def request(self, service: str, place: Place, budget: Budget, at: float) -> float:
        """When a request that could begin then is answered."""
        begun = at + budget.take(at)
        self.sent[service, place].append(begun)
        return begun + LATENCY

    def job(self, key: Place | CoverKey, job: Job) -> float:
        """Run the job on the virtual clock; the seconds at which it has ended."""
        if isinstance(key, CoverKey):
            place, ends = key.place, list[float]()
            for service, pages in (("cloudwatch", self.alarm_pages), ("other", 1), ("other", 1)):
                ends.append(self.cover(place, service, pages))
            return max(*ends, self.cover(place, "ec2", self.snapshot_pages))
        return self.request("ec2", key, self.ec2[key], self.now)

    def cover(self, place: Place, service: str, pages: int) -> float:
        """One part: a thread of the cover's own, page by page."""
        at = max(self.now, heapq.heappop(self.free))
        for _ in range(pages):
            if service == "ec2":
                at += self.turns[place].take(at)
                at = self.request("ec2", place, self.ec2[place], at)
            else:
                budget = self.cloudwatch[place] if service == "cloudwatch" else Budget(AT_ONCE, A_SECOND)
                at = self.request(service, place, budget, at)
        heapq.heappush(self.free, at)
        return at

    def run(self, until: float, ask_at: float) -> None:
        """From the start; somebody asks for the cover at that second."""
        for place in self.places:
            self.schedule.add(place, 0.0, Job.STATUS, Job.INVENTORY, Job.IMAGES)
        asked, number, due = False, 0, dict[Place, float]()
        while self.now < until:
            if not asked and self.now >= ask_at:
                asked = True
                for place in self.places:
                    self.schedule.add(CoverKey(place), self.now, Job.COVER)
            for key, job in self.schedule.due(self.now):
                if job is Job.STATUS and not isinstance(key, CoverKey):
                    self.late.append(self.now - due.get(key, self.now))
                number += 1
                heapq.heappush(self.ends, (self.job(key, job), number, key, job))
            wait = self.schedule.wait(self.now)
            times = [
                until,
                *([self.now + max(wait, 0.001)] if wait is not None else []),
                *(e[0] for e in self.ends[:1]),
            ]
            self.now = min([*times, *([ask_at] if not asked else [])])
            while self.ends and self.ends[0][0] <= self.now:
                _, _, key, job = heapq.heappop(self.ends)
                self.schedule.done(key, job, self.now, JobOutcome.WELL)
                if isinstance(key, CoverKey):
                    self.covered[key.place] = self.now
                elif job is Job.STATUS:
                    due[key] = self.schedule._entries[key].due[Job.STATUS]


def busiest(times: list[float], seconds: float = 1.0) -> int:
    """The most requests in any such stretch."""
    ordered, first, most = sorted(times), 0, 0
    for last, at in enumerate(ordered):
        while ordered[first] <= at - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def lateness(world: World) -> float:
    return max(world.late)


def test_ten_thousand_alarms_over_a_hundred_targets_and_no_poll_is_late() -> None:
    without, having = World(100, 0, 0), World(100, 1, 1)
    without.run(600.0, 601.0)
    having.run(600.0, 60.0)
    assert len(having.covered) == 100
    assert max(having.covered.values()) - 60.0 < 40.0
    assert lateness(having) <= max(lateness(without), 0.5), "no later than without any cover"
    calls = Counter(service for (service, _), times in having.sent.items() for _ in times)
    assert calls["cloudwatch"] == 100, "a page each"
    assert len(having.late) >= 100 * (600 - 30) / (Intervals().status * (1 + JITTER)) / 1.2


def test_ten_thousand_alarms_of_one_account_and_region_are_read_below_its_limit() -> None:
    world = World(1, 100, 60)
    world.run(300.0, 30.0)
    (place,) = world.places
    times = world.sent["cloudwatch", place]
    assert len(times) == 100
    assert busiest(times) <= CLOUDWATCH_A_SECOND
    assert busiest(times, 10.0) <= CLOUDWATCH_A_SECOND * 10
    assert max(times) - min(times) < 60.0
    assert lateness(world) < 0.5, "the same key's polls do not wait for it"
    assert len(world.covered) == 1
