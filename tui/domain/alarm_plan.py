"""What an order for an alarm or for automatic recovery wants, and what is there now: planned from the row and a close look."""

from __future__ import annotations

from tui.domain.actions.base import Action, ActionOptions
from tui.domain.alarm_settings import (
    AlarmChange,
    AlarmSeen,
    AlarmSettings,
    RecoveryChange,
    alarm_name,
    check_alarm,
)
from tui.domain.facts import Facts
from tui.domain.instance import Instance, TypeFacts
from tui.domain.policy import Policy

MINUTES = {"recover": 2, "reboot": 3}
"""For how long a check fails before its alarm acts: so that the two don't race (CloudWatch user guide, UsingAlarmActions)."""
SLOW_MINUTES = 15
"""Of a reboot alarm on a machine that may boot for minutes: evac's own measure, since AWS names none."""
MOST_MINUTES = 1440
"""PutMetricAlarm evaluates a day at most with periods of a minute (botocore model, Period)."""
_ABOUT = {
    "recover": "evac: recover on another host when the system check fails",
    "reboot": "evac: reboot when the instance check fails",
}


def why_boots_slowly(instance: Instance, known: TypeFacts | None) -> str:
    """Why it may take minutes to come up, in which its instance check fails; empty: nothing known says so."""
    if known is not None and known.bare_metal:
        return "bare metal boots slowly"
    if "windows" in instance.platform.lower():
        return "Windows installs updates while it boots"
    return ""


def minutes_of(action: Action, instance: Instance, facts: Facts | None, options: ActionOptions) -> int:
    """For how long the check fails before the alarm acts."""
    known = facts.type if facts is not None and facts.type is not None else instance.type_facts
    slow = action.alarm == "reboot" and why_boots_slowly(instance, known)
    return options.minutes or (SLOW_MINUTES if slow else MINUTES[action.alarm])


def topic_of(instance: Instance, policy: Policy) -> str:
    """The SNS topic of its account and region, of those the settings name; empty if there is none."""
    place = f":sns:{instance.target.region}:{instance.account_id}:"
    return next((one for one in policy.topics if place in one), "") if instance.account_id else ""


def named_alarm(facts: Facts | None, name: str) -> AlarmSeen | None:
    """The alarm of that name as it was looked at; None also where nobody looked."""
    found = () if facts is None or facts.alarms is None else facts.alarms
    return next((one for one in found if one.name == name), None)


def wanted_alarm(
    action: Action, instance: Instance, facts: Facts | None, options: ActionOptions, policy: Policy
) -> AlarmSettings:
    """The alarm that this action sets."""
    return check_alarm(
        action.alarm,
        str(instance.instance_id),
        instance.target.region,
        periods=minutes_of(action, instance, facts, options),
        topic=topic_of(instance, policy),
        about=_ABOUT[action.alarm],
    )


def alarm_change(
    action: Action, instance: Instance, facts: Facts | None, options: ActionOptions, policy: Policy
) -> AlarmChange | None:
    """What the order changes; None if it is about no alarm. Only what was read may be changed: see `why_unplanned`."""
    if options.undone is not None and action.of_operation:
        return options.undone.alarm and options.undone.alarm.back(options.undone.operation)
    if not action.alarm:
        return None
    name = alarm_name(action.alarm, str(instance.instance_id))
    found = named_alarm(facts, name)
    wanted = wanted_alarm(action, instance, facts, options, policy)
    if found is None:
        return AlarmChange(name, wanted)
    return AlarmChange(name, wanted, found.settings, found.operation)


def recovery_change(action: Action, instance: Instance, options: ActionOptions) -> RecoveryChange | None:
    """What automatic recovery becomes; None if it is not about that, or AWS does not say how it is."""
    if options.undone is not None and action.of_operation:
        back = options.undone.recovery
        return back and RecoveryChange(back.former, back.wanted)
    if "set-recovery" not in action.steps or not instance.auto_recovery:
        return None
    return RecoveryChange("disabled" if options.switch_off else "default", str(instance.auto_recovery))


def why_unplanned(action: Action, instance: Instance, facts: Facts | None, options: ActionOptions) -> str:
    """Why what is there now is not known, without which nothing could be put back; empty: it is, or does not matter."""
    if action.of_operation:
        return "" if options.undone is not None else "it does not say which operation is undone"
    if action.alarm and (facts is None or facts.alarms is None):
        why = next((f" ({why})" for name, why in (facts.unknown if facts else ()) if name == "alarms"), "")
        return f"whether there is an alarm of its name is not known{why}: it would be overwritten"
    if "set-recovery" in action.steps and not instance.auto_recovery:
        return "whether automatic recovery is on is not known: it could not be put back"
    return ""
