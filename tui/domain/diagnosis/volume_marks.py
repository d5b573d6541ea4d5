"""The rows of volumes and of the instance's EBS limits. Pure.

Latency is the time of all operations divided by their number, as sums (EBS guide, using_cloudwatch_ebs): on Nitro an average of
VolumeTotalReadTime is no latency.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tui.domain.diagnosis.evidence import Metric, MetricRow
from tui.domain.diagnosis.series import (
    Series,
    ends_with,
    highest,
    last,
    median_of,
    ordered_points,
    ratio,
    summed,
)
from tui.domain.diagnosis.triage_row import Look, TriageRow, rate_words, row_with_points, without_points
from tui.domain.severity import Mark

SLOW = 10
"""How many times its own median makes a volume's latency slow."""
_NOTICED = 20.0
"""Milliseconds that are not slow, whatever the median."""
_MARKS = (Mark.FAILING, Mark.THREATENED, Mark.UNKNOWN, Mark.OK, Mark.NONE)


def volumes(look: Look) -> Iterator[TriageRow]:
    """A row for each volume, the worst first."""
    series = look.of(MetricRow.VOLUME)
    names = {str(one.volume_id): str(one.device).removeprefix("/dev/") for one in look.instance.volumes}
    ids = dict.fromkeys((*names, *(one.dimension("VolumeId") for one in series)))
    rows = [
        row
        for each in ids
        for row in _volume(
            look,
            names.get(each) or each or "volumes",
            [one for one in series if one.dimension("VolumeId") == each],
        )
    ]
    yield from sorted(rows, key=lambda row: _MARKS.index(row.mark))


def _named(series: list[Metric], *names: str) -> list[Series]:
    return [ordered_points(one) for one in series if one.name.lower() in names]


def _volume(look: Look, label: str, series: list[Metric]) -> Iterator[TriageRow]:
    sums = summed(_named(series, "volumereadops", "volumewriteops"))
    spent = summed(_named(series, "volumetotalreadtime", "volumetotalwritetime"))
    queue = highest(_named(series, "volumequeuelength"))
    if not any(ordered_points(one) for one in series):
        yield from without_points(look, MetricRow.VOLUME, label, series)
        return
    period = next((one.period for one in series if one.name.lower() == "volumereadops"), series[0].period)
    ops = summed((sums,), 1 / max(1, period))
    latency = ratio(spent, sums, 1000.0)
    mark, words, trouble, since = Mark.OK, "", "", None
    if ops:
        words = rate_words(ops[-1][1], "IOPS")
        recent = [value for at, value in latency if at >= ops[-1][0]]
        words += (
            f", {recent[-1]:.1f} ms"
            if recent and recent[-1] < 100
            else f", {recent[-1]:.0f} ms"
            if recent
            else ""
        )
    elif queue:
        words = f"queue {queue[-1][1]:.1f}"
    stalled = ends_with(highest(_named(series, "volumestallediocheck")), lambda value: value >= 1)
    idle = ends_with(ops, lambda value: value <= 0)
    waiting = ends_with(queue, lambda value: value >= 1)
    burst = last(highest(_named(series, "burstbalance")))
    exceeded = highest(_named(series, "volumeiopsexceededcheck", "volumethroughputexceededcheck"))
    if stalled:
        mark, trouble, since = Mark.FAILING, "volume-stalled", stalled[0][0]
        words = f"stalled since {look.clock(since)}: no operation ends"
    elif len(idle) >= 3 and len(waiting) >= 3 and len(idle) < len(ops):
        mark, trouble, since = look.bad(), "volume-hangs", max(idle[0][0], waiting[0][0])
        words = f"queue {queue[-1][1]:.0f}, 0 IOPS since {look.clock(since)}"
    elif burst is not None and burst < 0.5:
        mark, trouble = look.bad(), "burst-out"
        words = "burst credits used up"
    elif (slow := _slow(latency)) is not None:
        mark, trouble, since = look.bad(), "volume-slow", slow
        words = f"{latency[-1][1]:.0f} ms, slow since {look.clock(since)}"
    elif look.failing and _stopped_working(ops, idle):
        mark, words = Mark.UNKNOWN, f"0 IOPS since {look.clock(idle[0][0])}"
    elif sum(value >= 1 for _, value in exceeded[-10:]) >= 5:
        mark, trouble = Mark.THREATENED, "volume-limit"
        words = f"{words}: at its limit"
    shown = ops or queue or highest(map(ordered_points, series))
    top = max(value for _, value in shown)
    unit = "IOPS" if ops else ""
    yield row_with_points(
        look, MetricRow.VOLUME, label, series, shown, mark, words or "no trouble", trouble, since, high=max(top, 1.0), unit=unit
    )  # fmt: skip


def _stopped_working(ops: Series, idle: Series) -> bool:
    """Whether it does nothing now and was in use before: by its system's fault or its own, it is not known to be well."""
    worked = [value for _, value in ops[: len(ops) - len(idle)]]
    return len(idle) >= 3 and bool(worked) and median_of(worked) > 0


def _slow(latency: Series) -> datetime | None:
    """Since when it is many times slower than its own median; None if it is not."""
    usual = median_of([value for _, value in latency])
    limit = max(SLOW * usual, _NOTICED)
    run = ends_with(latency, lambda value: value >= limit)
    return run[0][0] if len(run) >= 2 and len(run) < len(latency) else None


def ebs_limit(look: Look) -> Iterator[TriageRow]:
    """What the instance itself may do on all its volumes together."""
    series = look.of(MetricRow.EBS_LIMIT)
    balances = {"IOPS": _named(series, "ebsiobalance%"), "throughput": _named(series, "ebsbytebalance%")}
    checks = {
        "IOPS": highest(_named(series, "instanceebsiopsexceededcheck")),
        "throughput": highest(_named(series, "instanceebsthroughputexceededcheck")),
    }
    if not any(ordered_points(one) for one in series):
        yield from without_points(look, MetricRow.EBS_LIMIT, "EBS limit", series)
        return
    out = [
        name
        for name in ("IOPS", "throughput")
        if any((last(one) or 0.0) < 0.5 for one in balances[name] if one)
        or sum(value >= 1 for _, value in checks[name][-5:]) >= 3
    ]
    mark, words, trouble = Mark.OK, "not exceeded", ""
    if out:
        mark, trouble, words = (
            look.bad(),
            "ebs-limit",
            f"{' and '.join(out)} limit reached",
        )
    balance = highest((one for each in balances.values() for one in each), min)
    if balance and not out:
        words = f"{balance[-1][1]:.0f} % of burst left"
    shown, high, unit = (balance, 100.0, "%") if balance else (highest(map(ordered_points, series)), 1.0, "")
    yield row_with_points(
        look,
        MetricRow.EBS_LIMIT,
        "EBS limit",
        series,
        shown,
        mark,
        words,
        trouble,
        high=high,
        unit=unit,
        lowest=bool(balance),
    )
