"""AWS Health, once an account: joined to the rows of all its regions. Where it cannot be read nothing is said in the list.

`evac doctor` says which accounts have it. The text of an event is read only when somebody looks at an instance that it concerns.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence

from tui.aws import health
from tui.domain.health import HealthEvent, HealthReport
from tui.domain.health_notices import of_place
from tui.domain.instance import Target, Trouble, TroubleKind
from tui.domain.sanitize import SafeText, clean
from tui.fleet.collector.fetch import threaded
from tui.fleet.collector.schedule import HEALTH_EVERY, JobOutcome
from tui.fleet.collector.state import LOGIN_TROUBLE, CollectorState, health_key
from tui.fleet.protocol import ReadAnswer, ReadRequest

NO_PLAN_FOR = 24 * 3600.0
"""Seconds after which an account without a support plan is asked again: somebody may have bought one."""
_KEPT = 0.8
"""Of the interval: so long what was read is no older than another read would make it."""
_WITHIN, _BESIDE = 10.0, 5.0
"""Seconds that somebody waits who asks for it, and who asks for all else: an address that can't be reached would take longer."""
_OUTCOMES = {
    TroubleKind.THROTTLED: JobOutcome.THROTTLED,
    **dict.fromkeys((TroubleKind.NETWORK, *LOGIN_TROUBLE), JobOutcome.FAILED),
}
"""What is worth another try before the next is due; of all else only the next will tell."""
_OTHERS_MAY = (TroubleKind.CREDENTIALS, TroubleKind.DENIED, TroubleKind.CONFIG)


class HealthReader:
    """Reads it for all accounts of a collector. Belongs to its event loop."""

    def __init__(self, state: CollectorState) -> None:
        self._state = state
        self._no_plan_until: dict[str, float] = {}
        self._active: dict[str, str] = {}
        """By account: the Region that answered last."""
        self._texts: defaultdict[str, dict[SafeText, tuple[float, SafeText]]] = defaultdict(dict)

    async def read(self, account_id: str) -> JobOutcome:
        """Read an account's events into its regions, with its first profile that may. Never raises for AWS."""
        units = [one for one in self._state.units.values() if one.account_id == account_id]
        if not units:
            self._state.schedule.remove(health_key(account_id))
            return JobOutcome.WELL
        profiles = dict.fromkeys(name for unit in units for name in unit.profiles)
        try:
            async with asyncio.timeout(_BESIDE if self._state.once else None):
                found = await self._events(account_id, profiles)
        except TimeoutError:
            return JobOutcome.FAILED
        if isinstance(found, Trouble):
            return _OUTCOMES.get(found.kind, JobOutcome.WELL)
        for unit in units:
            unit.take_health([one for one in found if one.region == unit.region])
            self._state.tell(unit)
        return JobOutcome.WELL

    async def _events(self, account_id: str, profiles: Iterable[str]) -> Sequence[HealthEvent] | Trouble:
        """What there is; nothing where the account has no plan for it; or why none of the profiles could read it."""
        if time.monotonic() < self._no_plan_until.get(account_id, 0.0):
            return ()
        state, why = self._state, Trouble(TroubleKind.INTERNAL, clean("no profile"), clean(""))
        for profile in profiles:

            async def fetch(profile: str = profile) -> list[HealthEvent]:
                first = self._active.get(account_id, "")
                events, self._active[account_id] = await threaded(
                    state.threads, health.read_events, state.sessions, profile, account_id, first
                )
                return events

            try:
                events, _ = await state.cache.get(
                    (account_id, "global", "health"), list[HealthEvent], HEALTH_EVERY * _KEPT, fetch
                )
                return events
            except Exception as error:
                if health.has_no_plan(error):
                    self._no_plan_until[account_id] = time.monotonic() + NO_PLAN_FOR
                    return ()
                why = await state.trouble(error, profile, "")
            if why.kind not in _OTHERS_MAY:
                break
        return why

    async def report(self, request: ReadRequest, target: Target) -> ReadAnswer:
        """What it says of one instance (none: of the region alone) and its region, with AWS's text of each. Never raises."""
        try:
            async with asyncio.timeout(_WITHIN):
                found = await self._report(request, target)
        except TimeoutError:
            cause, remedy = (
                f"AWS Health: no answer within {_WITHIN:.0f} s",
                "check the way to its address, or go without",
            )
            found = Trouble(TroubleKind.NETWORK, clean(cause), clean(remedy), where=target.key)
        except Exception as error:
            found = await self._state.trouble(error, target.profile, "")
        if isinstance(found, Trouble):
            return ReadAnswer(request.id, trouble=found)
        return ReadAnswer(request.id, health=found)

    async def _report(self, request: ReadRequest, target: Target) -> HealthReport | Trouble:
        state, profile = self._state, target.profile
        unit = state.unit_of(target)
        account_id = (
            str(unit.account_id)
            if unit is not None
            else await threaded(state.threads, state.sessions.account, profile)
        )
        found = await self._events(account_id, [profile])
        if isinstance(found, Trouble):
            return found
        if account_id in self._no_plan_until:
            return HealthReport(no_plan=True)
        wanted = {request.instance_id, *request.entities} - {""}
        here = [one for one in found if one.region == target.region]
        own = [one for one in here if one.entity in wanted]
        events = tuple(dict.fromkeys((*own, *of_place(here))))
        return HealthReport(events, await self._of(account_id, profile, events))

    async def _of(
        self, account_id: str, profile: str, events: Sequence[HealthEvent]
    ) -> tuple[tuple[SafeText, SafeText], ...]:
        """Their texts, as AWS has them or as it was asked a moment ago."""
        kept, now = self._texts[account_id], time.monotonic()
        for arn in [arn for arn, (at, _) in kept.items() if now - at >= HEALTH_EVERY]:
            del kept[arn]
        if missing := [one.arn for one in events if one.arn not in kept]:
            first = self._active.get(account_id, "")
            read = await threaded(
                self._state.threads, health.read_texts, self._state.sessions, profile, missing, first
            )
            kept.update({arn: (now, text) for arn, text in read})
        return tuple((one.arn, kept[one.arn][1]) for one in events if one.arn in kept)
