"""How a campaign's plan reads: who goes, who does not and why, the rules, the timeline, and when it is done.

Console and `evac do` say the same.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from itertools import takewhile

from msgspec import Struct

from tui.domain.actions import ACTIONS
from tui.domain.campaign.plan_values import CampaignPlan, ObjectionKind
from tui.domain.campaign.timeline import Stretch
from tui.domain.plurals import counted
from tui.domain.sanitize import clean
from tui.domain.time_format import bare_clock, both_zones, clock, countdown, short_date, span
from tui.presentation.campaign_text import rules_text
from tui.presentation.width import cell_len, cut

LABEL, COUNT = 11, 12
"""Columns of the timeline left and right of its bars."""
_DAY = timedelta(hours=20)
_INDENT = " " * 7
_SHORT = {
    "public-ip": "its public address changes",
    "instance-store": "what is on its instance store is lost",
    "last-healthy": "the last healthy one of its group",
    "image": "no AMI of it that is young enough",
    "image-reboot": "making the AMI reboots it",
    "auto-scaling": "its Auto Scaling group replaces it",
    "spot": "it starts again only while there is spot capacity",
    "dedicated-host": "it is on a Dedicated Host",
    "mac": "a Mac host is cleaned for hours after a stop",
    "same-host": "a reboot stays on the failing host",
    "alarm-at-once": "its alarm would act at once",
    "recovery-now": "it needs recovery now",
    "recover-store": "a recovery loses its instance store",
}
"""What a danger is, by its code, for all that have it: a plan's own words are those of one instance."""
CHECKED_AGAIN = "each is looked at again at its turn"
"""What every plan says in the end; of one that takes instances down more."""


class CampaignLine(Struct, frozen=True):
    """A line and its style, or several that stand or go together. `rank`: where there is no room for all, the highest give way
    first; 0 stays. `brief`: what is said in its place then.
    """

    text: str
    style: str = ""
    rank: int = 0
    brief: str = ""

    @property
    def height(self) -> int:
        """How many lines it takes."""
        return self.text.count("\n") + 1

    def wrapped(self, width: int) -> CampaignLine:
        """In lines of at most so many columns, those after the first indented."""
        parts = textwrap.wrap(clean(self.text, 600), max(20, width), subsequent_indent=_INDENT) or [""]
        told = "\n".join(cut(one, width).rstrip() for one in parts)
        return CampaignLine(told, self.style, self.rank, cut(self.brief, width).rstrip())


def campaign_plan_lines(
    plan: CampaignPlan, zone: tzinfo, now: datetime, width: int, tick: str = "e"
) -> list[CampaignLine]:
    """The whole plan in lines of at most `width` columns, each with how dispensable it is. `tick`: the key or the option that
    ticks a danger."""
    found = [*_who(plan, tick), *_kept(plan, zone, now), *_reasons(plan)]
    found.append(CampaignLine(f"rules  {rules_text(plan.rules)}", "", 2))
    drawn = timeline_lines(plan, zone, now, width)
    down = ACTIONS[plan.action].interrupts(plan.options)
    found.append(CampaignLine(f"{CHECKED_AGAIN}{'; a group that is short waits' if down else ''}", "dim", 5))
    told = [one.wrapped(width) for one in found]
    return [*told[:-1], *_timeline(plan, drawn, zone), told[-1]]


def fitted(lines: Sequence[CampaignLine], room: int) -> list[CampaignLine]:
    """As many of them as there is room for, in their order; the first one always."""
    kept = list(lines)
    while len(kept) > 1 and sum(one.height for one in kept) > room:
        worst = max(one.rank for one in kept)
        at = next(at for at in reversed(range(len(kept))) if kept[at].rank == worst)
        short = [CampaignLine(kept[at].brief, kept[at].style, 1)] if kept[at].brief and worst else []
        kept[at : at + 1] = short
    return kept


def _timeline(plan: CampaignPlan, drawn: Sequence[str], zone: tzinfo) -> Iterator[CampaignLine]:
    """The drawn one, which stands or goes as a whole: an axis without its bars says nothing."""
    if drawn:
        told = [f"{_at_once(one)} from {bare_clock(one.begins, zone)}" for one in plan.stretches]
        yield CampaignLine("\n".join(drawn), "cyan", 3, f"time   {', '.join(told)}")


def _at_once(one: Stretch) -> str:
    if one.at_once == 1:
        return f"{one.first} alone" if one.count == 1 else "one by one"
    return f"{one.at_once} at once"


