"""Why an instance fails, out of all that was read: `diagnose`. Pure; what was not read is said, never guessed.

Its findings change words and which key is named. Nothing that allows, forbids or acts reads them: the guest writes its log.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo

from msgspec import Struct
from msgspec.structs import replace

from tui.domain.diagnosis import changed_last
from tui.domain.diagnosis.evidence import Change, Evidence, Metric, MetricRow, MetricState, SystemLog
from tui.domain.diagnosis.findings import Finding
from tui.domain.diagnosis.kinds import (
    ADVICE,
    EXPLAINS,
    FAMILIES,
    MEMORY_KINDS,
    TYPE_CHANGE,
    VOLUME_KINDS,
    WAITS,
)
from tui.domain.diagnosis.log_evidence import LAG, Then, log_evidence, older_than_failure
from tui.domain.diagnosis.metric_findings import metric_findings, row_sentence
from tui.domain.diagnosis.metric_marks import triage_rows
from tui.domain.diagnosis.triage_row import TriageRow
from tui.domain.events import EventState, ScheduledEvent
from tui.domain.facts import Facts
from tui.domain.instance import CheckName, Instance, InstanceState
from tui.domain.sanitize import EMPTY
from tui.domain.severity import Mark
from tui.domain.time_format import clock_or_date, to_utc

LIKELY, HINT, NOT_KNOWN = "likely", "a hint", "not known"
_MOST_SENTENCES = 4


class Diagnosis(Struct, frozen=True):
    """`findings`: the likeliest cause first. `label` (`likely`, `a hint`, `not known`) and `line` say it in one line; both are
    empty where nothing is to be said. `unknown`: what was not read, or cannot be known, in short sentences.
    """

    findings: tuple[Finding, ...] = ()
    label: str = ""
    line: str = ""
    unknown: tuple[str, ...] = ()


def diagnosis_of(
    instance: Instance, evidence: Evidence, now: datetime, *, facts: Facts | None = None, zone: tzinfo = UTC
) -> Diagnosis:
    """`diagnose` with the line for the head and what is not known. Times in words are of `zone`."""
    found = diagnose(
        instance,
        evidence.metrics,
        evidence.log,
        evidence.changes,
        instance.events,
        now,
        facts=facts,
        zone=zone,
    )
    unknown = tuple(_unknown(instance, evidence, now, zone))
    label, line = _head(instance, found, now, zone)
    return Diagnosis(found, label, line, unknown)


def _head(instance: Instance, found: Sequence[Finding], now: datetime, zone: tzinfo) -> tuple[str, str]:
    failing = bool(instance.checks.impaired())
    first = next((one for one in found if one.boot == 0), None)
    if first is None or (first.severity < 2 and not first.line and not failing):
        return (NOT_KNOWN, "no cause was found in what was read") if failing else ("", "")
    if first.severity < 2 and not failing:
        return "", ""
    when = "" if first.at is None else f", about {clock_or_date(first.at, zone, now)}"
    where = f" (system log, line {first.line})" if first.line else ""
    return LIKELY if first.severity >= 2 else HINT, f"{first.words}{when}{where}"


def diagnose(
    instance: Instance,
    metrics: Sequence[Metric] | None,
    log: SystemLog | None,
    changes: Sequence[Change] | None,
    events: Sequence[ScheduledEvent],
    now: datetime,
    *,
    facts: Facts | None = None,
    zone: tzinfo = UTC,
) -> tuple[Finding, ...]:
    """What is wrong, the likeliest cause first. None: that part was not read. Never raises, whatever the evidence holds."""
    failing = instance.checks.impaired() if instance.state is InstanceState.RUNNING else ()
    since = instance.checks.get(failing[0]).since if failing else None
    then = Then(instance, now, zone, failing, None if since is None else to_utc(since))
    rows = triage_rows(instance, metrics or (), now, zone)
    found = [
        *_by_aws(then, events, facts),
        *(log_evidence(log, then) if log is not None else ()),
        *metric_findings(rows, failing=bool(failing)),
        *_came_up(log, then),
        *_by_changes(changes or (), then),
    ]
    return _ranked(_told(_folded(found), rows, changes or (), then), then)


def _finding(
    key: str, severity: int, words: str, remedy: str, source: str, at: datetime | None, *evidence: str
) -> Finding:
    advised, advice = ADVICE.get(key, ("", ""))
    return Finding(
        key, severity, 0, EMPTY, words, remedy, 0, source, at=at, evidence=evidence, advised=advised, advice=advice
    )  # fmt: skip


def _by_aws(then: Then, events: Sequence[ScheduledEvent], facts: Facts | None) -> Iterator[Finding]:
    """What AWS itself says: its checks, a volume's status, an event under way."""
    if CheckName.SYSTEM in then.failing:
        yield _finding(
            "host", 3, "the host, its power or AWS's network fails", "stop/start (s): it moves to another host, in most cases",
            "user guide, monitoring-system-instance-status-check", then.since, "the system check fails",
        )  # fmt: skip
    impaired = [
        str(one.volume_id)
        for one in (facts.volumes if facts is not None else None) or ()
        if one.status == "impaired"
    ]
    if impaired or CheckName.ATTACHED_EBS in then.failing:
        words = f"a volume does not answer: {', '.join(impaired)}" if impaired else "a volume does not answer"
        said = "AWS calls its status impaired" if impaired else "the attached-EBS check fails"
        yield _finding(
            "volume-stalled", 3, words, "wait, replace the volume, or stop/start (s); a reboot is no remedy for it",
            "EBS guide, monitoring-volume-checks", then.since, said,
        )  # fmt: skip
    for event in events if then.failing else ():
        if (
            event.is_open(then.now)
            and event.state(then.now) is EventState.STARTED
            and not event.is_past(then.now)
        ):
            yield _finding(
                "event", 2, f"AWS's own {event.code_text} is under way, or its time has come", "wait until AWS is done",
                "user guide, viewing_scheduled_events", event.not_before, "a scheduled event of it has begun",
            )  # fmt: skip


