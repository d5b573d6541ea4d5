"""What a log's findings are worth for a failure that goes on now: by boot, by age, by which check fails. Pure.

A finding of an earlier boot is never the cause, nor is what the system came through well afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, tzinfo

from msgspec import Struct
from msgspec.structs import replace

from tui.domain.diagnosis.evidence import SystemLog
from tui.domain.diagnosis.findings import Finding
from tui.domain.diagnosis.kinds import ADVICE, WAITS, WELL
from tui.domain.diagnosis.triage_row import TriageRow
from tui.domain.diagnosis.wall_time import about, boot_began
from tui.domain.instance import CheckName, CheckStatus, Instance, InstanceState
from tui.domain.time_format import clock_or_date, span, to_utc

LAG = timedelta(minutes=10)
"""A check begins to fail minutes after its cause, and AWS takes the console's output when it likes."""
_CLOCKS = timedelta(minutes=2)
"""What caused a failure is no later than it; so much two clocks may differ."""
_WENT_ON, _LONG_AGO = timedelta(minutes=30), timedelta(hours=3)
_AT_THE_END = 40
"""Lines from the end within which an orderly shutdown is the last thing it did."""
_NOT_RUNNING = (
    InstanceState.STOPPED,
    InstanceState.STOPPING,
    InstanceState.TERMINATED,
    InstanceState.SHUTTING_DOWN,
)
_KILLED = re.compile(r"(?:kill(?:ed)?|reaped) process \d{1,9},? {0,2}\(([^()]{1,64})\)", re.IGNORECASE)


class Then(Struct, frozen=True):
    """What a log is held against. `since` (UTC): when the outermost failing check began to fail, as AWS says."""

    instance: Instance
    now: datetime
    zone: tzinfo
    failing: tuple[CheckName, ...]
    since: datetime | None

    def clock(self, moment: datetime) -> str:
        """`23:03`, in the operator's zone."""
        return clock_or_date(moment, self.zone, self.now)

    @property
    def is_well(self) -> bool:
        """Whether it runs and both its own checks say so."""
        checks = self.instance.checks
        return self.instance.state is InstanceState.RUNNING and not self.failing and (
            checks.system.status is checks.instance.status is CheckStatus.OK
        )  # fmt: skip


def then_of(instance: Instance, rows: Sequence[TriageRow], now: datetime, zone: tzinfo) -> Then:
    """What is known of the failure now. Of a check that comes and goes AWS tells the last time only: its metric says more."""
    failing = () if instance.state in _NOT_RUNNING else instance.checks.impaired()
    since = instance.checks.get(failing[0]).since if failing else None
    begun = None if since is None else to_utc(since)
    flapping = [row for row in rows if row.trouble == "flapping"]
    first = next((at for row in flapping for at, value in row.points if value > 0), None)
    if begun is not None and first is not None:
        begun = min(begun, first)
    return Then(instance, now, zone, failing, begun)


def older_than_failure(log: SystemLog, then: Then) -> str:
    """That AWS took the log before the failure, in words; empty if it did not, or nobody knows."""
    if log.at is None:
        return ""
    at, launched = to_utc(log.at), then.instance.launched_at
    if launched is not None and at < to_utc(launched):
        return f"the log is of {then.clock(at)}, before its last start"
    if then.since is not None and at < then.since - LAG:
        return f"the log is of {then.clock(at)}, {span(then.since - at)} before the check failed"
    return ""


def log_evidence(log: SystemLog, then: Then) -> Iterator[Finding]:
    """The findings of the log, each as grave as it is for this failure, with its time and what speaks against it."""
    old = older_than_failure(log, then)
    began = boot_began(log, then.instance.launched_at), boot_began(log)
    stopping = any(one.boot == 0 and one.severity == 3 for one in log.diagnosis.findings)
    for one in log.diagnosis.findings:
        at, long_ago = _when(one, log, began, then.since)
        severity = one.severity
        if one.boot == 0 and not stopping and _is_last_deed(one, log):
            severity = max(severity, 2)
        most, against = _worth(one, long_ago, old, then)
        if one.boot == 0 and one.key in WAITS and log.diagnosis.came_up:
            most, against = 1, (*against, "the boot went on after it")
        advised, advice = ADVICE.get(one.key, ("", ""))
        yield replace(
            one,
            severity=max(1, min(severity, most)),
            words=_named(one),
            at=at,
            against=against,
            advised=advised,
            advice=advice,
        )


def _when(
    one: Finding, log: SystemLog, began: tuple[datetime | None, datetime | None], since: datetime | None
) -> tuple[datetime | None, timedelta | None]:
    """About when, and how long before the failure if that is so long that it went on after it.

    `began`: no earlier than the launch, and no later than AWS's time says; the console may have been silent since.
    """
    soonest, at = (about(log, one.line - 1, each) for each in began)
    if at is None or soonest is None or since is None:
        return soonest, None
    for moment in (soonest, at):
        if since - _WENT_ON <= moment <= since + _CLOCKS:
            return moment, None
    return (at, since - at) if at < since else (None, None)


def _is_last_deed(one: Finding, log: SystemLog) -> bool:
    """Whether it is what the system does now: a check of its disks before it is up, or going down at the very end."""
    if one.key in WAITS:
        return not log.diagnosis.came_up
    return one.key == "orderly" and len(log.lines) - one.line < _AT_THE_END


def _worth(one: Finding, long_ago: timedelta | None, old: str, then: Then) -> tuple[int, tuple[str, ...]]:
    """The severity it has at most, and why."""
    if one.boot:
        return 1, ("of an earlier boot: not what fails now",)
    if old:
        return 1, (old,)
    if then.is_well:
        return 1, ("its checks are ok: it has come through this",)
    against: list[str] = []
    most = 3
    if long_ago is not None:
        most = 1 if long_ago > _LONG_AGO else 2
        against.append(f"about {span(long_ago)} before the check failed: it went on after it")
    if CheckName.SYSTEM in then.failing:
        most = 2
        against.append("the system check fails, which is on AWS's side")
    elif CheckName.INSTANCE in then.failing and one.key in WELL:
        most = 1
        against.append("this alone makes no status check fail")
    return (most if then.failing else min(most, 2)), tuple(against)


def _named(one: Finding) -> str:
    """Its words, with the name of what was killed: the log is the guest's, and the name is cleaned as all of it."""
    found = _KILLED.search(one.text)
    return one.words if found is None else one.words.replace("a process", found[1], 1)
