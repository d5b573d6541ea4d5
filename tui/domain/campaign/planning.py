"""A campaign before it is confirmed: who goes, in which order, who is left out and why, and when it will be done.

Pure, and the same every time: it is drawn at once from the rows, again as facts and dry runs come in, and once more on what is
then true when somebody confirms a plan that was left lying.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from tui.domain import out_of_service
from tui.domain.actions import ACTIONS, Action, ActionOptions
from tui.domain.campaign.durations import Usual
from tui.domain.campaign.hours import read_hours
from tui.domain.campaign.judgement import Objection, objections
from tui.domain.campaign.keys import keys_of
from tui.domain.campaign.model import MAX_AT_ONCE, CampaignRules, Member, MemberState
from tui.domain.campaign.plan_values import RUNNER_MB, CampaignPlan, ObjectionKind, PlannedMember
from tui.domain.campaign.timeline import likely, timeline
from tui.domain.facts import Facts
from tui.domain.groups import group_key, needed
from tui.domain.hazards import HAZARD_CODES, hazards
from tui.domain.hazards.base import Hazard, HazardView
from tui.domain.hazards.images import needs_image
from tui.domain.instance import Instance
from tui.domain.plan import refusals, strict
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.domain.severity import Gravity
from tui.domain.this_machine import NOWHERE, Here
from tui.domain.time_format import later


class Outlook(Struct, frozen=True):
    """What a plan is drawn from beside the rows; all of it may be missing.

    * `usual`: how long the action takes. `here`: the machine evac runs on. `memory_free_mb`: of that machine.
    * `refused`: by a row's key, a code and a text: AWS's dry run (`permission`), an operation that is under way there (`busy`).
    * `label_of`: the label of an instance's profile if it is production, else empty.
    """

    usual: Usual = Usual()
    here: Here = NOWHERE
    refused: Mapping[str, tuple[str, str]] = {}
    label_of: Callable[[Instance], str] | None = None
    memory_free_mb: int | None = None


NO_OUTLOOK = Outlook()
"""Nothing but the rows is known."""


def why_not_rules(rules: CampaignRules) -> str:
    """What is wrong with these rules, in a sentence; empty: they can be kept."""
    if not 1 <= rules.at_once <= MAX_AT_ONCE:
        return f"at most {MAX_AT_ONCE} may be under way at a time, and at least one: not {rules.at_once}"
    if rules.max_failures < 1:
        return f"it stops at one failure or more: not at {rules.max_failures}"
    if rules.per_group < 1:
        return f"of a group at least one must be allowed to be down: not {rules.per_group}"
    try:
        read_hours(rules.hours)
    except ValueError as error:
        return str(error)
    if wrong := [one for one in rules.together if not one.removeprefix("tag:") or not one.startswith("tag:")]:
        return f"{clean(wrong[0], 60)!r} names no tag: write tag:service"
    if unknown := [one for one in rules.accept if one not in HAZARD_CODES]:
        return f"{clean(unknown[0], 60)!r} is no danger's code: {', '.join(HAZARD_CODES)}"
    return ""


def plan_campaign(
    rows: Iterable[Instance],
    facts_of: Callable[[Instance], Facts | None],
    action_name: str,
    options: ActionOptions,
    rules: CampaignRules,
    policy_of: Callable[[Instance], Policy],
    now: datetime,
    outlook: Outlook = NO_OUTLOOK,
) -> CampaignPlan:
    """The plan for these rows, each once, whatever their order. `now` is UTC.

    `facts_of`: what a fresh look found, None where nobody looked yet. Raises KeyError on an unknown action, and ValueError with
    `why_not_rules` of rules that can't be kept.
    """
    if why := why_not_rules(rules):
        raise ValueError(why)
    action, options = ACTIONS[action_name], replace(options, overrides=())
    unique = {row.key: row for row in rows}
    judge = _Judge(action, options, rules, policy_of, now, outlook)
    judged = [judge(unique[key], facts_of(unique[key])) for key in sorted(unique)]
    able = _in_order([one for one in judged if all(why.tickable for why in one.out)], rules, now)
    unable = [one for one in judged if not all(why.tickable for why in one.out)]
    ranked = (*able, *sorted(unable, key=lambda one: (one.row.label.lower(), one.row.key)))
    going = [one for one in able if not one.out]
    room: dict[str, int] = {}
    for one in going:
        for key, may in one.room:
            room[key] = min(may, room.get(key, may))
    members = [one.member(position) for position, one in enumerate(ranked)]
    line = timeline(members, action_name, options, rules, outlook.usual, now, room)
    planned = tuple(
        PlannedMember(member, one.objections, one.looked, *line.times.get(member.position, (None, None)))
        for member, one in zip(members, ranked, strict=True)
    )
    label_of = outlook.label_of
    labels = {label_of(one.row) for one in going} - {""} if label_of is not None else set()
    return CampaignPlan(
        action=action_name,
        options=options,
        rules=rules,
        planned_at=now,
        members=planned,
        kinds=_kinds(judged),
        stretches=line.stretches,
        done_at=line.done_at,
        deadline=min((one.deadline for one in going if one.deadline is not None), default=None),
        production=tuple(sorted(labels)),
        memory_mb=RUNNER_MB * min(rules.at_once, len(going)),
        memory_free_mb=outlook.memory_free_mb,
    )


class _Judged(Struct, frozen=True):
    """One row, looked at. `urgent`: it must be begun by then; `risk`: how much may go wrong with it, less is better."""

    row: Instance
    looked: bool
    keys: tuple[str, ...]
    objections: tuple[Objection, ...]
    room: tuple[tuple[str, int], ...]
    deadline: datetime | None
    urgent: datetime | None
    risk: tuple[int, ...]
    takes: timedelta

    @property
    def out(self) -> tuple[Objection, ...]:
        """Why it does not go."""
        return tuple(one for one in self.objections if one.stands)

    def member(self, position: int) -> Member:
        """As the journal keeps it."""
        row, out = self.row, self.out
        why = (
            f"{out[0].text}{': tick ' + out[0].code + ' to take it along' if out[0].tickable else ''}"
            if out
            else ""
        )
        return Member(
            position=position,
            profile=row.target.profile,
            region=row.target.region,
            account_id=row.account_id,
            instance_id=row.instance_id,
            name=row.name,
            instance_type=str(row.instance_type),
            keys=self.keys,
            dangers=tuple(one.code for one in self.objections if one.tickable),
            deadline=self.deadline,
            state=MemberState.LEFT_OUT if out else MemberState.WAITS,
            why=str(clean(why, 400)),
            tickable=bool(out) and all(one.tickable for one in out),
        )


class _Judge:
    """Looks at one row after another."""

    def __init__(
        self,
        action: Action,
        options: ActionOptions,
        rules: CampaignRules,
        policy_of: Callable[[Instance], Policy],
        now: datetime,
        outlook: Outlook,
    ) -> None:
        self._action, self._options, self._rules = action, options, rules
        self._policy_of, self._now, self._outlook = policy_of, now, outlook

    def __call__(self, row: Instance, facts: Facts | None) -> _Judged:
        action, now, policy = self._action, self._now, self._policy_of(row)
        view = HazardView(row, facts, action, now, self._options, policy, self._outlook.here)
        options = replace(self._options, image_first=self._options.image_first or needs_image(view))
        found = strict(policy, hazards(row, facts, action.name, now, options, policy, self._outlook.here))
        looked = facts is not None
        objected = (
            *self._refusals(row, facts, options, policy),
            *objections(found, action, options, self._rules.accept, looked=looked),
        )
        takes = likely(action.name, str(row.instance_type), self._outlook.usual)
        deadline, at_any_time = _deadline(row, now)
        urgent = now if at_any_time else None if deadline is None else later(deadline, -2 * takes)
        return _Judged(
            row=row,
            looked=looked,
            keys=keys_of(row, facts, self._rules.together),
            objections=objected,
            room=tuple(_room(row, facts, policy)),
            deadline=deadline,
            urgent=urgent,
            risk=_risk(found),
            takes=takes,
        )

    def _refusals(
        self, row: Instance, facts: Facts | None, options: ActionOptions, policy: Policy
    ) -> Iterator[Objection]:
        for code, text in refusals(self._action, facts, options, policy):
            yield Objection(code, text)
        if (told := self._outlook.refused.get(row.key)) is not None:
            yield Objection(*told)


def _deadline(row: Instance, now: datetime) -> tuple[datetime | None, bool]:
    """When AWS acts on it first, if it said so; and whether it may act at any time, by an event without a start."""
    events = [one for one in row.open_events(now) if not one.is_past(now)]
    dated = [one.not_before for one in events if one.not_before is not None]
    return min(dated, default=None), len(dated) < len(events)


def _room(row: Instance, facts: Facts | None, policy: Policy) -> Iterator[tuple[str, int]]:
    """Of how many of each of its groups AWS's health says that they may be down."""
    account, region = str(row.account_id), row.target.region
    for seen in out_of_service.groups(facts, str(row.instance_id)):
        least = needed(seen, max(len(seen.members), seen.group.size), policy.keep)
        yield group_key(account, region, seen.group), len(seen.up) - least


