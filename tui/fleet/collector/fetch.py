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
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, TypeVar

from tui.aws import describe, images, request_hooks
from tui.aws.mapping import Status
from tui.aws.sessions import Sessions
from tui.config.schema import Intervals
from tui.domain.down_by_aws import STOPPED
from tui.domain.instance import Image, Instance, TypeFacts
from tui.fleet.collector.account_region import AccountRegion
from tui.fleet.collector.cache import Cache
from tui.fleet.collector.schedule import Job

_T = TypeVar("_T")
STATUS_KEPT = 0.6
"""Of the interval: so long a status is no older than a poll would make it."""
AT_ONCE = 8
"""Readers of one region, over all accounts: one that does not answer must leave readers for the others."""


CHECK_CALLS = ("status", "problems")
"""Calls whose reader the rows are shown under, and acted with."""

SMALL = 50
"""Instances of a target whose inventory, which comes next, tells the names of those with trouble soon enough."""
READERS = "read"
"""How their threads are called. They wait for the budget; a look at one instance, for which a person waits, is booked only."""


async def threaded(threads: Executor, call: Callable[..., _T], *arguments: Any) -> _T:
    """Run a blocking call in a reader thread."""
    return await asyncio.get_running_loop().run_in_executor(threads, call, *arguments)


def utc_now() -> datetime:
    """The time, aware UTC."""
    return datetime.now(UTC)


