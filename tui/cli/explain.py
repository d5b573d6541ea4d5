"""`evac explain`: the guidance as text, for an event code or for an instance."""

from __future__ import annotations

import re
import textwrap
from datetime import UTC, datetime
from typing import Any

import click

from tui.cli import output
from tui.cli.activity import own
from tui.cli.fleet_reader import find_instance
from tui.cli.health_view import health_objects, health_request, print_health, read_health, with_health
from tui.cli.options import json_option, shared_options, timeout_option
from tui.cli.session import PARTIAL, USAGE, WELL, RefusedError, Shared, open_session
from tui.cli.shell_words import shell_codes_and_ids
from tui.cli.this_machine import here_for
from tui.config.schema import policy
from tui.domain.events import KNOWN_CODES, EventState
from tui.domain.guidance import Explanation, explain, explain_code
from tui.domain.guidance.base import heading
from tui.domain.health import HealthReport
from tui.presentation import instance_objects

_CODE = re.compile(r"(instance|system)-[a-z]+")
"""What looks like an event code."""


@click.command("explain")
@click.argument("what", metavar="CODE|INSTANCE_ID|NAME", shell_complete=shell_codes_and_ids)
@click.option(
    "--root-device",
    type=click.Choice(["ebs", "instance-store"]),
    help="For a code: the instance's root device.",
)
@click.option(
    "--state",
    type=click.Choice([state.value for state in EventState]),
    default="pending",
    show_default=True,
    help="For a code.",
)
@click.option(
    "--reboot-migration",
    type=click.Choice(["default", "disabled"]),
    help="For a code: the instance's setting.",
)
@click.option("--sources", is_flag=True, help="Where each sentence comes from.")
@json_option()
@timeout_option()
@shared_options
def explain_command(
    shared: Shared,
    what: str,
    root_device: str | None,
    state: str,
    reboot_migration: str | None,
    sources: bool,
    as_json: bool,
    timeout: float,
) -> int:
    """What an event code, or an instance's events and checks, mean and what to do."""
    if (code := what.strip().lower().replace("_", "-")) in KNOWN_CODES:
        what = code
        told = explain_code(what, root_device or "", EventState(state), reboot_migration or "")
        _print(what, told, sources, as_json, None)
        return WELL
    if _CODE.fullmatch(what):  # a name like that is found by its id
        raise click.UsageError(f"{what} is no event code; codes are {', '.join(KNOWN_CODES)}")
    with open_session(shared) as session:
        asks = session.settings.health.enabled
        found = find_instance(session, what, timeout, more=lambda row: (health_request(row),) if asks else ())
        settings, here = session.settings, here_for(session)
        ours = own(session)
        if found.instance is None:
            raise RefusedError(found.why, PARTIAL if found.unread else USAGE)
        report = read_health(found.answers[0]) if found.answers else HealthReport()
    now = datetime.now(UTC)
    rules = policy(settings, found.instance.target.profile, found.instance.account_id)
    told = explain(found.instance, found.facts, rules, now, settings.zone(), here, ours)
    name = f"{found.instance.label} {found.instance.instance_id} {found.instance.target.key}"
    row = with_health(found.instance, report)
    shown = {
        **instance_objects.instance_object(row, now, own=ours),
        "health": health_objects(row, report, now),
    }
    _print(name, told, sources, as_json, shown)
    if not as_json:
        print_health(row, report, now, settings.zone())
    return WELL


def _print(
    title: str, told: Explanation, sources: bool, as_json: bool, instance: dict[str, Any] | None
) -> None:
    advice = told.recommended
    if as_json:
        output.json(
            {
                "about": title,
                "instance": instance,
                "headline": told.headline,
                "recommended": {"action": advice.verb, "key": advice.key, "why": advice.why}
                if advice
                else None,
                "paragraphs": [
                    {
                        "kind": str(part.kind),
                        "text": part.text,
                        "sources": [source.text for source in part.sources],
                    }
                    for part in told.paragraphs
                ],
            }
        )
        return
    output.line(title)
    output.line("")
    _wrapped(told.headline)
    last = ""
    for part in told.paragraphs:
        if part.kind != last:
            output.line("")
            output.line(heading(part.kind))
            last = part.kind
        _wrapped(part.text, "  ")
        if sources:
            for source in part.sources:
                output.line(f"    [{source.text}]")
    if advice:
        output.line("")
        _wrapped(f"Recommended: {advice.verb} (key {advice.key}): {advice.why}")


def _wrapped(text: str, indent: str = "") -> None:
    for part in textwrap.wrap(text, output.columns(100), initial_indent=indent, subsequent_indent=indent) or [
        ""
    ]:
        output.line(part)
