"""What is asked of AWS for one target: a job each, within the account's budget, through the cache.

Each raises what `tui.aws` raises.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, TypeVar

from tui.aws import describe, images, request_hooks
from tui.aws.mapping import Status
from tui.aws.sessions import Sessions
from tui.config.sections import Intervals
from tui.domain.down_by_aws import STOPPED
from tui.domain.instance import Image, Instance, TypeFacts
from tui.fleet.collector.account_region import AccountRegion
from tui.fleet.collector.cache import Cache
from tui.fleet.collector.schedule import Budget, Job

_T = TypeVar("_T")
STATUS_KEPT = 0.6
"""Of the interval: so long a status is no older than a poll would make it."""
AT_ONCE = 8
"""Readers of one region, over all accounts: one that does not answer must leave readers for the others."""


CHECK_CALLS = ("status", "problems")
"""Calls whose reader the rows are shown under, and acted with."""

SMALL = 50
"""Instances of a target whose inventory, which comes next, tells the names of those with trouble soon enough."""
_BOOKED = "evac_budget"
READERS, COVER_READERS = "read", "cover"
"""How their threads are called. They wait for the budget; a look at one instance, for which a person waits, is booked only."""


async def threaded(threads: Executor, call: Callable[..., _T], *arguments: Any) -> _T:
    """Run a blocking call in a reader thread."""
    return await asyncio.get_running_loop().run_in_executor(threads, call, *arguments)


def install_budget(client: Any, budget: Budget) -> None:
    """Book each of its requests: a page is one, and so is one that botocore repeats. Readers wait until it may go."""

    if getattr(client, _BOOKED, None) is budget:
        return  # asked for again, as for each job

    def before_each() -> None:
        pause = budget.take(time.monotonic())
        if pause and threading.current_thread().name.startswith((READERS, COVER_READERS)):
            time.sleep(pause)

    request_hooks.install_request_hooks(
        client, before_each, lambda throttled: budget.answered(time.monotonic(), throttled)
    )
    setattr(client, _BOOKED, budget)


def utc_now() -> datetime:
    """The time, aware UTC."""
    return datetime.now(UTC)


class Jobs:
    """The jobs of all targets. `tell` sends what changed of a target."""

    def __init__(
        self, intervals: Intervals, sessions: Sessions, cache: Cache, threads: Executor,
        tell: Callable[[AccountRegion], None], problems_only: bool = False,
    ) -> None:  # fmt: skip
        self.intervals, self.sessions, self.cache = intervals, sessions, cache
        self.threads, self.tell, self.problems_only = threads, tell, problems_only
        self.fresh: set[tuple[str, str, str]] = set()
        self.types: defaultdict[str, dict[str, TypeFacts]] = defaultdict(dict)
        self.asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.gates: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE))

    def read_anew(self, unit: AccountRegion) -> None:
        """The next reads of this target go past the cache."""
        self.fresh |= {(str(unit.account_id), unit.region, call) for call in ("status", "inventory")}

    async def do(self, job: Job, unit: AccountRegion, profile: str) -> None:
        """Run one job with that profile's credentials. Raises what `tui.aws` raises."""
        reading = TargetReading(self, unit, profile, await self.client(unit, profile))
        work = {
            Job.PROBLEMS: reading.problems,
            Job.STATUS: reading.status,
            Job.INVENTORY: reading.inventory,
            Job.IMAGES: reading.images,
        }
        await work[job]()

    async def client(self, unit: AccountRegion, profile: str) -> Any:
        """Of EC2, in a thread, since making one may run a helper or read a token. It is booked on the target's budget.

        Raises OtherAccountError where the profile's credentials are now of another account than the rows they would fill.
        """
        async with self.gates[unit.region]:
            account_id = str(unit.account_id)
            client = await threaded(
                self.threads, describe.client_of, self.sessions, profile, unit.region, account_id
            )
        install_budget(client, unit.budget)
        return client


