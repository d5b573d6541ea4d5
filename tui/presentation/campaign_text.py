"""How a campaign reads: its counts, its bar, who waits for whom, and what is pasted into an incident channel.

Console and `evac ops` say the same. Pure: all it knows are the campaign's members, and a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

from tui.domain.actions import ACTIONS
from tui.domain.campaign.model import Campaign, CampaignRules, CampaignState, Member, MemberState
from tui.domain.plurals import counted
from tui.domain.sanitize import clean
from tui.domain.time_format import both_zones, span
from tui.presentation.symbols import Sign
from tui.presentation.width import cut

MEMBER_SIGNS = {
    MemberState.FAILED: Sign("✖", "failed", "bold red"),
    MemberState.NEEDS_YOU: Sign("▲", "needs you", "bold yellow"),
    MemberState.GOING: Sign("▶", "going", "bold cyan"),
    MemberState.WAITS: Sign("·", "waits", ""),
    MemberState.DONE: Sign("✔", "done", "green"),
    MemberState.LEFT_OUT: Sign("–", "left out", "dim"),
}
"""In the order in which members are listed: what failed comes first."""
CAMPAIGN_SIGNS = {
    CampaignState.PLANNED: Sign("·", "planned", "dim"),
    CampaignState.RUNNING: Sign("▶", "running", "bold cyan"),
    CampaignState.PAUSED: Sign("‖", "paused", "bold yellow"),
    CampaignState.ENDED: Sign("✔", "ended", "green"),
}
TO_COME = "to come"
"""What the counts say of members whose turn has not come."""
_BAR = (
    (MemberState.FAILED, "✖"),
    (MemberState.NEEDS_YOU, "✖"),
    (MemberState.DONE, "█"),
    (MemberState.GOING, "▒"),
    (MemberState.WAITS, "░"),
)
_NAMED = 10
"""So many members of a kind are named in a line; the others are counted."""
NO_REASON = "no reason was noted"
"""Said of a member that does not go and of which nobody wrote why."""


def campaign_sign(campaign: Campaign) -> Sign:
    """How it stands; of one that ended also whether all came through."""
    if campaign.state is not CampaignState.ENDED:
        return CAMPAIGN_SIGNS[campaign.state]
    if campaign.of(MemberState.FAILED):
        return Sign("✖", "ended", "red")
    if campaign.given_up or campaign.of(MemberState.NEEDS_YOU, MemberState.WAITS):
        return Sign("–", "given up" if campaign.given_up else "ended", "yellow")
    return CAMPAIGN_SIGNS[CampaignState.ENDED]


def needs_somebody(campaign: Campaign) -> bool:
    """Whether it goes no further by itself, or one of its members waits for a person."""
    if campaign.state is CampaignState.PAUSED:
        return True
    return campaign.state is CampaignState.RUNNING and bool(
        campaign.of(MemberState.FAILED, MemberState.NEEDS_YOU)
    )


def in_member_order(members: Iterable[Member]) -> list[Member]:
    """What failed, what needs a person, what is under way, what waits, what is done; in each the campaign's own order."""
    rank = {state: at for at, state in enumerate(MEMBER_SIGNS)}
    return sorted(members, key=lambda one: (rank[one.state], one.position))


def campaign_counts(campaign: Campaign) -> list[tuple[str, str]]:
    """`1 failed`, `71 done`, `8 going`, `109 to come`: each with its style; kinds without a member are left out."""
    number = Counter(one.state for one in campaign.members)
    found = []
    for state, sign in MEMBER_SIGNS.items():
        if number[state]:
            word = TO_COME if state is MemberState.WAITS else sign.word
            found.append((f"{number[state]} {word}", sign.style))
    return found


def campaign_bar(campaign: Campaign, width: int) -> list[tuple[str, str]]:
    """A bar of exactly `width` cells, with styles: failed, done, under way, to come. Whatever there is takes at least a cell."""
    number = Counter(one.state for one in campaign.members)
    kinds = [(state, sign, number[state]) for state, sign in _BAR if number[state]]
    total = sum(count for _, _, count in kinds)
    if not kinds or width < len(kinds):
        return [("░" * max(0, width), "dim")]
    spare = width - len(kinds)  # beyond the cell that each kind has
    exact = [spare * count / total for _, _, count in kinds]
    sizes = [int(one) for one in exact]
    for at in sorted(range(len(kinds)), key=lambda at: sizes[at] - exact[at])[: spare - sum(sizes)]:
        sizes[at] += 1
    return [
        (sign * (size + 1), MEMBER_SIGNS[state].style or "dim")
        for (state, sign, _), size in zip(kinds, sizes, strict=True)
    ]


def campaign_title(campaign: Campaign) -> str:
    """`campaign c-1  Stop and start · 188 instances`: those that are left out are not counted."""
    number = sum(one.state is not MemberState.LEFT_OUT for one in campaign.members)
    return f"campaign {campaign.id}  {action_title(campaign.action)} · {counted(number, 'instance')}"


def action_title(action: str) -> str:
    """`Stop and start`."""
    return ACTIONS[action].title if action in ACTIONS else clean(action)


def campaign_told(campaign: Campaign) -> str:
    """`71 of 188 done, 1 failed, 8 going; paused: …, nothing new begins`."""
    left = [one for one in campaign.members if one.state is not MemberState.LEFT_OUT]
    number = Counter(one.state for one in left)
    if campaign.state is CampaignState.PLANNED:
        return f"a plan for {counted(len(campaign.members), 'instance')}, which nobody has confirmed"
    if not left:
        return "nothing was begun"
    told = [f"{number[MemberState.DONE]} of {len(left)} done"]
    told += [
        f"{number[state]} {MEMBER_SIGNS[state].word}"
        for state in (MemberState.FAILED, MemberState.NEEDS_YOU, MemberState.GOING)
        if number[state]
    ]
    text = ", ".join(told)
    if campaign.state is CampaignState.PAUSED:
        text += f"; paused{': ' + campaign.note if campaign.note else ''}, nothing new begins"
    return clean(text, 400)


