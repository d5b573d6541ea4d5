"""The instance as guidance sees it: three-valued answers to what decides the advice."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from msgspec import Struct

from tui.domain.actions import ActionOptions
from tui.domain.activity import Meant, Work
from tui.domain.down_by_aws import STOP_EVENTS, Down, why_down
from tui.domain.events import ScheduledEvent
from tui.domain.facts import Facts
from tui.domain.hazards import Gravity, Hazard, hazards
from tui.domain.hazards.this_machine import cut_short
from tui.domain.instance import Instance, InstanceState, PublicAddress, TypeFacts
from tui.domain.policy import Policy
from tui.domain.this_machine import NOWHERE, Here
from tui.domain.time_format import both_zones, clock, countdown, span

_DAY = timedelta(hours=24)


class Subject(Struct, frozen=True):
    """`general` stands for any instance with such an event (`evac explain CODE`): its unknowns are cases, not gaps.

    `work`: evac's own operation on it; `meant`: who said that it is meant to be down.
    """

    instance: Instance
    facts: Facts | None
    policy: Policy
    now: datetime
    zone: tzinfo
    general: bool = False
    here: Here = NOWHERE
    work: Work | None = None
    meant: Meant | None = None

    @property
    def root(self) -> str:
        """ebs, instance-store or unknown."""
        root = self.instance.root_device
        return root if root in ("ebs", "instance-store") else "unknown"

    @property
    def type(self) -> TypeFacts | None:
        """DescribeInstanceTypes' answer, if anybody has it."""
        if self.facts is not None and self.facts.type is not None:
            return self.facts.type
        return self.instance.type_facts

    @property
    def store(self) -> bool | None:
        """Whether its type has instance store; None = don't know."""
        if self.root == "instance-store":
            return True
        return None if self.type is None else self.type.instance_storage

    @property
    def store_name(self) -> str:
        """`475 GB of instance store`."""
        size = None if self.type is None else self.type.storage_gb
        return f"{size} GB of instance store" if size else "instance store"

    @property
    def on_host(self) -> bool:
        """On a Dedicated Host."""
        return self.instance.tenancy == "host"

    @property
    def group(self) -> str:
        """The Auto Scaling group that would replace it; empty if none is known, or it is in Standby or suspended."""
        members = None if self.facts is None else self.facts.membership
        if members is None:
            return self.instance.tag("aws:autoscaling:groupName") or ""
        if not members or members[0].lifecycle == "Standby" or members[0].replace_suspended:
            return ""
        return members[0].group

    @property
    def in_group(self) -> bool:
        """A member of any group, in Standby or not."""
        members = None if self.facts is None else self.facts.membership
        return bool(self.group or members)

    @property
    def migration(self) -> tuple[bool | None, str]:
        """Whether a reboot of one's own may migrate it (a system-reboot event pending), and why. None = don't know.

        Source: user guide, schedevents_actions_reboot. True is never a promise.
        """
        kind, instance = self.type, self.instance
        if instance.reboot_migration == "disabled":
            return False, "reboot migration is disabled for this instance"
        if self.on_host:
            return False, "it is on a Dedicated Host"
        if self.in_group:
            return False, "it is in an Auto Scaling group"
        if self.store:
            return False, "it has instance store"
        if kind is not None:
            if kind.reboot_migration_supported is False:
                return False, "its type does not support reboot migration"
            if kind.hypervisor == "xen" or kind.bare_metal:
                return False, "its type is Xen or bare metal"
        if kind is None or kind.reboot_migration_supported is None or self.store is None:
            return None, "whether its type supports reboot migration was not read"
        if instance.reboot_migration != "default":
            return None, "its setting for reboot migration was not read"
        return True, "its type supports reboot migration, and it is not switched off"

    @property
    def down(self) -> bool:
        """Whether it is stopped already, or on its way there."""
        return self.instance.state in (InstanceState.STOPPED, InstanceState.STOPPING)

    @property
    def found_down(self) -> Down | None:
        """Why it is down though nobody meant it, if so."""
        return why_down(self.instance, self.now)

    @property
    def leaving(self) -> bool:
        """Whether an open event makes AWS give the instance up on its host: a stop or a retirement."""
        return any(event.code in STOP_EVENTS for event in self.instance.open_events(self.now))

    def blocked(self, verb: str) -> Hazard | None:
        """The hazard that forbids an action now, or None. What a person may lift forbids nothing."""
        found = hazards(self.instance, self.facts, verb, self.now, ActionOptions(), self.policy)
        return next((one for one in found if one.gravity is Gravity.BLOCK and not one.override), None)

    def from_elsewhere(self, verb: str) -> bool:
        """Whether it is the machine evac runs on, and this is for another one to do."""
        return bool(cut_short(self.here, str(self.instance.instance_id), verb, set_aside=False))

    @property
    def stop_costs(self) -> bool:
        """Whether a stop/start may lose more than memory: instance store or a public address, or nobody knows."""
        return self.store is not False or self.instance.public_kind in (
            PublicAddress.AUTO,
            PublicAddress.UNKNOWN,
        )

    def time(self, moment: datetime) -> str:
        """Absolute in both zones, and the countdown."""
        return f"{both_zones(moment, self.zone, self.now)}, {countdown(moment, self.now)}"

    def at(self, event: ScheduledEvent) -> str:
        """For a headline: `at 06:24 KST, in 3h12m`."""
        if event.not_before is None:
            return "at the announced time" if self.general else "at a time AWS did not announce"
        if event.not_before - self.now < _DAY:
            return f"at {clock(event.not_before, self.zone)}, {countdown(event.not_before, self.now)}"
        return f"in {span(event.not_before - self.now)} ({both_zones(event.not_before, self.zone, self.now)})"
