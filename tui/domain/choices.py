"""What there is to choose before an action on this instance: each with its words, and whether it is on to begin with.

The console draws a line each, `evac do` has an option each; the plan decides what comes of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from tui.domain import out_of_service
from tui.domain.actions import ACTIONS, OVERRIDES, ActionOptions
from tui.domain.facts import Facts
from tui.domain.hazards import hazards
from tui.domain.hazards.base import HazardView
from tui.domain.hazards.images import needs_image
from tui.domain.instance import Instance
from tui.domain.policy import Policy
from tui.domain.this_machine import NOWHERE, Here
from tui.domain.time_format import span


class Offer(Struct, frozen=True):
    """One choice: yes or no. `name` is the option's; `fixed` says why it can't be changed; `override`: the block it lifts."""

    name: str
    words: str
    on: bool
    fixed: str = ""
    override: str = ""


def offers(
    action: str,
    instance: Instance,
    facts: Facts | None,
    options: ActionOptions,
    policy: Policy,
    now: datetime,
    here: Here = NOWHERE,
) -> tuple[Offer, ...]:
    """Those that make a difference here, in the order in which they would come to pass; then an override for each block."""
    found, wanted = [], ACTIONS[action]
    first, second = out_of_service.resolve(wanted, facts, options)
    group, places = out_of_service.member(facts), out_of_service.places(facts)
    if wanted.sets_aside and group is not None and not out_of_service.why_no_standby(facts):
        found.append(Offer("standby", f"standby first, in {group.group}", first))
    elif wanted.sets_aside and places:
        found.append(Offer("drain", f"drain first: {', '.join(one.name for one in places)}", second))
    if "image_first" in wanted.takes:
        view = HazardView(instance, facts, wanted, now, options, policy, here)
        why = ""
        if policy.require_image is not None and needs_image(view):
            why = f"policy: none younger than {span(policy.require_image)}"
        found.append(Offer("image-first", "make an AMI first", bool(why) or options.image_first, why))
    lacking = (
        out_of_service.shorts(facts, instance, policy.keep) if wanted.interrupts(ActionOptions()) else ()
    )
    if "switch_off" in wanted.takes:
        found.append(Offer("switch-off", "switch it off instead of on", options.switch_off))
    if any(one.by for one in lacking):
        found.append(Offer("if-held", "wait while others hold its group", options.if_held == "wait"))
    return (*found, *_overrides(action, instance, facts, options, policy, now, here))


def _overrides(
    action: str,
    instance: Instance,
    facts: Facts | None,
    options: ActionOptions,
    policy: Policy,
    now: datetime,
    here: Here = NOWHERE,
) -> Iterator[Offer]:
    """One for each block that stands while nothing is lifted, and that this site leaves to a person."""
    bare = hazards(instance, facts, action, now, replace(options, overrides=()), policy, here)
    for code in dict.fromkeys(one.override for one in bare):
        if code in OVERRIDES and code not in policy.blocking:
            words = f"override {code}: {OVERRIDES[code].words}"
            yield Offer(f"override-{code}", words, code in options.overrides, override=code)
