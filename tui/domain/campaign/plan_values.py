"""What a campaign's plan says: the value that both faces show, and that the journal keeps the members of."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from tui.domain.actions import ActionOptions
from tui.domain.campaign.judgement import Objection
from tui.domain.campaign.model import CampaignRules, Member, MemberState
from tui.domain.campaign.timeline import Stretch

RUNNER_MB = 50
"""What a runner takes of the machine's memory."""


class PlannedMember(Struct, frozen=True):
    """One instance in the plan. `member` has its place, keys, dangers and deadline; it WAITS if it goes, else it is LEFT_OUT.

    `objections`: what speaks against it, those that were ticked too. `looked`: whether its facts were read; until then its load
    balancers and protections are not known. `begins`, `ends` (UTC): when it likely is begun and done; None: it does not go.
    """

    member: Member
    objections: tuple[Objection, ...] = ()
    looked: bool = False
    begins: datetime | None = None
    ends: datetime | None = None

    @property
    def goes(self) -> bool:
        """Whether it is done in this campaign."""
        return self.member.state is MemberState.WAITS

    @property
    def late(self) -> bool:
        """Whether AWS likely acts before it is done: it can't be kept."""
        deadline = self.member.deadline
        return self.goes and deadline is not None and (self.ends is None or self.ends > deadline)


class ObjectionKind(Struct, frozen=True):
    """All members with one objection: `public-ip`, say. `text` and `remedy` are the first one's.

    `tickable` kinds are dangers: while `ticked` is False their members are left out. `members`: keys of rows (`region/id`).
    """

    code: str
    text: str
    remedy: str
    tickable: bool
    ticked: bool
    members: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many members have it."""
        return len(self.members)


class CampaignPlan(Struct, frozen=True):
    """The whole plan. Times are UTC.

    * `members`: in their order; those that a tick would take along at the place they would have, then those that can't go.
      `position` of each is its place here.
    * `kinds`: why members are left out, or would be but for a tick: those that can't be ticked first, then the most frequent.
    * `stretches`: the timeline: the first alone, then two, four … `at_once`. `done_at` None: nobody goes, or some never can.
    * `deadline`: when AWS acts on the first of those that go. `production`: labels of the production profiles among them.
    * `memory_mb`: what the runners take at most; `memory_free_mb`: what the machine has, None: nobody knows.
    """

    action: str
    options: ActionOptions
    rules: CampaignRules
    planned_at: datetime
    members: tuple[PlannedMember, ...]
    kinds: tuple[ObjectionKind, ...] = ()
    stretches: tuple[Stretch, ...] = ()
    done_at: datetime | None = None
    deadline: datetime | None = None
    production: tuple[str, ...] = ()
    memory_mb: int = 0
    memory_free_mb: int | None = None

    @property
    def going(self) -> tuple[PlannedMember, ...]:
        """Those that go, in their order."""
        return tuple(one for one in self.members if one.goes)

    @property
    def left_out(self) -> tuple[PlannedMember, ...]:
        """Those that do not, each with its reason in `member.why`."""
        return tuple(one for one in self.members if not one.goes)

    @property
    def late(self) -> tuple[PlannedMember, ...]:
        """Those on which AWS likely acts before they are done; the most urgent of them go first."""
        return tuple(one for one in self.members if one.late)

    @property
    def not_looked(self) -> int:
        """Of how many of those that go the facts were not read yet."""
        return sum(one.goes and not one.looked for one in self.members)

    @property
    def memory_short(self) -> bool:
        """Whether the runners would take more memory than the machine has."""
        return self.memory_free_mb is not None and self.memory_mb > self.memory_free_mb
