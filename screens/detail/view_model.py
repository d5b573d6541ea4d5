"""What there is to draw of one instance, in one frozen value: what the store knows, what a look added, what is amiss."""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from screens.detail.reasons import NO_REASONS, Reasons
from tui.config.schema import Settings, policy
from tui.domain.activity import NO_ACTIVITY, Own
from tui.domain.copy_plans import CopyPlans
from tui.domain.diagnosis.verdict import Diagnosis
from tui.domain.facts import Facts
from tui.domain.guidance import Explanation, explain
from tui.domain.health import HealthReport
from tui.domain.instance import Instance, TargetStatus, Trouble
from tui.domain.policy import Policy
from tui.domain.sanitize import SafeText
from tui.domain.this_machine import NOWHERE, Here
from tui.domain.time_format import ago, both_zones
from tui.fleet.gathered import NOTHING_YET, Gathered
from tui.fleet.protocol import ReadKind
from tui.operations.model import Operation

HOURS = (3, 24, 72)
"""How far back metrics can be looked at."""


class TriageView(Struct, frozen=True):
    """How the triage tab is looked at: the last `hours`, in how many columns, zoomed or not.

    `ranges`: of which range the metrics held are, by the question that they answered.
    """

    hours: int = 3
    zoomed: bool = False
    width: int = 76
    ranges: tuple[tuple[ReadKind, int], ...] = ()

    @property
    def other_ranges(self) -> dict[str, int]:
        """What the keys for a longer and a shorter one lead to, by key; none at either end."""
        at = HOURS.index(self.hours)
        return {
            **({"+": HOURS[at + 1]} if at + 1 < len(HOURS) else {}),
            **({"-": HOURS[at - 1]} if at else {}),
        }


class Scene(Struct, frozen=True, dict=True):
    """Times are UTC; `zone` is the operator's. `gone`: AWS lists it no more, and this is what was known last.

    `wide`: the layers and the actions have a pane of their own. `health`: AWS's own texts; None: not read (yet),
    `health_trouble` says why.
    """

    instance: Instance
    now: datetime
    zone: tzinfo
    settings: Settings
    facts: Facts | None = None
    status: TargetStatus | None = None
    reading: bool = False
    trouble: Trouble | None = None
    gone: bool = False
    operations: tuple[Operation, ...] = ()
    history_trouble: str = ""
    collector: str = ""
    wide: bool = False
    here: Here = NOWHERE
    own: Own = NO_ACTIVITY
    gathered: Gathered = NOTHING_YET
    triage: TriageView = TriageView()
    reasons: Reasons = NO_REASONS
    plans: CopyPlans | None = None
    health: HealthReport | None = None
    health_trouble: str = ""
    links: bool = False

    @cached_property
    def explanation(self) -> Explanation:
        """What it means."""
        found = self.diagnosis.findings
        return explain(
            self.instance, self.facts, self.policy, self.now, self.zone, self.here, self.own, found
        )

    @cached_property
    def policy(self) -> Policy:
        """What the settings say of actions on it."""
        return policy(self.settings, self.instance.target.profile, self.instance.account_id)

    @property
    def diagnosis(self) -> Diagnosis:
        """Why it fails, as far as the evidence goes."""
        return self.reasons.diagnosis

    @property
    def read_only(self) -> bool:
        """Whether nothing may be changed through its profile."""
        return self.settings.profile_read_only(self.instance.target.profile, self.instance.account_id)

    @property
    def status_at(self) -> datetime | None:
        """When its checks were read: the target tells a later time for rows that did not change."""
        own = self.instance.status_at
        told = self.status.status_at if self.status is not None else None
        return max((one for one in (own, told) if one is not None), default=None) if own else None

    def when(self, moment: datetime) -> str:
        """`Tue 06:24 KST (21:24 UTC), 6m ago`."""
        return f"{both_zones(moment, self.zone, self.now)}, {ago(moment, self.now)}"

    def unread(self, field: str) -> str:
        """Why a fact is missing: `don't know …`, or that it is on its way."""
        if self.facts is None:
            return "reading …" if self.reading else "don't know: not looked up (r looks)"
        reason = next((why for name, why in self.facts.unknown if name == field and why), SafeText(""))
        return f"don't know: {reason or 'AWS did not say'}"


def range_word(hours: int) -> str:
    """`3 h`, `24 h`, `3 d`."""
    return f"{hours} h" if hours < 48 else f"{hours // 24} d"


def read_at(instance: Instance) -> datetime | None:
    """When the newest part of it was read."""
    return max((one for one in (instance.status_at, instance.inventory_at) if one is not None), default=None)


def freshest(row: Instance, looked: Instance | None) -> Instance:
    """The store's row or a look's, whichever was read later. What a look does not read stays the row's."""
    if looked is None or looked.key != row.key:
        return row
    mine, other = read_at(row), read_at(looked)
    if other is None or (mine is not None and other <= mine):
        return row
    return replace(looked, cover=row.cover, health=row.health)
