"""What a hazard is, and what the functions that find them look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct

from tui.domain import out_of_service
from tui.domain.actions import ASIDE
from tui.domain.facts import Facts
from tui.domain.groups import Keep, Short
from tui.domain.instance import Instance, InstanceState, TypeFacts
from tui.domain.severity import Gravity
from tui.domain.this_machine import NOWHERE, Here


class Hazard(Struct, frozen=True):
    """One consequence in plain words. `remedy` may be empty; `field` is where AWS shows it; `known` is False for *don't know*.

    `override` names the option by which a person may lift the block; empty: nobody can.
    """

    code: str
    gravity: Gravity
    text: str
    remedy: str = ""
    field: str = ""
    known: bool = True
    override: str = ""


class Options(Protocol):
    """What hazards want to know of an action's options."""

    @property
    def no_reboot(self) -> bool:
        """CreateImage's NoReboot."""
        ...

    @property
    def image_first(self) -> bool:
        """Whether an AMI is made before the stop."""
        ...

    @property
    def event_id(self) -> str:
        """Which event is rescheduled; empty: the one that can be."""
        ...

    @property
    def not_before(self) -> datetime | None:
        """The new start (UTC)."""
        ...

    @property
    def standby(self) -> bool | None:
        """Whether its Auto Scaling group puts it aside first; None: where that can be done."""
        ...

    @property
    def drain(self) -> bool | None:
        """Whether its load balancers are drained first; None: where it is in no group."""
        ...

    @property
    def overrides(self) -> tuple[str, ...]:
        """The blocks a person has lifted."""
        ...

    @property
    def if_held(self) -> str:
        """Whether it waits while its group is held by others: `wait` or `refuse`."""
        ...


class HazardView(Struct, frozen=True):
    """All a hazard may look at. `now` is UTC; `facts` is None while nobody looked closer than the list.

    `keep`: how many of a group must stay in service, each of them.
    """

    instance: Instance
    facts: Facts | None
    action: str
    now: datetime
    options: Options | None
    image_max_age: timedelta
    image_required: timedelta | None = None
    keep: tuple[Keep, ...] = ()
    here: Here = NOWHERE

    @property
    def type(self) -> TypeFacts | None:
        """DescribeInstanceTypes' answer, from the close look or from the list."""
        if self.facts is not None and self.facts.type is not None:
            return self.facts.type
        return self.instance.type_facts

    @property
    def running(self) -> bool:
        """Whether it is known to run."""
        return self.instance.state is InstanceState.RUNNING

    @property
    def stops(self) -> bool:
        """Whether the action stops the instance."""
        return self.action == "stop-start"

    @property
    def no_reboot(self) -> bool:
        """AWS's own default is False."""
        return self.options is not None and self.options.no_reboot

    @property
    def interrupts(self) -> bool:
        """Whether what runs on it goes down for a while."""
        return self.action in ("stop-start", "reboot") or (
            self.action == "image" and not self.no_reboot and self.instance.state is not InstanceState.STOPPED
        )

    @property
    def standby(self) -> bool:
        """Whether it is put in standby before it goes down."""
        wanted = None if self.options is None else self.options.standby
        return self.action in ASIDE and out_of_service.standby(self.facts, wanted)

    @property
    def drain(self) -> bool:
        """Whether it is drained before it goes down."""
        wanted = None if self.options is None else self.options.drain
        return self.action in ASIDE and out_of_service.drain(self.facts, wanted, self.standby)

    @property
    def shorts(self) -> tuple[Short, ...]:
        """The groups of which too few would be in service while it is down."""
        return out_of_service.shorts(self.facts, self.instance, self.keep) if self.interrupts else ()

    @property
    def waits(self) -> bool:
        """Whether it is its operation that waits while other operations hold its group, rather than the operator."""
        return self.options is None or self.options.if_held == "wait"

    def overridden(self, code: str) -> bool:
        """Whether a person has lifted this block."""
        return self.options is not None and code in self.options.overrides

    def why_unknown(self, field: str) -> str:
        """The reason a fact is missing, as the reader noted it, in brackets; else that nobody looked."""
        if self.facts is None:
            return " (not looked up yet)"
        for name, reason in self.facts.unknown:
            if name == field and reason:
                return f" ({reason})"
        return " (AWS did not say)"


HazardCheck = Callable[[HazardView], Iterator[Hazard]]
LOOK_REMEDY = "look at the instance's detail, or grant the read permission that `evac doctor` names"


def dont_know(
    code: str, what: str, view: HazardView, fact: str, field: str, remedy: str = LOOK_REMEDY
) -> Hazard:
    """The WARN that stands where a fact is missing."""
    return Hazard(
        code, Gravity.WARN, f"don't know {what}{view.why_unknown(fact)}", remedy, field, known=False
    )
