"""By which plans an instance is copied, and which AMIs evac left behind: read when somebody asks, and never for the list."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from tui.aws import copy_plans, describe, owned_images
from tui.domain.arns import instance_arn
from tui.domain.copy_plan_rules import needs_volume_tags
from tui.domain.copy_plans import CopyPlans
from tui.domain.instance import Instance, Target
from tui.domain.owned_images import OwnedImages
from tui.domain.sanitize import SafeText, clean
from tui.fleet.collector.fetch import threaded
from tui.fleet.collector.schedule import Budget
from tui.fleet.collector.state import CollectorState

PLANS_KEPT = 600.0
"""Seconds in which the plans of an account and region are not asked for again: a plan is changed by hand, and seldom."""

IMAGES_A_SECOND = 10.0
"""Of DescribeImageAttribute in an account and region: half of what EC2 gives (EC2 developer guide, ec2-api-throttling)."""


class CopyReader:
    """Reads both. Belongs to the collector's event loop."""

    def __init__(self, state: CollectorState) -> None:
        self._state = state
        # A reader waits for its askers, so they are of another pool.
        self._readers, self._askers = ThreadPoolExecutor(6, "copies"), ThreadPoolExecutor(6, "copy-asker")
        self._kept: dict[tuple[str, str], tuple[float, CopyPlans]] = {}
        self._one_at_a_time: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def plans(self, row: Instance, target: Target) -> CopyPlans:
        """What copies this instance, as far as it can be read. Raises OtherAccountError, and what making a client raises."""
        account = await threaded(self._readers, self._account, target)
        key = (account, target.region)
        async with self._one_at_a_time[key]:
            kept = self._kept.get(key)
            if kept is None or time.monotonic() - kept[0] >= PLANS_KEPT:
                found = await threaded(self._readers, self._common, target)
                kept = (time.monotonic(), found)
                if not found.unknown:
                    self._kept[key] = kept
        return await threaded(
            self._readers, self._of_instance, replace(row, account_id=clean(account)), target, kept[1]
        )

    async def own_images(self, target: Target, keep: int) -> OwnedImages:
        """evac's AMIs there. Raises OtherAccountError, and what botocore raises."""
        account = await threaded(self._readers, self._account, target)
        sessions, pace = self._state.sessions, Budget(IMAGES_A_SECOND, IMAGES_A_SECOND)
        return await threaded(
            self._readers,
            lambda: owned_images.evacs_images(
                sessions, target, account, keep, self._askers, lambda: time.sleep(pace.take(time.monotonic()))
            ),
        )

    def _account(self, target: Target) -> str:
        """Whose it is; what is read must be of the account whose rows it is shown beside."""
        unit = self._state.unit_of(target)
        wanted = "" if unit is None else str(unit.account_id)
        sessions = self._state.sessions
        if wanted:
            describe.client_of(sessions, target.profile, target.region, wanted)
        return wanted or str(describe.account(sessions, target.profile))

    def _common(self, target: Target) -> CopyPlans:
        """The plans of the account and region."""
        return self._filled(
            CopyPlans(datetime.now(UTC)),
            target,
            {
                "policies": lambda: copy_plans.lifecycle_policies(self._client(target, "dlm"), self._askers),
                "selections": lambda: copy_plans.backup_selections(
                    self._client(target, "backup"), self._askers
                ),
                "opted_in": lambda: copy_plans.opted_in(self._client(target, "backup")),
            },
        )

    def _of_instance(self, row: Instance, target: Target, common: CopyPlans) -> CopyPlans:
        """The same with what is of this instance alone."""
        arn, volumes = instance_arn(row), [str(one.volume_id) for one in row.volumes]
        asked: dict[str, Callable[[], Any]] = {
            "points": lambda: copy_plans.recovery_points(self._client(target, "backup"), arn)
        }
        if needs_volume_tags(common):
            asked["volume_tags"] = lambda: copy_plans.volume_tags(self._client(target, "ec2"), volumes)
        return self._filled(common, target, asked)

    def _filled(self, plans: CopyPlans, target: Target, asked: dict[str, Callable[[], Any]]) -> CopyPlans:
        """With these fields; one that could not be read is in `unknown`."""
        values: dict[str, Any] = {}
        unknown: list[tuple[str, SafeText]] = list(plans.unknown)
        for name, question in asked.items():
            try:
                values[name] = question()
            except Exception as error:
                unknown.append((name, describe.why_unread(self._state.sessions, error, target)))
        return replace(plans, **values, unknown=tuple(unknown))

    def _client(self, target: Target, service: str) -> Any:
        return self._state.sessions.client(target.profile, service, target.region)
