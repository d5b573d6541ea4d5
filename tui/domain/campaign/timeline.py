"""When each member of a campaign is likely begun, and when all are done: the turns played through, as if all went well.

Of one that is stopped and started the start is taken to come after half of its time: until then its account and Region owes it
a token (`tui.domain.campaign.pace`).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from tui.domain.actions import ACTIONS, ActionOptions
from tui.domain.campaign.durations import Usual
from tui.domain.campaign.hours import read_hours
from tui.domain.campaign.model import CampaignRules, Member, MemberState
from tui.domain.campaign.pace import MOST_TO_START
from tui.domain.campaign.taken_keys import TakenKeys
from tui.domain.campaign.turn import bucket_of, excluding, one_by_one, per_key, width
from tui.domain.sanitize import SafeText
from tui.domain.time_format import later

QUICK = timedelta(seconds=15)
"""How long a harmless action takes as long as nobody knows: two calls and a look."""
_MEASURED = Usual()


class Stretch(Struct, frozen=True):
    """Members begun one after another with the same number at a time: the first alone, two, four … `first` is its first one.

    Times are UTC. `ends`: when the last of them is done.
    """

    at_once: int
    count: int
    begins: datetime
    ends: datetime
    first: SafeText


class Timeline(Struct, frozen=True):
    """What is likely, by the usual durations. `times`: by a member's position, when it is begun and when it is done, in UTC.

    `done_at`: when the last is done. None: nobody goes, or some never can, who have no times.
    """

    times: Mapping[int, tuple[datetime, datetime]]
    stretches: tuple[Stretch, ...] = ()
    done_at: datetime | None = None


def likely(action_name: str, instance_type: str, usual: Usual) -> timedelta:
    """How long this action is likely to take for one member. Raises KeyError on an unknown action."""
    known = usual.known.get((action_name, instance_type))
    return known or (QUICK if one_by_one(ACTIONS[action_name]) else _MEASURED.of(action_name, instance_type))


def timeline(
    members: Sequence[Member],
    action_name: str,
    options: ActionOptions,
    rules: CampaignRules,
    usual: Usual,
    now: datetime,
    room: Mapping[str, int] | None = None,
) -> Timeline:
    """The turns from now on, for the members that wait and those under way, in their order. The same for the same values.

    `room`: of how many of a key AWS's health says that they may be down, where that is known; `rules` may allow fewer.
    Raises KeyError on an unknown action.
    """
    play = _Play(members, action_name, options, rules, usual, room or {})
    return play.through(now)


class _Play:
    """One run through the turns."""

    def __init__(
        self,
        members: Sequence[Member],
        action_name: str,
        options: ActionOptions,
        rules: CampaignRules,
        usual: Usual,
        room: Mapping[str, int],
    ) -> None:
        action = ACTIONS[action_name]
        self._takes: Callable[[Member], timedelta] = lambda one: likely(action_name, one.instance_type, usual)
        self._rules, self._hours = rules, read_hours(rules.hours)
        self._alone, self._keyed, self._paced = one_by_one(action), excluding(action, options), action.stops
        self._waiting = sorted(_of(members, MemberState.WAITS), key=lambda one: one.position)
        self._going = sorted(_of(members, MemberState.GOING), key=lambda one: one.position)
        self._done = len(_of(members, MemberState.DONE))
        keys = {key for one in (*self._waiting, *self._going) for key in one.keys}
        may = {key: per_key(key, rules) for key in keys}
        self._limits = {key: max(1, min(most, room.get(key, most))) for key, most in may.items()}
        self._times: dict[int, tuple[datetime, datetime]] = {}
        self._begun: list[tuple[int, Member]] = []

    def through(self, now: datetime) -> Timeline:
        ends: list[tuple[datetime, int, Member]] = []
        for one in self._going:
            self._times[one.position] = (now, later(now, self._takes(one)))
            heapq.heappush(ends, (self._times[one.position][1], one.position, one))
        while self._waiting:
            at_once = 1 if self._alone else width(self._rules, self._done)
            opens = self._hours.next_open(now)
            going = [one for _, _, one in ends]
            full = self._full(going, now) if self._paced else {}
            found = self._next(going, full) if len(ends) < at_once and opens == now else None
            if found is not None:
                end = later(now, self._takes(found))
                self._waiting.remove(found)
                self._times[found.position] = (now, end)
                self._begun.append((at_once, found))
                heapq.heappush(ends, (end, found.position, found))
            elif ends and (opens == now or ends[0][0] <= opens):
                now = min(ends[0][0], *full.values()) if opens == now and full else ends[0][0]
                while ends and ends[0][0] == now:
                    heapq.heappop(ends)
                    self._done += 1
            elif opens > now and opens.year < 9999:
                now = opens
            else:
                break
        whole = not self._waiting and self._times
        done_at = max(end for _, end in self._times.values()) if whole else None
        return Timeline(self._times, self._stretches(), done_at)

    def _full(self, going: Sequence[Member], now: datetime) -> dict[str, datetime]:
        """The accounts and Regions whose bucket is spoken for by those on their way to their start, and until when."""
        starts: dict[str, list[datetime]] = {}
        for one in going:
            begun, ends = self._times[one.position]
            if (at := begun + (ends - begun) / 2) > now:
                starts.setdefault(bucket_of(one), []).append(at)
        return {place: min(times) for place, times in starts.items() if len(times) >= MOST_TO_START}

    def _next(self, going: Sequence[Member], full: Container[str]) -> Member | None:
        """The first in order that nothing stands in the way of."""
        board = TakenKeys(self._limits.__getitem__)
        for one in going if self._keyed else ():
            board.take(one.keys, "")
        for one in self._waiting:
            paced = bool(full) and bucket_of(one) in full
            if board.in_the_way(one.keys if self._keyed else (), "", waits=paced) is None and not paced:
                return one
        return None

    def _stretches(self) -> tuple[Stretch, ...]:
        found: dict[int, list[Member]] = {}
        for at_once, one in self._begun:
            found.setdefault(at_once, []).append(one)
        return tuple(
            Stretch(
                at_once,
                len(members),
                self._times[members[0].position][0],
                max(self._times[one.position][1] for one in members),
                members[0].label,
            )
            for at_once, members in found.items()
        )


def _of(members: Sequence[Member], state: MemberState) -> list[Member]:
    return [one for one in members if one.state is state]
