"""What could go wrong with an action on this instance: one function a hazard, each naming the API field it reads.

Nothing is passed over in silence: a fact that was not read is a WARN that says so, and a fact that reassures is an OK.
A hazard's one home is its function, with `@hazard(code, *steps)` above it in one of these modules.
"""

from __future__ import annotations

from datetime import datetime

from tui.domain.actions import ACTIONS, ActionOptions
from tui.domain.facts import Facts
from tui.domain.hazards import (
    alarms,
    capacity,
    ending_alarms,
    images,
    instance_state,
    membership,
    network,
    state,
    storage,
    this_machine,
)
from tui.domain.hazards.base import Hazard, HazardCheck, HazardView
from tui.domain.instance import Instance
from tui.domain.policy import Policy
from tui.domain.severity import GRAVE, GRAVITIES, Gravity
from tui.domain.this_machine import NOWHERE, Here

__all__ = ["GRAVE", "HAZARD_CHECKS", "HAZARD_CODES", "Gravity", "Hazard", "hazards"]

_MODULES = (
    state,
    this_machine,
    storage,
    network,
    membership,
    capacity,
    instance_state,
    alarms,
    ending_alarms,
    images,
)
HAZARD_CHECKS: tuple[HazardCheck, ...] = tuple(
    one for module in _MODULES for one in vars(module).values() if isinstance(one, HazardCheck)
)
"""All of them, in the order in which equally grave ones are told."""
HAZARD_CODES = tuple(sorted({one.code for one in HAZARD_CHECKS}))
"""What a site policy may name."""


def hazards(
    instance: Instance,
    facts: Facts | None,
    action: str,
    now: datetime,
    options: ActionOptions,
    policy: Policy,
    here: Here = NOWHERE,
) -> tuple[Hazard, ...]:
    """What is known to be in the way, gravest first. `here`: the machine evac runs on. Raises KeyError on an unknown action."""
    here = here.looked_up(() if facts is None else facts.hosts)
    view = HazardView(instance, facts, ACTIONS[action], now, options, policy, here)
    found = [one for check in HAZARD_CHECKS if check.concerns(view.action) for one in check(view)]
    return tuple(sorted(found, key=lambda one: GRAVITIES.index(one.gravity)))