def _came_up(log: SystemLog | None, then: Then) -> Iterator[Finding]:
    if (
        log is None
        or not log.diagnosis.came_up
        or CheckName.INSTANCE not in then.failing
        or older_than_failure(log, then)
    ):
        return
    yield _finding(
        "came-up", 2, "it came up, and the check still fails: that points at its network, not at the boot",
        "look at its address, its network interface and its own firewall", "user guide, TroubleshootingInstances", None,
        "the last boot reached its log-in",
    )  # fmt: skip


def _by_changes(changes: Sequence[Change], then: Then) -> Iterator[Finding]:
    if then.instance.state in (InstanceState.STOPPED, InstanceState.STOPPING):
        stopped = next((one for one in changed_last.made(changes) if one.event == "StopInstances"), None)
        if stopped is not None:
            yield _finding(
                "stopped-by", 1, f"{changed_last.who(stopped)} stopped it", "start it (s) if it should run",
                "CloudTrail, StopInstances", to_utc(stopped.at), changed_last.told(stopped, then.now),
            )  # fmt: skip
    if not then.failing:
        return
    moment = then.since or then.now
    if (smaller := changed_last.type_change(changes, moment)) is not None and (smaller.share or 1.0) < 0.75:
        yield _finding(
            "type-smaller", 1, f"its type was made smaller, {smaller.old} to {smaller.new}",
            "give it its type back if it lacks memory or CPU", "CloudTrail, ModifyInstanceAttribute",
            to_utc(smaller.change.at), changed_last.told(smaller.change, then.now),
        )  # fmt: skip
        return
    for one in changed_last.just_before(changes, moment):
        yield _finding(
            "changed", 1, f"{changed_last.who(one)} changed it {changed_last.how_long_before(one, moment)} before it failed",
            "see whether that could be why", f"CloudTrail, {one.event}", to_utc(one.at), changed_last.told(one, then.now),
        )  # fmt: skip
        return


def _folded(found: list[Finding]) -> list[Finding]:
    """One finding a kind and boot: the gravest, with the evidence of the others. Metrics add to a log's kind of their matter."""
    kept: list[Finding] = []
    for one in sorted(found, key=lambda each: (-each.severity, -each.line)):
        same = next(
            (n for n, other in enumerate(kept) if (other.key, other.boot) == (one.key, one.boot)), None
        )
        if same is None:
            kept.append(one)
            continue
        first = kept[same]
        kept[same] = replace(
            first,
            evidence=tuple(dict.fromkeys((*first.evidence, *one.evidence))),
            at=first.at or one.at,
        )
    return kept


