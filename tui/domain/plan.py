"""An action on an instance becomes a Draft: steps with their calls, hazards, and the guard in front of them.

The confirm screen, `evac do` and the journal show and keep exactly this value.
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tui.domain import out_of_service, typed_name
from tui.domain.actions import ACTIONS, ASIDE, ActionOptions
from tui.domain.activity import AFTER_STOP
from tui.domain.down_by_aws import STOP_EVENTS
from tui.domain.events import ScheduledEvent
from tui.domain.facts import Facts
from tui.domain.hazards import Hazard, hazards
from tui.domain.hazards.base import HazardView
from tui.domain.hazards.storage import needs_image
from tui.domain.instance import Instance, InstanceState, Target
from tui.domain.policy import Policy
from tui.domain.sanitize import SafeText, clean
from tui.domain.severity import GRAVE, Gravity
from tui.domain.steps import Call, Order, Preflight, Step, TargetRegistration
from tui.domain.this_machine import NOWHERE, Here


class GuardKind(StrEnum):
    """How it is confirmed."""

    YES_NO = "yes-no"
    TYPE_NAME = "type-name"
    BLOCKED = "blocked"


class Guard(Struct, frozen=True):
    """`expected` is what must be typed, `accepts` all that counts as it; `unblock` says what would make it possible."""

    kind: GuardKind
    expected: str = ""
    unblock: tuple[str, ...] = ()
    accepts: tuple[str, ...] = ()


def strict(policy: Policy, found: tuple[Hazard, ...]) -> tuple[Hazard, ...]:
    """The same, with what the site blocks as a block: a danger or warning of that code, and where it isn't known."""
    why = "the site policy allows no confirmation of this"
    return tuple(
        replace(one, gravity=Gravity.BLOCK, remedy=why, override="")
        if one.code in policy.blocking and one.gravity in GRAVE
        else one
        for one in found
    )


class PlannedStep(Struct, frozen=True):
    """One step of the plan, in words and in calls."""

    name: str
    text: str
    about: str
    calls: tuple[Call, ...] = ()


class Draft(Struct, frozen=True):
    """What would happen. `order` is what the hands will be given; its operation id is empty until it is journaled."""

    action: str
    title: str
    target: Target
    account_id: SafeText
    instance_id: SafeText
    instance_name: SafeText
    state: InstanceState
    options: ActionOptions
    order: Order
    steps: tuple[PlannedStep, ...]
    hazards: tuple[Hazard, ...]
    guard: Guard
    drafted_at: datetime

    @property
    def label(self) -> SafeText:
        """The instance's name, or its id."""
        return self.instance_name or self.instance_id

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call it may send."""
        return tuple(call for step in self.steps for call in step.calls)

    @property
    def unasked(self) -> tuple[str, ...]:
        """The calls for which AWS can't be asked in advance."""
        return ACTIONS[self.action].unasked(self.order, self.options)


_TEXT = {
    "preflight": "ask AWS for permission (dry run)",
    "image": "make the AMI",
    "stop": "stop",
    "wait-stopped": "wait until stopped",
    "start": "start",
    "wait-running": "wait until running",
    "wait-checks": "wait for the status checks",
    "reboot": "reboot",
    "reschedule": "move the event",
    "verify-event": "see the event gone",
    "enter-standby": "put it in Standby",
    "exit-standby": "return it to service",
    "drain": "drain its target groups",
    "register": "register it again",
    "wait-healthy": "wait until healthy",
}


_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9 ()\[\]./\-'@_]")


def image_name(instance: Instance, now: datetime) -> str:
    """A proposal that AWS accepts: 3–128 of its characters, unique by the minute (botocore model, CreateImageRequest)."""
    base = _NOT_IN_A_NAME.sub("-", instance.label)[:90] or str(instance.instance_id)
    return f"{base} {now:%Y-%m-%d %H.%M.%S} evac"


def why_no_image_name(name: str) -> str:
    """AWS's rule, where it isn't kept; empty: the name is one."""
    if not 3 <= len(name) <= 128:
        return "an AMI's name has 3 to 128 characters"
    if wrong := _NOT_IN_A_NAME.search(name):
        return (
            f"an AMI's name holds letters, digits, spaces and ( ) [ ] . / - ' @ _, and no {clean(wrong[0])}"
        )
    return ""


def _reschedulable(instance: Instance, options: ActionOptions, now: datetime) -> tuple[str, str | None]:
    """The id of the event to move, and why it can't be moved."""
    events = [
        one for one in instance.open_events(now) if not options.event_id or one.event_id == options.event_id
    ]
    if not events:
        return "", "no open event of that id" if options.event_id else "no scheduled event is open"
    movable = next((one for one in events if one.why_not_reschedule(now) is None), None)
    if movable is not None:
        return str(movable.event_id), None
    return str(events[0].event_id), events[0].why_not_reschedule(now)


def _awaited(instance: Instance, options: ActionOptions, now: datetime) -> ScheduledEvent | None:
    """The stop or retirement that is waited for: the one that was chosen, or the first."""
    found = [one for one in instance.open_events(now) if one.code in STOP_EVENTS]
    return next((one for one in found if not options.event_id or one.event_id == options.event_id), None)


