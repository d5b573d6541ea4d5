"""A detail screen on its stage, a collector that answers when it is told to, an operation of the instance."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from screens.detail.screen import TABS, DetailScreen
from tests.screens.fake_services import NOW, Stage, StandIn, named, plain_facts, services
from tui.domain.actions import ActionOptions
from tui.domain.diagnosis.evidence import Evidence, Metric, MetricRow, MetricState
from tui.domain.diagnosis.log_findings import system_log
from tui.domain.instance import Instance, Trouble, TroubleKind
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.fleet import protocol
from tui.fleet.protocol import ReadKind
from tui.fleet.store import Store
from tui.operations.journal import Journal
from tui.services import Services

EXPIRED = Trouble(
    TroubleKind.CREDENTIALS,
    clean("the login has expired"),
    clean("run: aws sso login --profile prod"),
    where=clean("prod"),
)


def opened(
    folder: Path, name: str, first: str = TABS[0], **changes: Any
) -> tuple[Stage, DetailScreen, Services]:
    """Shown on the tab `first`; empty: on the one that evac chooses, which for what fails is triage."""
    given = services(folder, **changes)
    screen = DetailScreen(given, named(given.store, name).key)
    screen.tab = first or screen.tab
    return Stage(screen), screen, given


class Slow(StandIn):
    """Answers when it is told to."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.go = asyncio.Event()

    async def request(self, request: protocol.ReadRequest) -> protocol.ReadAnswer:
        await self.go.wait()
        return await super().request(request)


def series(
    row: MetricRow,
    value: Callable[[int], float],
    *,
    hours: int = 3,
    until: int = 0,
    state: MetricState = MetricState.REPORTING,
    unit: str = "Percent",
    **dimensions: str,
) -> Metric:
    """A metric with the value of each period that began so many minutes ago, up to `until` minutes ago."""
    period = {3: 60, 24: 300, 72: 900}[hours]
    ages = [age for age in range(hours * 60, 0, -period // 60) if age > until]
    points = tuple((NOW - timedelta(minutes=age), float(value(age))) for age in ages)
    at, newest = points[-1] if points else (None, None)
    named_by = tuple((clean(name), clean(told)) for name, told in dimensions.items())
    return Metric(
        row,
        clean("AWS/EC2"),
        clean(row.value),
        named_by,
        "Average",
        period,
        state,
        clean(unit),
        newest,
        at,
        points,
    )


class Evident(StandIn):
    """Has evidence: the parts of `found`, each when the event of its kind in `gates` is set (at once where there is none)."""

    def __init__(self, store: Store, found: Callable[[protocol.ReadRequest], Evidence] | None = None) -> None:
        super().__init__(store)
        self.found = found or evidence
        self.gates = dict[ReadKind, asyncio.Event]()

    async def request(self, request: protocol.ReadRequest) -> protocol.ReadAnswer:
        if request.kind is ReadKind.LOOK:
            return await super().request(request)
        self.asked.append(request)
        if request.kind in self.gates:
            await self.gates[request.kind].wait()
        return protocol.ReadAnswer(0, evidence=self.found(request))

    def kinds(self) -> list[str]:
        """What was asked for but looks."""
        return [str(one.kind) for one in self.asked if one.kind is not ReadKind.LOOK]


def evidence(request: protocol.ReadRequest) -> Evidence:
    """Of an instance whose memory ran out 11 minutes ago."""
    hours, row = request.hours, MetricRow
    match request.kind:
        case ReadKind.METRICS:
            metrics = (
                series(row.CHECK, lambda age: age <= 11, hours=hours, unit="Count"),
                series(row.CPU, lambda age: 98 if age < 30 else 20, hours=hours),
            )
            return Evidence(NOW, metrics, asked=14)
        case ReadKind.AGENT_METRICS:
            silent = MetricState.SILENT
            memory = series(
                row.MEMORY, lambda age: max(5, 99 - age // 2), hours=hours, until=11, state=silent
            )
            return Evidence(NOW, (memory,), asked=6)
        case ReadKind.LOG:
            return Evidence(NOW, log=system_log(OOM, NOW, True))
        case ReadKind.CHANGES:
            return Evidence(NOW, changes=())
    return Evidence(NOW)


OOM = "\n".join(
    (
        "Linux version 6.1.0",
        "[    0.000000] Command line: root=/dev/xvda1",
        *(f"[ {number:4}.000000] usb 1-1: new device" for number in range(1, 60)),
        "[ 6521.377000] Out of memory: Killed process 812 (java) total-vm:16384000kB, anon-rss:7812044kB",
    )
)


def planned(journal: Journal, row: Instance, minutes: int, action: str = "reboot") -> str:
    """An operation on it, planned so many minutes ago."""
    at = NOW.replace(hour=2, minute=60 - minutes)
    return journal.create(draft(action, row, plain_facts(), ActionOptions(), Policy(), at), at)
