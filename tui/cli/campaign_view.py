"""A campaign told: as the stable JSON of `--json`, and in lines. Fields are added, never renamed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from tui.cli import output
from tui.config.schema import Settings
from tui.domain.campaign.model import Campaign, CampaignRules, CampaignState, Member, MemberState
from tui.domain.campaign.plan_values import CampaignPlan
from tui.domain.campaign.typed_count import expected_count
from tui.domain.sanitize import clean
from tui.domain.time_format import span
from tui.operations.status import conductor_of
from tui.presentation.campaign_plan_text import campaign_plan_lines
from tui.presentation.campaign_text import (
    action_title,
    campaign_counts,
    campaign_line,
    campaign_sign,
    campaign_summary,
    in_member_order,
    member_line,
    needs_somebody,
    took_so_far,
)
from tui.presentation.instance_objects import iso_or_none

_NAMED = 20
"""Members that are named where many are left out for one reason; JSON has all."""
_WIDE = 200
"""Columns of a member's line where it goes to a file."""


def rules_object(rules: CampaignRules) -> dict[str, Any]:
    """The rules of a campaign."""
    return {
        "at_once": rules.at_once,
        "max_failures": rules.max_failures,
        "hours": rules.hours,
        "accept": list(rules.accept),
        "per_group": rules.per_group,
        "together": list(rules.together),
    }


def member_object(one: Member) -> dict[str, Any]:
    """One member. `state` is one of waits, going, done, failed, left-out, needs-you."""
    return {
        "position": one.position,
        "profile": one.profile,
        "account_id": one.account_id,
        "region": one.region,
        "instance_id": one.instance_id,
        "name": one.name,
        "instance_type": one.instance_type,
        "state": one.state.value,
        "why": one.why,
        "dangers": list(one.dangers),
        "keys": list(one.keys),
        "deadline": iso_or_none(one.deadline),
        "looked_at": iso_or_none(one.looked_at),
        "operation": one.operation or None,
    }


def campaign_object(campaign: Campaign, now: datetime) -> dict[str, Any]:
    """One campaign with its members. `state` is one of planned, running, paused, ended."""
    return {
        "id": campaign.id,
        "action": campaign.action,
        "state": campaign.state.value,
        "user": campaign.user,
        "host": campaign.host,
        "created_at": iso_or_none(campaign.created_at),
        "confirmed_at": iso_or_none(campaign.confirmed_at),
        "ended_at": iso_or_none(campaign.ended_at),
        "given_up": campaign.given_up,
        "needs_somebody": needs_somebody(campaign),
        "conductor": conductor_of(campaign, now),
        "note": campaign.note,
        "rules": rules_object(campaign.rules),
        "counts": {state.value: len(campaign.of(state)) for state in MemberState},
        "members": [member_object(one) for one in campaign.members],
    }


def campaign_plan_object(plan: CampaignPlan, campaign: str) -> dict[str, Any]:
    """The plan as JSON. `campaign`: its id, or empty where nothing is kept."""
    return {
        "campaign": campaign or None,
        "action": plan.action,
        "rules": rules_object(plan.rules),
        "going": len(plan.going),
        "left_out": len(plan.left_out),
        "not_looked": plan.not_looked,
        "late": [one.member.key for one in plan.late],
        "done_at": iso_or_none(plan.done_at),
        "deadline": iso_or_none(plan.deadline),
        "expected": expected_count(len(plan.going), plan.production),
        "kinds": [
            {
                "code": kind.code,
                "text": kind.text,
                "remedy": kind.remedy,
                "tickable": kind.tickable,
                "ticked": kind.ticked,
                "count": kind.count,
            }
            for kind in plan.kinds
        ],
        "timeline": [
            {
                "at_once": one.at_once,
                "count": one.count,
                "begins": iso_or_none(one.begins),
                "ends": iso_or_none(one.ends),
            }
            for one in plan.stretches
        ],
        "memory_mb": plan.memory_mb,
        "memory_free_mb": plan.memory_free_mb,
        "members": [
            {
                **member_object(one.member),
                "looked": one.looked,
                "begins": iso_or_none(one.begins),
                "ends": iso_or_none(one.ends),
            }
            for one in plan.members
        ],
    }


def print_campaign_plan(plan: CampaignPlan, settings: Settings, now: datetime, ident: str = "") -> None:
    """The plan as text; below it who is left out, by name."""
    output.line(f"campaign {ident}: {action_title(plan.action)}" if ident else action_title(plan.action))
    for line in campaign_plan_lines(plan, settings.zone(), now, output.columns(100), "--accept CODE"):
        for part in line.text.splitlines():
            output.line(f"  {part}")
    for told_out in left_out_lines(plan):
        output.line(f"  {told_out}")


def left_out_lines(plan: CampaignPlan) -> list[str]:
    """Who is left out, by name, a line a reason."""
    found: dict[str, list[Member]] = {}
    for one in plan.left_out:
        others = [code for code in one.member.dangers if code not in plan.rules.accept]
        reason = f"--accept {others[0]}" if one.member.tickable and others else one.member.why
        found.setdefault(reason, []).append(one.member)
    return [f"– left out ({reason}): {_names(those)}" for reason, those in found.items()]


def _names(members: Sequence[Member]) -> str:
    names = ", ".join(one.label for one in members[:_NAMED])
    return f"{names} and {len(members) - _NAMED} more" if len(members) > _NAMED else names


def campaign_lines(campaign: Campaign, settings: Settings, now: datetime) -> list[str]:
    """What can be pasted into an incident channel, then every member, those that need somebody first."""
    lines = [*campaign_summary(campaign, settings.zone(), now), "members"]
    return [*lines, *(f"  {member_told(one)}" for one in in_member_order(campaign.members))]


def member_told(one: Member) -> str:
    """One member in a line."""
    operation = f"  {one.operation}" if one.operation else ""
    return f"{member_line(one, _WIDE)}{operation}"


def campaign_table(
    campaigns: Iterable[Campaign], now: datetime
) -> tuple[list[str], Sequence[str], list[Sequence[str]]]:
    """The lines nobody may overlook, and the table below them."""
    found = list(campaigns)
    loud = [
        f"{campaign_line(one)}; evac ops show {one.id}"
        for one in found
        if one.state is not CampaignState.ENDED and needs_somebody(one)
    ]
    headers = ("CAMPAIGN", "STATE", "ACTION", "MEMBERS", "ELAPSED", "NOTE")
    rows: list[Sequence[str]] = [
        (
            one.id,
            campaign_sign(one).word,
            one.action,
            ", ".join(text for text, _ in campaign_counts(one)),
            span(took_so_far(one, now)),
            clean(one.note, 60),
        )
        for one in found
    ]
    return loud, headers, rows
