"""The four reads of a target's cover: alarms, Auto Scaling groups, AWS Backup, snapshots. Each may be denied by itself.

They have threads and budgets of their own: a poll of the checks waits neither for a reader nor for a request that this took.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, TypeVar

from msgspec import Struct

from tui.aws import alarms, backups, describe, scaling_members, snapshots
from tui.domain.cover_facts import Alarm, AlarmState, CoverFacts, CoverPart, ScalingMember
from tui.domain.instance import Instance, Trouble, TroubleKind
from tui.domain.sanitize import EMPTY, clean
from tui.errors import EvacError
from tui.fleet.collector.account_region import AccountRegion
from tui.fleet.collector.fetch import COVER_READERS, install_budget, threaded, utc_now
from tui.fleet.collector.schedule import Budget
from tui.fleet.collector.state import CollectorState

COVER_KEPT = 600.0
"""Seconds in which what one console read is read by no other."""
CLAIMED = 60.0
"""Seconds that the others leave it to the first one: a region may have a hundred pages of alarms."""
COVER_THREADS = 8
A_SECOND, AT_ONCE = 3.0, 6.0
"""Requests of a service in an account and region: together never more than the 9 DescribeAlarms a second that CloudWatch takes
(user guide, cloudwatch_limits)."""
EC2_A_SECOND, EC2_AT_ONCE = 1.0, 10.0
"""Of EC2's, besides the target's own budget: most of that is left to the checks."""
OTHERS_MAY = (TroubleKind.CREDENTIALS, TroubleKind.DENIED, TroubleKind.CONFIG)
"""Kinds of trouble that another profile of the account may not have."""
SETTLING = timedelta(minutes=3)
"""A reboot alarm of evac's looks at three minutes."""
_NOT_LOOKED_INTO = clean(
    f"AWS Backup began a recovery point, and more than {backups.MOST_ASKED} here were to be asked what became of theirs"
)
_T = TypeVar("_T")


class UnreadError(EvacError):
    """No profile could read the part."""

    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble
        super().__init__(trouble.line)


class CoverRead(Struct):
    """What was read of a target; a part that could not be is in `unread`. `at` (UTC): when the oldest part was read."""

    at: datetime
    alarms: Mapping[str, tuple[Alarm, ...]]
    groups: Mapping[str, ScalingMember]
    backups: Mapping[str, datetime | None]
    snapshots: Mapping[str, datetime]
    unread: Mapping[CoverPart, Trouble]


def facts_of(read: CoverRead, rows: Mapping[str, Instance]) -> dict[str, CoverFacts]:
    """What that says of each row."""
    unknown = tuple((part, clean(trouble.bare, 600)) for part, trouble in sorted(read.unread.items()))
    plain = CoverFacts(read.at, unknown=unknown)
    found: dict[str, CoverFacts] = {}
    for instance_id, row in rows.items():
        volume, more = root_volume(row), unknown
        if instance_id in read.backups and read.backups[instance_id] is None:
            more = (*unknown, (CoverPart.BACKUPS, _NOT_LOOKED_INTO))
        facts = CoverFacts(
            read.at,
            read.alarms.get(instance_id, ()),
            read.groups.get(instance_id),
            read.backups.get(instance_id),
            None if volume is None else read.snapshots.get(volume),
            more,
        )
        found[instance_id] = plain if facts == plain else facts
    return found


def is_settling(facts: Iterable[CoverFacts], now: datetime) -> bool:
    """Whether an alarm among them has come into its state so lately that it may be about to leave it: one just set, or one that
    has just acted."""
    return any(
        alarm.state is not AlarmState.OK
        and alarm.state_since is not None
        and timedelta() <= now - alarm.state_since < SETTLING
        for one in facts
        for alarm in one.alarms
    )


def root_volume(row: Instance) -> str | None:
    """The id of its root volume; None where it has none."""
    return next((str(one.volume_id) for one in row.volumes if one.device == row.root_device_name), None)


