"""CloudWatch's values, made and not stored: each is a function of the instance, the metric and the minute.

Sources: user guide, viewing_metrics_with_cloudwatch and monitoring-instances-status-check_sched (EC2's metrics: five minutes with
basic monitoring, one with detailed; the checks always one, credits and packets always five), EBS guide, using_cloudwatch_ebs
(one minute; Xen volumes report only while they are used; totals are sums of seconds), CloudWatch agent guide,
metrics-collected-by-CloudWatch-agent and CloudWatch-Agent-Configuration-File-Details (`append_dimensions`; without it `host`).
Unsourced, built as commonly seen: the healthy figures, and how long after its period a point can be read.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tui.demo.failure import Curve

if TYPE_CHECKING:
    from tui.demo.instance import DemoInstance
    from tui.demo.world import Region

PUBLISHED_AFTER = 45.0
"""Seconds after its period's end at which a point can be read."""
LISTED_AFTER = timedelta(minutes=15)
"""A new metric is listed so long after its first point at the latest (cloudwatch model, ListMetrics)."""
_CHECKS = {
    "StatusCheckFailed_System": ("system",), "StatusCheckFailed_Instance": ("instance", "system"),
    "StatusCheckFailed_AttachedEBS": ("attached_ebs",), "StatusCheckFailed": ("system", "instance", "attached_ebs"),
}  # fmt: skip
Doc = dict[str, Any]
Dimensions = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Kind:
    """A metric: its unit, and what its value of a minute is between when all is well."""

    unit: str
    low: float
    high: float


EC2 = {
    "CPUUtilization": Kind("Percent", 6, 34), "NetworkIn": Kind("Bytes", 2e6, 9e6), "NetworkOut": Kind("Bytes", 3e6, 2e7),
    "MetadataNoToken": Kind("Count", 0, 0), "EBSReadOps": Kind("Count", 600, 12_000), "EBSWriteOps": Kind("Count", 6_000, 45_000),
    "EBSReadBytes": Kind("Bytes", 1.2e7, 2.4e8), "EBSWriteBytes": Kind("Bytes", 9e7, 9e8),
}  # fmt: skip
EC2_FIVE_MINUTES = {
    "NetworkPacketsIn": Kind("Count", 3e3, 1.2e4),
    "NetworkPacketsOut": Kind("Count", 3e3, 1.5e4),
}
BURSTING_EBS = {"EBSIOBalance%": Kind("Percent", 97, 100), "EBSByteBalance%": Kind("Percent", 96, 100)}
EBS_LIMITS = {
    "InstanceEBSIOPSExceededCheck": Kind("None", 0, 0), "InstanceEBSThroughputExceededCheck": Kind("None", 0, 0),
}  # fmt: skip
CREDITS = {
    "CPUCreditBalance": Kind("Count", 480, 560), "CPUCreditUsage": Kind("Count", 0.2, 0.6),
    "CPUSurplusCreditBalance": Kind("Count", 0, 0), "CPUSurplusCreditsCharged": Kind("Count", 0, 0),
}  # fmt: skip
VOLUME = {
    "VolumeReadOps": Kind("Count", 300, 7_500), "VolumeWriteOps": Kind("Count", 3_000, 24_000),
    "VolumeReadBytes": Kind("Bytes", 6e6, 1.2e8), "VolumeWriteBytes": Kind("Bytes", 6e7, 6e8),
    "VolumeQueueLength": Kind("Count", 0.01, 0.3),
    "VolumeTotalReadTime": Kind("Seconds", 0.0, 0.0), "VolumeTotalWriteTime": Kind("Seconds", 0.0, 0.0),
    "VolumeIdleTime": Kind("Seconds", 50, 59),
}  # fmt: skip
VOLUME_NITRO = {
    "VolumeStalledIOCheck": Kind("None", 0, 0), "VolumeIOPSExceededCheck": Kind("None", 0, 0),
    "VolumeThroughputExceededCheck": Kind("None", 0, 0),
}  # fmt: skip
BURST = Kind("Percent", 98, 100)
LINUX_AGENT = {
    "mem_used_percent": Kind("Percent", 38, 55), "swap_used_percent": Kind("Percent", 0, 2),
    "netstat_tcp_established": Kind("Count", 30, 120),
}  # fmt: skip
DISK_USED = {"/": Kind("Percent", 58, 59), "/data": Kind("Percent", 41, 42)}
WINDOWS_AGENT = {
    "Memory % Committed Bytes In Use": Kind("None", 38, 55), "Paging File % Usage": Kind("None", 1, 4),
    "LogicalDisk % Free Space": Kind("None", 46, 47),
}  # fmt: skip
_BURSTING_SIZES = ("nano", "micro", "small", "medium", "large", "xlarge", "2xlarge")
"""Those with 30 minutes of EBS performance above their own a day (user guide, ebs-optimized)."""
CUSTOM_NAMESPACE = "Custom/System"


