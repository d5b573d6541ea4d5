"""Why an instance fails, out of all that was read: `diagnose`. Pure; what was not read is said, never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from msgspec import Struct
from msgspec.structs import replace

from tui.domain.diagnosis.evidence import Change, Evidence, Metric, SystemLog
from tui.domain.diagnosis.findings import Finding
from tui.domain.diagnosis.wall_time import about, boot_began
from tui.domain.events import ScheduledEvent
from tui.domain.facts import Facts
from tui.domain.instance import Instance
from tui.domain.time_format import bare_clock


class Diagnosis(Struct, frozen=True):
    """`findings`: the likeliest cause first. `likely`: it in one line, empty if none is known. `unknown`: what was not read, or

    cannot be known, in short sentences.
    """

    findings: tuple[Finding, ...] = ()
    likely: str = ""
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
    return Diagnosis(
        found, likely_line(found, zone), tuple(f"{part}: {why}" for part, why in evidence.unread)
    )


def likely_line(findings: Sequence[Finding], zone: tzinfo = UTC) -> str:
    """The likeliest cause: `memory ran out …, about 23:02 (system log, line 611)`. Empty: none that is more than a hint."""
    if not findings or findings[0].severity < 2 or findings[0].boot:
        return ""
    first = findings[0]
    when = "" if first.at is None else f", about {bare_clock(first.at, zone)}"
    return f"{first.words}{when}" + (f" (system log, line {first.line})" if first.line else "")


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
    if log is None:
        return ()
    began = boot_began(log, instance.launched_at)
    found = [replace(one, at=about(log, one.line - 1, began)) for one in log.diagnosis.findings]
    return tuple(sorted(found, key=lambda one: (one.boot > 0, -one.severity)))
