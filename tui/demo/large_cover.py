"""What covers a large fleet: an alarm and an AMI of each instance, AWS Health in each account, 200 events of it in the first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tui.demo import alarm_evaluation, alarm_states, copies, health
from tui.demo.alarm_settings import settings
from tui.demo.instance import DemoInstance
from tui.demo.world import Region, World

Doc = dict[str, Any]
EVENTS, FEW_EVENTS = 200, 3
"""Events of AWS Health in the first account, and in each other one."""
_MAKERS = ("create-image", "create-image", "dlm", "backup")
_RETIRES = "AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED"


def populate(world: World) -> None:
    """Add it to every instance there is."""
    serial = 0
    for region in world.regions.values():
        for instance in region.instances.values():
            _alarm(world, region, instance, serial)
            hours = 2 + serial * 7 % 300  # a few older than a week
            at = (world.clock.now - timedelta(hours=hours)).replace(microsecond=0)
            copies.add_copy(region, instance, _MAKERS[serial % len(_MAKERS)], at, volumes=1)
            serial += 1
    for number, account in enumerate(world.accounts.values()):
        account.health = True
        places = [region for region in world.regions.values() if region.account == account.number]
        found = [(region, instance) for region in places for instance in region.instances.values()]
        most = EVENTS if number == 0 else FEW_EVENTS
        for region, instance in (found * (most // max(1, len(found)) + 1))[:most]:
            health.announce(world, account, _RETIRES, [instance.id], region.name, statusCode="upcoming",
                            startTime=world.clock.now + timedelta(days=9))  # fmt: skip


def _alarm(world: World, region: Region, instance: DemoInstance, serial: int) -> None:
    kind = ("recover", "reboot")[serial % 2]
    changed: Doc = {"AlarmDescription": f"terraform: modules/instance?ref=v1.{serial % 30}.0"}
    if serial % 53 == 7:
        changed["ActionsEnabled"] = False
    doc = alarm_states.put(world, region, {**settings(instance, region.name, kind), **changed})
    state = "ALARM" if instance.sick else "INSUFFICIENT_DATA" if serial % 97 == 11 else "OK"
    alarm_states.settled(doc, state, world.clock.now - timedelta(minutes=12))
    alarm_evaluation.wake_with(world, region, instance)
