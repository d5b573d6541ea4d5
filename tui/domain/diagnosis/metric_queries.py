"""Which metrics say why an instance fails, and what their points say of who sends them. Pure.

Names, units and how often each has a point: EC2 user guide, viewing_metrics_with_cloudwatch and using_cloudwatch_ebs;
CloudWatch user guide, metrics-collected-by-CloudWatch-agent. _Points are kept 15 days by the minute, 63 by five minutes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from msgspec import Struct

from tui.domain.diagnosis.evidence import Metric, MetricRow, MetricState
from tui.domain.identifiers import private_name
from tui.domain.instance import Instance, InstanceState
from tui.domain.sanitize import clean

LISTED_AFTER = timedelta(minutes=15)
"""How long a new metric takes to be listed (CloudWatch API, ListMetrics)."""
SILENT_AFTER, LATE = 3, timedelta(minutes=1)
"""Periods without a point, and how long after its period a point may be readable (as seen; AWS promises nothing)."""
MOST_VOLUMES = 30
MOST_DISKS = 12
AGENT = "CWAgent"
"""The namespace of the CloudWatch agent, where nobody set another."""
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


class ListedMetric(Struct, frozen=True, gc=False):
    """A metric that ListMetrics names, by CloudWatch's own texts."""

    namespace: str
    name: str
    dimensions: Dimensions


def period_of(hours: int) -> int:
    """Seconds a point stands for in a range of so many hours: some 200 to 300 points fill it."""
    return 60 if hours <= 3 else FIVE_MINUTES if hours <= 24 else 900


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
    if re.match(r"t\d", str(row.instance_type)):
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


_AGENTS_ROWS = (MetricRow.MEMORY, MetricRow.SWAP, MetricRow.DISK)
_NAMES: dict[MetricRow, re.Pattern[str]] = {
    MetricRow.SWAP: re.compile(r"swap[ ._-]?(?:space)?[ ._-]?(?:used|util|usage)|^paging file % usage", re.IGNORECASE),
    MetricRow.MEMORY: re.compile(
        r"mem.{0,20}used.{0,20}percent|mem(?:ory)?[ ._-]?(?:used|util|usage)|% committed"
        r"|mem(?:ory)?[ ._-]?(?:avail(?:able)?|free)[ ._-]?(?:percent|pct)",
        re.IGNORECASE,
    ),
    MetricRow.DISK: re.compile(
        r"disk.{0,10}used.{0,10}percent|(?:disk|filesystem)[ ._-]?(?:space)?[ ._-]?(?:util|usage)|^logicaldisk % free",
        re.IGNORECASE,
    ),
}  # fmt: skip
_NOT_THE_MACHINE = re.compile(
    r"jvm|heap|gpu|nvidia|procstat|process|container|docker|pod|task|service|inode|cache|pool", re.IGNORECASE
)
"""In a metric's name: of a program or a part, not of the machine."""
_SHARE = re.compile(r"percent|util|%|pct", re.IGNORECASE)
_NO_DISK = frozenset(
    {
        "tmpfs",
        "devtmpfs",
        "squashfs",
        "overlay",
        "iso9660",
        "efivarfs",
        "autofs",
        "nsfs",
        "proc",
        "sysfs",
        "ramfs",
    }
)
_UNITS = {
    "mem_used_percent": "Percent",
    "swap_used_percent": "Percent",
    "disk_used_percent": "Percent",
    "Memory % Committed Bytes In Use": "None",
}
"""As the agent sends them; of others CloudWatch does not say it in GetMetricData."""


def agent_queries(listed: Iterable[ListedMetric], hours: int) -> tuple[MetricQuery, ...]:
    """Of what ListMetrics names: the machine's memory and swap, one series each, and its disks, in any namespace but AWS's."""
    by_row: dict[MetricRow, list[ListedMetric]] = {row: [] for row in _AGENTS_ROWS}
    for one in dict.fromkeys(listed):
        row = _row_of(one)
        if row is not None:
            by_row[row].append(one)
    chosen = [
        *sorted(by_row[MetricRow.MEMORY], key=_worth)[:1],
        *sorted(by_row[MetricRow.SWAP], key=_worth)[:1],
        *_disks(by_row[MetricRow.DISK]),
    ]
    period = period_of(hours)
    return tuple(
        MetricQuery(
            row, one.namespace, one.name, one.dimensions, "Average", period, _UNITS.get(one.name, ""), listed=True
        )
        for one in chosen
        if (row := _row_of(one)) is not None
    )  # fmt: skip


