"""What acts when a host dies or a system hangs: whether such an alarm or setting can be made here, and taken back again."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from tui.domain import alarm_plan
from tui.domain.alarm_settings import AlarmChange, alarm_name, why_not_set
from tui.domain.cover.recovery import why_not_automatic
from tui.domain.hazards.base import Hazard, HazardView, block, danger, dont_know, hazard, note, ok, warn
from tui.domain.hazards.membership import membership
from tui.domain.instance import CheckStatus
from tui.domain.plurals import counted
from tui.domain.sanitize import clean
from tui.domain.severity import Gravity

_NAMED = "cloudwatch DescribeAlarms AlarmNames; ListTagsForResource evac:operation"
_AGAIN = "look at it in the AWS console: evac changes no alarm that is not its own"


@hazard("alarm-name", "set-alarm", field=_NAMED)
def alarm_of_that_name(view: HazardView) -> Iterator[Hazard]:
    """DescribeAlarms by the exact name: PutMetricAlarm overwrites whole. Source: botocore model, PutMetricAlarm."""
    action, instance, facts, options = view.action, view.instance, view.facts, view.options
    if why := alarm_plan.why_unplanned(action, instance, facts, options):
        remedy = (
            "allow cloudwatch:DescribeAlarms and cloudwatch:ListTagsForResource"
            if facts
            else "press r to look"
        )
        yield Hazard(Gravity.BLOCK, why, remedy, known=False, unknown="its alarms")
        return
    name = alarm_name(action.alarm, str(instance.instance_id))
    found = alarm_plan.named_alarm(facts, name)
    if found is None:
        yield ok("no alarm has that name yet")
        return
    wanted = alarm_plan.wanted_alarm(action, instance, facts, options, view.policy)
    if not found.operation:
        yield block(f"an alarm {name} is there already, and evac did not make it", _AGAIN)
    elif found.settings.same(wanted):
        yield block(f"{name} is set already, as it would be: there is nothing to do")
    elif why := why_not_set(found.settings.params, view.policy.topics):
        yield block(f"what {name} is now could not be put back: {why}", _AGAIN)
    else:
        text = f"{name} is there, of {clean(found.operation, 40)}, and is replaced: {found.settings.text}"
        yield warn(text, "undo puts it back as it is now")


@hazard("recover-supported", "set-alarm", field="InstanceTypeInfo.AutoRecoverySupported")
def recover_supported(view: HazardView) -> Iterator[Hazard]:
    """AutoRecoverySupported, Placement.Tenancy, InterfaceType, the group. Source: user guide, cloudwatch-recovery."""
    if view.action.alarm != "recover":
        return
    type_facts, instance = view.type, view.instance
    if type_facts is None or type_facts.auto_recovery_supported is None:
        yield dont_know("whether AWS can recover this type", view, "type")
    elif not type_facts.auto_recovery_supported:
        yield block(
            f"AWS can't recover the type {instance.instance_type}: the alarm would fire and do nothing"
        )
    if instance.tenancy == "host":
        yield block(
            "on a Dedicated Host: no alarm can recover it",
            "see to the host's own recovery",
            "Placement.Tenancy",
        )
    if any(one.kind.startswith("efa") for one in instance.interfaces):
        yield block("it has an EFA: no alarm can recover it", field="NetworkInterfaces InterfaceType")
    _, group = membership(view)
    if group:
        text = f"its Auto Scaling group {group} replaces it, and no alarm can recover a member"
        yield block(text, "leave it to the group", "DescribeAutoScalingInstances")


@hazard("recover-store", "set-alarm", "set-recovery", field="InstanceTypeInfo.InstanceStorageSupported")
def recovery_and_store(view: HazardView) -> Iterator[Hazard]:
    """InstanceStorageSupported: a recovery loses it, where it can be made. Source: user guide, cloudwatch-recovery."""
    if view.type is None or not view.type.instance_storage or view.action.alarm == "reboot":
        return
    if view.action.alarm:
        yield danger(
            "it has instance store: when the alarm recovers it, that data is lost", "copy it elsewhere first"
        )
    elif not view.options.switch_off:
        yield warn(
            "it has instance store: automatic recovery does not act on it",
            "set a recover alarm, if its type can",
        )


@hazard("slow-boot", "set-alarm", field="InstanceTypeInfo.BareMetal; Instance.PlatformDetails")
def slow_boot(view: HazardView) -> Iterator[Hazard]:
    """BareMetal, PlatformDetails: its check fails while it boots, and a reboot then is one too many."""
    if view.action.alarm != "reboot":
        return
    minutes = alarm_plan.minutes_of(view.action, view.instance, view.facts, view.options)
    slow = alarm_plan.why_boots_slowly(view.instance, view.type)
    if minutes < alarm_plan.MINUTES["reboot"]:
        text = f"{counted(minutes, 'minute')} is as soon as a recover alarm acts: the two would race"
        yield warn(text, f"take {alarm_plan.MINUTES['reboot']} or more")
    if slow:
        text = f"{slow}: its check fails meanwhile; the alarm waits {counted(minutes, 'minute')} before it reboots"
        yield warn(text, "choose more minutes if its boot takes longer (--minutes)")
    else:
        text = f"a boot or a disk check (fsck) of more than {counted(minutes, 'minute')} would be rebooted once, in its midst"
        yield note(text)


@hazard("alarm-at-once", "set-alarm", field="InstanceStatus.SystemStatus; InstanceStatus.InstanceStatus")
def acts_at_once(view: HazardView) -> Iterator[Hazard]:
    """The check as it is: a new alarm goes to ALARM within its minutes. Source: CloudWatch user guide, UsingAlarmActions."""
    checks = view.instance.checks
    check = checks.system if view.action.alarm == "recover" else checks.instance
    minutes = counted(alarm_plan.minutes_of(view.action, view.instance, view.facts, view.options), "minute")
    if check.status is CheckStatus.IMPAIRED and view.action.alarm == "reboot":
        yield danger(
            f"its instance check fails now: the alarm reboots it in about {minutes}",
            "look first why it fails",
        )
    elif check.status is CheckStatus.IMPAIRED:
        yield warn(
            f"its system check fails now: the alarm recovers it in about {minutes}, which loses its memory"
        )


@hazard("alarm-events", "set-alarm", "set-recovery", field="InstanceStatusEvent.Code")
def not_for_events(view: HazardView) -> Iterator[Hazard]:
    """An open event: recovery does not act on what is scheduled. Source: user guide, instance-configuration-recovery."""
    recovers = view.action.alarm == "recover" or "set-recovery" in view.action.steps
    if recovers and view.instance.open_events(view.now):
        yield note("what AWS has scheduled for it is not met by a recovery: see its event")


@hazard("alarm-topic", "set-alarm", field="[cover] topics")
def who_is_told(view: HazardView) -> Iterator[Hazard]:
    """The settings' topic of this account and region; CloudWatch tells nobody else."""
    topic = alarm_plan.topic_of(view.instance, view.policy)
    if topic:
        yield ok(f"it tells {topic.rpartition(':')[2]}")
    else:
        yield note("nobody is told when it acts: the settings name no topic of this account and region")