def _told(
    found: list[Finding], rows: Sequence[TriageRow], changes: Sequence[Change], then: Then
) -> Iterator[Finding]:
    """Each with the evidence of the rows of its matter, of its consequences in the log, and of what was changed before."""
    smaller = changed_last.type_change(changes, then.since or then.now)
    for one in found:
        if one.boot or one.severity < 2:
            yield one
            continue
        evidence = [*one.evidence]
        kin = next((family for family in FAMILIES if one.key in family), frozenset({one.key}))
        theirs = EXPLAINS.get(one.key, frozenset()) | kin
        evidence += [
            row_sentence(row) for row in rows if row.trouble in theirs or _silent_with(row, one, then)
        ]
        for other in found:
            if (
                other is not one
                and other.line
                and other.boot == 0
                and other.key in theirs
                and not other.against
            ):
                evidence.append(f"the log also says: {other.words} (line {other.line})")
        if (
            one.key == "orderly"
            and (call := changed_last.taken_down(changes, one.at, then.since)) is not None
        ):
            evidence.insert(0, changed_last.told(call, then.now))
        if smaller is not None and one.key in MEMORY_KINDS and (smaller.share or 1.0) < 0.75:
            one = _smaller(one, smaller, then)
            evidence.insert(0, changed_last.told(smaller.change, then.now))
        elif smaller is not None and one.key in TYPE_CHANGE:
            evidence.insert(0, f"its type was changed: {changed_last.told(smaller.change, then.now)}")
        yield replace(one, evidence=tuple(dict.fromkeys(evidence))[:_MOST_SENTENCES])


def _silent_with(row: TriageRow, one: Finding, then: Then) -> bool:
    """Whether the agent fell silent as the check failed: a sign of a system that does nothing more."""
    return (
        row.row is MetricRow.MEMORY
        and row.state is MetricState.SILENT
        and row.mark is Mark.FAILING
        and one.key in ("hung", "panic", "oops", *MEMORY_KINDS, *VOLUME_KINDS)
    )


def _smaller(one: Finding, smaller: changed_last.TypeChange, then: Then) -> Finding:
    half = "half the memory" if 0.4 <= (smaller.share or 0.0) <= 0.6 else "less memory"
    until = clock_or_date(to_utc(smaller.change.at), then.zone, then.now)
    by = f"{smaller.old} until {until} (changed by {changed_last.who(smaller.change)})"
    return replace(
        one,
        remedy=f"give it its type back: {smaller.old} had more memory than {smaller.new}",
        advice=f"it only buys time: it was {by}, and comes back with {half}. The larger type is the cure",
    )


def _ranked(found: Iterator[Finding], then: Then) -> tuple[Finding, ...]:
    """The likeliest cause first: of this boot, the gravest, explained by no other, shown by the metrics too, the latest."""
    all_of_them = tuple(found)
    causes = [one for one in all_of_them if one.boot == 0 and one.severity >= 2]
    explained = {
        one.key for one in causes if any(one.key in EXPLAINS.get(cause.key, frozenset()) for cause in causes if cause is not one)
    }  # fmt: skip
    waits = {one.key for one in causes if one.key in WAITS or one.key in ("orderly", "event")}
    volume_first = then.failing[:1] == (CheckName.ATTACHED_EBS,)

    def place(one: Finding) -> tuple[object, ...]:
        return (
            one.boot,
            -one.severity,
            one.key != "host",
            not (volume_first and one.key in VOLUME_KINDS),
            one.key in explained,
            one.key not in waits,
            -len(one.evidence) if one.line else 0,
            -one.line,
        )

    return tuple(sorted(all_of_them, key=place))


def _unknown(instance: Instance, evidence: Evidence, now: datetime, zone: tzinfo) -> Iterator[str]:
    """What would have to be known, and is not."""
    for part, why in evidence.unread:
        yield f"{_PARTS.get(part, part)}: {why}"
    unread = {part for part, _ in evidence.unread}
    then = Then(instance, now, zone, instance.checks.impaired(), None)
    failing = then.failing
    since = instance.checks.get(failing[0]).since if failing else None
    then = replace(then, since=None if since is None else to_utc(since))
    for part, value in (("metrics", evidence.metrics), ("log", evidence.log), ("changes", evidence.changes)):
        if value is None and part not in unread:
            yield f"{_PARTS[part]}: not read"
    for row in triage_rows(instance, evidence.metrics or (), now, zone):
        no_agent = row.row is MetricRow.MEMORY and row.state in (MetricState.ABSENT, MetricState.EARLY)
        if no_agent or row.state is MetricState.DENIED:
            yield row_sentence(row)
    if evidence.log is not None:
        if not any(evidence.log.lines):
            yield "system log: it is empty"
        elif old := older_than_failure(evidence.log, then):
            yield f"system log: {old}"
        elif evidence.log.latest is False and failing:
            yield "system log: what was kept of the last boot or stop, not the newest lines"
    if evidence.changes is not None and failing:
        yield f"changed last: CloudTrail lags some minutes behind, so the last {int(LAG.total_seconds() // 60)} can't be known"


_PARTS = {"metrics": "metrics", "agent": "agent's metrics", "log": "system log", "changes": "changed last"}