class Jobs:
    """The jobs of all targets. `tell` sends what changed of a target."""

    def __init__(
        self,
        intervals: Intervals,
        sessions: Sessions,
        cache: Cache,
        threads: Executor,
        tell: Callable[[AccountRegion], None],
        problems_only: bool = False,
    ) -> None:
        self.intervals, self.sessions, self.cache, self.threads, self.tell = (
            intervals,
            sessions,
            cache,
            threads,
            tell,
        )
        self.problems_only = problems_only
        self.fresh: set[tuple[str, str, str]] = set()
        self.types: defaultdict[str, dict[str, TypeFacts]] = defaultdict(dict)
        self.asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.gates: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE))

    def read_anew(self, unit: AccountRegion) -> None:
        """The next reads of this target go past the cache."""
        self.fresh |= {(str(unit.account_id), unit.region, call) for call in ("status", "inventory")}

    async def do(self, job: Job, unit: AccountRegion, profile: str) -> None:
        """Run one job with that profile's credentials. Raises what `tui.aws` raises."""
        await {
            Job.PROBLEMS: self.problems,
            Job.STATUS: self.status,
            Job.INVENTORY: self.inventory,
            Job.IMAGES: self.images,
        }[job](unit, profile)

    async def problems(self, unit: AccountRegion, profile: str) -> None:
        """Trouble first: the rows with it, bare, then described.

        Where a page holds every status, that one call is as quick as a filtered one, and saves the others. Only where
        there are more, AWS is asked for those with trouble. A small inventory is as quick as a description of some of it.
        """
        client = await self.client(unit, profile)
        seconds = self.intervals.status * STATUS_KEPT
        try:
            found, at = await self.cached(
                unit, profile, "status", list[Status], seconds, lambda: describe.few_statuses(client)
            )
            unit.all_at_once = at
        except describe.ManyError:
            unit.all_at_once = None
            found, at = await self.cached(
                unit, profile, "problems", list[Status], 10.0, lambda: describe.problems(client)
            )
        ids = unit.take_problems([one for one in found if one.is_problem], at)
        if ids:
            unit.read_by(profile)
            self.tell(unit)
            if self.alone(unit, found):
                await self.describe(unit, client, profile, ids, keep=True)
        if self.alone(unit, found) and (
            unit.all_at_once is None or any(one.state in STOPPED for one in found)
        ):
            await self.down(unit, client, profile)
        if unit.all_at_once is not None and not self.problems_only:
            unit.take_statuses(found, unit.all_at_once)

    def alone(self, unit: AccountRegion, found: list[Status]) -> bool:
        """Whether no inventory comes right after this that would tell the same as soon."""
        return self.problems_only or unit.all_at_once is None or len(found) > SMALL

    async def down(self, unit: AccountRegion, client: Any, profile: str) -> None:
        """Those that AWS stopped. Where that can't be asked the inventory says it; without one, what failed is said."""
        try:
            rows, _ = await self.cached(
                unit,
                profile,
                "down",
                list[Instance],
                10.0,
                lambda: describe.describe_down(client, unit.region, utc_now()),
            )
        except Exception as error:
            unit.partial[Job.INVENTORY] = (
                await threaded(self.threads, describe.trouble_of, self.sessions, error, profile, unit.region),
            )
            return
        if rows:
            unit.read_by(profile)
            unit.take_rows(rows)
            self.tell(unit)

    async def status(self, unit: AccountRegion, profile: str) -> None:
        """Poll the status (checks and events) of every instance."""
        client = await self.client(unit, profile)
        seconds = self.intervals.status * STATUS_KEPT
        found, at = await self.cached(
            unit, profile, "status", list[Status], seconds, lambda: describe.statuses(client)
        )
        moved = unit.take_statuses(found, at)
        if unit.inventory_at is not None and moved:
            await self.describe(unit, client, profile, moved[:1000])

    async def inventory(self, unit: AccountRegion, profile: str) -> None:
        """Read every instance, sending each page as it comes; then the facts of their types."""
        client = await self.client(unit, profile)
        loop = asyncio.get_running_loop()

        def page_read(rows: list[Instance]) -> None:
            loop.call_soon_threadsafe(self.take_page, unit, profile, rows)

        seconds = self.intervals.inventory * 0.8
        rows, at = await self.cached(
            unit,
            profile,
            "inventory",
            list[Instance],
            seconds,
            lambda: describe.instances(client, unit.region, utc_now(), None, page_read),
        )
        unit.take_inventory(rows, at)

    def take_page(self, unit: AccountRegion, profile: str, rows: list[Instance]) -> None:
        """Rows of an inventory that is still being read."""
        if not unit.profiles:
            return  # it was left meanwhile
        unit.read_by(profile)
        unit.take_rows(rows)
        self.tell(unit)

    async def images(self, unit: AccountRegion, profile: str) -> None:
        """The newest AMI of each instance and the facts of its types: in the background, and no harm without."""
        client = await self.client(unit, profile)
        await self.learn_types(unit, client, profile)
        unit.images, unit.images_at = await self.cached(
            unit, profile, "images", dict[str, Image], 600.0, lambda: images.newest(client)
        )

    async def learn_types(self, unit: AccountRegion, client: Any, profile: str) -> None:
        """What a type is, is the same for every account of a region: the first one asks for all."""
        wanted = {str(row.instance_type) for row in unit.rows.values() if row.instance_type}
        known = self.types[unit.region]
        async with self.asking[unit.region]:
            if names := sorted(wanted - known.keys()):
                key = "types:" + ",".join(names)
                kind = dict[str, TypeFacts]
                found, _ = await self.cached(
                    unit, profile, key, kind, 86400.0, lambda: describe.types(client, names)
                )
                known |= found
        unit.types = {name: known[name] for name in wanted if name in known}

    async def describe(
        self, unit: AccountRegion, client: Any, profile: str, ids: list[str], *, keep: bool = False
    ) -> None:
        """Describe some instances by id. A failure is told like a failed inventory: their checks are known all the same."""
        call = "described:" + sha256(",".join(sorted(ids)).encode()).hexdigest()
        if not keep:  # something has just changed: what is kept is from before
            self.fresh.add((str(unit.account_id), unit.region, call))
        try:
            rows, _ = await self.cached(
                unit,
                profile,
                call,
                list[Instance],
                10.0,
                lambda: describe.instances(client, unit.region, utc_now(), ids),
            )
        except Exception as error:
            unit.partial[Job.INVENTORY] = (
                await threaded(self.threads, describe.trouble_of, self.sessions, error, profile, unit.region),
            )
            return
        if unit.count is not None:
            unit.partial.pop(Job.INVENTORY, None)
        unit.take_described(ids, rows)

    async def client(self, unit: AccountRegion, profile: str) -> Any:
        """Of EC2, in a thread, since making one may run a helper or read a token.

        Raises OtherAccountError where the profile's credentials are now of another account than the rows they would fill.
        """
        async with self.gates[unit.region]:
            account_id = str(unit.account_id)
            client = await threaded(
                self.threads, describe.client_of, self.sessions, profile, unit.region, account_id
            )
        self.count(unit, client)
        return client

    def count(self, unit: AccountRegion, client: Any) -> None:
        """Have each of its requests booked on the target's budget: a page is one, and so is one that botocore repeats."""
        budget = unit.budget

        def before_each() -> None:
            pause = budget.take(time.monotonic())
            if pause and threading.current_thread().name.startswith(READERS):
                time.sleep(pause)

        request_hooks.install_request_hooks(
            client, before_each, lambda throttled: budget.answered(time.monotonic(), throttled)
        )

    async def cached(
        self,
        unit: AccountRegion,
        profile: str,
        call: str,
        kind: type[_T],
        seconds: float,
        fetch: Callable[[], _T],
    ) -> tuple[_T, datetime]:
        """A read through the cache, within the budget, and when it was read.

        A kept answer says nothing about what `profile` may read: a profile that stands before the unit's reader asks
        for the checks itself, and only who was answered by AWS becomes the reader.
        """
        checks = call in CHECK_CALLS

        async def fetched() -> _T:
            await asyncio.sleep(unit.budget.wait(time.monotonic()))  # here nobody else waits along
            async with self.gates[unit.region]:
                try:
                    value = await threaded(self.threads, fetch)
                except describe.ManyError:  # an answer too
                    unit.read_by(profile, checks=checks)
                    raise
                unit.read_by(profile, checks=checks)
                return value

        key = (str(unit.account_id), unit.region, call)
        fresh = key in self.fresh or (checks and unit.is_before_reader(profile))
        self.fresh.discard(key)
        return await self.cache.get(key, kind, seconds, fetched, fresh=fresh)
