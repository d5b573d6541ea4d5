"""What a hazard is, and what the functions that find them look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from tui.domain import out_of_service
from tui.domain.actions import Action, ActionOptions
from tui.domain.facts import Facts
from tui.domain.groups import Short
from tui.domain.instance import Instance, InstanceState, TypeFacts
from tui.domain.policy import Policy
from tui.domain.severity import Gravity
from tui.domain.this_machine import NOWHERE, Here


class Hazard(Struct, frozen=True):
    """One consequence in plain words. `remedy` may be empty; `field` is where AWS shows it; `known` is False for *don't know*.

    `override` names the option by which a person may lift the block; empty: nobody can. `code`, and `field` where it is empty,
    are put in by its check.
    `unknown`: of a *don't know*, what it is that is not known, to be said of several in one line.
    """

    gravity: Gravity
    text: str
    remedy: str = ""
    field: str = ""
    known: bool = True
    override: str = ""
    code: str = ""
    unknown: str = ""


block, danger, warn, note, ok = (partial(Hazard, one) for one in Gravity)
"""A hazard of that gravity: `warn(text, remedy)`."""


class HazardView(Struct, frozen=True):
    """All a hazard may look at. `facts` is None while nobody looked closer than the list; `here` is the machine evac runs on."""

    instance: Instance
    facts: Facts | None
    action: Action
    now: datetime
    options: ActionOptions
    policy: Policy
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
        return self.action.stops

    @property
    def interrupts(self) -> bool:
        """Whether what runs on it goes down for a while."""
        return self.action.interrupts(self.options, self.instance.state)

    @property
    def standby(self) -> bool:
        """Whether it is put in standby before it goes down."""
        return out_of_service.resolve(self.action, self.facts, self.options)[0]

    @property
    def drain(self) -> bool:
        """Whether it is drained before it goes down."""
        return out_of_service.resolve(self.action, self.facts, self.options)[1]

    @property
    def shorts(self) -> tuple[Short, ...]:
        """The groups of which too few would be in service while it is down."""
        keep = self.policy.keep
        return out_of_service.shorts(self.facts, self.instance, keep) if self.interrupts else ()

    @property
    def waits(self) -> bool:
        """Whether it is its operation that waits while other operations hold its group, rather than the operator."""
        return self.options.if_held == "wait"

    def overridden(self, code: str) -> bool:
        """Whether a person has lifted this block."""
        return code in self.options.overrides

    def why_unknown(self, field: str) -> str:
        """The reason a fact is missing, as the reader noted it, in brackets; else that nobody looked."""
        if self.facts is None:
            return " (not looked up yet)"
        for name, reason in self.facts.unknown:
            if name == field and reason:
                return f" ({reason})"
        return " (AWS did not say)"


class HazardCheck(Struct, frozen=True):
    """One thing that can go wrong: `find` yields it. Looked at for every action that has one of `steps`; without any, for all."""

    code: str
    steps: frozenset[str]
    field: str
    find: Callable[[HazardView], Iterator[Hazard]]

    def concerns(self, action: Action) -> bool:
        """Whether it is looked at for this action. An AMI that is only an option is none of its steps."""
        return not self.steps or not self.steps.isdisjoint(action.steps)

    def __call__(self, view: HazardView) -> Iterator[Hazard]:
        """What is found, with the code."""
        for one in self.find(view):
            yield replace(one, code=self.code, field=one.field or self.field)


def hazard(
    code: str, *steps: str, field: str = ""
) -> Callable[[Callable[[HazardView], Iterator[Hazard]]], HazardCheck]:
    """Make a hazard of a function. This line is all that says so: its code, which a site policy may name, for which steps, and
    the `field` that shows it where the function names no other.
    """
    return lambda find: HazardCheck(code, frozenset(steps), field, find)


LOOK_REMEDY = "look at the instance's detail, or grant the read permission that `evac doctor` names"


def dont_know(what: str, view: HazardView, fact: str, field: str = "", remedy: str = LOOK_REMEDY) -> Hazard:
    """The WARN that stands where a fact is missing."""
    return not_known(what, remedy, field, view.why_unknown(fact))


def not_known(what: str, remedy: str, field: str = "", why: str = "") -> Hazard:
    """The WARN that says what is not known; `why` ends its sentence."""
    return Hazard(Gravity.WARN, f"don't know {what}{why}", remedy, field, known=False, unknown=what)
