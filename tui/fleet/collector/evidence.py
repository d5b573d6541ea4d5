"""The parts of the evidence why one instance fails, each asked for on demand: nothing here is read for the list or by a poll.

CloudWatch is paid by the metric: what it said of an instance is kept for a minute, in this process alone. CloudTrail answers two
calls a second for an account and region; whoever asks waits for the turn.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from tui.aws import cloudtrail, describe, inspect, metrics, system_log
from tui.aws.errors import OtherAccountError
from tui.config.kinds import own_kinds
from tui.domain.diagnosis.agent_metrics import host_names
from tui.domain.diagnosis.evidence import Evidence, MetricState
from tui.domain.diagnosis.log_findings import system_log as diagnosed_log
from tui.domain.instance import Instance, Target
from tui.errors import EvacError
from tui.fleet.collector.fetch import threaded
from tui.fleet.collector.schedule import Budget
from tui.fleet.collector.state import CollectorState
from tui.fleet.protocol import ReadKind, ReadRequest
from tui.kept_output import newest_kept
from tui.paths import console_folder

METRICS_KEPT = 60.0
"""Seconds in which the metrics of an instance are not asked for again."""
LOOKUPS = 2.0
"""Of LookupEvents a second, in an account and region (CloudTrail user guide, WhatIsCloudTrail-Limits)."""
_Key = tuple[Target, str, ReadKind, int]


class GoneError(EvacError):
    """AWS has no such instance, or not any more."""


class EvidenceReader:
    """Reads the parts, side by side. Belongs to the collector's event loop."""

    def __init__(self, state: CollectorState) -> None:
        self._state = state
        # Of their own: whoever is about to act waits for a look, never for somebody who looks at evidence.
        self._readers, self._askers = ThreadPoolExecutor(8, "evidence"), ThreadPoolExecutor(8, "metric")
        self._trail = ThreadPoolExecutor(2, "trail")
        self._kinds = own_kinds(state.settings)
        self._kept: dict[_Key, tuple[float, Evidence]] = {}
        self._rows: dict[tuple[Target, str], tuple[float, Instance]] = {}
        self._one_at_a_time: defaultdict[object, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._paces: defaultdict[tuple[str, str], Budget] = defaultdict(lambda: Budget(1.0, LOOKUPS))

    async def read(self, request: ReadRequest, target: Target) -> tuple[Evidence, bytes]:
        """The part that is asked for, and the bytes of a screenshot; what AWS refuses is in the evidence.

        Raises GoneError, OtherAccountError, and what making a client raises.
        """
        state, ident, image = self._state, request.instance_id, b""
        await threaded(self._readers, self.check_account, target)
        if request.kind is ReadKind.LOG:
            found = await threaded(self._readers, self._log, target, ident)
        elif request.kind is ReadKind.SCREENSHOT:
            found, image = await threaded(
                self._readers, system_log.read_screenshot, state.sessions, target, ident
            )
        elif request.kind is ReadKind.CHANGES:
            resource = request.resource or ident
            found = await threaded(
                self._trail, cloudtrail.read_changes, state.sessions, target, resource, self._turn(target)
            )
        else:
            found = await self._metrics(request, target)
        return found, image

    def check_account(self, target: Target) -> None:
        """What is read must be of the account whose row it is shown beside. Raises OtherAccountError."""
        unit = self._state.unit_of(target)
        if unit is None or not unit.account_id:
            return
        self._state.sessions.client(target.profile, "ec2", target.region)
        if (now := describe.account(self._state.sessions, target.profile)) != unit.account_id:
            raise OtherAccountError(target.profile, str(now), str(unit.account_id))

    def _log(self, target: Target, instance_id: str) -> Evidence:
        """AWS's; where it has none, or none can be read, what evac kept before its own last stop or reboot."""
        row = self._known(target, instance_id)
        is_xen = row is not None and row.type_facts is not None and str(row.type_facts.hypervisor) == "xen"
        found = system_log.read_system_log(
            self._state.sessions, target, instance_id, self._kinds, is_xen=is_xen
        )
        if found.log is not None and found.log.lines:
            return found
        kept = newest_kept(console_folder(os.environ), instance_id, datetime.now(UTC))
        if kept is None:
            return found
        text = "\n".join(kept.lines)
        return replace(found, log=diagnosed_log(text, kept.taken_at, kept.latest, self._kinds, kept.path))

    def _turn(self, target: Target) -> Any:
        unit = self._state.unit_of(target)
        pace = self._paces[str(unit.account_id) if unit else target.profile, target.region]
        return lambda: time.sleep(pace.take(time.monotonic()))

    async def _metrics(self, request: ReadRequest, target: Target) -> Evidence:
        key = (target, request.instance_id, request.kind, request.hours)
        async with self._one_at_a_time[key]:
            began = time.monotonic()
            kept = self._kept.get(key)
            if kept is not None and began - kept[0] < METRICS_KEPT:
                return kept[1]
            row = await self.row(target, request.instance_id)
            state = self._state
            asker = metrics.Asker(
                state.sessions, row, state.settings.metrics.source, self._askers, datetime.now(UTC)
            )
            if request.kind is ReadKind.METRICS:
                found = await threaded(self._readers, asker.own, request.hours)
            else:
                found = await threaded(
                    self._readers, asker.agent, request.hours, self._shares_host(target, row)
                )
            self._forget(began)
            if any(
                one.state is not MetricState.DENIED for one in found.metrics or ()
            ):  # else nothing was paid
                self._kept[key] = began, found
            return found

    def _forget(self, now: float) -> None:
        """What is kept no longer."""
        self._kept = {key: one for key, one in self._kept.items() if now - one[0] < METRICS_KEPT}
        self._rows = {key: one for key, one in self._rows.items() if now - one[0] < METRICS_KEPT}

    def _known(self, target: Target, instance_id: str) -> Instance | None:
        """Its row as the collector has it."""
        unit = self._state.unit_of(target)
        row = None if unit is None else unit.rows.get(instance_id)
        return None if unit is None or row is None else unit.with_target_fields(row, target=target)

    async def row(self, target: Target, instance_id: str) -> Instance:
        """Its row; where the list is not read yet, by one call for all who ask. Raises GoneError."""
        if (known := self._known(target, instance_id)) is not None:
            return known
        at = (target, instance_id)
        async with self._one_at_a_time[at]:
            kept = self._rows.get(at)
            if kept is None or time.monotonic() - kept[0] >= METRICS_KEPT:
                row = await threaded(self._readers, self._described, target, instance_id)
                kept = self._rows[at] = time.monotonic(), row
            return kept[1]

    def _described(self, target: Target, instance_id: str) -> Instance:
        client = self._state.sessions.client(target.profile, "ec2", target.region)
        row = inspect.describe_instance(client, target, instance_id, datetime.now(UTC))
        if row is None:
            raise GoneError(f"{target.key}: {instance_id} is no longer there")
        return row

    def _shares_host(self, target: Target, row: Instance) -> bool:
        """Whether another instance of its account and region has the same host name: addresses repeat in other networks."""
        unit, names = self._state.unit_of(target), host_names(row)
        others = () if unit is None or not names else unit.rows.values()
        return any(one.instance_id != row.instance_id and host_names(one)[:1] == names[:1] for one in others)