def _words(action: str, step: Step) -> tuple[str, str]:
    """A step in words, and how long it takes."""
    if action == AFTER_STOP and step.name == "wait-stopped":
        return "wait until AWS has stopped it", "days, if need be: AWS is asked once a minute"
    return _TEXT[step.name], step.about


def _service(
    instance: Instance, facts: Facts | None, places: tuple[TargetRegistration, ...]
) -> dict[str, Any]:
    """What the order keeps of how the instance served, and where: it should do so again."""
    group = out_of_service.member(facts)
    return {
        "group": "" if group is None else str(group.group),
        "desired": None if group is None else group.desired,
        "places": places,
        "public_ip": str(instance.public_ip),
    }


def draft(
    action_name: str,
    instance: Instance,
    facts: Facts | None,
    options: ActionOptions,
    policy: Policy,
    now: datetime,
    here: Here = NOWHERE,
) -> Draft:
    """The plan for this instance, from the machine `here`. Raises KeyError on an unknown action; all else is in the guard."""
    action = ACTIONS[action_name]
    if options.not_before is not None:
        # The query protocol carries whole seconds: with more, what AWS shows later would never be what was asked.
        options = replace(options, not_before=options.not_before.replace(microsecond=0))
    unblock: list[str] = []
    view = HazardView(
        instance, facts, action_name, now, options, policy.image_max_age, policy.require_image, policy.keep
    )
    options = replace(options, image_first=options.image_first or needs_image(view))
    if options.standby and action_name in ASIDE and (why_not := out_of_service.why_no_standby(facts)):
        unblock.append(f"no standby: {why_not}")
    first, second = out_of_service.resolve(action_name, facts, options)
    options = replace(options, standby=first, drain=second)
    places = out_of_service.places(facts) if action_name in ASIDE else ()
    groups = (
        tuple(one.group for one in out_of_service.groups(facts, str(instance.instance_id)))
        if view.interrupts
        else ()
    )
    serves = any(one.healthy for one in places) or any(one.up for one in groups)
    if "image" in {step.name for step in action.plan(options)} and not options.image_name:
        options = replace(options, image_name=image_name(instance, now))
    elif options.image_name and (why_name := why_no_image_name(options.image_name)):
        unblock.append(why_name)
    event_id = options.event_id
    if action_name == "reschedule":
        event_id, why = _reschedulable(instance, options, now)
        if why is not None:
            unblock.append(f"can't be moved: {why}")
        elif options.not_before is None:
            unblock.append("no new start was given: use --at, or type one")
    waits = _awaited(instance, options, now) if action_name == AFTER_STOP else None
    if waits is not None:
        event_id = str(waits.event_id)
    order = Order(
        operation_id="",
        action=action_name,
        instance_id=str(instance.instance_id),
        launched_at=instance.launched_at,
        open_events=tuple(str(one.event_id) for one in instance.open_events(now) if one.event_id),
        image_name=options.image_name,
        no_reboot=options.no_reboot,
        wait_for_image=options.wait_for_image,
        event_id=event_id,
        not_before=options.not_before if waits is None else waits.not_before,
        groups=groups,
        **_service(instance, facts, places),
    )
    found = hazards(
        instance, facts, action_name, now, options,
        image_max_age=policy.image_max_age, image_required=policy.require_image,
        keep=policy.keep, here=here,
    )  # fmt: skip
    found = strict(policy, found)
    steps = tuple(
        PlannedStep(step.name, *_words(action_name, step), step.calls(order))
        for step in action.plan(options, serves=serves)
    )
    pre = Preflight(action.calls(order, options))
    steps = (PlannedStep(pre.name, _TEXT[pre.name], pre.about), *steps)
    why_state = action.why_not(instance)
    if why_state is not None:
        unblock.append(why_state)
    if policy.read_only:
        unblock.append(
            "read-only: this console, the profile, the account or the site policy allows no changes"
        )
    if action_name in policy.actions_off:
        unblock.append(f"the site policy has switched {action_name} off")
    unblock += [
        f"{one.text}: {one.remedy}" if one.remedy else one.text
        for one in found
        if one.gravity is Gravity.BLOCK
    ]
    expected = str(instance.instance_id)
    accepts: tuple[str, ...] = (expected,)
    if policy.confirm != "id" and instance.name:
        expected = str(typed_name.expected(instance.name, instance.instance_id))
        accepts = (str(instance.name), *accepts)
    if unblock:
        guard = Guard(GuardKind.BLOCKED, "", tuple(dict.fromkeys(clean(one) for one in unblock)))
    elif any(one.gravity is Gravity.DANGER for one in found) or action_name == "stop-start":
        guard = Guard(GuardKind.TYPE_NAME, expected, accepts=accepts)
    else:
        guard = Guard(GuardKind.YES_NO, accepts=accepts)
    return Draft(
        action=action_name,
        title=action.named(instance.label),
        target=instance.target,
        account_id=instance.account_id,
        instance_id=instance.instance_id,
        instance_name=instance.name,
        state=instance.state,
        options=options,
        order=order,
        steps=steps,
        hazards=found,
        guard=guard,
        drafted_at=now,
    )
