"""Who is registered with the load balancers of a target: read when somebody looks at the inbox, and kept for a while."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from tui.aws import describe
from tui.aws.balancer_groups import read_registered
from tui.domain.groups import BalancerGroups
from tui.domain.instance import Target
from tui.fleet.collector.fetch import threaded
from tui.fleet.collector.state import CollectorState

_KEPT = 60.0
"""Seconds in which those of an account and region are not asked for again: two profiles may ask for the same."""


class BalancerReader:
    """Reads them. Belongs to the collector's event loop."""

    def __init__(self, state: CollectorState) -> None:
        self._state = state
        # A reader waits for its askers, so they are of another pool; few, for whoever acts asks the same API.
        self._readers, self._askers = ThreadPoolExecutor(2, "balancers"), ThreadPoolExecutor(3, "balancer")
        self._kept: dict[tuple[str, str], tuple[float, BalancerGroups]] = {}
        self._one_at_a_time: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def read(self, target: Target) -> BalancerGroups:
        """Those of the target's account and region. Raises OtherAccountError, and what making a client raises."""
        account = await threaded(self._readers, self._account, target)
        key = (account, target.region)
        async with self._one_at_a_time[key]:
            kept = self._kept.get(key)
            if kept is None or time.monotonic() - kept[0] >= _KEPT:
                sessions, askers = self._state.sessions, self._askers
                groups, unknown = await threaded(
                    self._readers, read_registered, sessions, target, account, askers
                )
                found = BalancerGroups(*key, datetime.now(UTC), groups, unknown)
                kept = self._kept[key] = time.monotonic(), found
            return kept[1]

    def _account(self, target: Target) -> str:
        """Whose it is; what is read must be of the account whose rows it is told beside."""
        unit = self._state.unit_of(target)
        wanted = "" if unit is None else str(unit.account_id)
        sessions = self._state.sessions
        if wanted:
            describe.client_of(sessions, target.profile, target.region, wanted)
        return wanted or str(describe.account(sessions, target.profile))
