"""What the console asks for: one instance as it is now, or everything anew."""

from __future__ import annotations

import asyncio
import time
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tui.aws import inspect
from tui.dns import look_up
from tui.domain.instance import Target, Trouble, TroubleKind
from tui.domain.sanitize import EMPTY, clean
from tui.fleet import protocol
from tui.fleet.collector.covers import CoverRequests
from tui.fleet.collector.fetch import threaded
from tui.fleet.collector.schedule import Job
from tui.fleet.collector.state import LOGIN_TROUBLE

if TYPE_CHECKING:
    from tui.fleet.collector.balancer_reader import BalancerReader
    from tui.fleet.collector.copy_reader import CopyReader
    from tui.fleet.collector.evidence import EvidenceReader
    from tui.fleet.collector.health_reader import HealthReader


PARTS = frozenset(
    {
        protocol.ReadKind.METRICS,
        protocol.ReadKind.AGENT_METRICS,
        protocol.ReadKind.LOG,
        protocol.ReadKind.CHANGES,
        protocol.ReadKind.SCREENSHOT,
    }
)
"""Kinds that are answered with a part of the evidence."""


class Requests(CoverRequests):
    """Answers never raise: what went wrong is in them."""

    @cached_property
    def evidence(self) -> EvidenceReader:
        """Loaded when somebody first asks why an instance fails."""
        from tui.fleet.collector.evidence import EvidenceReader

        return EvidenceReader(self)

    @cached_property
    def health(self) -> HealthReader:
        """Loaded when it is first read, which nothing waits for."""
        from tui.fleet.collector.health_reader import HealthReader

        return HealthReader(self)

    @cached_property
    def copies(self) -> CopyReader:
        """Loaded when somebody first asks."""
        from tui.fleet.collector.copy_reader import CopyReader

        return CopyReader(self)

    @cached_property
    def balancers(self) -> BalancerReader:
        """Loaded when somebody first looks at the inbox."""
        from tui.fleet.collector.balancer_reader import BalancerReader

        return BalancerReader(self)

    def take(self, request: protocol.ReadRequest) -> None:
        """Begin to answer a request of the console."""
        self.start(self.answer(request))

    async def answer(self, request: protocol.ReadRequest) -> None:
        """Answer a request; never raises."""
        if request.kind is protocol.ReadKind.REFRESH:
            self.refresh(request.target, request.profiles)
            self.send(protocol.ReadAnswer(request.id))
        elif request.kind is protocol.ReadKind.COVER:
            self.send(await self.covered(request))
        elif request.kind is protocol.ReadKind.HEALTH and request.target is not None:
            self.send(await self.health.report(request, request.target))
        elif request.kind is protocol.ReadKind.OWN_IMAGES and request.target is not None:
            self.send(await self.own_images(request, request.target))
        elif request.kind is protocol.ReadKind.GROUPS and request.target is not None:
            self.send(await self.registered(request, request.target))
        elif request.target is None or not request.instance_id:
            nothing = Trouble(TroubleKind.INTERNAL, clean("no instance named"), EMPTY)
            self.send(protocol.ReadAnswer(request.id, trouble=nothing))
        elif request.kind is protocol.ReadKind.PLANS:
            self.send(await self.plans(request, request.target))
        elif request.kind in PARTS:
            self.send(await self.part(request, request.target))
        else:
            self.send(await self.looked(request, request.target))

    async def part(self, request: protocol.ReadRequest, target: Target) -> protocol.ReadAnswer:
        """Read one part of the evidence."""
        from tui.fleet.collector.evidence import GoneError

        try:
            found, image = await self.evidence.read(request, target)
        except GoneError:
            return protocol.ReadAnswer(request.id, trouble=_gone(target, request.instance_id))
        except Exception as error:
            return protocol.ReadAnswer(request.id, trouble=await self.failed(error, target))
        return protocol.ReadAnswer(request.id, evidence=found, image=image)

    async def plans(self, request: protocol.ReadRequest, target: Target) -> protocol.ReadAnswer:
        """Read by which plans an instance is copied."""
        try:
            row = await self.evidence.row(target, request.instance_id)
            found = await self.copies.plans(row, target)
        except Exception as error:
            return protocol.ReadAnswer(request.id, trouble=await self.failed(error, target))
        return protocol.ReadAnswer(request.id, plans=found)

    async def own_images(self, request: protocol.ReadRequest, target: Target) -> protocol.ReadAnswer:
        """Read the AMIs that evac made in a target, and of those that a retention would remove who uses them."""
        try:
            found = await self.copies.own_images(target, request.keep)
        except Exception as error:
            return protocol.ReadAnswer(request.id, trouble=await self.failed(error, target))
        return protocol.ReadAnswer(request.id, own_images=found)

    async def registered(self, request: protocol.ReadRequest, target: Target) -> protocol.ReadAnswer:
        """Read who is registered with the load balancers of a target."""
        try:
            found = await self.balancers.read(target)
        except Exception as error:
            return protocol.ReadAnswer(request.id, trouble=await self.failed(error, target))
        return protocol.ReadAnswer(request.id, groups=found)

    async def failed(self, error: Exception, target: Target) -> Trouble:
        """What it is told as; a login that failed is made anew the next time."""
        trouble = await self.trouble(error, target.profile, target.region)
        if trouble.kind in LOGIN_TROUBLE:
            self.sessions.drop(target.profile)
        return trouble

    async def looked(self, request: protocol.ReadRequest, target: Target) -> protocol.ReadAnswer:
        """Read one instance afresh; its row is sent as well."""
        unit = self.unit_of(target)
        account_id = None if unit is None else unit.account_id
        instance_id = request.instance_id
        named = asyncio.ensure_future(look_up(request.hosts))
        try:
            row, facts = await threaded(
                self.lookers,
                inspect.closely,
                self.sessions,
                target,
                instance_id,
                self.askers,
                account_id,
                True,
            )
        except Exception as error:
            return protocol.ReadAnswer(request.id, trouble=await self.failed(error, target))
        unit = self.unit_of(target)
        if row is None:
            if unit is not None:
                unit.forget(instance_id)
                self.tell(unit)
            return protocol.ReadAnswer(request.id, trouble=_gone(target, instance_id))
        if unit is not None:
            unit.take_look(row)
            self.tell(unit)
            row = unit.with_target_fields(row)
        if facts is not None and request.hosts:
            facts = replace(facts, hosts=await named)
        return protocol.ReadAnswer(request.id, row, facts)

    def refresh(self, target: Target | None, profiles: tuple[str, ...] = ()) -> None:
        """Read again now, past the cache; with `profiles` what these read, and their logins are made anew."""
        now, named = time.monotonic(), frozenset(profiles)
        for profile in profiles:
            self.sessions.renewed(profile)
        for place, unit in self.units.items():
            if named and named.isdisjoint(unit.profiles):
                continue
            if target is None or (target.region == unit.region and target.profile in unit.profiles):
                self.jobs.read_anew(unit)
                self.schedule.refresh(place, now, Job.STATUS, Job.INVENTORY)
                if place in self.cover_tasks:
                    self.ask_cover(place, anew=True)
        for profile in self.shown:
            if (not named or profile in named) and (target is None or target.profile == profile):
                self.schedule.refresh(profile, now, Job.IDENTIFY)
        self.wake.set()


def _gone(target: Target, instance_id: str) -> Trouble:
    return Trouble(TroubleKind.GONE, clean(f"{instance_id} is no longer there"), EMPTY, where=target.key)
