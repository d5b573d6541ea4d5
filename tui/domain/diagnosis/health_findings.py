"""What AWS Health explains: a reboot that was AWS's move to another host, a move that failed, AWS's own trouble here. Pure.

Sources: EC2 user guide, verify-if-automatic-recovery-occurred and instance-configuration-recovery; health model, Event.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from tui.domain.diagnosis.findings import Finding
from tui.domain.diagnosis.kinds import ADVICE
from tui.domain.diagnosis.log_evidence import LAG, Then
from tui.domain.diagnosis.other_findings import BOOTS_WITHIN
from tui.domain.health import HealthEvent
from tui.domain.health_notices import (
    Recovery,
    is_issue,
    issue_notice,
    issues_of,
    notices,
    recoveries_of,
    recovery_words,
)
from tui.domain.sanitize import EMPTY
from tui.domain.severity import Mark
from tui.domain.time_format import span, to_utc

OF_HOST = frozenset({"recovery-failed", "moved-by-aws", "booting-after-move", "aws-issue"})
"""Kinds that tell more of a host that fails."""
HEALTH_KINDS = OF_HOST | {"volume-lost", "health-issue"}
"""Their words say when."""
_CAME_OF_IT = timedelta(minutes=30)
"""A check that begins to fail so long after AWS's reboot may fail because of it."""
_RECOVERY = "EC2 user guide, verify-if-automatic-recovery-occurred"


def said_by_health(then: Then, of_target: Sequence[HealthEvent]) -> Iterator[Finding]:
    """The latest recovery; what is amiss with it or a volume; the trouble of its zone and region (`of_target`)."""
    if recoveries := recoveries_of(then.instance, then.now):
        yield _recovery(recoveries[0], then)
    for told in notices(then.instance, then.now, then.zone):
        if is_issue(told.event):
            lost = told.mark is Mark.FAILING
            severity = 3 if lost else 2 if then.failing else 1
            remedy = "restore it from its newest snapshot or AMI" if lost else "read AWS's own text of it"
            key = "volume-lost" if lost else "health-issue"
            yield _finding(key, severity, told.text, remedy, told.event, told.event.starts_at)
    for event in issues_of(then.instance, of_target):
        issue = issue_notice(event, then.now, then.zone)
        later = (
            then.since is not None
            and event.starts_at is not None
            and to_utc(event.starts_at) - LAG > then.since
        )
        grave = bool(then.failing) and issue.mark is Mark.THREATENED and not later
        against = ("it began after the check failed",) if later and then.failing else ()
        remedy = "wait for AWS; a stop/start comes up in the same zone"
        yield _finding(
            "aws-issue", 2 if grave else 1, f"not you: {issue.text}", remedy, event, event.starts_at, against
        )


def _recovery(recovery: Recovery, then: Then) -> Finding:
    """How grave it is follows from when: before the failure, with it, or overtaken by a start since."""
    at = recovery.at or then.now
    words = recovery_words(recovery, then.now, then.zone)
    severity, against = 1, tuple[str, ...]()
    launched = then.instance.launched_at
    earlier = then.since is not None and at < then.since - _CAME_OF_IT
    if launched is not None and to_utc(launched) > at:
        against = ("it was started again since, on another host in most cases",)
    elif then.failing and earlier and then.since is not None:
        against = (f"{span(then.since - at)} before the check failed: it went on after it",)
    elif not recovery.done:
        severity = 3 if then.failing else 2
    elif then.failing:
        severity = 2
    if not recovery.done:
        remedy = (
            "stop/start (s): it moves to another host, in most cases; AWS tries no more by itself for a while"
        )
        return _made("recovery-failed", severity, words, remedy, _RECOVERY, at, against)
    starting = then.now - at <= BOOTS_WITHIN
    remedy = (
        "wait some minutes: it may still be on its way up" if starting else "nothing, where it is well again"
    )
    if then.failing and not starting:
        remedy = "read its system log: AWS moved it, and it has not come up well since"
    return _made(
        "booting-after-move" if starting else "moved-by-aws", severity, words, remedy, _RECOVERY, at, against
    )


def _finding(
    key: str,
    severity: int,
    words: str,
    remedy: str,
    event: HealthEvent,
    at: datetime | None,
    against: tuple[str, ...] = (),
) -> Finding:
    return _made(key, severity, words, remedy, f"AWS Health, {event.code}", at, against)


def _made(
    key: str,
    severity: int,
    words: str,
    remedy: str,
    source: str,
    at: datetime | None,
    against: tuple[str, ...],
) -> Finding:
    advised, advice = ADVICE.get(key, ("", ""))
    return Finding(
        key, severity, 0, EMPTY, words, remedy, 0, source, at=None if at is None else to_utc(at),
        against=against, advised=advised, advice=advice,
    )  # fmt: skip
