"""The eyes: one loop plans, threads read. Problems first, then every status, then the inventory, then the rest."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

from tui.aws import look, reads
from tui.aws.sessions import Sessions
from tui.domain.instance import EVERYWHERE, Instance, Phase, Target, TargetStatus, Trouble
from tui.domain.text import clean
from tui.fleet import wire
from tui.fleet.collector.cache import Cache
from tui.fleet.collector.jobs import Jobs, threaded, utc_now
from tui.fleet.collector.schedule import Job, Outcome, Schedule
from tui.fleet.collector.unit import Unit
from tui.settings import Settings

T = TypeVar("T")
THREADS = 32
"""Readers: a region that does not answer holds one of them until its limits are reached."""
BEAT = 5.0
Place = tuple[str, str]
_OUTCOMES = {"throttled": Outcome.THROTTLED, "credentials": Outcome.LOGIN, "config": Outcome.LOGIN}
_OTHERS_MAY = ("credentials", "denied", "region", "config")
"""Kinds of trouble that another profile of the account may not have."""


class Collector:
    """Everything of one run. `send` takes frames from any thread."""

    def __init__(self, settings: Settings, send: Callable[[wire.Frame], None], mode: Sequence[str]) -> None:
        self.settings, self.send = settings, send
        self.once, self.problems_only, self.idle = "--once" in mode, "--problems" in mode, "--idle" in mode
        self.sessions = Sessions(settings)
        self.schedule: Schedule[str | Place] = Schedule(settings.intervals)
        self.cache = Cache(settings.cache, lambda text: send(wire.Note(clean(text))))
        self.threads = ThreadPoolExecutor(THREADS, "read")
        self.askers = ThreadPoolExecutor(8, "look")
        self.units: dict[Place, Unit] = {}
        self.order: dict[str, int] = {}
        self.shown: dict[str, list[Target]] = {}
        self.jobs = Jobs(settings.intervals, self.sessions, self.cache, self.threads, self.tell)
        self.wake = asyncio.Event()
        self.tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until cancelled; with --once until everything was read."""
        if not self.idle:
            for profile in await threaded(self.threads, self.sessions.profiles):
                self.order[profile] = len(self.order)
                self.show(profile, [EVERYWHERE], Phase.READING, None)
                self.schedule.add(profile, time.monotonic(), Job.IDENTIFY)
        beat = 0.0
        while True:
            now = time.monotonic()
            for key, job in self.schedule.due(now):
                self.start(self.work(key, job))
            if self.once and not self.tasks:
                self.send(wire.Done())
                return
            if now >= beat:
                self.send(wire.Beat())
                beat = now + BEAT
            pause = min(self.schedule.wait(now) or BEAT, BEAT) if not self.once else BEAT
            self.wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(pause, 0.01)):
                    await self.wake.wait()

    def start(self, work: Any) -> None:
        """Run beside the loop, which looks again when it is done."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        self.wake.set()

    async def work(self, key: str | Place, job: Job) -> None:
        """One job, whatever comes of it."""
        try:
            if isinstance(key, str):
                outcome = await self.identify(key)
            else:
                outcome = await self.read(self.units[key], job)
        except Exception as error:  # a fault of ours must be seen, and must not stop the others
            self.send(
                wire.Note(clean(f"internal: {key} {job.name.lower()}: {type(error).__name__}: {error}"))
            )
            outcome = Outcome.FAILED
        self.schedule.done(key, job, time.monotonic(), outcome)
        if self.once:
            follow = job is Job.PROBLEMS and outcome is Outcome.WELL and not self.problems_only
            self.schedule.remove(key)
            if follow:
                self.schedule.add(key, time.monotonic(), Job.STATUS)
            elif job is Job.STATUS and outcome is Outcome.WELL:
                self.schedule.add(key, time.monotonic(), Job.INVENTORY)
            elif job is Job.INVENTORY and outcome is Outcome.WELL:
                self.schedule.add(key, time.monotonic(), Job.IMAGES)

    # --- profiles

    async def identify(self, profile: str) -> Outcome:
        """Whose it is and which regions it has; its targets begin here."""
        try:
            who = await threaded(self.threads, reads.account, self.sessions, profile)
            names = await threaded(self.threads, self.regions_of, profile)
        except Exception as error:
            trouble = await threaded(self.threads, reads.tell, self.sessions, error, profile, "")
            self.sessions.drop(profile)
            regions = list(self.sessions.fixed_regions(profile)) or [EVERYWHERE]
            self.show(profile, regions, Phase.FAILED, trouble)
            return _OUTCOMES.get(trouble.kind, Outcome.FAILED)
        gone = tuple(self.shown.pop(profile, ()))
        if gone:
            self.send(wire.Delta(dropped=gone))
        for region in names:
            place = (str(who.account_id), region)
            unit = self.units.setdefault(place, Unit(who.account_id, who.alias, region))
            if profile not in unit.profiles:
                unit.profiles = sorted([*unit.profiles, profile], key=lambda name: self.order.get(name, 0))
                unit.failed.clear()
                self.tell(unit)
            self.schedule.add(place, time.monotonic(), Job.PROBLEMS)
        return Outcome.WELL

    def regions_of(self, profile: str) -> tuple[str, ...]:
        """Its regions; its own alone where it may not ask for the others."""
        return reads.regions(self.sessions, profile)

    def show(self, profile: str, regions: list[str], phase: Phase, trouble: Trouble | None) -> None:
        """Lines for a profile whose account is not known (yet)."""
        targets = [Target(profile, region) for region in regions]
        dropped = tuple(one for one in self.shown.get(profile, ()) if one not in targets)
        self.shown[profile] = targets
        for target in targets:
            status = TargetStatus(target, phase, (clean(profile),), trouble=trouble)
            self.send(wire.Delta(status, dropped=dropped))

    # --- targets

    async def read(self, unit: Unit, job: Job) -> Outcome:
        """One job of a target with its first profile that can; then the next."""
        if job is not Job.IMAGES:
            unit.failed.clear()
        for profile in list(unit.profiles):
            if unit.phase is Phase.WAITING:
                unit.phase = Phase.READING
                self.tell(unit)
            try:
                await self.jobs.do(job, unit, profile)
            except Exception as error:
                trouble = await threaded(self.threads, reads.tell, self.sessions, error, profile, unit.region)
                if job is Job.IMAGES:
                    unit.partial["images"] = trouble
                    self.tell(unit)
                    return Outcome.WELL if trouble.kind == "denied" else Outcome.FAILED
                if trouble.kind in ("credentials", "config"):
                    self.sessions.drop(profile)
                unit.failed[profile] = trouble
                if trouble.kind in _OTHERS_MAY and len(unit.failed) < len(unit.profiles):
                    continue
                # All failed, or it would be the same for each: the first one's reason, and its rows stay.
                unit.trouble, unit.phase = next(iter(unit.failed.values())), Phase.FAILED
                unit.failed.clear()
                self.tell(unit)
                return _OUTCOMES.get(unit.trouble.kind, Outcome.FAILED)
            unit.trouble = None
            if job is Job.STATUS or (self.problems_only and job is Job.PROBLEMS):
                unit.phase = Phase.LIVE
            self.tell(unit)
            return Outcome.WELL
        return Outcome.FAILED

    def tell(self, unit: Unit) -> None:
        """Send what changed."""
        delta = unit.delta()
        if delta is not None:
            for part in wire.split(delta):
                self.send(part)

    # --- requests

    def take(self, request: wire.ReadRequest) -> None:
        """Begin to answer."""
        self.start(self.answer(request))

    async def answer(self, request: wire.ReadRequest) -> None:
        """Answer one; never raises."""
        if request.kind == "refresh":
            self.refresh(request.target)
            self.send(wire.ReadAnswer(request.id))
            return
        if request.target is None or not request.instance_id:
            self.send(
                wire.ReadAnswer(
                    request.id, trouble=Trouble("internal", clean("no instance named"), clean(""))
                )
            )
            return
        target = request.target
        try:
            row, facts = await asyncio.get_running_loop().run_in_executor(None, self.look, request, target)
        except Exception as error:
            trouble = await threaded(
                self.threads, reads.tell, self.sessions, error, target.profile, target.region
            )
            if trouble.kind in ("credentials", "config"):
                self.sessions.drop(target.profile)
            self.send(wire.ReadAnswer(request.id, trouble=trouble))
            return
        unit = next((one for one in self.units.values() if one.target == target), None)
        if row is None:
            if unit is not None:
                unit.gone(request.instance_id)
                self.tell(unit)
            cause = clean(f"{target.key}: {request.instance_id} is no longer there")
            self.send(wire.ReadAnswer(request.id, trouble=Trouble("gone", cause, clean(""))))
            return
        if unit is not None:
            unit.take_look(row)
            self.tell(unit)
            row = unit.stamp(row)
        self.send(wire.ReadAnswer(request.id, row, facts))

    def look(self, request: wire.ReadRequest, target: Target) -> tuple[Instance | None, Any]:
        """In a thread: the instance, and its facts."""
        row = look.instance(self.sessions, target, request.instance_id, utc_now())
        if row is None:
            return None, None
        if not any(one.target == target for one in list(self.units.values())):
            who = reads.account(self.sessions, target.profile)
            row = replace(row, account_id=who.account_id, profiles=(clean(target.profile),))
        console = request.kind == "console"
        return row, look.facts(self.sessions, row, utc_now(), self.askers, console=console)

    def refresh(self, target: Target | None) -> None:
        """Read again now, past the cache."""
        now = time.monotonic()
        for place, unit in self.units.items():
            if target is None or target == unit.target:
                self.jobs.read_anew(unit)
                self.schedule.refresh(place, now, Job.STATUS, Job.INVENTORY)
        for profile in self.shown:
            if target is None or target.profile == profile:
                self.schedule.refresh(profile, now, Job.IDENTIFY)
        self.wake.set()
