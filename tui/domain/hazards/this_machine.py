"""Hazards of acting on the machine evac runs on, on what its runner reaches AWS through, and on a router instance.

What an action does follows from its steps, not from its name: those that come later are looked at in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from tui.domain.actions import ACTIONS
from tui.domain.events import EventCode, EventState, ScheduledEvent
from tui.domain.facts import RouteTo
from tui.domain.hazards.base import Hazard, HazardView, danger, dont_know, hazard, not_known, warn
from tui.domain.instance import InstanceState
from tui.domain.severity import Gravity
from tui.domain.this_machine import Here, matches, start_command
from tui.domain.time_format import span

SOON, DAY = timedelta(hours=2), timedelta(hours=24)
"""Until what AWS does to the machine evac runs on: a stop takes minutes, and an AMI before it may take an hour and more."""


def _deeds(view: HazardView) -> tuple[bool, bool]:
    """Whether it is stopped, and whether it is started anew without that."""
    action = view.action
    imaged = action.images and not view.options.no_reboot
    again = (action.restarts or imaged) and view.instance.state is not InstanceState.STOPPED
    return action.goes_down, again


def cut_short(here: Here, instance_id: str, action: str, *, set_aside: bool) -> str:
    """Why this must not be done from this machine, unless a person says so; empty: it is no such thing.

    `set_aside`: the plan takes it out of service first, and its last steps bring it back.
    """
    if not here.instance_id or here.instance_id != instance_id:
        return ""
    if ACTIONS[action].goes_down:
        return (
            "evac runs on this instance: the stop ends the runner too, and nobody is left to start it: "
            "it stays DOWN"
        )
    if set_aside and ACTIONS[action].restarts:
        return (
            "evac runs on this instance: the reboot ends the runner too, and it stays out of service until somebody logs in "
            "and they go on"
        )
    return ""


@hazard("self", field="/sys/devices/virtual/dmi/id/board_asset_tag")
def myself(view: HazardView) -> Iterator[Hazard]:
    """Is it the machine evac runs on? From DMI or cloud-init's record of this boot; by its id, which is unique in AWS."""
    here, (down, again) = view.here, _deeds(view)
    if not (down or again):
        return
    if not here.known:
        yield not_known(
            f"whether evac runs on this very instance: {here.why}",
            "if it does, do it from another machine: the runner would end with it",
        )
        return
    if not here.is_row(view.instance):
        return
    why = cut_short(
        here, str(view.instance.instance_id), view.action.name, set_aside=view.standby or view.drain
    )
    if not why:
        yield danger(
            "evac runs on this instance: your session and the runner end with it, and it goes on only once somebody logs in "
            "again and starts evac",
            "do it from another machine where that can be",
        )
        return
    ready = (
        f"have somebody ready who runs: {start_command(view.instance)}"
        if down
        else "log in at once afterwards"
    )
    lifted = view.overridden("self")
    yield Hazard(
        Gravity.DANGER if lifted else Gravity.BLOCK,
        why,
        f"overridden: {ready}" if lifted else f"do it from another machine; or override it, and {ready}",
        override="self",
    )


@hazard("path")
def network_path(view: HazardView) -> Iterator[Hazard]:
    """The hosts between the runner and AWS, or the operator and the runner, from environment, files, routes."""
    here, (down, again) = view.here, _deeds(view)
    if not (down or again) or here.is_row(view.instance):
        return
    field = "environment, /etc/resolv.conf, /proc/self/mountinfo, settings"
    for one in matches(here, view.instance):
        way = one.way
        if not one.sure:
            text = (
                f"{way.what} is at {one.by}, the private address of this instance; others may have the same"
            )
            yield warn(text, "see whether it is this one: then do it from elsewhere", field)
        elif way.need:
            yield _needed(view, f"{way.what} is at {one.by}, on this instance", way.breaks, field, down=down)
        else:
            text = f"{way.what} leads through {one.by}, this instance: {way.breaks}"
            yield Hazard(Gravity.DANGER if down else Gravity.WARN, text, field=field)
    own = [route for route in _routes(view) if route.default and _ours(here, route)]
    if own:
        what = f"this machine's way out (route table {own[0].table_id}) leads through this instance"
        yield _needed(view, what, "the runner can't reach AWS", "ec2 DescribeRouteTables", down=down)


