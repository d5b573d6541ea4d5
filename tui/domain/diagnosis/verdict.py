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
from tui.domain.diagnosis.health_findings import HEALTH_KINDS, OF_HOST, said_by_health
from tui.domain.diagnosis.kinds import (
    EXPLAINS,
    FAMILIES,
    MEMORY_KINDS,
    TYPE_CHANGE,
    VOLUME_KINDS,
    WAITS,
)
from tui.domain.diagnosis.log_evidence import LAG, Then, log_evidence, then_of
from tui.domain.diagnosis.metric_findings import idle_volumes, metric_findings, row_sentence
from tui.domain.diagnosis.metric_marks import triage_rows
from tui.domain.diagnosis.not_known import not_known
from tui.domain.diagnosis.other_findings import came_up, said_by_aws, said_by_changes
from tui.domain.diagnosis.triage_row import TriageRow
from tui.domain.events import ScheduledEvent
from tui.domain.facts import Facts
from tui.domain.health import HealthEvent
from tui.domain.instance import CheckName, Instance
from tui.domain.severity import Mark
from tui.domain.time_format import to_utc

LIKELY, HINT, NOT_KNOWN = "likely", "a hint", "not known"
_MOST_SENTENCES = 4
COMES_WITH = "it comes of what stands above"


class Diagnosis(Struct, frozen=True):
    """`findings`: the likeliest cause first. `label` (`likely`, `a hint`, `not known`) and `line` say it in one line; both are
    empty where nothing is to be said. `unknown`: what was not read, or cannot be known, in short sentences.
    """

    findings: tuple[Finding, ...] = ()
    label: str = ""
    line: str = ""
    unknown: tuple[str, ...] = ()


def diagnosis_of(
    instance: Instance,
    evidence: Evidence,
    now: datetime,
    *,
    facts: Facts | None = None,
    zone: tzinfo = UTC,
    health: Sequence[HealthEvent] = (),
) -> Diagnosis:
    """`diagnose` with the line for the head and what is not known. Times in words are of `zone`."""
    rows = triage_rows(instance, evidence.metrics or (), now, zone)
    then = then_of(instance, rows, now, zone)
    found = _findings(then, rows, evidence.log, evidence.changes or (), instance.events, facts, health)
    unknown = tuple(not_known(then, rows, evidence))
    read = evidence.log is not None or any(
        one.state is not MetricState.DENIED for one in evidence.metrics or ()
    )
    label, line = _head(then, found, read=read)
    return Diagnosis(found, label, line, unknown)


def _head(then: Then, found: Sequence[Finding], *, read: bool) -> tuple[str, str]:
    failing = bool(then.failing)
    none = (
        "no cause was found in what was read" if read else "neither metrics nor the system log could be read"
    )
    first = next((one for one in found if one.boot == 0), None)
    if first is None or (first.severity < 2 and not first.line and not failing):
        return (NOT_KNOWN, none) if failing else ("", "")
    if first.severity < 2 and not failing:
        return "", ""
    begun = then.since is not None and first.at is not None and abs(first.at - then.since) <= LAG
    # What began with the check: its time stands above.
    told = first.at is not None and (bool(first.line) or not begun) and first.key not in HEALTH_KINDS
    when = f", about {then.clock(first.at)}" if first.at is not None and told else ""
    where = f" (line {first.line})" if first.line else ""
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
    health: Sequence[HealthEvent] = (),
) -> tuple[Finding, ...]:
    """What is wrong, the likeliest cause first. None: that part was not read. Never raises, whatever the evidence holds.

    `health`: what AWS Health says of the instance's region and its zones.
    """
    rows = triage_rows(instance, metrics or (), now, zone)
    return _findings(then_of(instance, rows, now, zone), rows, log, changes or (), events, facts, health)


def _findings(
    then: Then,
    rows: Sequence[TriageRow],
    log: SystemLog | None,
    changes: Sequence[Change],
    events: Sequence[ScheduledEvent],
    facts: Facts | None,
    health: Sequence[HealthEvent],
) -> tuple[Finding, ...]:
    found = [
        *metric_findings(rows, then),
        *idle_volumes(rows, then),
        *said_by_aws(then, events, facts),
        *said_by_health(then, health),
        *(log_evidence(log, then) if log is not None else ()),
        *came_up(log, rows, then),
        *said_by_changes(changes, then),
    ]
    return _ranked(_told(_folded(found), rows, changes, then), then)


def _folded(found: list[Finding]) -> list[Finding]:
    """One finding a kind and boot: the gravest, with the evidence of the others."""
    kept: dict[tuple[str, int], Finding] = {}
    for one in sorted(found, key=lambda each: (-each.severity, -each.line)):
        first = kept.setdefault((one.key, one.boot), one)
        if first is not one:
            evidence = tuple(dict.fromkeys((*first.evidence, *one.evidence)))
            kept[one.key, one.boot] = replace(first, evidence=evidence, at=first.at or one.at)
    return [*kept.values()]


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
        if one.key == "host":
            evidence += [other.words for other in found if other.key in OF_HOST and not other.against]
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
    until = then.clock(to_utc(smaller.change.at))
    by = f"{smaller.old} until {until} (changed by {changed_last.who(smaller.change)})"
    return replace(
        one,
        remedy=f"give it its type back: {smaller.old} had more memory than {smaller.new}",
        advice=f"it only buys time: it was {by}, and comes back with {half}. The larger type is the cure",
    )


def _brings_about(cause: Finding, one: Finding) -> bool:
    return (
        cause is not one
        and cause.severity >= one.severity
        and one.key in EXPLAINS.get(cause.key, frozenset())
    )


def _same_matter(one: Finding, cause: Finding) -> bool:
    """Whether a cause says the same of the same matter, and has it as its evidence."""
    return _brings_about(cause, one) and any(one.key in family and cause.key in family for family in FAMILIES)


def _ranked(found: Iterator[Finding], then: Then) -> tuple[Finding, ...]:
    """The likeliest cause first: of this boot, the gravest, explained by no other, shown by the metrics too, the latest."""
    every = tuple(found)
    causes = [one for one in every if one.boot == 0 and one.severity >= 2 and not one.against]
    explained = {one.key for one in causes if any(_brings_about(cause, one) for cause in causes)}
    all_of_them = [
        replace(one, severity=1, against=(COMES_WITH,)) if one.key in explained and not one.line else one
        for one in every
        if not (one.key in explained and not one.line and any(_same_matter(one, cause) for cause in causes))
    ]
    waits = {one.key for one in causes if one.key in WAITS or one.key in ("orderly", "event")}
    volume_first = then.failing[:1] == (CheckName.ATTACHED_EBS,)

    def place(one: Finding) -> tuple[object, ...]:
        return (
            one.boot,
            -one.severity,
            one.key != "host",
            bool(one.against),
            not (volume_first and one.key in VOLUME_KINDS),
            one.key in explained,
            one.key not in waits,
            -len(one.evidence) if one.line else 0,
            -one.line,
        )

    return tuple(sorted(all_of_them, key=place))
