"""What an agent inside an instance sends of its memory, its swap and its disks: found among what CloudWatch lists. Pure.

Sources: CloudWatch user guide, metrics-collected-by-CloudWatch-agent and CloudWatch-Agent-Configuration-File-Details
(`append_dimensions`; without it the agent sends `host`). Other senders' names are as commonly seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from tui.domain.diagnosis.evidence import Metric, MetricRow, MetricState
from tui.domain.diagnosis.metric_queries import Dimensions, MetricQuery, is_down, just_started, period_of
from tui.domain.identifiers import private_name
from tui.domain.instance import Instance
from tui.domain.sanitize import clean

AGENT = "CWAgent"
"""The namespace of the CloudWatch agent, where nobody set another."""
MOST_DISKS, MOST_SERIES = 12, 3
_NEVER = datetime.min.replace(tzinfo=UTC)


class ListedMetric(Struct, frozen=True, gc=False):
    """A metric that ListMetrics names, by CloudWatch's own texts."""

    namespace: str
    name: str
    dimensions: Dimensions


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
"""In the name of a metric or of a dimension: of a program or a part, not of the machine."""
_SHARE = re.compile(r"percent|util|%|pct", re.IGNORECASE)
_NO_DISK = frozenset({
    "tmpfs", "devtmpfs", "squashfs", "overlay", "iso9660", "efivarfs", "autofs", "nsfs", "proc", "sysfs", "ramfs",
})  # fmt: skip
_UNITS = {
    "mem_used_percent": "Percent",
    "swap_used_percent": "Percent",
    "disk_used_percent": "Percent",
    "Memory % Committed Bytes In Use": "None",
}
"""As the agent sends them; of others CloudWatch does not say it in GetMetricData."""


def agent_queries(listed: Iterable[ListedMetric], hours: int) -> tuple[MetricQuery, ...]:
    """Of what ListMetrics names: the machine's memory, its swap and its disks, in any namespace but AWS's. Of each of these up to
    MOST_SERIES: their other dimensions change with the instance's type, say, and `joined` makes one of them.
    """
    by_row: dict[MetricRow, list[ListedMetric]] = {row: [] for row in _AGENTS_ROWS}
    for one in dict.fromkeys(listed):
        row = _row_of(one)
        if row is not None:
            by_row[row].append(one)
    chosen = [
        *_best(by_row[MetricRow.MEMORY]),
        *_best(by_row[MetricRow.SWAP]),
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
    named = (one.name, *(name for name, _ in one.dimensions))
    if one.namespace.startswith("AWS/") or any(map(_NOT_THE_MACHINE.search, named)):
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


def _best(found: Sequence[ListedMetric]) -> list[ListedMetric]:
    """The metric that tells most, by each of its sets of dimensions."""
    ordered = sorted(found, key=_worth)
    same = [one for one in ordered if (one.namespace, one.name) == (ordered[0].namespace, ordered[0].name)]
    wholes = [one for one in same if not _worth(one)[2]] or same[:1]
    return wholes[:MOST_SERIES]


def _disks(found: Sequence[ListedMetric]) -> list[ListedMetric]:
    """Those of a path, of what can fill up. One without a path is an average over all: only where there is no other."""
    kept: dict[str, list[ListedMetric]] = {}
    for one in sorted(found, key=_worth):
        path, fstype = _path(one.dimensions), dict(one.dimensions).get("fstype")
        if fstype in _NO_DISK or path == "_Total" or path.startswith(("/snap/", "/var/lib/docker/")):
            continue
        kept.setdefault(path, []).append(one)
    named = sorted(
        ((path, all_of) for path, all_of in kept.items() if path), key=lambda item: (len(item[0]), item[0])
    )
    paths = [all_of for _, all_of in named[:MOST_DISKS]] or list(kept.values())
    return [one for all_of in paths for one in all_of[:MOST_SERIES]]


def _path(dimensions: Iterable[tuple[str, str]]) -> str:
    """Which disk it is of; empty for what is of all, or of none."""
    told = {name.lower(): value for name, value in dimensions}
    return told.get("path") or told.get("mountpath") or told.get("instance") or ""


def joined(found: Sequence[Metric]) -> tuple[Metric, ...]:
    """Series of one metric and path as one: that with the newest point, and before its first one the others' points."""
    groups: dict[tuple[object, ...], list[Metric]] = {}
    for one in found:
        groups.setdefault((one.row, one.namespace, one.name, _path(one.dimensions)), []).append(one)
    return tuple(map(_one_of, groups.values()))


def _one_of(series: list[Metric]) -> Metric:
    newest = max(series, key=lambda one: one.at or _NEVER)
    if newest.at is None:
        return newest
    first = newest.points[0][0]
    earlier = {at: value for one in series if one is not newest for at, value in one.points if at < first}
    return replace(newest, points=(*sorted(earlier.items()), *newest.points))


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
    return MetricState.EARLY if just_started(row, now) else MetricState.ABSENT


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
