"""What can be set that acts by itself, how each stands now, and which of them would close a gap: from the row, without a call.

The plan looks closer, and says the same of what is in the way: both ask the same hazards.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from tui.domain.actions import ACTIONS, Action, ActionOptions, alike
from tui.domain.alarm_settings import alarm_name
from tui.domain.cover.alarm_judgement import judged, quoted_name
from tui.domain.cover.answers import GAPS, Cover, CoverVerdict
from tui.domain.cover_facts import Alarm, AlarmActionKind
from tui.domain.hazards import hazards
from tui.domain.hazards.alarms import why_idle
from tui.domain.hazards.base import HazardView
from tui.domain.instance import Instance
from tui.domain.policy import Policy
from tui.domain.severity import Gravity

SETTER = "recover-alarm"
"""The verb whose key asks which of them is set."""


class Setting(Struct, frozen=True):
    """One of them. `told`: how it stands, or what is in its way, in a line; empty: nothing is known of that. `blocked`: it can't
    be, as far as the row tells. `helps`: set now, something would act that does not.
    """

    action: str
    told: str = ""
    blocked: bool = False
    helps: bool = True


def settings_now(instance: Instance, policy: Policy, now: datetime) -> tuple[Setting, ...]:
    """All of them, in the order in which the key asks."""
    return tuple(setting_of(name, instance, policy, now) for name in alike(SETTER))


def setting_of(name: str, instance: Instance, policy: Policy, now: datetime) -> Setting:
    """That one. The site's word on actions is the key's own matter."""
    action = ACTIONS[name]
    if why := action.why_not(instance):
        return Setting(name, f"can't be: {why}", blocked=True, helps=False)
    found = (
        _alarm(action, instance, policy, now) if action.alarm else _recovery(action, instance, policy, now)
    )
    off = policy.read_only or name in policy.actions_off
    return Setting(name, found.told, found.blocked, found.helps and not off)


def _alarm(action: Action, instance: Instance, policy: Policy, now: datetime) -> Setting:
    found = hazards(instance, None, action.name, now, ActionOptions(), policy)
    # What the row does not tell, and whether an alarm has its name, the plan has to look up.
    block = next((one.text for one in found if one.gravity is Gravity.BLOCK and one.known), "")
    if block:
        return Setting(action.name, f"can't be: {block}", blocked=True, helps=False)
    kind = AlarmActionKind(action.alarm)
    alarms = () if instance.cover is None else instance.cover.alarms
    own = next((one for one in alarms if one.name == alarm_name(action.alarm, instance.instance_id)), None)
    if own is not None:
        return Setting(action.name, f"set already: it {_worth(own, kind, instance, now)[1]}", helps=False)
    for other in alarms:
        verdict, why = _worth(other, kind, instance, now)
        if verdict is CoverVerdict.COVERED:
            return Setting(action.name, f"{quoted_name(other)} does so already: it {why}", helps=False)
    return Setting(action.name)


def _worth(
    alarm: Alarm, kind: AlarmActionKind, instance: Instance, now: datetime
) -> tuple[CoverVerdict, str]:
    verdict, why, _ = judged(alarm, kind, now, instance.launched_at)
    return verdict, why


def _recovery(action: Action, instance: Instance, policy: Policy, now: datetime) -> Setting:
    """It can be switched off where it is on, so that it is never in its own way."""
    idle = why_idle(HazardView(instance, None, action, now, ActionOptions(), policy))
    if instance.auto_recovery == "disabled":
        return Setting(action.name, f"off; on, it would not act: {idle}" if idle else "off", helps=not idle)
    if instance.auto_recovery != "default":
        return Setting(action.name, "AWS did not say whether it is on", helps=False)
    return Setting(action.name, f"on, and does not act: {idle}" if idle else "on", helps=False)


def helping(instance: Instance, cover: Cover, policy: Policy, now: datetime) -> Iterator[tuple[int, str]]:
    """What would act where now nobody does, or not surely: of which answer (host, system), and which action sets it. Of two the
    simpler comes last.
    """
    for one in settings_now(instance, policy, now):
        question = 1 if ACTIONS[one.action].alarm == "reboot" else 0
        if one.helps and cover.answers[question].verdict in GAPS:
            yield question, one.action
