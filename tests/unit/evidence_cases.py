"""Evidence of scripted failures as pure values: metrics by the minute, system logs of our own writing, changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from tests.unit.guidance_cases import BASE, NOW, OK
from tui.domain.diagnosis.evidence import Change, Evidence, Metric, MetricRow, MetricState
from tui.domain.diagnosis.log_findings import system_log
from tui.domain.facts import Facts
from tui.domain.instance import Checks, CheckStatus, Instance, StatusCheck, Volume
from tui.domain.sanitize import SafeText

T = SafeText
FAILED = NOW - timedelta(minutes=20)
BAD = StatusCheck(CheckStatus.IMPAIRED, FAILED)
ROOT = (Volume(T("/dev/xvda"), T("vol-0root")), Volume(T("/dev/sdf"), T("vol-0data")))
RUNS = replace(BASE, volumes=ROOT, launched_at=NOW - timedelta(days=30))
DOWN = replace(RUNS, checks=Checks(OK, BAD, OK))
NO_HOST = replace(RUNS, checks=Checks(BAD, BAD, OK))
NO_VOLUME = replace(RUNS, checks=Checks(OK, OK, BAD))
BOOT = "[    0.000000] Linux version 6.1.0-18-cloud-amd64 (debian-kernel@lists.debian.org)\n"
UP = "[   21.000000] systemd[1]: Reached target Multi-User System.\n\nip-10-2-1-9 login: \n"

Value = float | Callable[[float], float | None]


def at(minutes: float) -> datetime:
    """So many minutes before now."""
    return NOW - timedelta(minutes=minutes)


def metric(
    row: MetricRow,
    name: str,
    value: Value,
    *,
    namespace: str = "AWS/EC2",
    statistic: str = "Average",
    period: int = 60,
    state: MetricState = MetricState.REPORTING,
    **dimensions: str,
) -> Metric:
    """Three hours of it. `value`: a number, or a function of the minutes that have passed since the failure (None: no point)."""
    points = []
    for minutes in range(180, 0, -period // 60):
        made = value(20.0 - minutes) if callable(value) else value
        if made is not None:
            points.append((at(minutes), float(made)))
    newest = points[-1] if points else (None, None)
    named = tuple((T(key), T(text)) for key, text in (dimensions or {"InstanceId": "i-0a1f3c"}).items())
    return Metric(
        row, T(namespace), T(name), named, statistic, period, state, newest=newest[1], at=newest[0], points=tuple(points)
    )  # fmt: skip


def until(value: Value, later: Value | None = None) -> Callable[[float], float | None]:
    """`value` before the failure, `later` from it on."""
    return lambda since: _of(value, since) if since < 0 else None if later is None else _of(later, since)


def _of(value: Value, since: float) -> float | None:
    return value(since) if callable(value) else value


def check(name: str, value: Value) -> Metric:
    return metric(MetricRow.CHECK, f"StatusCheckFailed_{name}", value, statistic="Maximum")


def cpu(value: Value, period: int = 300) -> Metric:
    return metric(MetricRow.CPU, "CPUUtilization", value, period=period)


def network(value: Value) -> tuple[Metric, Metric]:
    return (
        metric(MetricRow.NETWORK, "NetworkIn", value, statistic="Sum", period=300),
        metric(MetricRow.NETWORK, "NetworkOut", value, statistic="Sum", period=300),
    )


def memory(value: Value, *, silent: bool = False, absent: bool = False) -> Metric:
    state = MetricState.SILENT if silent else MetricState.ABSENT if absent else MetricState.REPORTING
    return metric(MetricRow.MEMORY, "mem_used_percent", value, namespace="CWAgent", state=state)


def disk(path: str, value: Value, fstype: str = "ext4") -> Metric:
    return metric(
        MetricRow.DISK, "disk_used_percent", value, namespace="CWAgent", path=path, device="nvme0n1p1", fstype=fstype
    )  # fmt: skip


def volume(
    volume_id: str,
    ops: Value = 600.0,
    milliseconds: float | Value = 1.0,
    queue: Value = 0.2,
    stalled: Value = 0.0,
) -> tuple[Metric, ...]:
    def time(since: float) -> float | None:
        done, each = _of(ops, since), _of(milliseconds, since)
        return None if done is None or each is None else done * each / 1000

    rows = (
        ("VolumeReadOps", "Sum", ops),
        ("VolumeTotalReadTime", "Sum", time),
        ("VolumeQueueLength", "Average", queue),
        ("VolumeStalledIOCheck", "Maximum", stalled),
    )
    return tuple(
        metric(MetricRow.VOLUME, name, value, namespace="AWS/EBS", statistic=statistic, VolumeId=volume_id)
        for name, statistic, value in rows
    )


def credits_left(balance: Value, surplus: Value = 0.0) -> tuple[Metric, ...]:
    return (
        metric(MetricRow.CREDITS, "CPUCreditBalance", balance, statistic="Minimum", period=300),
        metric(MetricRow.CREDITS, "CPUSurplusCreditBalance", surplus, statistic="Maximum", period=300),
    )


WELL = (
    check("System", 0.0), check("Instance", 0.0), check("AttachedEBS", 0.0), cpu(12.0), *network(3e6), memory(44.0),
    disk("/", 61.0), disk("/snap/core/1", 100.0, "squashfs"), *volume("vol-0root"), *volume("vol-0data", 0.0),
)  # fmt: skip
"""An instance that is well: what it shows while nothing else is said."""


def with_(*changed: Metric | tuple[Metric, ...]) -> tuple[Metric, ...]:
    """WELL, with these in place of those of the same name and dimensions."""
    new = [one for each in changed for one in (each if isinstance(each, tuple) else (each,))]
    names = {(one.name, one.dimension("VolumeId"), one.dimension("path")) for one in new}
    return (
        *(one for one in WELL if (one.name, one.dimension("VolumeId"), one.dimension("path")) not in names),
        *new,
    )


DOWN_CHECK = check("Instance", until(0.0, 1.0))


def log(*lines: str, booted: float = 0.0, came_up: bool = True, before: str = "") -> str:
    """A console: a boot, its lines, each with the kernel's seconds where it begins with a number."""
    return before + BOOT + (UP if came_up else "") + "\n".join(lines) + "\n"


