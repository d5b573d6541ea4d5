"""The eyes: one loop plans, threads read. Problems first, then every status, then the inventory, then the rest."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from tui.aws import look, reads
from tui.aws.errors import OtherAccount
from tui.aws.sessions import Sessions
from tui.domain.instance import EVERYWHERE, Phase, Target, TargetStatus, Trouble
from tui.domain.text import EMPTY, SafeText, clean
from tui.fleet import wire
from tui.fleet.collector.cache import Cache
from tui.fleet.collector.jobs import AT_ONCE, READERS, Jobs, threaded
from tui.fleet.collector.schedule import LOGIN_RETRY, Job, Outcome, Schedule
from tui.fleet.collector.unit import Unit
from tui.settings import Settings

T = TypeVar("T")
THREADS = 64
"""Readers; AT_ONCE of them at most wait for one region."""
BEAT = 5.0
NAME_AFTER = 2.0
"""Seconds after which an account's alias is asked for: it needs a client of its own, and trouble is shown without."""
Place = tuple[str, str]
_OUTCOMES = {"throttled": Outcome.THROTTLED, "credentials": Outcome.LOGIN, "config": Outcome.LOGIN}
_NEXT = {Job.PROBLEMS: Job.STATUS, Job.STATUS: Job.INVENTORY, Job.INVENTORY: Job.IMAGES}
"""What follows when everything is read once."""
_OTHERS_MAY = ("credentials", "denied", "region", "config")
"""Kinds of trouble that another profile of the account may not have."""


