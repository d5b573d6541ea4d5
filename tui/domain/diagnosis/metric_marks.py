"""The rows of the triage screen: for each, its metrics as one line to draw, a mark, and words where it is wrong. Pure.

Names, units and statistics: EC2 user guide, viewing_metrics_with_cloudwatch and burstable-credits-baseline-concepts; EBS guide,
using_cloudwatch_ebs; CloudWatch guide, metrics-collected-by-CloudWatch-agent. Volumes' rows are in `volume_marks`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from msgspec.structs import replace

from tui.domain.diagnosis import volume_marks
from tui.domain.diagnosis.evidence import Metric, MetricRow, MetricState
from tui.domain.diagnosis.metric_queries import is_burstable
from tui.domain.diagnosis.series import (
    Series,
    before,
    changes_in,
    ends_with,
    highest,
    last,
    median_of,
    ordered_points,
    summed,
)
from tui.domain.diagnosis.triage_row import (
    Look,
    TriageRow,
    percent,
    rate_words,
    row_with_points,
    without_points,
)
from tui.domain.instance import CheckName, Instance, InstanceState
from tui.domain.severity import Mark
from tui.domain.time_format import later

_R = MetricRow
_ORDERS: dict[CheckName | None, tuple[MetricRow, ...]] = {
    CheckName.SYSTEM: (_R.CHECK, _R.NETWORK, _R.CPU, _R.CREDITS, _R.VOLUME, _R.EBS_LIMIT, _R.DISK, _R.MEMORY, _R.SWAP),
    CheckName.INSTANCE: (_R.CHECK, _R.MEMORY, _R.CPU, _R.CREDITS, _R.DISK, _R.VOLUME, _R.NETWORK, _R.SWAP, _R.EBS_LIMIT),
    CheckName.ATTACHED_EBS: (_R.CHECK, _R.VOLUME, _R.EBS_LIMIT, _R.DISK, _R.CPU, _R.CREDITS, _R.MEMORY, _R.SWAP, _R.NETWORK),
    CheckName.APPLICATION: (_R.CHECK, _R.CPU, _R.CREDITS, _R.MEMORY, _R.NETWORK, _R.EBS_LIMIT, _R.DISK, _R.SWAP, _R.VOLUME),
}  # fmt: skip
_ORDERS[CheckName.PERFORMANCE] = _ORDERS[CheckName.APPLICATION]
_ORDERS[None] = _ORDERS[CheckName.INSTANCE]
_CHECK_METRICS = {
    CheckName.SYSTEM: "statuscheckfailed_system",
    CheckName.INSTANCE: "statuscheckfailed_instance",
    CheckName.ATTACHED_EBS: "statuscheckfailed_attachedebs",
}
FLAPPING = 4
"""Changes of a check within `FLAPPING_WITHIN` that make it one that comes and goes: AWS's ImpairedSince shows the last only."""
FLAPPING_WITHIN = timedelta(hours=3)
FULL = 95.0
"""Percent of memory, swap or a disk at which it is full."""
NOTHING_DONE = 1.0
"""Percent of CPU of a system that does nothing: hung, panicked or halted."""
_BASELINES = {
    "nano": 5.0, "micro": 10.0, "small": 20.0, "medium": 20.0, "large": 30.0, "xlarge": 40.0, "2xlarge": 40.0,
}  # fmt: skip
"""Percent of CPU that a burstable type may use without credits (t2.xlarge and t2.2xlarge: 22.5 and 17)."""
_NO_DISKS = frozenset(
    {"tmpfs", "devtmpfs", "squashfs", "iso9660", "overlay", "ramfs", "erofs", "efivarfs", "udf", "cramfs"}
)


def row_order(instance: Instance) -> tuple[MetricRow, ...]:
    """The rows an instance can have, the most telling for the outermost failing check first."""
    failing = instance.checks.impaired()
    order = _ORDERS[failing[0] if failing else None]
    return order if is_burstable(instance) else tuple(row for row in order if row is not MetricRow.CREDITS)


