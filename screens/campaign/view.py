"""What is drawn of a campaign: a head, lines, its members in their order, each with a note, and which count is asked for."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from rich.text import Text

from tui.domain.campaign.kept_plan import kept_plan
from tui.domain.campaign.model import Campaign, CampaignState, Member, MemberState
from tui.domain.campaign.plan_values import PlannedMember
from tui.domain.campaign.planning import Outlook
from tui.domain.campaign.timeline import timeline
from tui.domain.campaign.turn import standing
from tui.domain.campaign.typed_count import expected_count
from tui.domain.plurals import counted
from tui.domain.sanitize import clean
from tui.domain.time_format import both_zones, clock_or_date, span
from tui.operations.campaign_outlook import production_label
from tui.presentation.campaign_plan_text import CampaignLine, campaign_plan_lines
from tui.presentation.campaign_text import (
    action_title,
    campaign_bar,
    campaign_counts,
    campaign_sign,
    counted_reasons,
    in_member_order,
    member_note,
    rules_text,
    took_so_far,
)
from tui.presentation.width import cut
from tui.services import Services


class CampaignView(Struct, frozen=True):
    """`wanted`: the count that confirms it, empty where none does. `notes`: by a member's key. `hint`: the last line."""

    head: Text
    lines: tuple[CampaignLine, ...]
    bar: tuple[tuple[str, str], ...]
    members: tuple[Member, ...]
    notes: Mapping[str, str]
    late: frozenset[str] = frozenset()
    wanted: str = ""
    hint: str = ""


def campaign_view(
    campaign: Campaign,
    outlook: Outlook,
    services: Services,
    doing: Mapping[str, str],
    width: int,
) -> CampaignView:
    """`doing`: what the operations under way do, by their ids."""
    if campaign.state is CampaignState.PLANNED:
        return _planned(campaign, outlook, services, width)
    return _under_way(campaign, outlook, services, doing, width)


def _planned(campaign: Campaign, outlook: Outlook, services: Services, width: int) -> CampaignView:
    now, zone, settings = services.now(), services.zone, services.settings
    plan = kept_plan(
        campaign,
        outlook.usual,
        now,
        lambda one: production_label(settings, one.profile, str(one.account_id)),
        outlook.memory_free_mb,
    )
    labels = dict.fromkeys(settings.label(one.member.profile) for one in plan.members)
    head = Text(no_wrap=True, overflow="ellipsis")
    head.append(" plan a campaign ", "bold reverse")
    head.append(f" {action_title(campaign.action)} · {counted(len(campaign.members), 'instance')}", "bold")
    head.append(f" · {'+'.join(labels)}" if len(labels) < 5 else f" · {len(labels)} profiles")
    if campaign.id:
        head.append(f"   {campaign.id}", "dim")
    hint = "esc keeps it as a plan: nothing begins"
    if plan.not_looked and campaign.id:
        looked = campaign.note or "looking at each of them"
        hint = f"{looked}; esc keeps it as a plan"
    return CampaignView(
        head=head,
        lines=tuple(campaign_plan_lines(plan, zone, now, width - 2)),
        bar=(),
        members=tuple(one.member for one in plan.members),
        notes={one.member.key: _plan_note(one, services) for one in plan.members},
        late=frozenset(one.member.key for one in plan.late),
        wanted=expected_count(len(plan.going), plan.production) if plan.going else "",
        hint=hint,
    )


def _plan_note(one: PlannedMember, services: Services) -> str:
    """When it is likely begun and what was ticked for it; or why it does not go."""
    if not one.goes:
        return one.member.why
    parts = []
    if one.late:
        parts.append("can't be kept")
    if one.begins is not None:
        parts.append(f"about {clock_or_date(one.begins, services.zone, services.now())}")
    if ticked := one.member.dangers:
        parts.append(f"ticked: {', '.join(ticked)}")
    return ", ".join(parts)


def _under_way(
    campaign: Campaign, outlook: Outlook, services: Services, doing: Mapping[str, str], width: int
) -> CampaignView:
    now, zone = services.now(), services.zone
    sign = campaign_sign(campaign)
    head = Text(no_wrap=True, overflow="ellipsis")
    head.append(f" {sign.named} ", f"{sign.style} reverse")
    goes = len(campaign.members) - len(campaign.of(MemberState.LEFT_OUT))
    head.append(f" campaign · {action_title(campaign.action)} · {counted(goes, 'instance')}", "bold")
    head.append(f"   {campaign.id}", "dim")
    waits = waiting_notes(campaign, services)
    notes = {one.key: member_note(one, doing, waits) for one in campaign.members}
    return CampaignView(
        head=head,
        lines=tuple(_progress_lines(campaign, outlook, services, width - 2)),
        bar=tuple(campaign_bar(campaign, max(10, width - 2))),
        members=tuple(in_member_order(campaign.members)),
        notes=notes,
        late=frozenset(
            one.key
            for one in campaign.of(MemberState.WAITS)
            if one.deadline is not None and one.deadline <= now
        ),
        hint=_run_hint(campaign, both_zones(campaign.confirmed_at or campaign.created_at, zone, now)),
    )


def waiting_notes(campaign: Campaign, services: Services) -> dict[str, str]:
    """For whom or what each member that waits does so, by its key; empty: nothing but its turn."""
    if campaign.state is CampaignState.ENDED:
        return {}
    try:
        return {
            one.key: why.why if why is not None else "" for one, why in standing(campaign, services.now())
        }
    except KeyError:  # an action of a newer version
        return {}


def _progress_lines(
    campaign: Campaign, outlook: Outlook, services: Services, width: int
) -> list[CampaignLine]:
    """Below the bar: the numbers, what stands still and why, when it will be done, the rules, who was left out and why."""
    now, zone = services.now(), services.zone
    counts = " · ".join(text for text, _ in campaign_counts(campaign))
    found = [CampaignLine(f"{counts} · {span(took_so_far(campaign, now))}", "bold")]
    going = campaign.of(MemberState.GOING)
    if campaign.state is CampaignState.PAUSED:
        why = f": {campaign.note}" if campaign.note else ""
        rest = f", {_finish(len(going))}" if going else ""
        found.append(CampaignLine(f"‖ paused{why}; nothing new begins{rest}; r resumes", "bold yellow"))
    elif campaign.note:
        found.append(CampaignLine(campaign.note, "", 1))
    if campaign.state is CampaignState.ENDED and going:
        found.append(CampaignLine(_finish(len(going)), "bold"))
    if campaign.state is CampaignState.RUNNING:
        try:
            line = timeline(
                campaign.members, campaign.action, campaign.options, campaign.rules, outlook.usual, now
            )
        except (KeyError, ValueError):
            line = None
        if line is not None and line.done_at is not None:
            found.append(CampaignLine(f"done about {both_zones(line.done_at, zone, now)}", "", 2))
    found.append(CampaignLine(f"rules  {rules_text(campaign.rules)}", "dim", 3))
    told = [one.wrapped(width) for one in found]
    if out := campaign.of(MemberState.LEFT_OUT):
        why = "; ".join(f"{count} {why}" for count, why in counted_reasons(out, MemberState.LEFT_OUT))
        told.append(CampaignLine(cut(clean(f"– {len(out)} left out: {why}", 600), width).rstrip(), "dim", 4))
    return told


def _finish(number: int) -> str:
    return "1 finishes by itself" if number == 1 else f"{number} finish by themselves"


def _run_hint(campaign: Campaign, since: str) -> str:
    return f"by {clean(campaign.user)}@{clean(campaign.host)}, {since}; it goes on without this console"
