"""The plan of `evac do` on paper: the same Draft the confirm screen shows, as text or JSON, and the same question."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from tui.cli import output
from tui.cli.new_start import NEXT
from tui.config.schema import Settings
from tui.domain.actions import ActionOptions
from tui.domain.plan import Draft, GuardKind
from tui.domain.sanitize import clean
from tui.domain.time_format import both_zones, parse_moment
from tui.domain.typed_name import answers, typed_hint
from tui.presentation.accounts import account_number
from tui.presentation.instance_objects import hazard_object, iso_or_none
from tui.presentation.plan_text import costs, plan_lines


def parse_at(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | str | None:
    """--at: ISO 8601, in the zone it states or else in UTC; or a duration from now, such as 36h: to UTC. Or `next`."""
    if value is None or value.strip().lower() == NEXT:
        return None if value is None else NEXT
    try:
        return parse_moment(value, datetime.now(UTC))
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


def options_of(settings: Settings, **given: Any) -> ActionOptions:
    """The action's options: what was given on the command line, and the settings' word on waiting for an AMI."""
    given["minutes"] = given.get("minutes") or 0
    given["overrides"] = tuple(dict.fromkeys(given.get("overrides", ())))
    return ActionOptions(wait_for_image=settings.actions.wait_for_image, **given)


def draft_object(draft: Draft) -> dict[str, Any]:
    """The plan as JSON."""
    return {
        "action": draft.action,
        "title": draft.title,
        "profile": draft.target.profile,
        "account_id": draft.account_id,
        "region": draft.target.region,
        "instance_id": draft.instance_id,
        "name": draft.instance_name,
        "state": draft.state.value,
        "options": {
            "image_first": draft.options.image_first,
            "standby": bool(draft.options.standby),
            "drain": bool(draft.options.drain),
            "overrides": list(draft.options.overrides),
            "if_held": draft.options.if_held,
            "event_id": draft.options.event_id,
            "not_before": iso_or_none(draft.options.not_before),
        },
        "steps": [
            {
                "name": step.name,
                "text": step.text,
                "about": step.about,
                "calls": [
                    {"service": call.service, "operation": call.operation, "text": call.text}
                    for call in step.calls
                ],
            }
            for step in draft.steps
        ],
        "hazards": [hazard_object(hazard) for hazard in draft.hazards],
        "guard": {
            "kind": draft.guard.kind.value,
            "expected": draft.guard.expected,
            "unblock": list(draft.guard.unblock),
        },
        "unasked": list(draft.unasked),
        "drafted_at": iso_or_none(draft.drafted_at),
    }


def print_plan(draft: Draft, settings: Settings) -> None:
    """The plan as text: where, what will be called, and the consequences, gravest first."""
    label = settings.label(draft.target.profile)
    output.line(f"{draft.title}: {draft.instance_id}, {draft.state.value}")
    output.line(f"{label} · {account_number(draft.account_id) or 'account unknown'} · {draft.target.region}")
    for number, line in enumerate(plan_lines(draft), 1):
        output.line(f"  {number} {line.text}{line.then}" + (f"  ({line.about})" if line.about else ""))
    if draft.order.not_before:
        output.line(f"  new start: {both_zones(draft.order.not_before, settings.zone(), draft.drafted_at)}")
    for cost in costs(draft.hazards):
        remedy = f" → {cost.remedy}" if cost.remedy else ""
        output.line(f"  {cost.sign.named}: {cost.text}{remedy}")


def agreed(draft: Draft, given: str | None) -> tuple[bool, str]:
    """Whether the guard is satisfied by `given` (--confirm) or by what is answered now; and if not, why.

    --confirm takes the name or the id (where the site wants the id, only that), for harmless actions too: a script that
    names the wrong instance must not act on this one.
    """
    if draft.guard.kind is GuardKind.BLOCKED:
        return False, "; ".join(draft.guard.unblock)
    accepts = draft.guard.accepts
    names = " or ".join(dict.fromkeys(accepts))
    if given is not None:
        return answers(
            given, accepts
        ), f"--confirm {clean(given)} is not {names}{_seen_badly(given, accepts)}"
    if draft.guard.kind is GuardKind.TYPE_NAME:
        answer = output.ask(f"Type {draft.guard.expected} to go on:")
        why = f"that was not {names}{_seen_badly(answer, accepts)}" if answer else "not confirmed"
        ok = answers(answer or "", accepts)
    else:
        answer = output.ask(f"{draft.title}? [y/N]")
        why, ok = "not confirmed", (answer or "").lower() in ("y", "yes")
    if answer is None:
        why = f"nobody can be asked here; confirm with --confirm {names}"
    return ok, why


def _seen_badly(given: str, accepts: tuple[str, ...]) -> str:
    why = next(filter(None, (typed_hint(given, one) for one in accepts)), "")
    return f" ({why})" if why else ""
