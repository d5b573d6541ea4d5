"""What could go wrong with an action on this instance: one function a hazard, each naming the API field it reads.

Nothing is passed over in silence: a fact that was not read is a WARN that says so, and a fact that reassures is an OK.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tui.domain.activity import AFTER_STOP
from tui.domain.facts import Facts
from tui.domain.groups import Keep
from tui.domain.hazards import capacity, instance_state, membership, network, storage, this_machine
from tui.domain.hazards.base import Hazard, HazardCheck, HazardView, Options
from tui.domain.instance import Instance
from tui.domain.policy import IMAGE_MAX_AGE
from tui.domain.severity import GRAVE, GRAVITIES, Gravity
from tui.domain.this_machine import NOWHERE, Here

__all__ = ["GRAVE", "HAZARD_CHECKS", "IMAGE_MAX_AGE", "Gravity", "Hazard", "Options", "hazards"]

_ALWAYS: tuple[HazardCheck, ...] = (
    instance_state.wrong_state,
    membership.managed,
    this_machine.myself,
    this_machine.network_path,
    this_machine.router,
    this_machine.here_event,
)
_POWER: tuple[HazardCheck, ...] = (
    storage.instance_store_root,
    storage.instance_store,
    network.public_address,
    membership.last_healthy,
    membership.group_held,
    membership.auto_scaling,
    network.load_balancer,
    capacity.spot,
    capacity.lifecycle,
    instance_state.stop_protection,
    instance_state.termination_protection,
    instance_state.shutdown_behavior,
    capacity.dedicated_host,
    capacity.placement_group,
    capacity.reservation,
    capacity.outpost,
    membership.cluster,
    instance_state.mac,
    instance_state.bare_metal,
    instance_state.xen,
    instance_state.windows,
    instance_state.credits,
    instance_state.product_codes,
    storage.newest_image,
    storage.required_image,
    storage.image_first,
)
HAZARD_CHECKS: dict[str, tuple[HazardCheck, ...]] = {
    "stop-start": _ALWAYS + _POWER,
    "start": (
        *_ALWAYS,
        capacity.dedicated_host,
        capacity.spot,
        capacity.lifecycle,
        capacity.placement_group,
        capacity.reservation,
        capacity.outpost,
        instance_state.mac,
        instance_state.bare_metal,
        instance_state.product_codes,
    ),
    AFTER_STOP: (
        *_ALWAYS,
        instance_state.stopped_by_aws,
        membership.replaced_once_stopped,
        capacity.dedicated_host,
        capacity.spot,
        capacity.lifecycle,
        capacity.placement_group,
        capacity.reservation,
        capacity.outpost,
        instance_state.mac,
        instance_state.bare_metal,
        instance_state.product_codes,
    ),
    "reboot": (
        *_ALWAYS,
        instance_state.reboot_stays,
        instance_state.reboot_and_event,
        storage.instance_store,
        network.public_address,
        membership.last_healthy,
        membership.group_held,
        membership.auto_scaling,
        network.load_balancer,
        membership.cluster,
        instance_state.windows,
        storage.newest_image,
    ),
    "image": (
        *_ALWAYS,
        storage.instance_store_root,
        storage.image_reboots,
        storage.instance_store,
        storage.image_hibernation,
        membership.last_healthy,
        membership.group_held,
        membership.auto_scaling,
        network.load_balancer,
        membership.cluster,
        storage.newest_image,
    ),
    "reschedule": (*_ALWAYS, instance_state.reschedulable),
}
"""Which hazards are looked at for which action."""


def hazards(
    instance: Instance,
    facts: Facts | None,
    action_name: str,
    now: datetime,
    options: Options | None = None,
    *,
    image_max_age: timedelta = IMAGE_MAX_AGE,
    image_required: timedelta | None = None,
    keep: tuple[Keep, ...] = (),
    here: Here = NOWHERE,
) -> tuple[Hazard, ...]:
    """What is known to be in the way, gravest first. KeyError for an action there is not.

    `image_required`: before a stop an AMI must be younger than this, or one is made. `keep`: how many of a group must stay up.
    `here`: the machine evac runs on.
    """
    here = here.looked_up(() if facts is None else facts.hosts)
    view = HazardView(instance, facts, action_name, now, options, image_max_age, image_required, keep, here)
    found = [hazard for check in HAZARD_CHECKS[action_name] for hazard in check(view)]
    return tuple(sorted(found, key=lambda hazard: GRAVITIES.index(hazard.gravity)))
