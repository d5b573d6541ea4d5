"""What the collector knows of one account in one region, whichever profile reads it, and what the console was sent of it.

Pure bookkeeping: no I/O, time is an argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from operator import is_
from typing import Any

from msgspec.structs import replace

from tui.aws.mapping import Status
from tui.domain.cover_facts import CoverFacts
from tui.domain.health import HealthEvent
from tui.domain.health_notices import by_entity, entities_of, of_place
from tui.domain.instance import (
    Checks,
    CheckStatus,
    Image,
    Instance,
    InstanceState,
    Phase,
    StatusCheck,
    Target,
    TargetStatus,
    Trouble,
    TypeFacts,
)
from tui.domain.sanitize import SafeText, clean
from tui.fleet.collector.schedule import Budget, Job
from tui.fleet.protocol import Delta

_CALM = (CheckStatus.OK, CheckStatus.NOT_APPLICABLE, CheckStatus.NOT_REPORTED)
_NOTHING = (object(),)
_ABSENT = StatusCheck(CheckStatus.NOT_REPORTED)
_NOT_LISTED = Checks(_ABSENT, _ABSENT, _ABSENT, _ABSENT, _ABSENT)


@dataclass
class AccountRegion:
    """One account x region. `profiles` in the order of the files; `reader` is the one whose credentials its rows came with.

    `all_at_once` is when the search for problems came back with every status there is: then it was a poll as well.
    """

    account_id: SafeText
    alias: SafeText
    region: str
    profiles: list[str] = field(default_factory=list)
    reader: str = ""
    budget: Budget = field(default_factory=Budget)
    phase: Phase = Phase.WAITING
    trouble: Trouble | None = None
    partial: dict[Job, tuple[Trouble, ...]] = field(default_factory=dict)
    blind: dict[str, Trouble] = field(default_factory=dict)
    """Profiles that may not ask which regions there are: with no other of the account, regions are missing for good."""
    rows: dict[str, Instance] = field(default_factory=dict)
    statuses: dict[str, Status] = field(default_factory=dict)
    images: dict[str, Image] | None = None
    types: dict[str, TypeFacts] = field(default_factory=dict)
    health: Mapping[str, tuple[HealthEvent, ...]] = field(default_factory=dict)
    """What AWS Health says, by the resource it is of."""
    place_health: tuple[HealthEvent, ...] = ()
    overtaken: bool = False
    """Whether a profile has joined that should be the reader, and has not been tried."""
    all_at_once: datetime | None = None
    problems_at: datetime | None = None
    status_at: datetime | None = None
    inventory_at: datetime | None = None
    images_at: datetime | None = None
    cover: dict[str, CoverFacts] = field(default_factory=dict)
    cover_at: datetime | None = None
    count: int | None = None
    _sent: dict[str, Instance] = field(default_factory=dict)
    _made: dict[str, tuple[object, ...]] = field(default_factory=dict)
    _common: tuple[object, ...] = ()
    _sent_target: Target | None = None
    _listed: bool = False

    @property
    def target(self) -> Target:
        """The target its rows belong to; before anything was read, its first profile's."""
        return Target(self.reader if self.reader in self.profiles else self.profiles[0], self.region)

    def join(self, profile: str, order: Mapping[str, int]) -> None:
        """One more profile of this account. If it stands before another, the checks are to be read with it at once."""
        before = self.profiles
        self.profiles = sorted({*before, profile}, key=lambda name: order.get(name, 0))
        if profile not in before and self.profiles[-1] != profile:
            self.overtaken = True

    def reorder(self, order: Mapping[str, int]) -> bool:
        """Its profiles in another order; whether another than the reader is now to read the checks."""
        self.profiles = sorted(self.profiles, key=lambda name: order.get(name, 0))
        self.overtaken = self.overtaken or self.is_before_reader(self.profiles[0])
        return self.overtaken

    def leave(self, profile: str) -> None:
        """That profile is no longer one of this account. The last one leaves no target."""
        self.profiles = [name for name in self.profiles if name != profile]
        self.blind.pop(profile, None)

    def missing(self) -> tuple[Trouble, ...]:
        """What is not read beside this region, and will not be, as long as nobody may ask."""
        return () if any(name not in self.blind for name in self.profiles) else tuple(self.blind.values())[:1]

    def read_by(self, profile: str, *, checks: bool = False) -> None:
        """AWS (or, with no reader yet, a cache) answered this profile. Who reads the checks is the reader."""
        if checks or self.reader not in self.profiles:
            self.reader = profile

    def is_before_reader(self, profile: str) -> bool:
        """Whether this profile should be the reader by the order of the files, and is not."""
        names = self.profiles
        return self.reader in names and profile in names and names.index(profile) < names.index(self.reader)

    def record_success(self, job: Job, profile: str, failed: Mapping[str, Trouble], *, live: bool) -> None:
        """`profile` did this job, after `failed` could not. `live`: the checks of every instance are now known."""
        self.read_by(profile, checks=job <= Job.STATUS and self.reader in failed)
        self.partial.pop(job, None)
        if job <= Job.STATUS:  # asked often enough that what is said of the others stays true
            self.trouble = None
            self.partial.pop(Job.PROBLEMS, None)
            self.partial[job] = tuple(failed.values())
        if live:
            self.phase = Phase.LIVE

    def record_failure(self, job: Job, failed: Mapping[str, Trouble]) -> Trouble:
        """None of its profiles could: without checks the target has failed, without the rest it is partly known."""
        trouble = failed.get(self.target.profile) or next(iter(failed.values()))
        if job <= Job.STATUS:
            self.trouble, self.phase = trouble, Phase.FAILED
        else:
            self.partial[job] = (trouble,)
        return trouble

    def take_rows(self, rows: Iterable[Instance]) -> None:
        """Take in a page of an inventory, or rows described by id."""
        self.rows.update({row.instance_id: row for row in rows})

    def take_inventory(self, rows: Sequence[Instance], at: datetime) -> None:
        """Take in a whole inventory of that time (UTC): other rows are gone, but for those read since."""
        since = {key: row for key, row in self.rows.items() if row.inventory_at and row.inventory_at > at}
        self.rows = {row.instance_id: row for row in rows} | since
        self.inventory_at, self.count = at, len(self.rows)

    def take_described(self, ids: Iterable[str], rows: Iterable[Instance]) -> None:
        """Take in the description of these ids: those not in it, and in no list of statuses, are gone."""
        self.take_rows(rows := list(rows))
        found = {str(row.instance_id) for row in rows}
        for one in ids:
            if one not in found and one not in self.statuses:
                self.rows.pop(one, None)

    def take_problems(self, statuses: Sequence[Status], at: datetime) -> list[str]:
        """Take in the statuses with problems, a partial answer of that time (UTC). Answers the ids to describe."""
        self.problems_at = at
        for status in statuses:
            self.statuses[status.instance_id] = status
        return [str(status.instance_id) for status in statuses if status.instance_id not in self.rows]

    def take_statuses(self, statuses: Sequence[Status], at: datetime) -> list[str]:
        """Take in every status. Answers the ids to describe: new, missing, with another state (addresses may differ)."""
        before = self.statuses
        self.statuses = {}
        for status in statuses:
            kept = before.get(status.instance_id)
            # The same object for the same status: `delta` need not look further.
            self.statuses[status.instance_id] = kept if kept == status and kept is not None else status
        self.status_at = at
        moved = [str(one) for one in self.rows if one not in self.statuses]
        for status in statuses:
            row = self.rows.get(status.instance_id)
            if row is None or row.state is not status.state:
                moved.append(str(status.instance_id))
        return moved

    def take_cover(self, facts: Mapping[str, CoverFacts], at: datetime) -> None:
        """Take in who covers each row, read at that time (UTC). What is as it was stays the same object: it is no news."""
        before, self.cover, self.cover_at = self.cover, {}, at
        for instance_id, one in facts.items():
            old = before.get(instance_id)
            is_same = old is not None and replace(old, read_at=one.read_at) == one
            self.cover[instance_id] = old if old is not None and is_same else one

    def take_look(self, row: Instance) -> None:
        """Take in one instance, read afresh with its status."""
        self.rows[row.instance_id] = row
        if row.status_at is not None:
            self.statuses[row.instance_id] = Status(
                row.instance_id, row.state, row.zone, row.checks, row.events
            )

    def take_health(self, events: Sequence[HealthEvent]) -> None:
        """Take in what AWS Health says of this region: of its resources, and of the whole of it or a zone."""
        self.health, self.place_health = by_entity(events), of_place(events)

    def _health_of(self, row: Instance | None) -> tuple[HealthEvent, ...]:
        if row is None or not self.health:
            return ()
        return tuple(event for name in entities_of(row) for event in self.health.get(name, ()))

    def with_target_fields(self, row: Instance, **more: Any) -> Instance:
        """The same with what the target knows beside it (whose it is, its newest AMI), and `more`."""
        known: dict[str, object] = {
            "account_id": self.account_id,
            "profiles": _cleaned(tuple(self.profiles)),
            "newest_image": (self.images or {}).get(row.instance_id),
            "images_at": self.images_at,
            "type_facts": self.types.get(row.instance_type),
            "cover": self.cover.get(row.instance_id),
        }
        return replace(row, **known, **({"health": self._health_of(row)} | more))

    def forget(self, instance_id: str) -> None:
        """Drop an instance that AWS no longer has."""
        self.rows.pop(instance_id, None)
        self.statuses.pop(instance_id, None)

    def delta(self) -> Delta:
        """What the console has not been sent yet. A row whose only change is its times is not sent: the target's time tells that.

        A row is only made again where what it is made of is another object: most polls change nothing.
        """
        target = self.target
        moved = self._sent_target is not None and self._sent_target != target
        common = (target, *self.profiles, self.alias, self.status_at is None, self.images_at is None)
        if moved or common != self._common:
            self._made.clear()
            self._common = common
        ids = self._ids()
        upserts = []
        for instance_id in ids:
            before = self._made.get(instance_id, _NOTHING)
            parts, health = self._parts(instance_id), self._health_of(self.rows.get(instance_id))
            if all(map(is_, parts, before)) and health == before[-1]:
                continue
            self._made[instance_id] = (*parts, health)
            row = self._stamped(instance_id, target, health)
            if moved or not _same(row, self._sent.get(instance_id)):
                self._sent[instance_id] = row
                upserts.append(row)
        removed: tuple[str, ...] = ()
        if len(self._sent) > len(ids):
            gone = self._sent.keys() - set(ids)
            removed = tuple(self._key(one) for one in gone)
            for one in gone:
                del self._sent[one]
                self._made.pop(one, None)
        dropped = (self._sent_target,) if moved and self._sent_target is not None else ()
        keys = None
        if self.count is not None and not self._listed:
            keys, self._listed = tuple(map(self._key, ids)), True
        self._sent_target = target
        return Delta(self.status(), tuple(upserts), removed, dropped, keys)

    def _key(self, instance_id: str) -> str:
        return f"{self.region}/{instance_id}"

    def _parts(self, instance_id: str) -> tuple[object, ...]:
        """The objects a row is made of; while they are the same objects, so is the row."""
        row = self.rows.get(instance_id)
        status = self.statuses.get(instance_id)
        image = None if self.images is None else self.images.get(instance_id)
        facts = None if row is None else self.types.get(row.instance_type)
        return (
            row,
            status,
            image,
            facts,
            self.cover.get(instance_id),
            status is None and self._is_unlisted(row),
        )

    def status(self) -> TargetStatus:
        """The target's status as the console shows it."""
        return TargetStatus(
            self.target,
            self.phase,
            _cleaned(tuple(self.profiles)),
            self.account_id,
            self.alias,
            self.count,
            self.status_at,
            self.inventory_at,
            self.trouble,
            tuple(dict.fromkeys(one for some in (self.missing(), *self.partial.values()) for one in some)),
            health=self.place_health,
            cover_at=self.cover_at,
        )

    def _ids(self) -> list[str]:
        """Those to show. While the inventory is on its way, one that is only known to be well can wait for its name."""
        if self.inventory_at is None and Job.INVENTORY not in self.partial:
            urgent = (one for one, status in self.statuses.items() if not _is_calm(status))
            return list(dict.fromkeys((*self.rows, *urgent)))
        return list(dict.fromkeys((*self.rows, *self.statuses)))

    def _is_unlisted(self, row: Instance | None) -> bool:
        """Whether AWS listed all statuses since and not this one."""
        if self.status_at is None:
            return False
        return row is None or not (row.inventory_at and row.inventory_at > self.status_at)

    def _stamped(self, instance_id: str, target: Target, health: tuple[HealthEvent, ...]) -> Instance:
        row = self.rows.get(instance_id) or Instance(target, clean(instance_id))
        status = self.statuses.get(instance_id)
        checks, events, state, zone = row.checks, row.events, row.state, row.zone
        status_at = self.status_at or (None if status is None else self.problems_at)
        if status is not None:
            checks, events, state, zone = status.checks, status.events, status.state, status.zone or zone
        elif self._is_unlisted(row):
            # Mostly it is no more, and certainly what was read before is not true now.
            checks, events = _NOT_LISTED, ()
            state = state if state is InstanceState.TERMINATED else InstanceState.UNKNOWN
        return self.with_target_fields(
            row,
            target=target,
            checks=checks,
            events=events,
            state=state,
            zone=zone,
            status_at=status_at,
            health=health,
        )


@lru_cache
def _cleaned(names: tuple[str, ...]) -> tuple[SafeText, ...]:
    return tuple(map(clean, names))


def _is_calm(status: Status) -> bool:
    checks = status.checks
    return (
        not status.events
        and all(one.status in _CALM for one in (checks.system, checks.instance, checks.attached_ebs))
        and not status.is_problem
    )


def _same(row: Instance, sent: Instance | None) -> bool:
    if sent is None:
        return False
    # A row that was never read and now was is news; a later reading of the same is not.
    known = (row.status_at is None) == (sent.status_at is None) and (row.images_at is None) == (
        sent.images_at is None
    )
    times = {"status_at": sent.status_at, "inventory_at": sent.inventory_at, "images_at": sent.images_at}
    return known and replace(row, **times) == sent