def _needed(view: HazardView, what: str, breaks: str, field: str, *, down: bool) -> Hazard:
    if not down:  # it comes back by itself, and the runner goes on
        text = f"{what}: while it reboots {breaks}"
        return warn(text, "they go on once it is back", field)
    lifted = view.overridden("path")
    ready = f"have somebody elsewhere ready who runs: {start_command(view.instance)}"
    return Hazard(
        Gravity.DANGER if lifted else Gravity.BLOCK,
        f"{what}: stopped, {breaks} to start it again: it stays DOWN",
        f"overridden: {ready}"
        if lifted
        else f"do it from a machine with another way to AWS; or override it, and {ready}",
        field,
        override="path",
    )


def _routes(view: HazardView) -> tuple[RouteTo, ...]:
    return () if view.facts is None else view.facts.routes or ()


def _ours(here: Here, route: RouteTo) -> bool:
    """Whether the table is that of the machine evac runs on: its subnet's, or the main one of a subnet without its own."""
    row = here.row
    if row is None or not row.subnet_id:
        return False
    if row.subnet_id in route.subnets:
        return True
    return route.main and row.vpc_id == route.vpc_id and row.subnet_id not in route.elsewhere


@hazard("router", field="ec2 DescribeRouteTables Routes[]")
def router(view: HazardView) -> Iterator[Hazard]:
    """DescribeRouteTables Routes[].InstanceId, NetworkInterfaceId: a NAT instance or another router, for others than us.

    Instance.SourceDestCheck false is the sign of one (user guide, VPC NAT instances).
    """
    down, again = _deeds(view)
    if not (down or again):
        return
    asked = view.facts is not None and any(name == "routes" for name, _ in view.facts.unknown)
    if view.facts is None or view.facts.routes is None:
        if view.instance.forwards or (asked and view.instance.forwards is None):
            yield dont_know("which route tables lead through it", view, "routes")
        return
    others = [one for one in _routes(view) if not (down and one.default and _ours(view.here, one))]
    if not others:
        return
    many = len(others) > 1
    names = ", ".join(one.table_id for one in others[:3]) + ", …" * (len(others) > 3)
    told = f"route table{'s' * many} {names}{_extent(others)} lead{'s' * (not many)} through it"
    out = "no way out" if any(one.default for one in others) else "no such way"
    yield warn(f"{told}: there is {out} meanwhile", "turn the routes to another one first (ReplaceRoute)")


def _extent(routes: list[RouteTo]) -> str:
    """` (14 instances in 3 subnets)`, as far as it is known."""
    subnets = {one for route in routes for one in route.subnets}
    main = any(route.main for route in routes)
    count = (
        None
        if any(route.instances is None for route in routes)
        else sum(one.instances or 0 for one in routes)
    )
    places = f"{len(subnets)} subnet{'s' * (len(subnets) != 1)}" if subnets else ""
    if main:
        places = " and ".join(part for part in (places, "all subnets without a table of their own") if part)
    held = "" if count is None else f"{count} instance{'s' * (count != 1)}"
    told = " in ".join(part for part in (held, places) if part)
    return f" ({told})" if told else ""


_DEEDS = {
    EventCode.INSTANCE_STOP: "stopped",
    EventCode.INSTANCE_RETIREMENT: "stopped",
    EventCode.INSTANCE_REBOOT: "rebooted",
    EventCode.SYSTEM_REBOOT: "rebooted",
}


def threat(here: Here, now: datetime) -> ScheduledEvent | None:
    """The open event of the machine evac runs on that comes first."""
    return None if here.row is None else next(iter(here.row.open_events(now)), None)


def threatens(event: ScheduledEvent, now: datetime) -> str:
    """`is to be stopped by AWS in 40m (instance-retirement)`."""
    if event.not_before is None:
        when = "at a time AWS did not announce"
    else:
        under_way = event.state(now) is EventState.STARTED
        when = "now" if under_way else f"in {span(event.not_before - now)}"
    deed = _DEEDS.get(event.code)
    done = f"is to be {deed} by AWS {when}" if deed else f"has an event of AWS's {when}"
    return f"{done} ({event.code_text})"


@hazard("here-event", field="ec2 DescribeInstanceStatus Events[]")
def here_event(view: HazardView) -> Iterator[Hazard]:
    """DescribeInstanceStatus Events[] of the machine evac runs on: what AWS does to it ends the runner in the middle."""
    if not view.action.goes_down or view.here.is_row(view.instance):
        return
    event = threat(view.here, view.now)
    if event is None:
        return
    left = None if event.not_before is None else event.not_before - view.now
    waits = view.action.awaits_stop  # for AWS's own stop, which may be days away
    if left is not None and left > DAY and not waits:
        return
    yield Hazard(
        Gravity.WARN if left is not None and left > SOON else Gravity.DANGER,
        f"the machine evac runs on {threatens(event, view.now)}: the runner may end in the middle",
        "do it from another machine",
    )
