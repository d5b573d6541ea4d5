"""What the rows of metrics say of why an instance fails: findings without a line. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from tui.domain.diagnosis.evidence import MetricRow, MetricState
from tui.domain.diagnosis.findings import Finding
from tui.domain.diagnosis.kinds import ADVICE
from tui.domain.diagnosis.metric_marks import FULL, was_busy
from tui.domain.diagnosis.series import before
from tui.domain.diagnosis.triage_row import TriageRow
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
_KINDS = {
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


def metric_findings(rows: Sequence[TriageRow], *, failing: bool) -> Iterator[Finding]:
    """One for each row that is wrong; while no check fails only what is wrong by itself."""
    for row in rows:
        if not row.trouble or (not failing and row.trouble not in _ALWAYS):
            continue
        kind = _KINDS[row.trouble]
        severity, against = kind.severity, _doubts(row)
        advised, advice = ADVICE.get(row.trouble, ("", ""))
        yield Finding(
            row.trouble,
            1 if against else severity,
            0,
            EMPTY,
            kind.words.replace("a volume", row.label, 1) if row.row is MetricRow.VOLUME else kind.words,
            kind.remedy,
            0,
            kind.source,
            at=row.since,
            evidence=(row_sentence(row),),
            against=against,
            advised=advised,
            advice=advice,
        )


def row_sentence(row: TriageRow) -> str:
    """`memory: 99 %, silent since 23:03`."""
    return f"{row.label}: {row.words}"


def _doubts(row: TriageRow) -> tuple[str, ...]:
    """What speaks against it in its own points: what was so before does not say why it fails now."""
    if row.trouble == "hung" and row.since is not None and was_busy(row.points, row.since) is not True:
        return ("CPU was as low before: it may only be idle",)
    if row.trouble == "memory-full" and row.row is MetricRow.MEMORY and row.state is MetricState.REPORTING:
        earlier = before(row.points, row.points[-1][0])
        if len(earlier) >= 10 and min(earlier) >= FULL - 2 and row.points[-1][1] < 99:
            return ("memory was as full all the time",)
    return ()