def campaign_line(campaign: Campaign) -> str:
    """One line for every screen: `▶ campaign Reboot: 71 of 188 done, 8 going`."""
    sign = campaign_sign(campaign)
    return clean(f"{sign.symbol} campaign {action_title(campaign.action)}: {campaign_told(campaign)}", 500)


def member_note(
    member: Member,
    doing: Mapping[str, str] | None = None,
    waits: Mapping[str, str] | None = None,
) -> str:
    """What there is to say of it now: why it failed, for whom it waits (`waits`, by its key; `tui.domain.campaign.turn`
    knows), or what its operation does (`doing`, by its id)."""
    if member.state is MemberState.GOING:
        return (doing or {}).get(member.operation, "") or member.why or "begins"
    if member.state is MemberState.WAITS:
        return (waits or {}).get(member.key, "") or member.why or "its turn"
    return member.why


def counted_reasons(members: Iterable[Member], *states: MemberState) -> list[tuple[int, str]]:
    """Why so many of them are as they are: the most frequent reason first."""
    number = Counter(one.why or NO_REASON for one in members if one.state in states)
    return [(count, why) for why, count in sorted(number.items(), key=lambda one: (-one[1], one[0]))]


def rules_text(rules: CampaignRules) -> str:
    """`5 at once · one of a group at a time · stop at 1 failure · any hour`."""
    group = "one" if rules.per_group == 1 else str(rules.per_group)
    together = f" (also {', '.join(rules.together)})" if rules.together else ""
    told = [
        f"{rules.at_once} at once",
        f"{group} of a group at a time{together}",
        f"stop at {counted(rules.max_failures, 'failure')}",
        f"hours {rules.hours}" if rules.hours else "any hour",
    ]
    if rules.accept:
        told.append(f"accepted: {', '.join(rules.accept)}")
    return clean(" · ".join(told), 400)


def took_so_far(campaign: Campaign, now: datetime) -> timedelta:
    """From the confirmation (or the plan, before it) to the end, or to now."""
    return (campaign.ended_at or now) - (campaign.confirmed_at or campaign.created_at)


def campaign_summary(campaign: Campaign, zone: tzinfo, now: datetime) -> Iterator[str]:
    """For the incident channel, a line a fact: how it stands, by whom, what failed and why, who is under
    way, what came back after all, who is left out."""
    counts = ", ".join(text for text, _ in campaign_counts(campaign))
    sign = campaign_sign(campaign)
    yield clean(f"{action_title(campaign.action)}, campaign {campaign.id}: {sign.word}, {counts}", 300)
    since = both_zones(campaign.confirmed_at or campaign.created_at, zone, now)
    yield clean(f"  by: {campaign.user}@{campaign.host}, {since}", 300)
    if campaign.ended_at is not None:
        yield f"  ended: {both_zones(campaign.ended_at, zone, now)}, after {span(took_so_far(campaign, now))}"
    elif campaign.confirmed_at is not None:
        yield f"  for {span(took_so_far(campaign, now))} now"
    if campaign.note:
        yield clean(f"  {campaign.note}", 400)
    yield f"  rules: {rules_text(campaign.rules)}"
    for state in (MemberState.FAILED, MemberState.NEEDS_YOU, MemberState.GOING):
        yield from _each(campaign.of(state), state)
    yield from _each([one for one in campaign.members if one.came_back], MemberState.DONE)
    for state, word in ((MemberState.WAITS, TO_COME), (MemberState.DONE, "done")):
        if found := campaign.of(state):
            yield clean(f"  {word}: {names_of(found)}", 2000)
    for count, why in counted_reasons(campaign.members, MemberState.LEFT_OUT):
        those = [one for one in campaign.of(MemberState.LEFT_OUT) if (one.why or NO_REASON) == why]
        yield clean(f"  left out: {count}, {why}: {names_of(those)}", 1000)


def names_of(members: Sequence[Member]) -> str:
    """Their names; of many the first ones, and how many more there are."""
    names = ", ".join(one.label for one in members[:_NAMED])
    return f"{names} and {len(members) - _NAMED} more" if len(members) > _NAMED else names


def _each(found: Sequence[Member], state: MemberState) -> Iterator[str]:
    """These, all of that state, in a line each, with what there is to say of it."""
    sign = MEMBER_SIGNS[state]
    for one in found[:_NAMED]:
        note = member_note(one)
        where = f"{one.label} ({one.instance_id}, {one.profile} {one.region})"
        yield clean(f"  {sign.named}: {where}{': ' + note if note else ''}", 400)
    if len(found) > _NAMED:
        yield clean(f"  {sign.named}: {len(found) - _NAMED} more: {names_of(found[_NAMED:])}", 1000)


def member_line(
    member: Member,
    width: int,
    doing: Mapping[str, str] | None = None,
    waits: Mapping[str, str] | None = None,
) -> str:
    """One member in `width` columns, as `evac ops show` lists it: sign, name, place, what there is to say of it."""
    sign = MEMBER_SIGNS[member.state]
    place = f"{member.profile} {member.region}"
    head = f"{cut(sign.named, 11)} {cut(member.label, 20)} {cut(place, 22)} "
    return cut(head + member_note(member, doing, waits), width).rstrip()
