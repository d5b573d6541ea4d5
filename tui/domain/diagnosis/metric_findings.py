"""What the rows of metrics say of why an instance fails: findings without a line. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from tui.domain.diagnosis.evidence import MetricRow, MetricState
from tui.domain.diagnosis.findings import Finding
from tui.domain.diagnosis.kinds import ADVICE
from tui.domain.diagnosis.log_evidence import LAG, Then
from tui.domain.diagnosis.metric_marks import FULL, was_busy
from tui.domain.diagnosis.series import before, ends_with
from tui.domain.diagnosis.triage_row import TriageRow
from tui.domain.instance import CheckName
from tui.domain.sanitize import EMPTY

_ALWAYS = frozenset({"volume-stalled", "disk-full", "credits-out", "flapping"})
"""Wrong even while no check fails."""


class _Kind(Struct, frozen=True):
    severity: int
    words: str
    remedy: str
    source: str


_EBS = "EBS guide, using_cloudwatch_ebs"
_EC2 = "user guide, viewing_metrics_with_cloudwatch"
_AGENT = "CloudWatch guide, metrics-collected-by-CloudWatch-agent"
METRIC_KINDS = {
    "flapping": _Kind(
        2,
        "its check comes and goes: something is overloaded, or restarts again and again",
        "look what changes at those times: CPU, memory, the system log",
        "user guide, monitoring-system-instance-status-check",
    ),
    "cpu-full": _Kind(2, "its CPU is used up", "find what uses it; a larger type, or less work", _EC2),
    "hung": _Kind(
        2,
        "the system does nothing: it hangs, has panicked or was halted",
        "reboot (b); the end of the console says more",
        _EC2,
    ),
    "credits-out": _Kind(
        2,
        "its CPU credits are used up: it is held at its baseline, which is throttled, not idle",
        "unlimited mode, a larger or another type; or less work until it has earned some",
        "user guide, burstable-credits-baseline-concepts",
    ),
    "memory-full": _Kind(
        2, "memory is used up", "find what grew; more memory (a larger type) or a limit is the cure", _AGENT
    ),
    "swap-full": _Kind(1, "swap is used up", "find what grew in memory", _AGENT),
    "disk-full": _Kind(
        2,
        "a disk is full",
        "grow the volume (no reboot needed) and the file system, or remove what is not needed",
        _AGENT,
    ),
    "volume-stalled": _Kind(
        3,
        "a volume does not answer: no operation on it ends",
        "wait, replace the volume, or stop/start (s); a reboot is no remedy for it",
        _EBS,
    ),
    "volume-hangs": _Kind(
        2,
        "a volume seems not to answer: its queue grows and no operation ends",
        "look at the volume's status; wait, or stop/start (s); a reboot is no remedy for it",
        _EBS,
    ),
    "volume-slow": _Kind(
        2, "a volume is many times slower than it was", "look at its limits, and at what reads or writes so much", _EBS
    ),
    "burst-out": _Kind(
        2, "a volume's burst credits are used up: it is held at its baseline", "make it gp3, or larger: both while it runs", _EBS
    ),
    "volume-limit": _Kind(1, "a volume is at its own limit", "more IOPS or throughput: while it runs", _EBS),
    "ebs-limit": _Kind(
        2, "the instance has reached its own limit for all its volumes", "a larger type, or less to read and write", _EC2
    ),
    "network-gone": _Kind(
        2,
        "nothing goes over its network any more: no address, no link, or no system",
        "look at the console for DHCP and the network driver, then at its interface",
        _EC2,
    ),
}  # fmt: skip
"""What the metrics can say, by the trouble of a row."""


def metric_findings(rows: Sequence[TriageRow], then: Then) -> Iterator[Finding]:
    """One for each row that is wrong; while no check fails only what is wrong by itself."""
    failing = bool(then.failing)
    for row in rows:
        if not row.trouble or (not failing and row.trouble not in _ALWAYS):
            continue
        one = _found(row.trouble, row.since, row_sentence(row))
        if row.row is MetricRow.VOLUME:
            one = replace(one, words=one.words.replace("a volume", row.label, 1))
        against = _doubts(row, then)
        yield replace(one, severity=1, against=against) if against else one


def _found(key: str, at: datetime | None, evidence: str) -> Finding:
    kind, (advised, advice) = METRIC_KINDS[key], ADVICE.get(key, ("", ""))
    return Finding(
        key, kind.severity, 0, EMPTY, kind.words, kind.remedy, 0, kind.source, at=at, evidence=(evidence,), advised=advised,
        advice=advice,
    )  # fmt: skip


def idle_volumes(rows: Sequence[TriageRow], then: Then) -> Iterator[Finding]:
    """A system that hangs, by its volumes: they have a point a minute, where CPU has one of five at first."""
    shown = [row for row in rows if row.row is MetricRow.VOLUME and row.unit == "IOPS" and not row.trouble]
    cpu = [row for row in rows if row.row is MetricRow.CPU and row.points]
    if (
        CheckName.INSTANCE not in then.failing
        or CheckName.SYSTEM in then.failing
        or then.since is None
        or not shown
    ):
        return
    if any(row.trouble or row.points[-1][0] >= then.since for row in cpu):
        return
    runs = [ends_with(row.points, lambda value: value <= 0) for row in shown]
    worked = any(
        value > 0
        for row, run in zip(shown, runs, strict=True)
        for _, value in row.points[: len(row.points) - len(run)]
    )
    if worked and all(len(run) >= 3 for run in runs):
        since = max(run[0][0] for run in runs if len(run) < max(len(row.points) for row in shown))
        yield _found("hung", since, f"its volumes do nothing since {then.clock(since)}")


def row_sentence(row: TriageRow) -> str:
    """`memory: 99 %, silent since 23:03`."""
    return f"{row.label}: {row.words}"


def _doubts(row: TriageRow, then: Then) -> tuple[str, ...]:
    """What speaks against it in its own points: what was so before does not say why it fails now."""
    began = then.since or row.since
    if row.trouble == "hung" and began is not None and was_busy(row.points, began - LAG) is False:
        return ("CPU was as low before: it may only be idle",)
    if row.trouble == "memory-full" and row.row is MetricRow.MEMORY and row.state is MetricState.REPORTING:
        earlier = before(row.points, row.points[-1][0])
        if len(earlier) >= 10 and min(earlier) >= FULL - 2 and row.points[-1][1] < 99:
            return ("memory was as full all the time",)
    return ()
