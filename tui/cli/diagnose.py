"""`evac diagnose INSTANCE`: why it fails, out of metrics, system log and changes. `--log FILE`: out of a log, without AWS."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
from msgspec.structs import replace

from tui.cli import output
from tui.cli.activity import own
from tui.cli.diagnosis_view import print_diagnosis, print_log
from tui.cli.evidence_object import evidence_object, finding_object, verdict_object
from tui.cli.fleet_reader import FoundInstance, find_instance
from tui.cli.health_view import health_objects, health_request, print_health, read_health, with_health
from tui.cli.options import json_option, shared_options, timeout_option
from tui.cli.session import FOUND, PARTIAL, USAGE, WELL, RefusedError, Session, Shared, open_session
from tui.cli.shell_words import shell_ids
from tui.config.kinds import own_kinds
from tui.domain.diagnosis.causes import Cause
from tui.domain.diagnosis.evidence import Evidence
from tui.domain.diagnosis.log_findings import diagnose_log
from tui.domain.diagnosis.verdict import diagnosis_of
from tui.domain.health import HealthReport
from tui.domain.health_notices import of_place
from tui.domain.instance import Instance
from tui.domain.sanitize import clean
from tui.fleet.gathered import NOTHING_YET
from tui.fleet.protocol import ReadKind, ReadRequest
from tui.presentation import instance_objects

MAX_LOG = 32 * 1024 * 1024
"""Bytes of a file that are read, its last ones: a console's log has 64 KB, a day of journald's some megabytes."""
_PARTS = (ReadKind.METRICS, ReadKind.AGENT_METRICS, ReadKind.LOG, ReadKind.CHANGES)
"""What is asked of an instance, all at once."""


@click.command("diagnose")
@click.argument("instance", metavar="[INSTANCE_ID|NAME]", required=False, shell_complete=shell_ids)
@click.option("--log", "path", metavar="FILE", help="A system log from anywhere; - is standard input.")
@json_option()
@timeout_option()
@shared_options
def diagnose_command(
    shared: Shared, instance: str | None, path: str | None, as_json: bool, timeout: float
) -> int:
    """Why an instance fails: its metrics, its system log, what was changed last. Or what a log says. Ends with 6 if something
    was found."""
    if path is not None and instance is None:
        with open_session(replace(shared, demo=False)) as session:
            return _of_log(path, own_kinds(session.settings), as_json)
    if path is not None or instance is None:
        raise click.UsageError("name an instance, or a log with --log FILE")
    with open_session(shared) as session:
        return _of_instance(session, instance, as_json, timeout)


def _of_instance(session: Session, wanted: str, as_json: bool, timeout: float) -> int:
    output.say(f"looking for {wanted}…")
    found = find_instance(session, wanted, timeout, more=lambda row: _questions(session, row))
    if found.instance is None:
        raise RefusedError(found.why, PARTIAL if found.unread else USAGE)
    (evidence, report), now = _gathered(session, found), datetime.now(UTC)
    zone, row = session.settings.zone(), with_health(found.instance, report)
    told = diagnosis_of(row, evidence, now, facts=found.facts, zone=zone, health=of_place(report.events))
    if as_json:
        output.json(
            {
                "instance": {
                    **instance_objects.instance_object(row, now, own=own(session)),
                    "health": health_objects(row, report, now),
                },
                "verdict": {"label": told.label, "line": told.line} if told.line else None,
                "findings": [verdict_object(one) for one in told.findings],
                "unknown": list(told.unknown),
                **evidence_object(evidence),
            }
        )
    else:
        print_diagnosis(found.instance, evidence, told, now, zone)
        print_health(row, report, now, zone)
    if told.findings:
        return FOUND
    return PARTIAL if evidence.unread else WELL


def _questions(session: Session, instance: Instance) -> list[ReadRequest]:
    """All parts, and what AWS Health says."""
    asked = [ReadRequest(0, kind, instance.target, instance.instance_id) for kind in _PARTS]
    return [*asked, health_request(instance)] if session.settings.health.enabled else asked


def _gathered(session: Session, found: FoundInstance) -> tuple[Evidence, HealthReport]:
    """What was answered."""
    assert found.instance is not None
    report = HealthReport()
    gathered, now = NOTHING_YET, datetime.now(UTC)
    for request, answer in zip(_questions(session, found.instance), found.answers, strict=True):
        if request.kind is ReadKind.HEALTH:
            report = read_health(answer)
        else:
            gathered = gathered.answered(request.kind, answer, now)
    return gathered.evidence or Evidence(now), report


def _of_log(path: str, kinds: Sequence[Cause], as_json: bool) -> int:
    text, skipped = _read(path)
    found = diagnose_log(text, kinds)
    if as_json:
        output.json(
            {
                "log": clean(path),
                "lines": found.lines,
                "boots": found.boots,
                "came_up": found.came_up,
                "findings": [finding_object(one, skipped) for one in found.findings],
            }
        )
    else:
        print_log(found, skipped)
    return FOUND if found.findings else WELL


def _read(path: str) -> tuple[str, int]:
    """The log's text, whatever its bytes, and how many lines of it were left out before that."""
    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise RefusedError(
            clean(f"{path}: {why}: name a log that can be read, or - for standard input"), USAGE
        ) from None
    kept = data[-MAX_LOG:]
    return kept.decode("utf-8", "replace"), data[: len(data) - len(kept)].count(b"\n")
