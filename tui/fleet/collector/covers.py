"""Who covers the instances: read once somebody asks for it, and from then on every quarter of an hour. Until then, nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tui.domain.instance import Phase, Target, TroubleKind
from tui.fleet import protocol
from tui.fleet.collector.account_region import AccountRegion
from tui.fleet.collector.fetch import utc_now
from tui.fleet.collector.schedule import Job, JobOutcome
from tui.fleet.collector.state import OUTCOMES, AccountRegionKey, CollectorState, CoverKey, CoverTask

if TYPE_CHECKING:
    from tui.fleet.collector.cover_reader import CoverReader


SETTLED_AFTER = 75.0
"""Seconds until an alarm that has just been set has its first minute's points."""


class CoverRequests(CollectorState):
    """Which targets' cover is asked for, and which of it was read."""

    cover_reader: CoverReader | None = None
    """Made when somebody first asks."""

    async def covered(self, request: protocol.ReadRequest) -> protocol.ReadAnswer:
        """Have the cover of the target, or of all, kept read; the answer comes when it is read, or can't be.

        What is read already is only read anew, past the cache, where its target is named; and with it the instances and their
        images, on which the verdicts rest too.
        """
        target = request.target
        self.cover_all = self.cover_all or target is None
        for place, unit in self.units.items():
            if _is_of(unit, target):
                self.ask_cover(place, anew=target is not None)
        self.wake.set()
        while self._is_awaited(target):
            await self.cover_news.wait()
        return protocol.ReadAnswer(request.id)

    def _is_awaited(self, target: Target | None) -> bool:
        if target is None and self.unidentified:
            return True
        return any(
            self.cover_tasks[place].awaited if place in self.cover_tasks else self.cover_all
            for place, unit in self.units.items()
            if _is_of(unit, target) and unit.phase is not Phase.FAILED
        )

    def ask_cover(self, place: AccountRegionKey, *, anew: bool = False) -> None:
        """From now on that target's cover is kept read."""
        task = self.cover_tasks.setdefault(place, CoverTask())
        if anew and task.begun:
            task.anew = task.awaited = True
            now, unit = time.monotonic(), self.units[place]
            self.jobs.fresh |= {(str(unit.account_id), unit.region, call) for call in ("inventory", "images")}
            self.schedule.refresh(place, now, Job.INVENTORY, Job.IMAGES)
            self.schedule.refresh(CoverKey(place), now, Job.COVER)
        self.begin_cover(place)

    def begin_cover(self, place: AccountRegionKey) -> None:
        """Read it as soon as its instances and their images are known, or can't be."""
        unit = self.units.get(place)
        if self.cover_all and unit is not None and not self.problems_only:
            self.cover_tasks.setdefault(place, CoverTask())
        task = self.cover_tasks.get(place)
        if task is not None and not task.begun and unit is not None and _is_ready(unit):
            task.begun = True
            self.schedule.add(CoverKey(place), time.monotonic(), Job.COVER)
        self.tell_cover()

    def tell_cover(self) -> None:
        """Have those look again who wait for cover."""
        self.cover_news.set()
        self.cover_news.clear()

    async def read_cover(self, key: CoverKey) -> JobOutcome:
        """Read the cover of a target, and send its rows. What is denied is told on them, and colours no target."""
        from tui.fleet.collector.cover_reader import CoverReader, facts_of, is_settling

        unit, task = self.units.get(key.place), self.cover_tasks.get(key.place)
        if unit is None or task is None:
            return JobOutcome.WELL
        self.cover_reader = self.cover_reader or CoverReader(self)
        fresh, task.anew = task.anew, False
        try:
            read = await self.cover_reader.read(unit, fresh=fresh)
            if unit.profiles:  # else it was left meanwhile
                unit.take_cover(facts_of(read, unit.rows), read.at)
                task.settling = is_settling(unit.cover.values(), utc_now())
                self.tell(unit)
        finally:
            task.awaited = task.anew
            self.tell_cover()
        lasting = [one.kind for one in read.unread.values() if one.kind is not TroubleKind.DENIED]
        return OUTCOMES.get(lasting[0], JobOutcome.FAILED) if lasting else JobOutcome.WELL

    def end_cover(self, key: CoverKey, outcome: JobOutcome) -> None:
        """Book the outcome. What was asked anew meanwhile is read again at once, and what is about to change soon."""
        now, task = time.monotonic(), self.cover_tasks.get(key.place)
        self.schedule.done(key, Job.COVER, now, outcome)
        if self.once:
            self.schedule.remove(key)
            if (unit := self.units.get(key.place)) is not None:
                self.tell(unit)
        elif task is not None and task.anew:
            self.schedule.refresh(key, now, Job.COVER)
        elif task is not None and task.settling and outcome is JobOutcome.WELL:
            task.anew = True
            self.schedule.refresh(key, now + SETTLED_AFTER, Job.COVER)

    def forget_cover(self, place: AccountRegionKey) -> None:
        """The target is read no more."""
        self.cover_tasks.pop(place, None)
        self.schedule.remove(CoverKey(place))
        self.tell_cover()


def _is_of(unit: AccountRegion, target: Target | None) -> bool:
    return target is None or (target.region == unit.region and target.profile in unit.profiles)


def _is_ready(unit: AccountRegion) -> bool:
    """Its copies are judged by the images, its snapshots are those of its volumes."""
    return unit.images_at is not None or Job.IMAGES in unit.partial or Job.INVENTORY in unit.partial
