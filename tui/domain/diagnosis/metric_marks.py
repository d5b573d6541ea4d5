"""The rows of the triage screen: for each, its metrics as one line to draw, a mark, and words where it is wrong. Pure.

Names, units and statistics: EC2 user guide, viewing_metrics_with_cloudwatch; EBS guide, using_cloudwatch_ebs; CloudWatch guide,
metrics-collected-by-CloudWatch-agent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo

from msgspec import Struct

from tui.domain.diagnosis.evidence import Metric, MetricRow, MetricState
from tui.domain.instance import CheckName, Instance
from tui.domain.severity import Mark
from tui.domain.time_format import bare_clock

_R = MetricRow
_ORDERS: dict[CheckName | None, tuple[MetricRow, ...]] = {
    CheckName.SYSTEM: (_R.CHECK, _R.NETWORK, _R.CPU, _R.CREDITS, _R.VOLUME, _R.EBS_LIMIT, _R.DISK, _R.MEMORY, _R.SWAP),
    CheckName.INSTANCE: (_R.CHECK, _R.MEMORY, _R.CPU, _R.CREDITS, _R.DISK, _R.VOLUME, _R.NETWORK, _R.SWAP, _R.EBS_LIMIT),
    CheckName.ATTACHED_EBS: (_R.CHECK, _R.VOLUME, _R.EBS_LIMIT, _R.DISK, _R.CPU, _R.CREDITS, _R.MEMORY, _R.SWAP, _R.NETWORK),
    CheckName.APPLICATION: (_R.CHECK, _R.CPU, _R.CREDITS, _R.MEMORY, _R.NETWORK, _R.EBS_LIMIT, _R.DISK, _R.SWAP, _R.VOLUME),
}  # fmt: skip
_ORDERS[CheckName.PERFORMANCE] = _ORDERS[CheckName.APPLICATION]
_ORDERS[None] = _ORDERS[CheckName.INSTANCE]
_STATES = {
    MetricState.ABSENT: (Mark.NONE, "nobody sends it"),
    MetricState.DENIED: (Mark.UNKNOWN, "not read: denied"),
    MetricState.EARLY: (Mark.UNKNOWN, "too early: just started"),
    MetricState.STOPPED: (Mark.NONE, "stopped: no points is not zero"),
}


class TriageRow(Struct, frozen=True):
    """One line of metrics. `label`: `memory`, `disk /data`, a volume's device. `points` are in `unit`, between `low` and `high`,
    one each `period` seconds where there is one. `trouble`: the key of what is wrong with it, empty if nothing is known to be;
    `since` (UTC): when that began, as far as the points go back. `series`: all that it is made of.
    """

    row: MetricRow
    label: str
    mark: Mark
    words: str
    state: MetricState
    points: tuple[tuple[datetime, float], ...] = ()
    period: int = 60
    low: float = 0.0
    high: float = 100.0
    unit: str = "%"
    trouble: str = ""
    since: datetime | None = None
    series: tuple[Metric, ...] = ()


def row_order(instance: Instance) -> tuple[MetricRow, ...]:
    """All rows, the most telling for the outermost failing check first."""
    failing = instance.checks.impaired()
    return _ORDERS[failing[0] if failing else None]


def triage_rows(
    instance: Instance, metrics: Sequence[Metric], now: datetime, zone: tzinfo = UTC
) -> tuple[TriageRow, ...]:
    """A line for each row that has metrics, each volume one; in the order of `row_order`. Never raises, whatever the points."""
    return tuple(
        line
        for row in row_order(instance)
        for line in _lines(row, [one for one in metrics if one.row is row], zone)
    )


def _lines(row: MetricRow, series: list[Metric], zone: tzinfo) -> Iterator[TriageRow]:
    if not series:
        return
    one = max(series, key=lambda metric: (bool(metric.points), metric.newest or 0.0))
    mark, words = _STATES.get(one.state, (Mark.OK, ""))
    if one.newest is not None:
        words = f"{one.newest:.0f} %"
        if one.state is MetricState.SILENT and one.at is not None:
            mark, words = Mark.UNKNOWN, f"{words}, silent since {bare_clock(one.at, zone)}"
    yield TriageRow(row, row.value, mark, words, one.state, one.points, one.period, series=tuple(series))