def _who(plan: CampaignPlan, tick: str) -> Iterator[CampaignLine]:
    parts = [f"{len(plan.going)} go", f"{len(plan.left_out)} left out"]
    if any(one.tickable and not one.ticked for one in plan.kinds):
        parts[-1] += f" (what is boxed can be ticked: {tick})"
    if plan.not_looked:
        parts.append(f"{plan.not_looked} not looked at yet")
    yield CampaignLine("   ".join(parts), "bold" if plan.going else "bold yellow")


def _kept(plan: CampaignPlan, zone: tzinfo, now: datetime) -> Iterator[CampaignLine]:
    """When it is done against the earliest deadline, and who cannot be kept."""
    late = plan.late
    if plan.going and plan.done_at is None:
        yield CampaignLine("✖ it is never done: the hours or the rules leave no time for some", "bold red")
    elif plan.done_at is not None:
        told = f"done about {both_zones(plan.done_at, zone, now)} (in {span(plan.done_at - now)})"
        if plan.deadline is not None:
            told += (
                f", {'after' if late else 'before'} the first deadline {both_zones(plan.deadline, zone, now)}"
            )
        yield CampaignLine(told)
    first = goes_first(plan)
    for one in late[:3]:
        deadline = one.member.deadline
        assert deadline is not None
        tail = " → goes first" if one.member.key in first else ""
        yield CampaignLine(
            f"✖ {one.member.label} can't be kept: AWS acts {clock(deadline, zone)} ({countdown(deadline, now)}){tail}",
            "bold red",
            0 if one is late[0] else 1,
        )
    if len(late) > 3:
        yield CampaignLine(f"✖ {len(late) - 3} more can't be kept", "bold red", 1)
    if plan.memory_short:
        yield CampaignLine(
            f"▲ its runners take {plan.memory_mb} MB, and {plan.memory_free_mb} MB are free here: fewer at once",
            "yellow",
        )


def goes_first(plan: CampaignPlan) -> frozenset[str]:
    """Keys of those that can't be kept and have only such before them."""
    return frozenset(one.member.key for one in takewhile(lambda one: one.late, plan.going))


def _reasons(plan: CampaignPlan) -> Iterator[CampaignLine]:
    """Who is left out, by kind; what can be ticked says so."""
    for tickable in (True, False):
        for at, kind in enumerate(one for one in plan.kinds if one.tickable is tickable):
            style = "yellow" if tickable and not kind.ticked else ""
            yield CampaignLine(kind_text(kind), style, 1 if at < 2 else 4)


def kind_text(kind: ObjectionKind) -> str:
    """`▲   3 [ ] public-ip: its public address changes`; `✖   4 left out: stop protection`."""
    if not kind.tickable:
        return f"✖ {kind.count:>3} left out: {kind.text}"
    return f"▲ {kind.count:>3} {'[x]' if kind.ticked else '[ ]'} {danger_words(kind)}"


def danger_words(kind: ObjectionKind) -> str:
    """`public-ip: its public address changes`."""
    words = _SHORT.get(kind.code, "" if kind.text == kind.code else kind.text)
    return f"{kind.code}: {words}" if words else kind.code


def timeline_lines(plan: CampaignPlan, zone: tzinfo, now: datetime, width: int) -> list[str]:
    """An axis of times, and under it a bar for each number at a time: the first alone, then two, four …"""
    room = width - LABEL - COUNT
    if not plan.stretches or room < 10:
        return []
    start = min(now, *(one.begins for one in plan.stretches))
    end = max(*(one.ends for one in plan.stretches), start + timedelta(minutes=1))
    found = [" " * LABEL + _axis(start, end, room, zone, now)]
    for one in plan.stretches:
        label = "1 alone" if one.at_once == one.count == 1 else _at_once(one)
        left = min(room - 1, int(room * ((one.begins - start) / (end - start))))
        right = min(room, max(left + 1, round(room * ((one.ends - start) / (end - start)))))
        bar = " " * left + "▮" * (right - left)
        tail = f" {one.first}" if one.count == 1 else f" {counted(one.count, 'server')}"
        line = cut(label, LABEL) + bar
        left_over = width - cell_len(line)
        found.append(line + tail if cell_len(tail) <= left_over else line)
    return found


def _axis(start: datetime, end: datetime, room: int, zone: tzinfo, now: datetime) -> str:
    """Times above the bars, as many as there is room for."""
    far = end - start > _DAY
    size = 14 if far else 9
    text, before = "", ""
    for at in range(0, room - (12 if far else 5) + 1, size):
        moment = start + (end - start) * (at / room)
        told = short_date(moment, zone, now) if far else bare_clock(moment, zone)
        if told != before:
            text, before = text.ljust(at) + told, told
    return text
