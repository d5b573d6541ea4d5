"""Which metrics say why an instance fails, and what their points say of who sends them. Pure.

Names, units and how often each has a point: EC2 user guide, viewing_metrics_with_cloudwatch and using_cloudwatch_ebs;
CloudWatch user guide, metrics-collected-by-CloudWatch-agent. _Points are kept 15 days by the minute, 63 by five minutes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from msgspec import Struct

from tui.domain.diagnosis.evidence import Metric, MetricRow, MetricState
from tui.domain.instance import Instance, InstanceState
from tui.domain.sanitize import clean

LISTED_AFTER = timedelta(minutes=15)
"""How long a new metric takes to be listed (CloudWatch API, ListMetrics)."""
SILENT_AFTER, LATE = 3, timedelta(minutes=1)
"""Periods without a point, and how long after its period a point may be readable (as seen; AWS promises nothing)."""
MOST_VOLUMES = 30
FIVE_MINUTES = 300
_Points = tuple[tuple[datetime, float], ...]
Dimensions = tuple[tuple[str, str], ...]


class MetricQuery(Struct, frozen=True, gc=False):
    """One series to ask for, by the very texts that CloudWatch has. `period` in seconds.

    `listed`: ListMetrics has it, so somebody sends it, or did; `sparse`: it has no point where nothing happens.
    """

    row: MetricRow
    namespace: str
    name: str
    dimensions: Dimensions
    statistic: str
    period: int
    unit: str = ""
    listed: bool = False
    sparse: bool = False


def period_of(hours: int) -> int:
    """Seconds a point stands for in a range of so many hours: some 200 to 300 points fill it."""
    return 60 if hours <= 3 else FIVE_MINUTES if hours <= 24 else 900


def is_burstable(row: Instance) -> bool:
    """Whether its type earns CPU credits (EC2 user guide, burstable-performance-instances: T2 and later)."""
    return re.match(r"t\d", str(row.instance_type)) is not None


def own_queries(row: Instance, hours: int) -> tuple[MetricQuery, ...]:
    """AWS's own metrics of an instance and of its first MOST_VOLUMES volumes: which of them it has is known only once asked."""
    fine = period_of(hours)
    coarse = fine if str(row.monitoring) == "enabled" else max(fine, FIVE_MINUTES)
    basic = max(fine, FIVE_MINUTES)
    nitro = row.type_facts is None or str(row.type_facts.hypervisor) != "xen"
    of = (("InstanceId", str(row.instance_id)),)

    def ec2(which: MetricRow, name: str, statistic: str, period: int, unit: str) -> MetricQuery:
        return MetricQuery(which, "AWS/EC2", name, of, statistic, period, unit)

    checks = ["StatusCheckFailed_System", "StatusCheckFailed_Instance"]
    checks += ["StatusCheckFailed_AttachedEBS"] * nitro
    found = [ec2(MetricRow.CHECK, name, "Maximum", fine, "Count") for name in checks]
    found += [ec2(MetricRow.CPU, "CPUUtilization", one, coarse, "Percent") for one in ("Average", "Maximum")]
    if is_burstable(row):
        found += [
            ec2(MetricRow.CREDITS, "CPUCreditBalance", "Minimum", basic, "Count"),
            ec2(MetricRow.CREDITS, "CPUSurplusCreditBalance", "Maximum", basic, "Count"),
            ec2(MetricRow.CREDITS, "CPUSurplusCreditsCharged", "Maximum", basic, "Count"),
        ]
    found += [ec2(MetricRow.NETWORK, name, "Sum", coarse, "Bytes") for name in ("NetworkIn", "NetworkOut")]
    if nitro:
        found += [
            ec2(MetricRow.EBS_LIMIT, name, "Minimum", basic, "Percent")
            for name in ("EBSIOBalance%", "EBSByteBalance%")
        ]
        found += [
            ec2(MetricRow.EBS_LIMIT, name, "Maximum", coarse, "None")
            for name in ("InstanceEBSIOPSExceededCheck", "InstanceEBSThroughputExceededCheck")
        ]
    for volume in row.volumes[:MOST_VOLUMES]:
        found += _volume(str(volume.volume_id), fine, nitro)
    return tuple(found)


