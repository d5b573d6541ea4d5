"""What the evidence says is thought about once, and anew where something else is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from screens.detail.reasons import Reasoning
from tui.domain.diagnosis.evidence import Evidence, Metric, MetricRow, MetricState
from tui.domain.instance import Instance, Target
from tui.domain.sanitize import clean
from tui.fleet.gathered import NOTHING_YET
from tui.fleet.protocol import ReadAnswer, ReadKind
from tui.presentation.chart import Grid

NOW = datetime(2026, 5, 4, 3, 0, 5, tzinfo=UTC)
INSTANCE = Instance(Target("prod", "us-east-1"), clean("i-0abc"))
POINTS = tuple((NOW - timedelta(minutes=age), 50.0) for age in range(60, 0, -1))
CPU = Metric(
    MetricRow.CPU, clean("AWS/EC2"), clean("CPUUtilization"), (), "Average", 60, MetricState.REPORTING,
    clean("Percent"), 50.0, POINTS[-1][0], POINTS,
)  # fmt: skip
READ = NOTHING_YET.answered(ReadKind.METRICS, ReadAnswer(0, evidence=Evidence(NOW, (CPU,))), NOW)


def test_the_same_is_not_thought_about_twice() -> None:
    reasoning = Reasoning()
    first = reasoning.of(INSTANCE, READ, None, NOW, UTC)
    assert [row.row for row in first.rows] == [MetricRow.CPU]
    assert reasoning.of(INSTANCE, READ, None, NOW + timedelta(seconds=50), UTC) is first
    assert reasoning.of(INSTANCE, READ.begun(ReadKind.LOG), None, NOW, UTC) is first
    assert reasoning.of(INSTANCE, READ, None, NOW + timedelta(minutes=1), UTC) is not first
    assert reasoning.of(INSTANCE, NOTHING_YET, None, NOW, UTC) is not first


def test_a_chart_is_drawn_once_for_each_size() -> None:
    reasons = Reasoning().of(INSTANCE, READ, None, NOW, UTC)
    (row,) = reasons.rows
    grid = Grid(NOW, timedelta(hours=1), 12)
    drawn = reasons.chart(row, grid, 1, plain=False)
    assert drawn == ("▄" * 12,)
    assert reasons.chart(row, grid, 1, plain=False) is drawn
    assert reasons.chart(row, grid, 1, plain=True) == ("=" * 12,)
    assert len(reasons.chart(row, grid, 6, plain=False)) == 6


def test_of_nothing_read_nothing_is_said() -> None:
    reasons = Reasoning().of(INSTANCE, NOTHING_YET, None, NOW, UTC)
    assert reasons.rows == ()
    assert reasons.diagnosis.findings == ()