def _row_of(one: ListedMetric) -> MetricRow | None:
    if one.namespace.startswith("AWS/") or _NOT_THE_MACHINE.search(one.name):
        return None
    return next((row for row, name in _NAMES.items() if name.search(one.name)), None)


def _worth(one: ListedMetric) -> tuple[bool, bool, bool, int, str, str]:
    """The agent's own before others, a share before a size, all of a kind before a part of it, few dimensions before many."""
    parts = any(name == "instance" and value != "_Total" for name, value in one.dimensions)
    return (
        one.namespace != AGENT,
        not _SHARE.search(one.name),
        parts,
        len(one.dimensions),
        one.namespace,
        one.name,
    )


def _disks(found: Sequence[ListedMetric]) -> list[ListedMetric]:
    """A series a path, of what can fill up. One without a path is an average over all: only where there is no other."""
    kept: dict[str, ListedMetric] = {}
    for one in sorted(found, key=_worth):
        told = {name.lower(): value for name, value in one.dimensions}
        path = told.get("path") or told.get("mountpath") or told.get("instance") or ""
        if (
            told.get("fstype") in _NO_DISK
            or path == "_Total"
            or path.startswith(("/snap/", "/var/lib/docker/"))
        ):
            continue
        kept.setdefault(path, one)
    named = [one for path, one in sorted(kept.items(), key=lambda item: (len(item[0]), item[0])) if path]
    return named[:MOST_DISKS] or list(kept.values())


def host_names(row: Instance) -> tuple[str, ...]:
    """What an agent without `append_dimensions` may call the machine: the first label of its private DNS name, as most systems
    do, or the whole of it, as Amazon Linux does. Nothing where it is not known.
    """
    name = str(row.private_dns) or (
        private_name(str(row.private_ip), row.target.region) if row.private_ip else ""
    )
    return tuple(dict.fromkeys(one for one in (name.partition(".")[0], name) if one))


def first_launched(row: Instance) -> datetime | None:
    """When the instance was made: its primary interface was attached then. Starts move `launched_at`."""
    made = [
        one.attached_at for one in row.interfaces if one.device_index == 0 and one.attached_at is not None
    ]
    return min(made, default=row.launched_at)


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


def missing(row: MetricRow, state: MetricState, instance: Instance, hours: int) -> Metric:
    """What stands in the row of an agent's metric that is not there: the CloudWatch agent's own name for it."""
    name = {MetricRow.MEMORY: "mem_used_percent", MetricRow.SWAP: "swap_used_percent"}.get(
        row, "disk_used_percent"
    )
    of = ((clean("InstanceId"), instance.instance_id),)
    return Metric(row, clean(AGENT), clean(name), of, "Average", period_of(hours), state, clean(_UNITS[name]))


def without_agent(row: Instance, now: datetime) -> MetricState:
    """Why no metric of an agent is listed."""
    if is_down(row):
        return MetricState.STOPPED
    return MetricState.EARLY if _just_started(row, now) else MetricState.ABSENT


def with_missing(
    found: Sequence[Metric], state: MetricState, row: Instance, hours: int
) -> tuple[Metric, ...]:
    """Those of an agent, memory first and the fullest disk before the others; the rows without any in that state."""
    there = {one.row for one in found}
    every = [*found, *(missing(which, state, row, hours) for which in _AGENTS_ROWS if which not in there)]
    return tuple(sorted(every, key=lambda one: (_AGENTS_ROWS.index(one.row), -_fill(one))))


def _fill(one: Metric) -> float:
    """How full, in percent; what has no point last."""
    if one.newest is None:
        return -1.0
    return 100.0 - one.newest if "free" in one.name.lower() else one.newest


def _cadence(points: _Points, period: int) -> int:
    """How often it has a point: a script of somebody's own may send one in five minutes where the agent sends one a minute."""
    gaps = [(later[0] - one[0]).total_seconds() for one, later in pairwise(points)]
    return max(period, round(median(gaps) / period) * period) if len(gaps) > 1 else period


def _just_started(row: Instance, now: datetime) -> bool:
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
    if _just_started(row, now) and not since_start:
        return MetricState.EARLY
    if points:
        return MetricState.REPORTING if query.sparse else MetricState.SILENT
    return MetricState.SILENT if query.listed else MetricState.ABSENT