def triage_rows(
    instance: Instance, metrics: Sequence[Metric], now: datetime, zone: tzinfo = UTC
) -> tuple[TriageRow, ...]:
    """A line for each row that has metrics, each volume one; in the order of `row_order`. Never raises, whatever the points."""
    look = Look(instance, tuple(metrics), now, zone)
    lines = [line for row in row_order(instance) for line in _ROWS[row](look)]
    return tuple(map(_then_stopped, lines)) if instance.state is InstanceState.STOPPED else tuple(lines)


def _then_stopped(line: TriageRow) -> TriageRow:
    """What was well until somebody stopped it is not well now."""
    if line.mark is not Mark.OK or not line.points:
        return line
    return replace(line, mark=Mark.NONE, words=f"was {line.words}")


def _check(look: Look) -> Iterator[TriageRow]:
    series = look.of(MetricRow.CHECK)
    failing = look.failing
    own = [one for one in series if one.name.lower() == _CHECK_METRICS.get(failing[0])] if failing else []
    points = highest(ordered_points(one) for one in own or series)
    if not points:
        yield from without_points(look, MetricRow.CHECK, "check", series)
        return
    changes = changes_in(points, later(look.now, -FLAPPING_WITHIN))
    run = ends_with(points, lambda value: value > 0)
    mark, words, since, trouble = Mark.OK, "ok", None, ""
    if run or failing:
        since = look.failing_since or (run[0][0] if run else None)
        mark, words = Mark.FAILING, "failing" + (f" since {look.clock(since)}" if since is not None else "")
        if look.answers:  # the check itself was read later than its metric
            mark, words = Mark.OK, f"ok now, failed from {look.clock(run[0][0])}"
    elif any(value > 0 for _, value in points):
        good = ends_with(points, lambda value: value <= 0)
        words = f"ok since {look.clock(good[0][0])}" if good else "ok"
    if failing and not own and failing[0] not in _CHECK_METRICS and changes < FLAPPING:
        words = f"{failing[0].value} {words}: no metric shows its past"
        yield TriageRow(
            MetricRow.CHECK, "check", mark, words, MetricState.REPORTING, since=since, series=tuple(series)
        )
        return
    if changes >= FLAPPING:
        mark = mark if mark is Mark.FAILING else Mark.THREATENED
        words, trouble = f"flapping: {changes} changes in 3 h", "flapping"
    yield row_with_points(
        look, MetricRow.CHECK, "check", own or series, points, mark, words, trouble, since, high=1.0, unit=""
    )


def _cpu(look: Look) -> Iterator[TriageRow]:
    series = look.of(MetricRow.CPU, "cpuutilization") or look.of(MetricRow.CPU)
    averages = [one for one in series if one.statistic != "Maximum"] or series
    points = highest(ordered_points(one) for one in averages)
    newest = last(points)
    if newest is None:
        yield from without_points(look, MetricRow.CPU, "CPU", series)
        return
    full = ends_with(points, lambda value: value >= FULL)
    nothing = ends_with(points, lambda value: value <= NOTHING_DONE)
    words, mark, trouble, since = f"{percent(newest)}{look.age(points, averages[0])}", Mark.OK, "", None
    if len(full) >= look.enough(averages[0]):
        mark, trouble, since = look.bad(), "cpu-full", full[0][0]
        words = f"{percent(newest)} since {look.clock(since)}"
    elif CheckName.INSTANCE in look.failing and _stopped_working(look, points, nothing, averages[0]):
        mark, trouble, since = Mark.FAILING, "hung", nothing[0][0]
        words = f"{percent(newest)}, nothing done since {look.clock(since)}"
    elif full and look.failing:
        mark = Mark.FAILING
    yield row_with_points(look, MetricRow.CPU, "CPU", averages, points, mark, words, trouble, since)