def change(minutes: float, event: str, what: str = "", user: str = "kim") -> Change:
    return Change(at(minutes), T(event), T(f"e-{minutes}"), T(user), T("203.0.113.7"), T(what))


HALVED = (
    change(140, "StartInstances"),
    change(141, "ModifyInstanceAttribute", "instanceType m6i.large"),
    change(145, "StopInstances"),
    change(9000, "RunInstances", "instanceType m6i.xlarge", "ci"),
)


class Failure(Struct, frozen=True):
    """One script: what is read of it, and the key (or keys, where two are as right) that the first finding must have."""

    name: str
    instance: Instance
    expected: tuple[str, ...]
    metrics: tuple[Metric, ...] | None = None
    log: str | None = None
    changes: tuple[Change, ...] | None = ()
    facts: Facts | None = None
    advised: str | None = None
    """The verb, `wait` or `none`; None: not looked at."""
    says: Sequence[str] = ()
    """What must stand in its words, advice or evidence."""
    latest: bool = True

    def evidence(self) -> Evidence:
        found = None if self.log is None else system_log(self.log, NOW, self.latest)
        return Evidence(NOW, self.metrics, found, self.changes)


OOM = "[ 6521.377000] Out of memory: Killed process 812 (java) total-vm:16384000kB, anon-rss:7812044kB"
RISING = until(lambda since: min(99.0, 99.0 + since / 2))
FAILURES = (
    Failure(
        "oom in the log and in the metrics",
        DOWN,
        ("oom",),
        with_(DOWN_CHECK, memory(RISING, silent=True), cpu(until(60.0, 98.0))),
        log(
            "[ 6521.104000] java invoked oom-killer: gfp_mask=0x140cca, order=0",
            OOM,
            "[ 6524.902000] Kernel panic - not syncing: System is deadlocked on memory",
        ),
        advised="reboot",
        says=("java", "silent since", "same memory"),
    ),
    Failure(
        "oom that nobody logged",
        DOWN,
        ("memory-full",),
        with_(DOWN_CHECK, memory(RISING, silent=True), cpu(until(60.0, 98.0))),
        advised="reboot",
        says=("98 %, silent since",),
    ),
    Failure(
        "oom after its type was halved",
        DOWN,
        ("oom",),
        with_(DOWN_CHECK, memory(RISING, silent=True)),
        log(OOM),
        HALVED,
        advised="reboot",
        says=("m6i.xlarge until", "kim", "half the memory"),
    ),
    Failure(
        "a volume stalls",
        NO_VOLUME,
        ("volume-stalled",),
        with_(
            check("AttachedEBS", until(0.0, 1.0)),
            volume("vol-0data", until(600.0, 0.0), 1.0, until(0.2, 9.0), until(0.0, 1.0)),
        ),
        log(
            "[ 9000.100000] nvme nvme1: I/O 12 QID 3 timeout, aborting",
            "[ 9000.300000] EXT4-fs (nvme1n1): Remounting filesystem read-only",
        ),
        advised="stop-start",
        says=("sdf", "no remedy"),
    ),
    Failure(
        "a volume stalls and takes the system with it",
        DOWN,
        ("volume-stalled",),
        with_(
            DOWN_CHECK,
            volume("vol-0root", until(600.0, 0.0), 1.0, until(0.2, 9.0), until(0.0, 1.0)),
            cpu(until(20.0, 0.3)),
            *network(until(3e6, 0.0)),
        ),
        log("[ 9000.100000] INFO: task jbd2/nvme0n1p1-:244 blocked for more than 120 seconds."),
        advised="stop-start",
        says=("xvda",),
    ),
    Failure(
        "CPU credits used up",
        replace(DOWN, instance_type=T("t3.small")),
        ("credits-out",),
        with_(DOWN_CHECK, credits_left(until(lambda since: max(0.0, -since), 0.0)), cpu(until(45.0, 20.0))),
        advised="none",
        says=("throttled, not idle",),
    ),
    Failure(
        "the system hangs",
        DOWN,
        ("hung",),
        with_(DOWN_CHECK, cpu(until(25.0, 0.2)), memory(until(50.0), silent=True), *network(until(3e6, 0.0))),
        log("[ 8000.100000] eth0: renamed from veth12"),
        advised="reboot",
        says=("0.2 %, nothing done since", "silent since", "does nothing"),
    ),
    Failure(
        "the kernel panicked",
        DOWN,
        ("panic",),
        with_(DOWN_CHECK, cpu(until(25.0, 0.1)), *network(until(3e6, 0.0))),
        log("[ 7000.100000] Kernel panic - not syncing: Fatal exception in interrupt"),
        advised="reboot",
    ),
    Failure(
        "the network is gone",
        DOWN,
        ("network-gone",),
        with_(DOWN_CHECK, *network(until(3e6, 0.0))),
        log("[ 70.1] x"),
        says=("0 B/s since",),
    ),
    Failure(
        "no address",
        DOWN,
        ("dhcp",),
        with_(DOWN_CHECK, *network(until(3e6, 0.0))),
        log(
            "[   31.000000] dhclient[412]: No DHCPOFFERS received.",
            "[   40.0] cloud-init[500]: 169.254.169.254 timed out",
            came_up=False,
        ),
        advised="reboot",
    ),
    Failure(
        "it came up and the check still fails",
        DOWN,
        ("came-up",),
        with_(DOWN_CHECK),
        log(),
        says=("network",),
    ),
    Failure(
        "a full disk",
        DOWN,
        ("disk-full",),
        with_(DOWN_CHECK, disk("/", until(lambda since: 100 + since / 40, 100.0))),
        log(
            "[FAILED] Failed to start PostgreSQL Cluster 15-main.",
            "rsyslogd: write error: No space left on device",
        ),
        advised="none",
        says=("disk /: 100 %", "frees nothing"),
    ),
    Failure(
        "a file system is being checked",
        DOWN,
        ("fsck-running",),
        with_(DOWN_CHECK, *network(until(3e6, 0.0)), cpu(4.0)),
        log("/dev/xvda1 has gone 361 days without being checked, check forced", came_up=False),
        advised="wait",
        says=("only takes long",),
    ),
    Failure(
        "somebody shut it down from within",
        DOWN,
        ("orderly",),
        with_(DOWN_CHECK, cpu(until(20.0, 0.1)), *network(until(3e6, 0.0))),
        log(
            "[ 9100.000000] systemd[1]: Reached target System Power Off.",
            "[ 9101.000000] reboot: System halted",
            came_up=False,
        ),
        (change(21, "RebootInstances"),),
        advised="none",
        says=("kim: RebootInstances",),
    ),
    Failure(
        "the host fails",
        NO_HOST,
        ("host",),
        with_(
            check("System", until(0.0, 1.0)), DOWN_CHECK, cpu(until(20.0)), memory(until(97.0), silent=True)
        ),
        log("[ 9000.100000] INFO: task jbd2/nvme0n1p1-:244 blocked for more than 120 seconds."),
    ),
    Failure(
        "fstab names a volume that is not there",
        DOWN,
        ("mount-failed",),
        with_(DOWN_CHECK, cpu(until(20.0, 1.0)), *network(until(3e6, 0.0))),
        log(
            "[ TIME ] Timed out waiting for device /dev/disk/by-uuid/0d5a-11.",
            "[DEPEND] Dependency failed for /data.",
            "You are in emergency mode. After logging in, type journalctl -xb",
            came_up=False,
        ),
        advised="none",
        says=("rescue",),
    ),
    Failure(
        "no root after a change of type",
        DOWN,
        ("panic-root",),
        with_(DOWN_CHECK, cpu(until(20.0, 0.1))),
        log(
            "[    1.701000] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
            came_up=False,
        ),
        (
            change(30, "ModifyInstanceAttribute", "instanceType m5.large"),
            change(900, "RunInstances", "instanceType m4.large", "ci"),
        ),
        advised="none",
        says=("its type was changed: kim",),
    ),
    Failure(
        "its check comes and goes",
        DOWN,
        ("flapping", "cpu-full"),
        with_(check("Instance", lambda since: float(int(since // 10) % 2)), cpu(30.0)),
        says=("changes in 3 h",),
    ),
    Failure(
        "CPU at its limit",
        DOWN,
        ("cpu-full",),
        with_(DOWN_CHECK, cpu(until(40.0, 100.0))),
        log(),
    ),
    Failure(
        "Windows ran out of memory",
        replace(DOWN, platform=T("windows")),
        ("win-low-memory",),
        with_(
            DOWN_CHECK,
            metric(MetricRow.MEMORY, "Memory % Committed Bytes In Use", RISING, namespace="CWAgent"),
        ),
        "Windows successfully diagnosed a low virtual memory condition. sqlservr.exe (1500) consumed 16106127360 bytes\n",
        latest=False,
        advised="reboot",
    ),
    Failure(
        "the instance's limit for its volumes",
        DOWN,
        ("ebs-limit",),
        with_(
            DOWN_CHECK,
            metric(
                MetricRow.EBS_LIMIT, "EBSIOBalance%", until(lambda since: max(0.0, -since), 0.0), period=300
            ),
            volume("vol-0data", 900.0, until(1.0, 60.0)),
        ),
        log(),
        advised="none",
    ),
)
"""Each as it would be read twenty minutes after it failed."""
