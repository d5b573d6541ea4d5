"""What AWS Health says of one instance, for `evac explain` and `evac diagnose`: asked for, joined to its row, and printed."""

from __future__ import annotations

import textwrap
from datetime import datetime, tzinfo
from typing import Any

from msgspec.structs import replace

from tui.cli import output
from tui.domain.health import HealthReport
from tui.domain.health_notices import entities_of, health_notices_of, of_place, of_scheduled
from tui.domain.instance import Instance
from tui.fleet.protocol import ReadAnswer, ReadKind, ReadRequest
from tui.presentation import instance_objects


def health_request(instance: Instance) -> ReadRequest:
    """The question what it says of the instance and its volumes."""
    return ReadRequest(
        0, ReadKind.HEALTH, instance.target, instance.instance_id, entities=entities_of(instance)
    )


def with_health(instance: Instance, report: HealthReport) -> Instance:
    """The row with what was answered of it."""
    mine = set(entities_of(instance))
    return replace(instance, health=tuple(one for one in report.events if one.entity in mine))


def read_health(answer: ReadAnswer) -> HealthReport:
    """What was answered; what could not be read is said, and nothing is known then."""
    if answer.trouble is not None:
        output.say(f"? AWS Health: {answer.trouble.line}")
    return answer.health or HealthReport()


def health_objects(instance: Instance, report: HealthReport, now: datetime) -> list[dict[str, Any]]:
    """As in an instance's object, each with AWS's own text (`description`; empty: none)."""
    return [
        {**instance_objects.health_object(told), "description": report.text_of(told.event)}
        for told in health_notices_of(instance, of_place(report.events), now)
    ]


def print_health(instance: Instance, report: HealthReport, now: datetime, zone: tzinfo) -> None:
    """A line each, with AWS's own text below it. Nothing where there is nothing."""
    told = health_notices_of(instance, of_place(report.events), now, zone)
    scheduled = [(one, text) for one, event in of_scheduled(instance, now) if (text := report.text_of(event))]
    if not told and not scheduled:
        return
    output.line("")
    output.line("AWS Health")
    for one in told:
        _wrapped(one.text, "  ")
        if text := report.text_of(one.event):
            _wrapped(text, "    | ")
    for event, text in scheduled:  # the event itself is told above
        _wrapped(f"on the {event.code_text}:", "  ")
        _wrapped(text, "    | ")


def _wrapped(text: str, indent: str) -> None:
    for part in textwrap.wrap(text, output.columns(100), initial_indent=indent, subsequent_indent=indent):
        output.line(part)
