"""Whose turn it is: the one question that every conductor asks, and asks again after each thing that changed.

It is a function of what the journal holds and of what was just seen, and remembers nothing: a conductor that was killed
between the question and the beginning leaves nothing behind, and the next one gets the same answer. It only ever says whether
one more member may be *begun*; what was begun is its runner's, and nothing here holds it back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import Struct

from tui.domain.actions import ACTIONS, Action, ActionOptions
from tui.domain.campaign.hours import read_hours
from tui.domain.campaign.keys import is_together, key_text
from tui.domain.campaign.model import MAX_AT_ONCE, Campaign, CampaignRules, CampaignState, Member, MemberState
from tui.domain.campaign.taken_keys import TakenKeys
from tui.domain.groups import Hold, HoldState
from tui.domain.plurals import counted
from tui.domain.sanitize import clean


class Begin(Struct, frozen=True):
    """This member is next: look at it afresh, draft it, and begin it if it is still its turn when that is written."""

    member: Member


class Later(Struct, frozen=True):
    """Nobody may be begun now. `until` (UTC): not before; None: until something changes, an operation's end most often."""

    why: str
    until: datetime | None = None


class Halt(Struct, frozen=True):
    """It is to be paused, for this reason. What was begun goes on."""

    why: str


class Over(Struct, frozen=True):
    """Nobody is left to be begun, and nobody under way: it ends with this note."""

    note: str


Turn = Begin | Later | Halt | Over


class Situation(Struct, frozen=True):
    """What the campaign itself does not know. Nothing of it is needed: what is missing is refused later by the runner.

    * `holds`: those in force, of all operations; those of members under way are told apart by their operation.
    * `short`: keys of which no member may go down now, each with the reason: its group has too few in service by itself, or a
      fresh look said so. The member waits, and nobody waits for it.
    * `back`: members that failed and are known to be in service all the same (`region/id`). Any other failed one counts as down:
      nobody of its keys is begun.
    * `ready_at`: when the bucket of an account and Region (`bucket_of`) has a token for one more (`next_begin`); None: once
      somebody under way there was started; absent: now.
    * `aside`: members (`region/id`) that can't be begun just now, each with the reason: nobody could read them, another operation
      is at them. They wait, and keep nobody from going.
    * `forbidden`: why nothing at all may be begun: read-only, the site policy. It pauses the campaign.
    """

    holds: tuple[Hold, ...] = ()
    short: Mapping[str, str] = {}
    back: frozenset[str] = frozenset()
    ready_at: Mapping[str, datetime | None] = {}
    aside: Mapping[str, str] = {}
    forbidden: str = ""


NOTHING_ELSE = Situation()
"""Nothing is known beside the campaign."""


def bucket_of(member: Member) -> str:
    """`account/region`: whose buckets its calls draw from."""
    return f"{member.account_id}/{member.region}"


def one_by_one(action: Action) -> bool:
    """Whether it is harmless to what runs on the instance: then one follows the other at the API's pace, without holds."""
    return not action.powers and not action.images


def excluding(action: Action, options: ActionOptions) -> bool:
    """Whether members with a key in common exclude each other: while it is done, what runs on the instance is down."""
    return action.interrupts(options)


def why_no_campaign(action_name: str) -> str:
    """Why this action is not done to many at once; empty: it is. Raises KeyError on an unknown action."""
    action = ACTIONS[action_name]
    if action.of_operation:
        return "it is done to an operation, not to instances"
    if action.awaits_stop:
        return "each waits for AWS's own stop, days perhaps, with a runner of its own: order it for one at a time"
    return ""


def per_key(key: str, rules: CampaignRules) -> int:
    """How many members of a key may be down at a time, as far as the rules go."""
    return 1 if is_together(key) else max(1, rules.per_group)


def width(rules: CampaignRules, done: int) -> int:
    """How many may be under way: one until it is done, then 2, 4 … `at_once`. It grows with what is done, never with time."""
    return min(1 << ((done + 1).bit_length() - 1), max(1, min(rules.at_once, MAX_AT_ONCE)))


def next_turn(campaign: Campaign, now: datetime, situation: Situation = NOTHING_ELSE) -> Turn:
    """What to do next with this campaign, as the journal has it now. Raises KeyError on an action this version does not know.

    Ask it again in the transaction that begins the member: only while the answer is still that member it is begun. So two
    conductors, a pause and changed rules are all the same to it.
    """
    waiting, going = campaign.of(MemberState.WAITS), campaign.of(MemberState.GOING)
    if (settled := _settled(campaign, waiting, going)) is not None:
        return settled
    if why := failed_enough(campaign) or situation.forbidden:
        return Halt(why)
    action = ACTIONS[campaign.action]
    room = 1 if one_by_one(action) else width(campaign.rules, len(campaign.of(MemberState.DONE)))
    if len(going) >= room:
        return Later(f"{_under_way(going)}, and {room} may be at a time")
    hours = read_hours(campaign.rules.hours)
    if not hours.is_open(now):
        return Later(f"outside its hours: {hours.text}", hours.next_open(now))
    return _first(campaign, now, situation)