def _stopped_working(look: Look, points: Series, nothing: Series, metric: Metric) -> bool:
    """Whether it does nothing now: for some points, or for one of five minutes where it did something before."""
    if len(nothing) >= look.enough(metric):
        return True
    return bool(nothing) and metric.period >= 300 and was_busy(points, nothing[0][0]) is True


def was_busy(points: Series, until: datetime) -> bool | None:
    """Whether CPU did more before a moment than a system that does nothing. None: there are no points from before."""
    values = before(points, until)
    return None if not values else median_of(values[-30:]) > 2 * NOTHING_DONE


def _credits(look: Look) -> Iterator[TriageRow]:
    series = look.of(MetricRow.CREDITS, "cpucreditbalance")
    points = highest(ordered_points(one) for one in series)
    newest = last(points)
    if newest is None:
        yield from without_points(look, MetricRow.CREDITS, "credits", series or look.of(MetricRow.CREDITS))
        return
    surplus = (
        last(highest(ordered_points(one) for one in look.of(MetricRow.CREDITS, "cpusurpluscreditbalance")))
        or 0.0
    )
    words, mark, trouble, since = f"{newest:.0f} left", Mark.OK, "", None
    if newest < 0.5 and surplus >= 0.5:
        words = f"0 left, {surplus:.0f} borrowed: they cost"
    elif newest < 0.5:
        since = ends_with(points, lambda value: value < 0.5)[0][0]
        mark, words = Mark.THREATENED, f"0 left since {look.clock(since)}"
        if _throttled(look, since):
            mark, trouble, words = look.bad(), "credits-out", f"0 since {look.clock(since)}: throttled"
    high = max(1.0, *(value for _, value in points))
    yield row_with_points(
        look, MetricRow.CREDITS, "credits", series, points, mark, words, trouble, since,
        high=high, unit="credits", lowest=True,
    )  # fmt: skip


def _throttled(look: Look, since: datetime) -> bool:
    """Without credits it gets its baseline at most: what does nothing is idle, and what uses more is not held back."""
    family, _, size = look.instance.instance_type.partition(".")
    baseline = {"t2.xlarge": 22.5, "t2.2xlarge": 17.0}.get(f"{family}.{size}", _BASELINES.get(size))
    cpu = highest(
        ordered_points(one) for one in look.of(MetricRow.CPU, "cpuutilization") if one.statistic != "Maximum"
    )
    recent = [value for at, value in cpu if at >= since][-3:]
    if not recent:
        return not cpu
    limit = 50.0 if baseline is None else baseline
    return 0.1 * limit <= median_of(recent) <= 1.25 * limit + 3


def _used(metric: Metric) -> Series:
    """Its points as percent used: of a metric that says what is free, turned round. A size is no percentage: it has none."""
    name, points = metric.name.lower(), ordered_points(metric)
    named = metric.unit == "Percent" or any(word in name for word in ("percent", "%", "pct", "util"))
    if not named and (metric.unit not in ("", "None") or any(value > 100 for _, value in points)):
        return ()
    if any(word in name for word in ("free", "avail")):
        return tuple((at, 100.0 - value) for at, value in points)
    return points


def _memory(look: Look) -> Iterator[TriageRow]:
    yield from _percentage(look, MetricRow.MEMORY, "memory", "memory-full")


def _swap(look: Look) -> Iterator[TriageRow]:
    yield from _percentage(look, MetricRow.SWAP, "swap", "swap-full")


def _percentage(look: Look, row: MetricRow, label: str, trouble: str) -> Iterator[TriageRow]:
    series = look.of(row)
    found = [(used, one) for one in series if (used := _used(one))]
    sizes = [one for one in series if not _used(one) and one.points]
    if found:
        points, one = max(found, key=lambda pair: (pair[1].state is MetricState.REPORTING, pair[0][-1][1]))
        yield _full_or_not(look, row, label, points, one, trouble)
    elif sizes and (points := ordered_points(sizes[0])):
        words = f"{points[-1][1]:.3g} {sizes[0].unit}".rstrip() + ", of how much is not known"
        high = max(1.0, *(value for _, value in points))
        yield row_with_points(
            look, row, label, sizes[:1], points, Mark.UNKNOWN, words, high=high, unit=str(sizes[0].unit)
        )
    else:
        yield from without_points(look, row, label, series)


