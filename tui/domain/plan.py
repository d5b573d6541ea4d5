"""An action on an instance becomes a Draft: steps with their calls, hazards, and the guard in front of them.

The confirm screen, `evac do` and the journal show and keep exactly this value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from tui.domain import alarm_plan, out_of_service, typed_name
from tui.domain.actions import ACTIONS, Action, ActionOptions
from tui.domain.down_by_aws import STOP_EVENTS
from tui.domain.events import ScheduledEvent
from tui.domain.facts import Facts
from tui.domain.groups import SCALING
from tui.domain.hazards import Hazard, hazards
from tui.domain.hazards.base import HazardView
from tui.domain.hazards.images import needs_image
from tui.domain.instance import Instance, InstanceState, Target
from tui.domain.policy import Policy
from tui.domain.probe_match import probe_of
from tui.domain.sanitize import SafeText, clean
from tui.domain.severity import GRAVE, Gravity
from tui.domain.steps import calls_of, steps_of, without_dry_run
from tui.domain.steps.base import Call, Order
from tui.domain.steps.power import Preflight
from tui.domain.this_machine import NOWHERE, Here


class GuardKind(StrEnum):
    """How a plan is confirmed."""

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
    """What would happen. `order` is what the runner will be given; its operation id is empty until it is journaled."""

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
        return without_dry_run(self.action, self.order, self.options)


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


def _event(
    action: Action, instance: Instance, options: ActionOptions, now: datetime
) -> ScheduledEvent | None:
    """The event that the action is about: the one that was chosen, or the first that fits. None if there is none."""
    found = [
        one for one in instance.open_events(now) if not options.event_id or one.event_id == options.event_id
    ]
    if action.awaits_stop:
        return next((one for one in found if one.code in STOP_EVENTS), None)
    if not action.moves_event:
        return None
    movable = (one for one in found if one.why_not_reschedule(now) is None)
    return next(movable, found[0] if found else None)


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
    view = HazardView(instance, facts, action, now, options, policy, here)
    options = replace(options, image_first=options.image_first or needs_image(view))
    refused = tuple(text for _, text in refusals(action, facts, options, policy))
    standby, drain = out_of_service.resolve(action, facts, options)
    options = replace(options, standby=standby, drain=drain)
    if "image" in action.step_names(options) and not options.image_name:
        options = replace(options, image_name=image_name(instance, now))
    order, serves = _order(action, instance, facts, options, policy, now)
    found = strict(policy, hazards(instance, facts, action_name, now, options, policy, here))
    pre = Preflight(calls_of(action_name, order, options))
    steps = [PlannedStep(pre.name, pre.text, pre.about)]
    for step in steps_of(action_name, options, serves=serves):
        text, about = action.step_words.get(step.name) or step.words(order)
        steps.append(PlannedStep(step.name, text, about, step.calls(order)))
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
        steps=tuple(steps),
        hazards=found,
        guard=_guard(action, instance, options, policy, refused, found),
        drafted_at=now,
    )


def _order(
    action: Action,
    instance: Instance,
    facts: Facts | None,
    options: ActionOptions,
    policy: Policy,
    now: datetime,
) -> tuple[Order, bool]:
    """What the runner is given, without an operation id; and whether it serves, as a group or a probe tells, and should again."""
    places = out_of_service.places(facts) if action.sets_aside else ()
    interrupts = action.interrupts(options, instance.state)
    groups = (
        tuple(one.group for one in out_of_service.groups(facts, str(instance.instance_id)))
        if interrupts
        else ()
    )
    event, group = _event(action, instance, options, now), out_of_service.member(facts)
    waits = event is not None and action.awaits_stop
    serves = any(one.healthy for one in places) or any(one.up for one in groups)
    watched = any(one.healthy for one in places) or any(one.up and one.kind != SCALING for one in groups)
    probe = probe_of(instance, policy.probes, now) if interrupts and not watched else None
    order = Order(
        operation_id="",
        action=action.name,
        instance_id=str(instance.instance_id),
        launched_at=instance.launched_at,
        open_events=tuple(str(one.event_id) for one in instance.open_events(now) if one.event_id),
        image_name=options.image_name,
        no_reboot=options.no_reboot,
        wait_for_image=options.wait_for_image,
        event_id=options.event_id if event is None else str(event.event_id),
        not_before=event.not_before if event is not None and waits else options.not_before,
        group="" if group is None else str(group.group),
        desired=None if group is None else group.desired,
        places=places,
        public_ip=str(instance.public_ip),
        groups=groups,
        alarm=alarm_plan.alarm_change(action, instance, facts, options, policy),
        recovery=alarm_plan.recovery_change(action, instance, options),
        backup=options.backup,
        instance_type=str(instance.instance_type),
        probe=probe,
    )
    return order, serves or probe is not None


def refusals(
    action: Action, facts: Facts | None, options: ActionOptions, policy: Policy
) -> Iterator[tuple[str, str]]:
    """What the options ask for and cannot be had, what the settings do not allow: code and text. All else are hazards."""
    if options.standby and action.sets_aside and (why_not := out_of_service.why_no_standby(facts)):
        yield "no-standby", f"no standby: {why_not}"
    if options.image_name and (why_name := why_no_image_name(options.image_name)):
        yield "image-name", why_name
    if policy.read_only:
        text = "read-only: this console, the profile, the account or the site policy allows no changes"
        yield "read-only", text
    if action.name in policy.actions_off:
        yield "actions-off", f"the site policy has switched {action.name} off"


def _guard(
    action: Action,
    instance: Instance,
    options: ActionOptions,
    policy: Policy,
    refused: tuple[str, ...],
    found: tuple[Hazard, ...],
) -> Guard:
    """How it is confirmed: not at all while something is in the way."""
    blocks = [one for one in found if one.gravity is Gravity.BLOCK]
    if action.moves_event and options.not_before is None and not blocks:
        refused = (*refused, "no new start was given: use --at, or type one")
    unblock = [*refused, *(f"{one.text}: {one.remedy}" if one.remedy else one.text for one in blocks)]
    expected = str(instance.instance_id)
    accepts: tuple[str, ...] = (expected,)
    if policy.confirm != "id" and instance.name:
        expected = str(typed_name.expected(instance.name, instance.instance_id))
        accepts = (str(instance.name), *accepts)
    if unblock:
        return Guard(GuardKind.BLOCKED, "", tuple(dict.fromkeys(clean(one) for one in unblock)))
    if action.typed or any(one.gravity is Gravity.DANGER for one in found):
        return Guard(GuardKind.TYPE_NAME, expected, accepts=accepts)
    return Guard(GuardKind.YES_NO, accepts=accepts)
