"""What a campaign is: one action on many instances, confirmed once, carried out as ordinary operations, a few at a time."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from tui.domain.actions import ActionOptions
from tui.domain.sanitize import SafeText

MAX_AT_ONCE = 20
"""Members under way at one time: each has a runner of its own, of some 50 MB."""
CAME_BACK = "came back after it had failed"
"""How the `why` of a member begins that was written down as failed, and whose operation succeeded after all."""


class CampaignState(StrEnum):
    """PLANNED: nobody has confirmed it yet. PAUSED: no new member is begun; what was begun goes on. ENDED: nothing will be."""

    PLANNED = "planned"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"


class MemberState(StrEnum):
    """How a member of a campaign stands. NEEDS_YOU: at its turn it had a danger that was not confirmed, or nobody could tell."""

    WAITS = "waits"
    GOING = "going"
    DONE = "done"
    FAILED = "failed"
    LEFT_OUT = "left-out"
    NEEDS_YOU = "needs-you"

    @property
    def is_over(self) -> bool:
        """Whether the campaign does nothing more with it."""
        return self not in (MemberState.WAITS, MemberState.GOING)


class CampaignRules(Struct, frozen=True):
    """What may be changed while it runs. `at_once` 1–20; after `max_failures` failed members no new one is begun.

    `hours`: when members are begun, in the words of the settings (`Sat,Sun 00:00-06:00 Asia/Seoul`); empty: at any time.
    `accept`: the codes of dangers that were ticked; members with any other danger are left out.
    `per_group`: members of a key that may be down at a time, never so many that fewer than needed stay in service.
    `together`: tags (`tag:service`) whose equal values make a group, of which all but one stay in service.
    """

    at_once: int = 5
    max_failures: int = 1
    hours: str = ""
    accept: tuple[str, ...] = ()
    per_group: int = 1
    together: tuple[str, ...] = ()


class Member(Struct, frozen=True):
    """One instance of a campaign. `position` is its place in the order, from 0.

    `keys`: the groups, partitions, clusters and services of which it is a member (`tui.domain.campaign.keys`).
    `operation`: what carries it out, empty until its turn. `why`: why it is left out, failed or waits, in one line.
    `dangers`: the codes of the dangers its last plan had, `looked_at` (UTC) when it was looked at for that; None: not yet.
    `deadline` (UTC): when AWS acts, None if it announced nothing. `by_person`: a person left it out, no rule. `tickable`: it is
    left out for nothing but dangers that nobody ticked.
    """

    position: int
    profile: str
    region: str
    account_id: SafeText
    instance_id: SafeText
    name: SafeText
    instance_type: str = ""
    keys: tuple[str, ...] = ()
    dangers: tuple[str, ...] = ()
    deadline: datetime | None = None
    state: MemberState = MemberState.WAITS
    why: str = ""
    operation: str = ""
    looked_at: datetime | None = None
    by_person: bool = False
    tickable: bool = False

    @property
    def label(self) -> SafeText:
        """The instance's name, or its id."""
        return self.name or self.instance_id

    @property
    def key(self) -> str:
        """`region/id`, as the row's."""
        return f"{self.region}/{self.instance_id}"

    @property
    def came_back(self) -> bool:
        """Whether it is done, though it had failed before: the campaign may have been paused for it."""
        return self.state is MemberState.DONE and self.why.startswith(CAME_BACK)


class Campaign(Struct, frozen=True):
    """One campaign as the journal has it. `members` in their order; nobody joins it once it is confirmed.

    `given_up`: a person ended it. `note`: why it is paused or how it ended. Times are UTC. `failures_seen`: how many had failed
    when a person last resumed it; only those after them count towards `max_failures`.
    """

    id: str
    action: str
    options: ActionOptions
    rules: CampaignRules
    state: CampaignState
    members: tuple[Member, ...]
    user: str
    host: str
    created_at: datetime
    confirmed_at: datetime | None = None
    ended_at: datetime | None = None
    given_up: bool = False
    note: str = ""
    conductor: str = ""
    lease_until: datetime | None = None
    failures_seen: int = 0

    def of(self, *states: MemberState) -> tuple[Member, ...]:
        """Its members in one of these states."""
        return tuple(one for one in self.members if one.state in states)