_VOLUME = (
    ("VolumeReadOps", "Sum", "Count"),
    ("VolumeWriteOps", "Sum", "Count"),
    ("VolumeQueueLength", "Average", "Count"),
    ("VolumeTotalReadTime", "Sum", "Seconds"),
    ("VolumeTotalWriteTime", "Sum", "Seconds"),
    ("BurstBalance", "Minimum", "Percent"),
)
_VOLUME_NITRO = ("VolumeStalledIOCheck", "VolumeIOPSExceededCheck", "VolumeThroughputExceededCheck")


def _volume(volume_id: str, period: int, nitro: bool) -> list[MetricQuery]:
    of = (("VolumeId", volume_id),)
    told = [*_VOLUME, *((name, "Maximum", "None") for name in _VOLUME_NITRO * nitro)]
    return [
        MetricQuery(MetricRow.VOLUME, "AWS/EBS", name, of, statistic, period, unit, sparse=not nitro)
        for name, statistic, unit in told
    ]


def is_down(row: Instance) -> bool:
    """Whether it is known not to run."""
    return row.state not in (InstanceState.RUNNING, InstanceState.PENDING, InstanceState.UNKNOWN)


def metric_of(
    query: MetricQuery, points: Iterable[tuple[datetime, float]], row: Instance, now: datetime, unit: str = ""
) -> Metric:
    """The series with its state. `points` in any order; `now` is UTC. A period without a point stays one without."""
    known = tuple(sorted(points))
    period = query.period if query.namespace.startswith("AWS/") else _cadence(known, query.period)
    length = timedelta(seconds=period)
    if query.statistic == "Sum":  # of a period that has not ended it is a part
        known = tuple(one for one in known if one[0] + length <= now)
    return Metric(
        query.row,
        clean(query.namespace),
        clean(query.name),
        tuple((clean(name), clean(value)) for name, value in query.dimensions),
        query.statistic,
        period,
        _state(query, known, length, row, now),
        clean(unit or query.unit),
        known[-1][1] if known else None,
        known[-1][0] if known else None,
        known,
    )


def unread_metric(query: MetricQuery) -> Metric:
    """A series that could not be read."""
    dimensions = tuple((clean(name), clean(value)) for name, value in query.dimensions)
    return Metric(
        query.row, clean(query.namespace), clean(query.name), dimensions, query.statistic, query.period,
        MetricState.DENIED, clean(query.unit),
    )  # fmt: skip


def _cadence(points: _Points, period: int) -> int:
    """How often it has a point: a script of somebody's own may send one in five minutes where the agent sends one a minute."""
    gaps = [(later[0] - one[0]).total_seconds() for one, later in pairwise(points)]
    return max(period, round(median(gaps) / period) * period) if len(gaps) > 1 else period


def just_started(row: Instance, now: datetime) -> bool:
    """Whether it is too early for its metrics to be listed."""
    return row.state is InstanceState.PENDING or (
        row.launched_at is not None and now - row.launched_at < LISTED_AFTER
    )


def _state(
    query: MetricQuery, points: _Points, length: timedelta, row: Instance, now: datetime
) -> MetricState:
    if points and points[-1][0] + length * (SILENT_AFTER + 1) + LATE >= now:
        return MetricState.REPORTING
    if is_down(row):
        return MetricState.STOPPED
    since_start = bool(points) and row.launched_at is not None and points[-1][0] >= row.launched_at
    if just_started(row, now) and not since_start:
        return MetricState.EARLY
    if points:
        return MetricState.REPORTING if query.sparse else MetricState.SILENT
    return MetricState.SILENT if query.listed else MetricState.ABSENT