def _full_or_not(
    look: Look, row: MetricRow, label: str, points: Series, one: Metric, trouble: str
) -> TriageRow:
    newest = points[-1][1]
    full = ends_with(points, lambda value: value >= FULL)
    mark, words = Mark.OK, percent(newest)
    if full:
        mark = Mark.THREATENED if row is MetricRow.SWAP else look.bad()
    if one.state is MetricState.SILENT:
        mark = look.silence(row, points[-1][0], mark)
        words += f", silent since {look.clock(points[-1][0])}"
    return row_with_points(
        look, row, label, [one], points, mark, words, trouble if full else "", full[0][0] if full else None
    )


def _disk(look: Look) -> Iterator[TriageRow]:
    series = [one for one in look.of(MetricRow.DISK) if one.dimension("fstype").lower() not in _NO_DISKS]
    found = [
        (used, one)
        for one in series
        if (used := _used(one)) and one.dimension("instance") not in ("_Total", "HarddiskVolume1")
    ]
    if not found:
        yield from without_points(look, MetricRow.DISK, "disk", series)
        return
    points, one = max(found, key=lambda pair: pair[0][-1][1])
    path = one.dimension("path") or one.dimension("instance") or one.dimension("MountPath")
    yield _full_or_not(look, MetricRow.DISK, f"disk {path}".rstrip(), points, one, "disk-full")


def _network(look: Look) -> Iterator[TriageRow]:
    series = [*look.of(MetricRow.NETWORK, "networkin"), *look.of(MetricRow.NETWORK, "networkout")]
    period = max(1, series[0].period) if series else 1
    points = summed((ordered_points(one) for one in series), 1 / period)
    newest = last(points)
    if newest is None:
        yield from without_points(look, MetricRow.NETWORK, "network", series or look.of(MetricRow.NETWORK))
        return
    arrived = (
        summed((ordered_points(one) for one in look.of(MetricRow.NETWORK, "networkin")), 1 / period) or points
    )
    gone = ends_with(arrived, lambda value: value < 1.0)
    words, mark, trouble, since = (
        f"{rate_words(newest, 'B/s')}{look.age(points, series[0])}",
        Mark.OK,
        "",
        None,
    )
    if len(gone) >= (1 if period >= 300 else look.enough(series[0])):
        mark, trouble, since = look.bad(), "network-gone", gone[0][0]
        what = "0 B/s" if newest < 1.0 else "nothing comes in"
        words = f"{what} since {look.clock(since)}" if len(gone) < len(arrived) else f"{what} all the time"
    elif look.failing and newest < 1.0:
        mark = Mark.UNKNOWN  # too few points to say that it is gone, and not to be drawn as well
    top = max(value for _, value in points)
    yield row_with_points(
        look,
        MetricRow.NETWORK,
        "network",
        series,
        points,
        mark,
        words,
        trouble,
        since,
        high=max(top, 1.0),
        unit="B/s",
    )


_ROWS: dict[MetricRow, Callable[[Look], Iterator[TriageRow]]] = {
    MetricRow.CHECK: _check,
    MetricRow.CPU: _cpu,
    MetricRow.CREDITS: _credits,
    MetricRow.MEMORY: _memory,
    MetricRow.SWAP: _swap,
    MetricRow.DISK: _disk,
    MetricRow.VOLUME: volume_marks.volumes,
    MetricRow.EBS_LIMIT: volume_marks.ebs_limit,
    MetricRow.NETWORK: _network,
}
