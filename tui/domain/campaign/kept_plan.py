"""A campaign that the journal keeps, drawn as a plan: what its members say of themselves, and when it will be done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from msgspec.structs import replace

from tui.domain.campaign.durations import Usual
from tui.domain.campaign.model import Campaign, CampaignState, Member, MemberState
from tui.domain.campaign.plan_values import RUNNER_MB, CampaignPlan, ObjectionKind, PlannedMember
from tui.domain.campaign.timeline import timeline

_TICK = ": tick "
"""What follows the reason of a member that is left out for a danger (`tui.domain.campaign.planning`)."""


def kept_plan(
    campaign: Campaign,
    usual: Usual,
    now: datetime,
    label_of: Callable[[Member], str],
    memory_free_mb: int | None = None,
) -> CampaignPlan:
    """The plan of those of its members that have not been begun. `now` is UTC.

    While nobody has confirmed it, those go that its rules accept now. `label_of`: the label of a member's profile if it is
    production, else empty.
    """
    members = [_as_ticked(one, campaign) for one in campaign.of(MemberState.WAITS, MemberState.LEFT_OUT)]
    waits = [
        replace(one, position=at)
        for at, one in enumerate(one for one in members if one.state is MemberState.WAITS)
    ]
    out = [one for one in members if one.state is MemberState.LEFT_OUT]
    line = timeline(waits, campaign.action, campaign.options, campaign.rules, usual, now)
    return CampaignPlan(
        action=campaign.action,
        options=campaign.options,
        rules=campaign.rules,
        planned_at=now,
        members=(
            *(
                PlannedMember(one, (), one.looked_at is not None, *line.times.get(at, (None, None)))
                for at, one in enumerate(waits)
            ),
            *(PlannedMember(one, (), one.looked_at is not None) for one in out),
        ),
        kinds=tuple(_kinds(members, frozenset(campaign.rules.accept))),
        stretches=line.stretches,
        done_at=line.done_at,
        deadline=min((one.deadline for one in waits if one.deadline is not None), default=None),
        production=tuple(sorted({label_of(one) for one in waits} - {""})),
        memory_mb=RUNNER_MB * min(campaign.rules.at_once, len(waits)),
        memory_free_mb=memory_free_mb,
    )


def _as_ticked(one: Member, campaign: Campaign) -> Member:
    """As it would stand if the campaign were confirmed with what its rules accept now."""
    free = one.state is MemberState.WAITS or (one.tickable and not one.by_person)
    if campaign.state is not CampaignState.PLANNED or not free:
        return one
    others = [code for code in one.dangers if code not in campaign.rules.accept]
    if not others:
        return replace(one, state=MemberState.WAITS, why="")
    return replace(one, state=MemberState.LEFT_OUT, why=one.why or f"{others[0]}{_TICK}{others[0]}")


def _kinds(members: Iterable[Member], ticked: Collection[str]) -> list[ObjectionKind]:
    """Those that can't be ticked by their words, dangers by their code; the words are those of the first one."""
    found: dict[tuple[bool, str], list[Member]] = {}
    for one in members:
        for code in one.dangers:
            found.setdefault((True, code), []).append(one)
        if one.state is MemberState.LEFT_OUT and _TICK not in one.why:
            found.setdefault((False, one.why), []).append(one)
    kinds = [
        ObjectionKind(
            code=what if tickable else "",
            text=_words(what, those) if tickable else what,
            remedy="",
            tickable=tickable,
            ticked=tickable and what in ticked,
            members=tuple(one.key for one in those),
        )
        for (tickable, what), those in found.items()
    ]
    return sorted(kinds, key=lambda one: (one.tickable, -one.count, one.code, one.text))


def _words(code: str, members: Iterable[Member]) -> str:
    """What the first member says of it that is left out for it."""
    said = (one.why.partition(_TICK) for one in members)
    return next((text for text, _, rest in said if text and rest.split(" ")[0] == code), code)
