"""The evidence of an instance as JSON: the stable shapes of `evac diagnose INSTANCE --json`. Fields are added, never renamed."""

from __future__ import annotations

from typing import Any

from tui.domain.diagnosis.evidence import METRIC_PRICE, Change, Evidence, Metric, SystemLog
from tui.domain.diagnosis.findings import Finding
from tui.presentation.instance_objects import iso_or_none


def finding_object(one: Finding, skipped: int = 0) -> dict[str, Any]:
    """A finding. `line` 0: it is not out of a log. `skipped`: lines of the log that were left out before its first one."""
    return {
        "key": one.key,
        "severity": one.severity,
        "line": one.line + skipped if one.line else 0,
        "text": one.text,
        "words": one.words,
        "remedy": one.remedy,
        "boot": one.boot,
        "times": one.times,
        "source": one.source,
    }


def verdict_object(one: Finding) -> dict[str, Any]:
    """A finding out of all the evidence: about when, what else speaks for it and against it, and which verb helps."""
    return {
        **finding_object(one),
        "at": iso_or_none(one.at),
        "evidence": list(one.evidence),
        "against": list(one.against),
        "advised": one.advised,
        "advice": one.advice,
    }


def evidence_object(evidence: Evidence) -> dict[str, Any]:
    """What was read. A part that was not read is empty, and `unread` says why; `log` is null then."""
    return {
        "log": None if evidence.log is None else _log_object(evidence.log),
        "metrics": [_metric_object(one) for one in evidence.metrics or ()],
        "changes": [_change_object(one) for one in evidence.changes or ()],
        "unread": [{"part": part, "why": why} for part, why in evidence.unread],
        "asked": evidence.asked,
        "price": round(evidence.asked * METRIC_PRICE, 7),
    }


def _log_object(log: SystemLog) -> dict[str, Any]:
    return {
        "at": iso_or_none(log.at),
        "latest": log.latest,
        "kept_by": log.kept_by or None,
        "lines": len(log.lines),
        "boots": log.diagnosis.boots,
        "came_up": log.diagnosis.came_up,
    }


def _metric_object(one: Metric) -> dict[str, Any]:
    return {
        "row": one.row.value,
        "namespace": one.namespace,
        "name": one.name,
        "dimensions": {str(key): value for key, value in one.dimensions},
        "statistic": one.statistic,
        "period": one.period,
        "unit": one.unit,
        "state": one.state.value,
        "newest": one.newest,
        "at": iso_or_none(one.at),
        "points": [[iso_or_none(at), value] for at, value in one.points],
    }


def _change_object(one: Change) -> dict[str, Any]:
    return {
        "at": iso_or_none(one.at),
        "event": one.event,
        "id": one.event_id,
        "user": one.user,
        "source_ip": one.source_ip,
        "what": one.what,
        "error": one.error,
        "resource": one.resource,
        "operation": one.operation or None,
    }
