"""The collector's loop: it plans, threads read. Problems first, then every status, then the inventory, then the rest."""

from __future__ import annotations

import asyncio
import contextlib
import time

from tui.aws.errors import OtherAccountError
from tui.domain.instance import Phase, Trouble, TroubleKind
from tui.domain.sanitize import clean
from tui.fleet import protocol
from tui.fleet.collector.account_region import AccountRegion
from tui.fleet.collector.logins import Logins
from tui.fleet.collector.schedule import Job, JobOutcome
from tui.fleet.collector.state import LOGIN_TROUBLE, OUTCOMES, AccountRegionKey, CoverKey

BEAT = 5.0
HELD = 15.0
"""Seconds after which the rows of a target are sent though some of it is still being read."""
_NEXT = {Job.PROBLEMS: Job.STATUS, Job.STATUS: Job.INVENTORY, Job.INVENTORY: Job.IMAGES}
"""What follows when everything is read once."""
_OTHERS_MAY = (TroubleKind.CREDENTIALS, TroubleKind.DENIED, TroubleKind.REGION, TroubleKind.CONFIG)
"""Kinds of trouble that another profile of the account may not have."""


class Collector(Logins):
    """One run of the collector: profiles, requests of the console, schedule, loop."""

    async def run(self) -> None:
        """Run until cancelled. With --once it says when everything was read, and then only answers what is asked."""
        if not self.idle:
            self.start(self.begin())
        beat = 0.0
        while True:
            now = time.monotonic()
            for key, job in self.schedule.due(now):
                self.start(self.work(key, job))
            if self.once and not self.tasks:
                self.finish()
                self.once = False
            self.tell_held(HELD)
            if now >= beat:
                self.send(protocol.Beat())
                beat = now + BEAT
            pause = min(self.schedule.wait(now) or BEAT, BEAT) if not self.once else BEAT
            self.wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(pause, 0.01)):
                    await self.wake.wait()

    def finish(self) -> None:
        """Send what is held, whatever is still being read: with --once that is all there will be."""
        self.tell_held()
        self.send(protocol.Done())

    async def work(self, key: str | AccountRegionKey | CoverKey, job: Job) -> None:
        """Run one job and book its outcome in the schedule. Never raises for AWS."""
        try:
            if isinstance(key, str):
                outcome = await self.identify(key)
            elif isinstance(key, CoverKey):
                outcome = await self.read_cover(key)
            elif job is Job.HEALTH:
                outcome = await self.health.read(key[0])
            else:
                unit = self.units.get(key)
                outcome = await self.read(unit, job) if unit is not None else JobOutcome.WELL
        except Exception as error:  # a fault of ours must be seen, and must not stop the others
            self.send(
                protocol.Note(clean(f"internal: {key} {job.name.lower()}: {type(error).__name__}: {error}"))
            )
            outcome = JobOutcome.FAILED
        finally:
            if isinstance(key, str):
                self.known(key)
        if isinstance(key, CoverKey):
            self.end_cover(key, outcome)
            return
        again = self.schedule.is_asked(key, Job.PROBLEMS)
        now = time.monotonic()
        self.schedule.done(key, job, now, outcome)
        unit = None if isinstance(key, str) else self.units.get(key)
        polled = job is Job.PROBLEMS and outcome is JobOutcome.WELL and self.checked(unit, job)
        if polled:
            self.schedule.polled(key, now)
        if unit is not None and unit.overtaken:
            self.schedule.refresh(key, now, Job.STATUS)
        if self.once:
            self.schedule.remove(key)
            if again:
                self.schedule.add(key, time.monotonic(), Job.PROBLEMS)
            elif outcome is JobOutcome.WELL and job in _NEXT and not self.problems_only:
                self.schedule.add(key, time.monotonic(), Job.INVENTORY if polled else _NEXT[job])
        if not isinstance(key, str):
            self.begin_cover(key)
            if unit is not None and key in self.held:
                self.tell(unit)  # it may have been the last of it

    async def read(self, unit: AccountRegion, job: Job) -> JobOutcome:
        """One job of a target with its first profile that can; then the next."""
        failed: dict[str, Trouble] = {}
        if job <= Job.STATUS:
            unit.overtaken = False
        if unit.phase is Phase.WAITING:
            unit.phase = Phase.READING
            self.tell(unit)
        for profile in list(unit.profiles):
            try:
                await self.jobs.do(job, unit, profile)
            except Exception as error:
                trouble = failed[profile] = await self.trouble(error, profile, unit.region)
                if trouble.code == OtherAccountError.__name__:
                    self.leave(profile)
                elif trouble.kind in LOGIN_TROUBLE:
                    self.sessions.drop(profile)
                if trouble.kind in _OTHERS_MAY:
                    continue
                break  # it would be the same for each
            unit.record_success(
                job,
                profile,
                failed,
                live=job is Job.STATUS or unit.status_at is not None or self.problems_only,
            )
            self.tell(unit)
            return JobOutcome.WELL
        if not unit.profiles:
            return JobOutcome.WELL  # left
        trouble = unit.record_failure(job, failed)
        self.tell(unit)
        if job is Job.IMAGES and trouble.kind is TroubleKind.DENIED:
            return JobOutcome.WELL  # a nicety, and asking again would not help
        return OUTCOMES.get(trouble.kind, JobOutcome.FAILED)

    def checked(self, unit: AccountRegion | None, job: Job) -> bool:
        """Whether that job brought every check there is."""
        return job is Job.STATUS or (
            job is Job.PROBLEMS and unit is not None and unit.all_at_once is not None
        )