@hazard("alarm-terms", "set-alarm", field="botocore model, PutMetricAlarm")
def alarm_terms(view: HazardView) -> Iterator[Hazard]:
    """What every such alarm is: no DryRun, once a transition, its role, its cost. Source: botocore model, PutMetricAlarm."""
    minutes = counted(alarm_plan.minutes_of(view.action, view.instance, view.facts, view.options), "minute")
    yield note(
        f"it acts when its check has failed for {minutes}, and not again while it still fails; it costs what one "
        "standard alarm costs a month, and undo takes it away"
    )
    yield note("CloudWatch can't be asked beforehand whether it permits this (no dry run)")
    yield note(
        "the first alarm of an account that acts on EC2 makes a role for it (iam:CreateServiceLinkedRole)"
    )


@hazard("recovery-now", "set-recovery", field="Instance.MaintenanceOptions.AutoRecovery")
def recovery_now(view: HazardView) -> Iterator[Hazard]:
    """MaintenanceOptions.AutoRecovery: what it is, and whether it can act. Source: instance-configuration-recovery."""
    if why := alarm_plan.why_unplanned(view.action, view.instance, view.facts, view.options):
        yield Hazard(Gravity.BLOCK, why, "press r to look", known=False, unknown="its automatic recovery")
        return
    off = view.options.switch_off
    if view.instance.auto_recovery == ("disabled" if off else "default"):
        is_so = f"automatic recovery is {'off' if off else 'on'} already"
        idle = "" if off else why_idle(view)
        yield block(f"{is_so}, and does not act: {idle}" if idle else f"{is_so}: there is nothing to do")
    elif off:
        yield danger(
            "when its host dies, AWS will not move it by itself",
            "have a recover alarm first, or somebody who watches it",
        )
    elif idle := why_idle(view):
        yield warn(f"it would be on, and do nothing: {idle}")
    else:
        yield note("AWS says nothing when it acts but in AWS Health; an alarm would tell")


def why_idle(view: HazardView) -> str:
    """Why automatic recovery does not act on it though it is on; "" where it does, or nobody can tell."""
    _, group = membership(view)
    if group:
        return f"it is in Auto Scaling group {group}"
    found = why_not_automatic(replace(view.instance, type_facts=view.type or view.instance.type_facts))
    return found[0] if found else ""


@hazard("undo", "put-back", field="the journal; " + _NAMED)
def undone(view: HazardView) -> Iterator[Hazard]:
    """What stands there now, against what the operation left: only that is put back."""
    what = view.options.undone
    if what is None:
        yield block(alarm_plan.why_unplanned(view.action, view.instance, view.facts, view.options))
        return
    change = alarm_plan.alarm_change(view.action, view.instance, view.facts, view.options, view.policy)
    if change is not None:
        yield from _undone_alarm(view, change)
    recovery = alarm_plan.recovery_change(view.action, view.instance, view.options)
    if recovery is not None:
        now = view.instance.auto_recovery
        if now == recovery.wanted:
            yield block("automatic recovery is as it was before: there is nothing to undo")
        elif now != recovery.former:
            yield block(f"somebody changed it since: automatic recovery is {now or 'not known'}")
        else:
            yield note(f"automatic recovery becomes {recovery.wanted} again")


def _undone_alarm(view: HazardView, change: AlarmChange) -> Iterator[Hazard]:
    """Where nobody could look, the runner does, right before it sends anything."""
    found = alarm_plan.named_alarm(view.facts, change.name)
    if view.facts is None or view.facts.alarms is None:
        yield dont_know(f"what {change.name} is now", view, "alarms")
    elif change.done(found):
        yield block(f"{change.name} is as it was before: there is nothing to undo")
        return
    elif not change.untouched(found):
        told = "somebody has deleted it" if found is None else f"it is now: {found.settings.text}"
        yield block(f"somebody changed {change.name} since: {told}", _AGAIN)
        return
    if change.wanted is None:
        yield warn(f"{change.name} is deleted: it acts for this instance no more")
    else:
        yield note(f"{change.name} becomes again: {change.wanted.text}")
