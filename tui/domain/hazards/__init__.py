"""What could go wrong with an action on this instance: one function a hazard, each naming the API field it reads.

Nothing is passed over in silence: a fact that was not read is a WARN that says so, and a fact that reassures is an OK.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tui.domain.facts import Facts
from tui.domain.gravity import GRAVE, GRAVITIES, Gravity
from tui.domain.hazards import data, group, machine, network, own, place
from tui.domain.hazards.base import Check, Hazard, Options, View
from tui.domain.here import NOWHERE, Here
from tui.domain.instance import Instance
from tui.domain.own import AFTER_STOP
from tui.domain.policy import IMAGE_MAX_AGE
from tui.domain.serving import Keep

__all__ = ["CHECKS", "GRAVE", "IMAGE_MAX_AGE", "Gravity", "Hazard", "Options", "hazards"]

_ALWAYS: tuple[Check, ...] = (machine.state, group.managed, own.myself, own.path, own.router, own.here_event)
_POWER: tuple[Check, ...] = (
    data.instance_store_root,
    data.instance_store,
    network.public_address,
    group.last_healthy,
    group.group_held,
    group.auto_scaling,
    network.load_balancer,
    place.spot,
    place.lifecycle,
    machine.stop_protection,
    machine.termination_protection,
    machine.shutdown_behavior,
    place.dedicated_host,
    place.placement_group,
    place.reservation,
    place.outpost,
    group.cluster,
    machine.mac,
    machine.bare_metal,
    machine.xen,
    machine.windows,
    machine.credits,
    machine.product_codes,
    data.newest_image,
    data.required_image,
    data.image_first,
)
CHECKS: dict[str, tuple[Check, ...]] = {
    "stop-start": _ALWAYS + _POWER,
    "start": (
        *_ALWAYS,
        place.dedicated_host,
        place.spot,
        place.lifecycle,
        place.placement_group,
        place.reservation,
        place.outpost,
        machine.mac,
        machine.bare_metal,
        machine.product_codes,
    ),
    AFTER_STOP: (
        *_ALWAYS,
        machine.stopped_by_aws,
        group.replaced_once_stopped,
        place.dedicated_host,
        place.spot,
        place.lifecycle,
        place.placement_group,
        place.reservation,
        place.outpost,
        machine.mac,
        machine.bare_metal,
        machine.product_codes,
    ),
    "reboot": (
        *_ALWAYS,
        machine.reboot_stays,
        machine.reboot_and_event,
        data.instance_store,
        network.public_address,
        group.last_healthy,
        group.group_held,
        group.auto_scaling,
        network.load_balancer,
        group.cluster,
        machine.windows,
        data.newest_image,
    ),
    "image": (
        *_ALWAYS,
        data.instance_store_root,
        data.image_reboots,
        data.instance_store,
        data.image_hibernation,
        group.last_healthy,
        group.group_held,
        group.auto_scaling,
        network.load_balancer,
        group.cluster,
        data.newest_image,
    ),
    "reschedule": (*_ALWAYS, machine.reschedulable),
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
    view = View(instance, facts, action_name, now, options, image_max_age, image_required, keep, here)
    found = [hazard for check in CHECKS[action_name] for hazard in check(view)]
    return tuple(sorted(found, key=lambda hazard: GRAVITIES.index(hazard.gravity)))