class Collector:
    """Everything of one run. `send` takes frames from any thread."""

    def __init__(self, settings: Settings, send: Callable[[wire.Frame], None], mode: Sequence[str]) -> None:
        self.settings, self.send = settings, send
        self.once, self.problems_only, self.idle = "--once" in mode, "--problems" in mode, "--idle" in mode
        self.sessions = Sessions(settings, lean=True)
        self.schedule: Schedule[str | Place] = Schedule(settings.intervals)
        self.cache = Cache(settings.cache, lambda text: send(wire.Note(clean(text))))
        self.threads = ThreadPoolExecutor(THREADS, READERS)
        self.lookers, self.askers = ThreadPoolExecutor(8, "look"), ThreadPoolExecutor(8, "fact")
        self.units: dict[Place, Unit] = {}
        self.order: dict[str, int] = {}
        self.aliases: dict[SafeText, SafeText] = {}
        self.identifying = asyncio.Semaphore(AT_ONCE * 2)
        self.shown: dict[str, list[Target]] = {}
        self.jobs = Jobs(
            settings.intervals, self.sessions, self.cache, self.threads, self.tell, self.problems_only
        )
        self.wake = asyncio.Event()
        self.tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until cancelled; with --once until everything was read."""
        if not self.idle:
            self.start(self.begin())
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
                unit = self.units.get(key)
                outcome = await self.read(unit, job) if unit is not None else Outcome.WELL
        except Exception as error:  # a fault of ours must be seen, and must not stop the others
            self.send(
                wire.Note(clean(f"internal: {key} {job.name.lower()}: {type(error).__name__}: {error}"))
            )
            outcome = Outcome.FAILED
        again = self.schedule.is_asked(key, Job.PROBLEMS)
        now = time.monotonic()
        self.schedule.done(key, job, now, outcome)
        unit = None if isinstance(key, str) else self.units.get(key)
        polled = job is Job.PROBLEMS and outcome is Outcome.WELL and self.checked(unit, job)
        if polled:
            self.schedule.polled(key, now)
        if self.once:
            self.schedule.remove(key)
            if again:
                self.schedule.add(key, time.monotonic(), Job.PROBLEMS)
            elif outcome is Outcome.WELL and job in _NEXT and not self.problems_only:
                self.schedule.add(key, time.monotonic(), Job.INVENTORY if polled else _NEXT[job])

    # --- profiles

    async def begin(self) -> None:
        """Learn which profiles there are. A file that cannot be parsed is a line, and is looked at again."""
        while True:
            try:
                names = await threaded(self.threads, self.sessions.profiles)
                break
            except Exception as error:
                self.show(EVERYWHERE, [EVERYWHERE], Phase.FAILED, await self.trouble(error, "", ""))
            if self.once:
                return
            await asyncio.sleep(self.settings.intervals.status * LOGIN_RETRY)
        if gone := tuple(self.shown.pop(EVERYWHERE, ())):
            self.send(wire.Delta(dropped=gone))
        for profile in names:
            self.order[profile] = len(self.order)
            self.show(profile, [EVERYWHERE], Phase.READING, None)
            self.schedule.add(profile, time.monotonic(), Job.IDENTIFY)

    async def identify(self, profile: str) -> Outcome:
        """Whose it is and which regions it has; its targets begin here."""
        try:
            async with self.identifying:
                account_id, names = await self.account_and_regions(profile)
        except Exception as error:
            trouble = await self.trouble(error, profile, "")
            self.sessions.drop(profile)
            regions = list(self.sessions.fixed_regions(profile)) or [EVERYWHERE]
            self.show(profile, regions, Phase.FAILED, trouble)
            return _OUTCOMES.get(trouble.kind, Outcome.FAILED)
        if gone := tuple(self.shown.pop(profile, ())):
            self.send(wire.Delta(dropped=gone))
        for region in names:
            place = (str(account_id), region)
            unit = self.units.setdefault(place, Unit(account_id, self.aliases.get(account_id, EMPTY), region))
            known = unit.phase not in (Phase.WAITING, Phase.FAILED)
            unit.join(profile, self.order)
            self.tell(unit)
            # Else another profile reads it already. Once is as good as ever, but whose name it is must not depend on who
            # answered first: the first of the file reads once more, out of the cache.
            if not known or (self.once and unit.profiles[0] == profile):
                self.schedule.add(place, time.monotonic(), Job.PROBLEMS)
        if account_id not in self.aliases:
            self.start(self.name(account_id, profile))
        return Outcome.WELL

    async def account_and_regions(self, profile: str) -> tuple[SafeText, tuple[str, ...]]:
        """Both, asked for side by side: nothing of the profile can be shown before they are known."""
        asked = asyncio.create_task(self.regions_of(profile))
        try:
            account_id = await threaded(self.threads, reads.account, self.sessions, profile)
        except (
            BaseException
        ):  # without a login the regions are not known either, and this is the reason to tell
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
            raise
        return account_id, await asked

    async def regions_of(self, profile: str) -> tuple[str, ...]:
        """Its regions; its own alone where it may not ask for the others, and that is said."""
        try:
            return await threaded(self.threads, reads.regions, self.sessions, profile)
        except Exception as error:
            trouble = await self.trouble(error, profile, "")
            if trouble.kind != "denied":
                raise
        own = await threaded(self.threads, reads.own_regions, self.sessions, profile)
        text = f"{profile}: may not ask which regions are enabled: reading {', '.join(own) or 'none'} (regions in config.toml)"
        self.send(wire.Note(clean(text, 300)))
        return own

    async def name(self, account_id: SafeText, profile: str) -> None:
        """The account's alias, beside everything else: IAM may be out of reach where EC2 is not."""
        self.aliases.setdefault(account_id, EMPTY)
        await asyncio.sleep(0 if self.once else NAME_AFTER)
        alias = await threaded(self.threads, reads.alias, self.sessions, profile, str(account_id))
        if not alias:
            return
        self.aliases[account_id] = alias
        for unit in self.units.values():
            if unit.account_id == account_id:
                unit.alias = alias
                self.tell(unit)

    def show(self, profile: str, regions: list[str], phase: Phase, trouble: Trouble | None) -> None:
        """Lines for a profile whose account is not known (yet)."""
        targets = [Target(profile, region) for region in regions]
        dropped = tuple(one for one in self.shown.get(profile, ()) if one not in targets)
        self.shown[profile] = targets
        for target in targets:
            status = TargetStatus(target, phase, (clean(profile),), trouble=trouble)
            self.send(wire.Delta(status, dropped=dropped))

    def leave(self, profile: str) -> None:
        """Its credentials are another account's now: it begins anew, and takes no row along."""
        self.sessions.drop(profile)
        for place, unit in list(self.units.items()):
            if profile not in unit.profiles:
                continue
            target = unit.target
            unit.leave(profile)
            if unit.profiles:
                self.tell(unit)
            else:
                del self.units[place]
                self.schedule.remove(place)
                self.send(wire.Delta(dropped=(target,)))
        self.show(profile, [EVERYWHERE], Phase.READING, None)
        self.schedule.add(profile, time.monotonic(), Job.IDENTIFY)

    # --- targets

    async def read(self, unit: Unit, job: Job) -> Outcome:
        """One job of a target with its first profile that can; then the next."""
        failed: dict[str, Trouble] = {}
        if unit.phase is Phase.WAITING:
            unit.phase = Phase.READING
            self.tell(unit)
        for profile in list(unit.profiles):
            try:
                await self.jobs.do(job, unit, profile)
            except Exception as error:
                trouble = failed[profile] = await self.trouble(error, profile, unit.region)
                if trouble.code == OtherAccount.__name__:
                    self.leave(profile)
                elif trouble.kind in ("credentials", "config"):
                    self.sessions.drop(profile)
                if trouble.kind in _OTHERS_MAY:
                    continue
                break  # it would be the same for each
            unit.well(
                job,
                profile,
                failed,
                live=job is Job.STATUS or unit.status_at is not None or self.problems_only,
            )
            self.tell(unit)
            return Outcome.WELL
        if not unit.profiles:
            return Outcome.WELL  # left
        trouble = unit.badly(job, failed)
        self.tell(unit)
        if job is Job.IMAGES and trouble.kind == "denied":
            return Outcome.WELL  # a nicety, and asking again would not help
        return _OUTCOMES.get(trouble.kind, Outcome.FAILED)

    def checked(self, unit: Unit | None, job: Job) -> bool:
        """Whether that job brought every check there is."""
        return job is Job.STATUS or (
            job is Job.PROBLEMS and unit is not None and unit.all_at_once is not None
        )

    async def trouble(self, error: Exception, profile: str, region: str) -> Trouble:
        """The line for it; in a thread, since AWS may have to be asked what it meant."""
        return await threaded(self.threads, reads.tell, self.sessions, error, profile, region)

    def tell(self, unit: Unit) -> None:
        """Send what changed."""
        for part in wire.split(unit.delta()):
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
        elif request.target is None or not request.instance_id:
            nothing = Trouble("internal", clean("no instance named"), EMPTY)
            self.send(wire.ReadAnswer(request.id, trouble=nothing))
        else:
            self.send(await self.looked(request, request.target))

    async def looked(self, request: wire.ReadRequest, target: Target) -> wire.ReadAnswer:
        """One instance as it is now; the console's row follows."""
        unit = self.unit_of(target)
        account_id = None if unit is None else unit.account_id
        instance_id, console = request.instance_id, request.kind == "console"
        try:
            row, facts = await threaded(
                self.lookers,
                look.closely,
                self.sessions,
                target,
                instance_id,
                self.askers,
                account_id,
                console,
            )
        except Exception as error:
            trouble = await self.trouble(error, target.profile, target.region)
            if trouble.kind in ("credentials", "config"):
                self.sessions.drop(target.profile)
            return wire.ReadAnswer(request.id, trouble=trouble)
        unit = self.unit_of(target)
        if row is None:
            if unit is not None:
                unit.gone(instance_id)
                self.tell(unit)
            cause = clean(f"{target.key}: {instance_id} is no longer there")
            return wire.ReadAnswer(request.id, trouble=Trouble("gone", cause, EMPTY))
        if unit is not None:
            unit.take_look(row)
            self.tell(unit)
            row = unit.stamp(row)
        return wire.ReadAnswer(request.id, row, facts)

    def unit_of(self, target: Target) -> Unit | None:
        """The account and region that a target is read as, whichever of its profiles it names."""
        units = list(self.units.values())
        return next((u for u in units if u.region == target.region and target.profile in u.profiles), None)

    def refresh(self, target: Target | None) -> None:
        """Read again now, past the cache."""
        now = time.monotonic()
        for place, unit in self.units.items():
            if target is None or (target.region == unit.region and target.profile in unit.profiles):
                self.jobs.read_anew(unit)
                self.schedule.refresh(place, now, Job.STATUS, Job.INVENTORY)
        for profile in self.shown:
            if target is None or target.profile == profile:
                self.schedule.refresh(profile, now, Job.IDENTIFY)
        self.wake.set()