def _risk(found: Sequence[Hazard]) -> tuple[int, ...]:
    """How many dangers and warnings it has, and how much of it is not known."""
    count = {gravity: sum(one.gravity is gravity for one in found) for gravity in Gravity}
    return count[Gravity.DANGER], count[Gravity.WARN], sum(not one.known for one in found)


def _in_order(able: list[_Judged], rules: CampaignRules, now: datetime) -> list[_Judged]:
    """By when each must be begun, then by risk; those too that only a tick is missing for, so that a tick changes no order.

    The least hazardous of those that go is first, and alone, unless another can't wait for it.
    """
    order = sorted(able, key=lambda one: (one.urgent is None, one.urgent or now, one.risk, one.row.key))
    going = [one for one in order if not one.out]
    if not going:
        return order
    alone = min(going, key=lambda one: one.risk)  # of equals the first in the order
    soon = later(read_hours(rules.hours).next_open(now), 2 * alone.takes)
    hurried = [one for one in order if one.urgent is not None and one.urgent < soon]
    if any(not one.out for one in hurried):
        return order
    return [*hurried, alone, *(one for one in order if one is not alone and one not in hurried)]


def _kinds(judged: Sequence[_Judged]) -> tuple[ObjectionKind, ...]:
    found: dict[str, list[tuple[Objection, str]]] = {}
    for one in judged:
        for objection in one.objections:
            found.setdefault(objection.code, []).append((objection, one.row.key))
    kinds = []
    for code, each in found.items():
        first = next((one for one, _ in each if not one.tickable), each[0][0])
        keys = tuple(key for _, key in each)
        kinds.append(ObjectionKind(code, first.text, first.remedy, first.tickable, first.ticked, keys))
    return tuple(sorted(kinds, key=lambda one: (one.tickable, -one.count, one.code)))
