"""A row of the triage screen, and what all rows are made with. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, tzinfo

from msgspec import Struct

from tui.domain.diagnosis.evidence import Metric, MetricRow, MetricState
from tui.domain.diagnosis.series import Series
from tui.domain.instance import CheckName, CheckStatus, Instance
from tui.domain.severity import Mark
from tui.domain.time_format import ago, clock_or_date, to_utc

_LAG = timedelta(minutes=10)
"""A check begins to fail minutes after what makes it fail."""
_AGENT = (MetricRow.MEMORY, MetricRow.SWAP, MetricRow.DISK)
_GRAVITY = (
    MetricState.REPORTING,
    MetricState.SILENT,
    MetricState.STOPPED,
    MetricState.DENIED,
    MetricState.EARLY,
    MetricState.ABSENT,
)
"""Of several states of one row without points the first one is told."""


class TriageRow(Struct, frozen=True):
    """One line of metrics. `label`: `memory`, `disk /data`, a volume's device. `points` are in `unit`, between `low` and `high`,
    one each `period` seconds where there is one. `trouble`: the key of what is wrong with it, empty if nothing is known to be;
    `since` (UTC): when that began, as far as the points go back. `series`: all that it is made of. `lowest`: of several points
    that share a place the least is the worst.
    """

    row: MetricRow
    label: str
    mark: Mark
    words: str
    state: MetricState
    points: Series = ()
    period: int = 60
    low: float = 0.0
    high: float = 100.0
    unit: str = "%"
    trouble: str = ""
    since: datetime | None = None
    series: tuple[Metric, ...] = ()
    lowest: bool = False


class Look(Struct, frozen=True):
    """What the rows are made of: an instance, its metrics, and the time at which somebody looks."""

    instance: Instance
    metrics: tuple[Metric, ...]
    now: datetime
    zone: tzinfo

    def of(self, row: MetricRow, name: str = "") -> list[Metric]:
        """The metrics of a row; with a name (lower case) those of that name."""
        return [one for one in self.metrics if one.row is row and (not name or one.name.lower() == name)]

    @property
    def failing(self) -> tuple[CheckName, ...]:
        """Its failing checks, the outermost first."""
        return self.instance.checks.impaired()

    @property
    def answers(self) -> bool:
        """Whether AWS says of its system and its instance check that they are ok."""
        checks = self.instance.checks
        return {checks.system.status, checks.instance.status} == {CheckStatus.OK} and not self.failing

    @property
    def failing_since(self) -> datetime | None:
        """Since when the outermost one fails, as AWS says."""
        since = self.instance.checks.get(self.failing[0]).since if self.failing else None
        return None if since is None else to_utc(since)

    def clock(self, moment: datetime) -> str:
        """`23:03`, in the operator's zone."""
        return clock_or_date(to_utc(moment), self.zone, self.now)

    def bad(self) -> Mark:
        """The mark of what is at a limit: it is the trouble where a check fails, and may become it where none does."""
        return Mark.FAILING if self.failing else Mark.THREATENED

    def silence(self, row: MetricRow, newest: datetime, mark: Mark) -> Mark:
        """The mark of what fell silent: of memory, with the failing check, it is a symptom as telling as a value."""
        since = self.failing_since
        if row is MetricRow.MEMORY and self.failing and (since is None or newest >= since - _LAG):
            return Mark.FAILING
        return mark if mark is not Mark.OK else Mark.UNKNOWN

    def age(self, points: Series, metric: Metric) -> str:
        """` at 23:10` where the newest point is older than it looks, else nothing."""
        at = points[-1][0]
        old = metric.state is MetricState.SILENT or self.now - at > timedelta(minutes=3)
        if metric.state is MetricState.SILENT:
            return f", silent since {self.clock(at)}"
        return f" at {self.clock(at)}" if old else ""

    def enough(self, metric: Metric) -> int:
        """How many points in a row count: three minutes, or two of five."""
        return 3 if metric.period < 300 else 2


def row_with_points(
    look: Look,
    row: MetricRow,
    label: str,
    series: Sequence[Metric],
    points: Series,
    mark: Mark,
    words: str,
    trouble: str = "",
    since: datetime | None = None,
    *,
    high: float = 100.0,
    unit: str = "%",
    lowest: bool = False,
) -> TriageRow:
    """A row that has points to draw, between 0 and `high` in `unit`; where all its series fell silent it says since when."""
    silent = all(one.state is MetricState.SILENT for one in series)
    state = MetricState.SILENT if silent else MetricState.REPORTING
    if silent and mark is Mark.OK:
        mark = look.silence(row, points[-1][0], mark)
    if "silent" not in words and silent:
        words += f", silent since {look.clock(points[-1][0])}"
    return TriageRow(
        row, label, mark, words, state, points, series[0].period, 0.0, high, unit, trouble, since, tuple(series), lowest
    )  # fmt: skip


def without_points(look: Look, row: MetricRow, label: str, series: Sequence[Metric]) -> Iterator[TriageRow]:
    """A row that has nothing to draw, and why; none at all if it was not asked for."""
    if not series:
        return
    one = min(series, key=lambda metric: _GRAVITY.index(metric.state))
    launched = look.instance.launched_at
    told = {
        MetricState.ABSENT: (
            Mark.NONE,
            "no agent known: nobody sends it" if row in _AGENT else "no such metric",
        ),
        MetricState.DENIED: (Mark.UNKNOWN, "not read: denied"),
        MetricState.EARLY: (
            Mark.UNKNOWN,
            "too early" + (f": started {ago(launched, look.now)}" if launched is not None else ""),
        ),
        MetricState.STOPPED: (Mark.NONE, "stopped: no points is not zero"),
    }
    silent = "no points" + (f", silent since {look.clock(one.at)}" if one.at is not None else "")
    mark, words = told.get(one.state, (Mark.UNKNOWN, silent))
    yield TriageRow(row, label, mark, words, one.state, (), one.period, series=tuple(series))


def percent(value: float) -> str:
    """A share of 0 to 100 in words: `98 %`; below 1 with a decimal, `0.4 %`."""
    return f"{value:.1f} %" if 0.05 <= value < 1 else f"{value:.0f} %"


def rate_words(value: float, unit: str) -> str:
    """A rate per second in words, scaled: `12 IOPS`, `3.4 MB/s`."""
    for factor, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor and unit == "B/s":
            return f"{value / factor:.1f} {prefix}{unit}"
    return f"{value:.0f} {unit}"