@dataclass(frozen=True)
class Series:
    """One metric with its dimensions, as it is kept of one instance; of the moment at which it was made.

    `place` is a volume's number, from 0, or a path.
    """

    instance: DemoInstance = field(repr=False)
    namespace: str
    name: str
    dimensions: Dimensions
    kind: Kind
    period: int = 60
    place: int | str | None = None

    def value(self, second: float) -> float | None:
        """Its value in the minute that begins then (of the epoch); None if nothing sent one."""
        if not any(begin <= second < end for begin, end in self._ran):
            return None
        if not self.instance.nitro and self.namespace == "AWS/EBS" and second // 60 % 6 == 5:
            return None  # a Xen volume reports nothing while nobody uses it: one minute in six here
        if self.checks is not None:
            return float(any(begin <= second < end for begin, end in self.checks))
        value: float | None = self._healthy(int(second // 60))
        for curve, since, until in self._curves:
            if value is not None and second < until:
                value = curve((second - since) / 60, value)
        return value

    def _healthy(self, minute: int) -> float:
        if self._ops is not None:
            # What its operations took together: their number, at half a millisecond to a whole one each.
            count = _between(VOLUME[self._ops], self._ops_seed, minute)
            return count * (0.0005 + 0.0005 * _wave(self._seed, minute))
        return _between(self.kind, self._seed, minute)

    @cached_property
    def _ran(self) -> list[tuple[float, float]]:
        return list(self.instance.ran.seconds())

    @cached_property
    def checks(self) -> list[tuple[float, float]] | None:
        """When its check failed, of the metric of a check; None for every other metric."""
        if self.name not in _CHECKS:
            return None
        past = self.instance.sick.past
        return [span for check in _CHECKS[self.name] if check in past for span in past[check].seconds()]

    @cached_property
    def _curves(self) -> list[tuple[Curve, float, float]]:
        found = []
        for play in self.instance.plays:
            if (curve := play.curve(self)) is not None:
                until = math.inf if play.until is None else play.until.timestamp()
                found.append((curve, play.since.timestamp(), until))
        return found

    @cached_property
    def _ops(self) -> str | None:
        if self.name in ("VolumeTotalReadTime", "VolumeTotalWriteTime"):
            return self.name.replace("Total", "").replace("Time", "Ops")
        return None

    @cached_property
    def _seed(self) -> int:
        return hash_of(f"{self.dimensions}{self.name}")

    @cached_property
    def _ops_seed(self) -> int:
        return hash_of(f"{self.dimensions}{self._ops}")


def _between(kind: Kind, seed: int, minute: int) -> float:
    if kind.low == kind.high:
        return kind.low
    value = kind.low + (kind.high - kind.low) * _wave(seed, minute)
    return float(round(value)) if kind.unit in ("Count", "Bytes") and kind.high > 10 else value


def _wave(seed: int, minute: int) -> float:
    """0 to 1: slow and smooth with a little noise, the same whenever it is asked for."""
    begin, rest = divmod(minute, 25)
    fine = rest / 25
    slow = _mixed(seed, begin) * (1 - fine) + _mixed(seed, begin + 1) * fine
    return 0.75 * slow + 0.25 * _mixed(seed + 1, minute)


def hash_of(text: str) -> int:
    """A number of a text, the same in each process (Python's own is not)."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def _mixed(seed: int, number: int) -> float:
    mixed = (seed + number * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
    return ((mixed ^ (mixed >> 31)) >> 11) / 9007199254740992.0


@dataclass(frozen=True)
class Bin:
    """The samples of one period: what the statistics are made of."""

    at: datetime
    low: float
    high: float
    total: float
    count: float

    def statistic(self, name: str) -> float:
        """Average, Sum, Minimum, Maximum, SampleCount or a percentile. Raises ValueError on another."""
        match name:
            case "Average":
                return self.total / self.count
            case "Sum":
                return self.total
            case "Minimum":
                return self.low
            case "Maximum":
                return self.high
            case "SampleCount":
                return self.count
        if name[:1] == "p" and name[1:].replace(".", "", 1).isdigit() and float(name[1:]) <= 100:
            return self.low + (self.high - self.low) * float(name[1:]) / 100
        raise ValueError(name)


def bins(series: Series, start: datetime, end: datetime, period: int, now: datetime) -> Iterator[Bin]:
    """The periods from `start` to before `end` that have a point, the oldest first; each at its period's beginning."""
    own, step = series.period, max(period, series.period)
    at = int(start.timestamp()) // step * step
    if at < int(start.timestamp()) // 60 * 60:
        at += step
    limit = min(end, now - timedelta(seconds=PUBLISHED_AFTER)).timestamp()
    minutes = max(1, step // 900)
    while at + own <= limit:
        # Of the period that is not over only those points are there that can be read by now.
        whole = min(step, int(limit - at) // own * own)
        values = map(series.value, range(at, at + whole, 60 * minutes))
        if found := [value for value in values if value is not None]:
            when = datetime.fromtimestamp(at, UTC)
            yield Bin(when, min(found), max(found), sum(found) * minutes, float(len(found) * minutes))
        at += step


def series_of(region: Region, instance: DemoInstance) -> Iterator[Series]:
    """Every metric that is kept of one instance and its volumes."""
    own = (("InstanceId", instance.id),)
    nitro, kind = instance.nitro, str(instance.doc["InstanceType"])
    period = 60 if instance.doc["Monitoring"]["State"] == "enabled" else 300
    for name in _CHECKS:
        if nitro or name != "StatusCheckFailed_AttachedEBS":
            yield Series(instance, "AWS/EC2", name, own, Kind("Count", 0, 0))
    for kinds, every in ((EC2, period), (EC2_FIVE_MINUTES, 300)):
        for name, one in kinds.items():
            if nitro or not name.startswith("EBS"):
                yield Series(instance, "AWS/EC2", name, own, one, every)
    if nitro:
        for name, one in EBS_LIMITS.items():
            yield Series(instance, "AWS/EC2", name, own, one)
        if period == 300 and kind.partition(".")[2] in _BURSTING_SIZES:
            for name, one in BURSTING_EBS.items():
                yield Series(instance, "AWS/EC2", name, own, one, 300)
    if kind.startswith("t"):
        for name, one in CREDITS.items():
            yield Series(instance, "AWS/EC2", name, own, one, 300)
    for number, mapping in enumerate(instance.doc.get("BlockDeviceMappings", [])):
        if volume := region.volumes.get(mapping.get("Ebs", {}).get("VolumeId", "")):
            at = (("VolumeId", volume["VolumeId"]),)
            kinds = {**VOLUME, **(VOLUME_NITRO if nitro else {})}
            if volume["VolumeType"] in ("gp2", "st1", "sc1"):
                kinds["BurstBalance"] = BURST
            for name, one in kinds.items():
                yield Series(instance, "AWS/EBS", name, at, one, 60, number)
    yield from _agent(instance)


def series_with(region: Region, dimensions: Iterable[Doc]) -> Iterator[Series]:
    """Every series that could have these dimensions: those of one instance where they name one."""
    named = {one["Name"]: one.get("Value") for one in dimensions}
    instances = list(region.instances.values())
    if named.get("InstanceId"):
        one = region.instances.get(str(named["InstanceId"]))
        instances = [one] if one is not None else []
    elif named.get("VolumeId"):
        attached = region.volumes.get(str(named["VolumeId"]), {}).get("Attachments", [])
        held = {one["InstanceId"] for one in attached}
        instances = [one for one in instances if one.id in held]
    elif named.get("host"):
        instances = [one for one in instances if host_of(one) == named["host"]]
    for instance in instances:
        yield from series_of(region, instance)


def find_series(region: Region, metric: Doc) -> Series | None:
    """The series of a Namespace and MetricName with exactly these Dimensions."""
    wanted = {one["Name"]: one["Value"] for one in metric.get("Dimensions", [])}
    return next(
        (one for one in series_with(region, metric.get("Dimensions", []))
         if one.namespace == metric["Namespace"] and one.name == metric["MetricName"] and dict(one.dimensions) == wanted),
        None,
    )  # fmt: skip


def host_of(instance: DemoInstance) -> str:
    """What the agent takes for the host's name: the first label of its private DNS name (agent guide, `append_dimensions`)."""
    return str(instance.doc.get("PrivateDnsName", "")).partition(".")[0]


def _agent(instance: DemoInstance) -> Iterator[Series]:
    if instance.agent == "absent":
        return
    own: Dimensions = (("InstanceId", instance.id), ("ImageId", instance.doc["ImageId"]),
                       ("InstanceType", instance.doc["InstanceType"]))  # fmt: skip
    if instance.agent == "custom":
        yield Series(
            instance, CUSTOM_NAMESPACE, "MemoryUtilization", own[:1], LINUX_AGENT["mem_used_percent"]
        )
        return
    if instance.agent == "host":
        own = (("host", host_of(instance)),)
    if instance.doc.get("Platform") == "windows":
        for name, one in WINDOWS_AGENT.items():
            thing = name.split(" %")[0]
            more: Dimensions = (("objectname", thing),)
            if thing != "Memory":
                more += (("instance", "C:" if thing == "LogicalDisk" else "\\??\\C:\\pagefile.sys"),)
            yield Series(instance, "CWAgent", name, (*own, *more), one)
        return
    for name, one in LINUX_AGENT.items():
        yield Series(instance, "CWAgent", name, own, one)
    for path, one in DISK_USED.items():
        device = "nvme0n1p1" if path == "/" else "nvme1n1"
        on = (*own, ("path", path), ("device", device), ("fstype", "xfs"))
        yield Series(instance, "CWAgent", "disk_used_percent", on, one, 60, path)
        yield Series(instance, "CWAgent", "disk_inodes_free", on, Kind("Count", 5e6, 5.1e6), 60, path)
