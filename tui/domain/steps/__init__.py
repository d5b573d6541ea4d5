"""One small class a step: the calls it may send, and what it decides."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.actions import ACTIONS, ActionOptions
from tui.domain.steps import checks, cover, membership, power, wait_healthy, work
from tui.domain.steps.base import Call, Order, Step
from tui.domain.steps.power import Preflight, askable


def _declared() -> Iterator[Step]:
    for module in (work, power, checks, membership, wait_healthy, cover):
        for one in vars(module).values():
            own = isinstance(one, type) and one.__module__ == module.__name__ and hasattr(one, "decide")
            if own and one.text and one is not Preflight:  # which each plan makes for its calls
                yield one()


STEPS: dict[str, Step] = {step.name: step for step in _declared()}
"""All that a plan may hold, besides the preflight: every class of these modules that has a text. What they may send is all that
a runner may send."""


def steps_of(action: str, options: ActionOptions, *, serves: bool = False) -> tuple[Step, ...]:
    """The steps of an action with these options. `serves`: a group of its found it in service, and should again."""
    return tuple(STEPS[name] for name in ACTIONS[action].step_names(options, serves=serves))


def calls_of(action: str, order: Order, options: ActionOptions) -> tuple[Call, ...]:
    """Every call it may send, each operation once."""
    found: dict[str, Call] = {}
    for step in steps_of(action, options):
        for call in step.calls(order):
            found.setdefault(call.operation, call)
    return tuple(found.values())


def without_dry_run(action: str, order: Order, options: ActionOptions) -> tuple[str, ...]:
    """The calls of the plan for which AWS can't be asked in advance: their services know no DryRun, or what they are about is
    yet to be made."""
    return tuple(one.operation for one in calls_of(action, order, options) if not askable(one))


def sendable() -> frozenset[tuple[str, str]]:
    """(service, operation) of every call some step declares: all that a runner may ever send."""
    order = Order("", "", "")
    return frozenset((call.service, call.operation) for step in STEPS.values() for call in step.calls(order))