class CoverReader:
    """Reads targets' cover. Belongs to the collector's event loop."""

    def __init__(self, state: CollectorState) -> None:
        self._state = state
        self._threads = ThreadPoolExecutor(COVER_THREADS, COVER_READERS)
        self._budgets: dict[tuple[str, ...], Budget] = {}

    async def read(self, unit: AccountRegion, *, fresh: bool) -> CoverRead:
        """All four parts, side by side. Never raises for AWS: what could not be read is in the answer."""
        volumes = sorted({one for row in unit.rows.values() if (one := root_volume(row)) is not None})
        turn = self._budget(unit, "snapshots", EC2_AT_ONCE, EC2_A_SECOND)
        unread: dict[CoverPart, Trouble] = {}
        now, times = utc_now(), list[datetime]()
        limit = self._state.settings.actions.image_max_age

        def newest(client: Any) -> dict[str, datetime]:
            pause = turn.take
            return snapshots.newest_snapshots(client, volumes, lambda: time.sleep(pause(time.monotonic())))

        def saved(client: Any) -> dict[str, datetime | None]:
            return backups.last_backups(client, unit.images or {}, now - limit)

        async def part(
            part: CoverPart, service: str, kind: type[_T], fetch: Callable[[Any], _T]
        ) -> _T | None:
            try:
                found, at = await self._part(unit, part, service, kind, fetch, fresh=fresh)
            except UnreadError as error:
                unread[part] = error.trouble
                return None
            times.append(at)
            return found

        found_alarms, groups, points, newest_of = await asyncio.gather(
            part(CoverPart.ALARMS, "cloudwatch", dict[str, tuple[Alarm, ...]], alarms.instance_alarms),
            part(CoverPart.GROUPS, "autoscaling", dict[str, ScalingMember], scaling_members.scaling_members),
            part(CoverPart.BACKUPS, "backup", dict[str, datetime | None], saved),
            part(CoverPart.SNAPSHOTS, "ec2", dict[str, datetime], newest),
        )
        return CoverRead(
            min(times, default=now), found_alarms or {}, groups or {}, points or {}, newest_of or {}, unread
        )

    async def _part(
        self, unit: AccountRegion, part: CoverPart, service: str, kind: type[_T], fetch: Callable[[Any], _T],
        *, fresh: bool,
    ) -> tuple[_T, datetime]:  # fmt: skip
        """One part, by the first profile that may read it, and when it was read. Raises UnreadError."""
        key = (str(unit.account_id), unit.region, f"cover:{part}")
        first: Trouble | None = None
        for profile in list(unit.profiles):

            def read(profile: str = profile) -> _T:
                return fetch(self._client(unit, profile, service))

            async def fetched(read: Callable[[], _T] = read) -> _T:
                return await threaded(self._threads, read)

            try:
                return await self._state.cache.get(key, kind, COVER_KEPT, fetched, fresh=fresh, claim=CLAIMED)
            except Exception as error:
                trouble = await self._state.trouble(error, profile, unit.region)
                first = first or trouble
                if trouble.kind not in OTHERS_MAY:
                    break  # it would be the same for each
        raise UnreadError(first or Trouble(TroubleKind.INTERNAL, clean("no profile reads it"), EMPTY))

    def _client(self, unit: AccountRegion, profile: str, service: str) -> Any:
        """Of the account whose rows it is shown beside. Raises OtherAccountError."""
        sessions = self._state.sessions
        ec2 = describe.client_of(sessions, profile, unit.region, str(unit.account_id))
        if service == "ec2":
            install_budget(ec2, unit.budget)
            return ec2
        client = sessions.client(profile, service, unit.region, keep=False)
        install_budget(client, self._budget(unit, service, AT_ONCE, A_SECOND))
        return client

    def _budget(self, unit: AccountRegion, name: str, at_once: float, a_second: float) -> Budget:
        """The bucket of an account and region that bears this name."""
        made = Budget(at_once, a_second)
        return self._budgets.setdefault((str(unit.account_id), unit.region, name), made)