@dataclass
class TargetReading:
    """One target, read with one profile's credentials."""

    jobs: Jobs
    unit: AccountRegion
    profile: str
    client: Any

    def tell(self) -> None:
        """Send what changed, which this profile has read."""
        self.unit.read_by(self.profile)
        self.jobs.tell(self.unit)

    async def problems(self) -> None:
        """Trouble first: the rows with it, bare, then described.

        Where a page holds every status, that one call is as quick as a filtered one, and saves the others. Only where
        there are more, AWS is asked for those with trouble. A small inventory is as quick as a description of some of it.
        """
        unit, seconds = self.unit, self.jobs.intervals.status * STATUS_KEPT
        try:
            found, at = await self.cached(
                "status", list[Status], seconds, lambda: describe.few_statuses(self.client)
            )
            unit.all_at_once = at
        except describe.ManyError:
            unit.all_at_once = None
            found, at = await self.cached(
                "problems", list[Status], 10.0, lambda: describe.problems(self.client)
            )
        ids = unit.take_problems([one for one in found if one.is_problem], at)
        if ids:
            self.tell()
            if self.alone(found):
                await self.describe(ids, keep=True)
        if self.alone(found) and (unit.all_at_once is None or any(one.state in STOPPED for one in found)):
            await self.down()
        if unit.all_at_once is not None and not self.jobs.problems_only:
            unit.take_statuses(found, unit.all_at_once)

    def alone(self, found: list[Status]) -> bool:
        """Whether no inventory comes right after this that would tell the same as soon."""
        return self.jobs.problems_only or self.unit.all_at_once is None or len(found) > SMALL

    async def down(self) -> None:
        """Those that AWS stopped. Where that can't be asked the inventory says it; without one, what failed is said."""
        region = self.unit.region
        try:
            rows, _ = await self.cached(
                "down", list[Instance], 10.0, lambda: describe.describe_down(self.client, region, utc_now())
            )
        except Exception as error:
            await self.without_inventory(error)
            return
        if rows:
            self.unit.take_rows(rows)
            self.tell()

    async def without_inventory(self, error: Exception) -> None:
        """What failed is told like a failed inventory: the checks are known all the same."""
        jobs, place = self.jobs, (self.profile, self.unit.region)
        trouble = await threaded(jobs.threads, describe.trouble_of, jobs.sessions, error, *place)
        self.unit.partial[Job.INVENTORY] = (trouble,)

    async def status(self) -> None:
        """Poll the status (checks and events) of every instance."""
        seconds = self.jobs.intervals.status * STATUS_KEPT
        found, at = await self.cached("status", list[Status], seconds, lambda: describe.statuses(self.client))
        moved = self.unit.take_statuses(found, at)
        if self.unit.inventory_at is not None and moved:
            await self.describe(moved[:1000])

    async def inventory(self) -> None:
        """Read every instance, sending each page as it comes; then the facts of their types."""
        loop, region = asyncio.get_running_loop(), self.unit.region

        def page_read(rows: list[Instance]) -> None:
            loop.call_soon_threadsafe(self.take_page, rows)

        def read() -> list[Instance]:
            return describe.instances(self.client, region, utc_now(), None, page_read)

        seconds = self.jobs.intervals.inventory * 0.8
        rows, at = await self.cached("inventory", list[Instance], seconds, read)
        self.unit.take_inventory(rows, at)

    def take_page(self, rows: list[Instance]) -> None:
        """Rows of an inventory that is still being read."""
        if self.unit.profiles:  # else it was left meanwhile
            self.unit.take_rows(rows)
            self.tell()

    async def images(self) -> None:
        """The newest AMI of each instance and the facts of its types: in the background, and no harm without."""
        await self.learn_types()
        self.unit.images, self.unit.images_at = await self.cached(
            "images", dict[str, Image], 600.0, lambda: images.newest(self.client)
        )

    async def learn_types(self) -> None:
        """What a type is, is the same for every account of a region: the first one asks for all."""
        region = self.unit.region
        wanted = {str(row.instance_type) for row in self.unit.rows.values() if row.instance_type}
        known = self.jobs.types[region]
        async with self.jobs.asking[region]:
            if names := sorted(wanted - known.keys()):
                key, kind = "types:" + ",".join(names), dict[str, TypeFacts]
                found, _ = await self.cached(key, kind, 86400.0, lambda: describe.types(self.client, names))
                known |= found
        self.unit.types = {name: known[name] for name in wanted if name in known}

    async def describe(self, ids: list[str], *, keep: bool = False) -> None:
        """Describe some instances by id. A failure is told like a failed inventory: their checks are known all the same."""
        unit, call = self.unit, "described:" + sha256(",".join(sorted(ids)).encode()).hexdigest()
        if not keep:  # something has just changed: what is kept is from before
            self.jobs.fresh.add((str(unit.account_id), unit.region, call))

        def read() -> list[Instance]:
            return describe.instances(self.client, unit.region, utc_now(), ids)

        try:
            rows, _ = await self.cached(call, list[Instance], 10.0, read)
        except Exception as error:
            await self.without_inventory(error)
            return
        if unit.count is not None:
            unit.partial.pop(Job.INVENTORY, None)
        unit.take_described(ids, rows)

    async def cached(
        self, call: str, kind: type[_T], seconds: float, fetch: Callable[[], _T]
    ) -> tuple[_T, datetime]:
        """A read through the cache, within the budget, and when it was read.

        A kept answer says nothing about what `profile` may read: a profile that stands before the unit's reader asks
        for the checks itself, and only who was answered by AWS becomes the reader.
        """
        jobs, unit, checks = self.jobs, self.unit, call in CHECK_CALLS

        async def fetched() -> _T:
            await asyncio.sleep(unit.budget.wait(time.monotonic()))  # here nobody else waits along
            async with jobs.gates[unit.region]:
                try:
                    value = await threaded(jobs.threads, fetch)
                except describe.ManyError:  # an answer too
                    unit.read_by(self.profile, checks=checks)
                    raise
                unit.read_by(self.profile, checks=checks)
                return value

        key = (str(unit.account_id), unit.region, call)
        fresh = key in jobs.fresh or (checks and unit.is_before_reader(self.profile))
        jobs.fresh.discard(key)
        return await jobs.cache.get(key, kind, seconds, fetched, fresh=fresh)
