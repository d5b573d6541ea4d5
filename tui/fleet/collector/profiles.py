"""Whose accounts there are: each profile is asked who it is and where it may look, and its targets begin."""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import time

from tui.aws import describe
from tui.domain.instance import EVERYWHERE, Phase, Target, TargetStatus, Trouble, TroubleKind
from tui.domain.profile_names import ENVIRONMENT
from tui.domain.sanitize import EMPTY, SafeText, clean
from tui.fleet import protocol
from tui.fleet.collector.account_region import AccountRegion
from tui.fleet.collector.covers import CoverRequests
from tui.fleet.collector.fetch import threaded
from tui.fleet.collector.schedule import LOGIN_RETRY, Job, JobOutcome
from tui.fleet.collector.state import OUTCOMES, health_key

NAME_AFTER = 2.0
"""Seconds after which an account's alias is asked for: it needs a client of its own, and trouble is shown without."""

_FIRST = 1_000_000
"""More than there are profiles."""


class Profiles(CoverRequests):
    """From a profile's name to its targets, and back when its credentials become another account's."""

    async def begin(self) -> None:
        """Learn which profiles there are. A file that cannot be parsed is a line, and is looked at again."""
        while True:
            try:
                names = await threaded(self.threads, self.sessions.profiles)
                break
            except Exception as error:
                self.show(EVERYWHERE, [EVERYWHERE], Phase.FAILED, await self.trouble(error, "", ""))
                self.known(EVERYWHERE)
            if self.once:
                return
            await asyncio.sleep(self.settings.intervals.status * LOGIN_RETRY)
        if gone := tuple(self.shown.pop(EVERYWHERE, ())):
            self.send(protocol.Delta(dropped=gone))
        self.send(protocol.Delta(profiles=tuple(names)))
        for profile in names:
            self.add(profile)
        self.known(EVERYWHERE)
        if await threaded(self.threads, self.sessions.may_be_machine):
            self.start(self.machine())

    def add(self, profile: str) -> None:
        """Begin to read a profile."""
        self.order[profile] = self.rank(profile, len(self.order))
        self.unidentified.add(profile)
        self.show(profile, [EVERYWHERE], Phase.READING, None)
        self.schedule.add(profile, time.monotonic(), Job.IDENTIFY)

    def rank(self, profile: str, place: int) -> int:
        """Of the profile at that place in the files, among those of an account: which is the smallest reads it."""
        return place - _FIRST * (profile in self.through)

    def known(self, profile: str) -> None:
        """It was asked whose it is, whatever came of it."""
        self.unidentified.discard(profile)
        self.tell_cover()

    async def machine(self) -> None:
        """This machine's own role, which `aws` uses without --profile: beside the profiles, since they need not wait for it."""
        with contextlib.suppress(Exception):  # nobody asked for it: what it is not is no trouble
            if await threaded(self.threads, self.sessions.machine_role):
                self.send(protocol.Delta(profiles=(*self.order, ENVIRONMENT)))
                self.add(ENVIRONMENT)
                self.wake.set()

    async def identify(self, profile: str) -> JobOutcome:
        """Ask whose account the profile is and which regions it has; its targets begin here."""
        try:
            async with self.identifying:
                account_id, (names, blind) = await self.account_and_regions(profile)
        except Exception as error:
            trouble = await self.trouble(error, profile, "")
            self.sessions.drop(profile)
            regions = list(self.sessions.fixed_regions(profile)) or [EVERYWHERE]
            self.show(profile, regions, Phase.FAILED, trouble)
            return OUTCOMES.get(trouble.kind, JobOutcome.FAILED)
        if self.settings.profile_hidden(profile, str(account_id)):  # by its account's number
            self.send(protocol.Delta(dropped=tuple(self.shown.pop(profile, ()))))
            return JobOutcome.WELL
        if not self.reads(account_id):
            self.shown.pop(profile, None)  # whoever reads it drops that line
            return JobOutcome.WELL
        if blind is not None and not names:
            self.show(profile, [EVERYWHERE], Phase.FAILED, blind)
            return JobOutcome.FAILED
        if gone := tuple(self.shown.pop(profile, ())):
            self.send(protocol.Delta(dropped=gone))
        self.send(protocol.Delta(regions=(profile, names)))
        strange = await self.strange(profile, names)
        for region in (name for name in names if name not in strange):
            place = (str(account_id), region)
            unit = self.units.setdefault(
                place, AccountRegion(account_id, self.aliases.get(account_id, EMPTY), region)
            )
            known = unit.phase not in (Phase.WAITING, Phase.FAILED)
            unit.join(profile, self.order)
            unit.blind.pop(profile, None)
            if blind is not None:
                unit.blind[profile] = blind
            self.tell(unit)
            # Else another profile reads it already. Once is as good as ever, but whose name it is must not depend on who
            # answered first: the first of the file reads once more, out of the cache.
            if not known or (self.once and unit.profiles[0] == profile):
                self.schedule.add(place, time.monotonic(), Job.PROBLEMS)
            elif unit.overtaken and not self.once:  # a row acts through its reader
                self.schedule.refresh(place, time.monotonic(), Job.STATUS)
        if self.settings.health.enabled and not (
            self.problems_only or self.schedule.knows(health_key(account_id))
        ):
            self.schedule.add(health_key(account_id), time.monotonic(), Job.HEALTH)
        if account_id not in self.aliases:
            self.start(self.name(account_id, profile))
        return JobOutcome.WELL

    async def account_and_regions(
        self, profile: str
    ) -> tuple[SafeText, tuple[tuple[str, ...], Trouble | None]]:
        """Both, asked for side by side: nothing of the profile can be shown before they are known."""
        asked = asyncio.create_task(self.regions_of(profile))
        try:
            account_id = await threaded(self.threads, describe.account, self.sessions, profile)
        except (
            BaseException
        ):  # without a login the regions are not known either, and this is the reason to tell
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
            raise
        return account_id, await asked

    async def regions_of(self, profile: str) -> tuple[tuple[str, ...], Trouble | None]:
        """Its regions; its own alone where it may not ask for the others, and why that is not all."""
        try:
            return await threaded(self.threads, describe.regions, self.sessions, profile), None
        except Exception as error:
            trouble = await self.trouble(error, profile, "")
            if trouble.kind is not TroubleKind.DENIED:
                raise
        own = await threaded(self.threads, describe.own_regions, self.sessions, profile)
        read = f"only {', '.join(own)} is read" if own else "none is read"
        cause = f"may not ask which regions are enabled: {read}, and there may be others"
        remedy = (
            f"allow ec2:DescribeRegions, or name its regions: [profiles.{profile}] regions in config.toml"
        )
        why = clean(cause, 300), clean(remedy, 300), trouble.code
        denied = Trouble(TroubleKind.DENIED, *why, where=clean(profile))
        self.send(protocol.Note(clean(denied.placed, 400)))
        return own, denied

    async def strange(self, profile: str, names: tuple[str, ...]) -> tuple[str, ...]:
        """The regions that somebody named and that do not exist: a line each, with the nearest that does."""
        fixed = await threaded(self.threads, self.sessions.fixed_regions, profile)
        if not fixed:
            return ()
        try:
            found = await threaded(self.threads, describe.strange_regions, self.sessions, profile, names)
            known = await threaded(self.threads, self.sessions.known_regions, profile) if found else ()
        except Exception:  # then they are read, and fail or not as any other
            return ()
        self.shown[profile] = targets = [Target(profile, name) for name in found]
        for target in targets:
            near = difflib.get_close_matches(target.region, known, n=1)
            cause = clean(f"there is no region {target.region}")
            remedy = clean(f"did you mean {near[0]}?" if near else "name it as eu-west-1 is, or leave it out")
            trouble = Trouble(TroubleKind.REGION, cause, remedy, clean("NoSuchRegion"), where=clean(profile))
            self.send(protocol.Delta(TargetStatus(target, Phase.FAILED, (clean(profile),), trouble=trouble)))
        return found

    async def name(self, account_id: SafeText, profile: str) -> None:
        """The account's alias, beside everything else: IAM may be out of reach where EC2 is not."""
        self.aliases.setdefault(account_id, EMPTY)
        await asyncio.sleep(0 if self.once else NAME_AFTER)
        alias = await threaded(self.threads, describe.alias, self.sessions, profile, str(account_id))
        if not alias:
            return
        self.aliases[account_id] = alias
        for unit in self.units.values():
            if unit.account_id == account_id:
                unit.alias = alias
                self.tell(unit)

    def leave(self, profile: str) -> None:
        """The profile now belongs to another account: drop its targets and identify it again."""
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
                self.forget_cover(place)
                self.send(protocol.Delta(dropped=(target,)))
        self.show(profile, [EVERYWHERE], Phase.READING, None)
        self.schedule.add(profile, time.monotonic(), Job.IDENTIFY)
