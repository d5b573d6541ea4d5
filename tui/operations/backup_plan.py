"""What a timer plans, under which rules, and what may come of it (tui.operations.backup_run carries it out)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from tui.domain import backup
from tui.domain.actions import ActionOptions, Backup
from tui.domain.backup import Copying, Need
from tui.domain.facts import Facts
from tui.domain.instance import Instance
from tui.domain.plan import Draft, GuardKind
from tui.operations.service import blocked_line


class Ending(StrEnum):
    """How it ended for one instance. ALREADY: another timer made it. PENDING: AWS is still at it. FRESH: it has one by now.
    GONE: it is terminated. DUE: nothing was sent, as asked. REFUSED: a guard was not satisfied. UNREAD: nobody knows whether it
    has a copy."""

    MADE = "made"
    ALREADY = "already"
    PENDING = "pending"
    FRESH = "fresh"
    GONE = "gone"
    DUE = "due"
    FAILED = "failed"
    REFUSED = "refused"
    READ_ONLY = "read-only"
    UNREAD = "unread"


class Copied(Struct, frozen=True):
    """What came of one instance. `image_name` is unique in its account and region; `operation` is empty where none was."""

    row: Instance
    ending: Ending
    why: str
    image_name: str = ""
    operation: str = ""
    remedy: str = ""


_Plan = Callable[[Instance, Facts | None, ActionOptions], Draft]


@dataclass
class Rules:
    """What the timer was told. Lengths of time; `at_once` is how many are copied at the same time."""

    older_than: timedelta
    at_once: int = 1
    expires: timedelta | None = None
    deprecate: timedelta | None = None


@dataclass
class Planner:
    """Plans copies: always without a reboot. `addresses`: private address → id, for groups that know addresses alone."""

    rules: Rules
    plan: _Plan
    now: Callable[[], datetime]
    addresses: Mapping[str, str] = field(default_factory=dict)

    def judged(self, row: Instance, fresh: Instance, facts: Facts | None, need: Need) -> Copied:
        """What would come of it, where nothing is to be sent."""
        if need.copying is not Copying.DUE:
            return Copied(row, Ending(need.copying.value), need.why)
        plan = self.planned(fresh, facts, need)
        if (told := refused(plan)) is not None:
            return Copied(row, *told, need.name)
        return Copied(row, Ending.DUE, need.why, need.name)

    def planned(self, row: Instance, facts: Facts | None, need: Need) -> Draft:
        """The plan of its copy: always without a reboot."""
        now, rules = self.now(), self.rules
        made = Backup(
            expires=now + rules.expires if rules.expires else None,
            deprecate_at=now + rules.deprecate if rules.deprecate else None,
            beside=backup.beside(row, facts, self.addresses),
        )
        options = ActionOptions(no_reboot=True, image_name=need.name, wait_for_image=True, backup=made)
        return self.plan(row, facts, options)


def refused(plan: Draft) -> tuple[Ending, str] | None:
    """Why the timer's yes is not enough for this plan; None: it is."""
    if plan.guard.kind is GuardKind.YES_NO:
        return None
    if plan.guard.kind is GuardKind.TYPE_NAME:
        return Ending.REFUSED, f"its name must be typed: evac do image {plan.instance_id} --no-reboot"
    read_only = any("read-only" in one for one in plan.guard.unblock)
    return Ending.READ_ONLY if read_only else Ending.REFUSED, blocked_line(plan)