def _settled(campaign: Campaign, waiting: tuple[Member, ...], going: tuple[Member, ...]) -> Turn | None:
    """The answer where its state alone gives it."""
    if campaign.state is CampaignState.ENDED:
        return Over(campaign.note or summed_up(campaign))
    if campaign.state is CampaignState.PLANNED:
        return Later("nobody has confirmed it yet")
    if not going and (not waiting or campaign.given_up):
        return Over(summed_up(campaign))
    if campaign.given_up:
        return Later(f"given up: {_under_way(going)} to the end")
    if not waiting:
        return Later(f"all are begun: {_under_way(going)}")
    if campaign.state is CampaignState.PAUSED:
        return Later(f"paused: {campaign.note}" if campaign.note else "paused")
    return None


def _first(campaign: Campaign, now: datetime, situation: Situation) -> Turn:
    """The first in order that nothing stands in the way of; else what the first waits for, and when the soonest need not."""
    waits = []
    for one, why in standing(campaign, now, situation):
        if why is None:
            return Begin(one)
        waits.append((one, why))
    first, why = waits[0]
    until = min((one.until for _, one in waits if one.until is not None), default=None)
    return Later(clean(f"{first.label} {why.why}", 500), until)


def standing(
    campaign: Campaign, now: datetime, situation: Situation = NOTHING_ELSE
) -> Iterator[tuple[Member, Later | None]]:
    """Each member that waits, in order, and what it waits for: `waits for web-3 (target group web)`; None: nothing but its turn.

    Members with a key in common go in their order. One that waits for what ends by itself keeps its place in all its keys; one
    that waits for a person or for somebody else's operation keeps nobody from going.
    """
    rules = campaign.rules
    keyed = excluding(ACTIONS[campaign.action], campaign.options)
    board = _board(campaign, situation) if keyed else TakenKeys(lambda key: per_key(key, rules))
    for one in campaign.of(MemberState.WAITS):
        if one.key in situation.aside:
            yield one, Later(f"waits: {situation.aside[one.key]}")
            continue
        at = situation.ready_at.get(bucket_of(one), now)
        paced = at is None or at > now
        key = board.in_the_way(one.keys if keyed else (), one.label, waits=paced)
        if key is None:
            yield one, Later(_PACE, at) if paced else None
        elif key in situation.short:
            yield one, Later(f"waits: {situation.short[key]}")
        else:
            yield one, Later(f"waits for {board.who(key)} ({key_text(key)})")


def _board(campaign: Campaign, situation: Situation) -> TakenKeys:
    """Who has which key now: those under way, those that failed and are not back, other operations, groups that are short."""
    board = TakenKeys(lambda key: per_key(key, campaign.rules))
    for one in campaign.of(MemberState.GOING):
        board.take(one.keys, one.label)
    down = [one for one in campaign.of(MemberState.FAILED) if one.operation and one.key not in situation.back]
    for one in down:
        board.stay(one.keys, f"{one.label}, which failed,")
    own = {one.operation for one in (*campaign.of(MemberState.GOING), *down)}
    for hold in situation.holds:
        if hold.operation not in own and hold.state is not HoldState.WAITING:
            board.stay((hold.place,), f"{hold.label} ({hold.operation} by {hold.user} on {hold.host})")
    for key in situation.short:
        board.close(key)
    return board


_PACE = "waits until its Region takes one more start"


def failed_enough(campaign: Campaign) -> str:
    """Why no new member is begun after those that failed; empty: it may go on."""
    failed = len(campaign.of(MemberState.FAILED)) - campaign.failures_seen
    if failed < max(1, campaign.rules.max_failures):
        return ""
    return f"{counted(failed, 'member')} failed, and it stops at {counted(max(1, campaign.rules.max_failures), 'failure')}"


def summed_up(campaign: Campaign) -> str:
    """`71 done, 1 failed, 2 need you, 9 left out, 105 not begun`: only what there is."""
    words = {
        MemberState.DONE: "done",
        MemberState.GOING: "under way",
        MemberState.FAILED: "failed",
        MemberState.NEEDS_YOU: "need you",
        MemberState.LEFT_OUT: "left out",
        MemberState.WAITS: "not begun",
    }
    counts = Counter(one.state for one in campaign.members)
    return ", ".join(f"{counts[state]} {word}" for state, word in words.items() if counts[state])


def _under_way(going: tuple[Member, ...]) -> str:
    return f"{going[0].label} is under way" if len(going) == 1 else f"{len(going)} are under way"
