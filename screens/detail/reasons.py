"""What the evidence says of an instance: thought about once for all frames that show the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from tui.domain.diagnosis.evidence import Evidence, MetricRow
from tui.domain.diagnosis.metric_marks import triage_rows
from tui.domain.diagnosis.triage_row import TriageRow
from tui.domain.diagnosis.verdict import Diagnosis, diagnosis_of
from tui.domain.facts import Facts
from tui.domain.health import HealthEvent
from tui.domain.instance import Instance
from tui.domain.triage import Level
from tui.fleet.gathered import Gathered
from tui.presentation.chart import Grid, blocks, signs
from tui.presentation.symbols import LEVELS


class Reasons:
    """The verdict and the rows of `evidence` at a time; None: nothing was read yet."""

    def __init__(
        self,
        instance: Instance | None,
        evidence: Evidence | None,
        facts: Facts | None,
        now: datetime,
        zone: tzinfo,
        health: Sequence[HealthEvent] = (),
    ) -> None:
        self.diagnosis = Diagnosis()
        self.rows: tuple[TriageRow, ...] = ()
        self._charts = dict[tuple[int, Grid, int, bool], tuple[str, ...]]()
        if instance is not None and evidence is not None:
            self.diagnosis = diagnosis_of(instance, evidence, now, facts=facts, zone=zone, health=health)
            self.rows = triage_rows(instance, evidence.metrics or (), now, zone)

    def chart(self, row: TriageRow, grid: Grid, lines: int, *, plain: bool) -> tuple[str, ...]:
        """One of its rows as so many lines; a check, which is so or not, is always one."""
        key = (id(row), grid, lines, plain)
        drawn = self._charts.get(key)
        if drawn is None:
            drawn = self._charts[key] = _chart(row, grid, lines, plain)
        return drawn


def _chart(row: TriageRow, grid: Grid, lines: int, plain: bool) -> tuple[str, ...]:
    cells = grid.laid(row.points, row.period, min if row.lowest else max)
    if row.row is MetricRow.CHECK:
        return (signs(cells, LEVELS[Level.CALM].symbol, LEVELS[Level.FAILING].symbol, plain=plain),)
    return blocks(
        [None if one is None else one - row.low for one in cells], row.high - row.low, lines, plain=plain
    )


NO_REASONS = Reasons(None, None, None, datetime.min.replace(tzinfo=UTC), UTC)


class Reasoning:
    """Keeps the newest reasons of one instance: others come with another look, other evidence or the next minute."""

    def __init__(self) -> None:
        self._of: tuple[object, ...] = ()
        self._minute: datetime | None = None
        self._reasons = NO_REASONS

    def of(
        self,
        instance: Instance,
        gathered: Gathered,
        facts: Facts | None,
        now: datetime,
        zone: tzinfo,
        health: Sequence[HealthEvent] = (),
    ) -> Reasons:
        """What is to be said now."""
        known, minute = (
            (instance, gathered.held, gathered.failed, facts, health),
            now.replace(second=0, microsecond=0),
        )
        same = len(self._of) == len(known) and all(a is b for a, b in zip(known, self._of, strict=True))
        if not same or minute != self._minute:
            self._of, self._minute = known, minute
            self._reasons = Reasons(instance, gathered.evidence, facts, now, zone, health)
        return self._reasons
