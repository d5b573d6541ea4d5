"""Plans that set an alarm or automatic recovery, and that put it back: what is ordered, what is said, what forbids it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.hazard_cases import KNOWN, NOW, SAFE, T, find
from tui.config import schema
from tui.config.schema import Settings
from tui.config.sections import CoverSettings
from tui.domain.actions import ActionOptions
from tui.domain.actions.base import Undone
from tui.domain.alarm_settings import AlarmSeen, AlarmSettings, RecoveryChange, check_alarm
from tui.domain.events import ScheduledEvent
from tui.domain.facts import GroupMembership
from tui.domain.hazards import Gravity
from tui.domain.instance import Checks, CheckStatus, InstanceState, Interface, StatusCheck, TypeFacts
from tui.domain.plan import Draft, GuardKind, draft
from tui.domain.policy import Policy

TOPIC = "arn:aws:sns:us-east-1:111122223333:ops"
RECOVERS = TypeFacts(instance_storage=False, auto_recovery_supported=True)
LOOKED = replace(KNOWN, alarms=(), type=RECOVERS)
ON = replace(SAFE, account_id=T("111122223333"), auto_recovery=T("default"))
WANTED = check_alarm(
    "recover",
    "i-1",
    "us-east-1",
    periods=2,
    about="evac: recover on another host when the system check fails",
)
OLD = check_alarm("recover", "i-1", "us-east-1", periods=7)
OURS = replace(LOOKED, alarms=(AlarmSeen(OLD, "op-0"),))


def plan(action: str, facts: Any = LOOKED, options: ActionOptions | None = None, **changes: Any) -> Draft:
    return draft(action, replace(ON, **changes), facts, options or ActionOptions(), Policy(), NOW)


@pytest.mark.parametrize(
    ("action", "code", "gravity", "part", "facts", "changes"),
    [
        ("recover-alarm", "alarm-name", "ok", "no alarm has that name", {}, {}),
        ("recover-alarm", "alarm-name", "block", "is not known: it would be overwritten", {"alarms": None}, {}),
        ("recover-alarm", "alarm-name", "block", "evac did not make it", {"alarms": (AlarmSeen(OLD),)}, {}),
        ("recover-alarm", "alarm-name", "block", "nothing to do", {"alarms": (AlarmSeen(WANTED, "op-0"),)}, {}),
        ("recover-alarm", "alarm-name", "warn", "is replaced", {"alarms": (AlarmSeen(OLD, "op-0"),)}, {}),
        ("recover-alarm", "alarm-name", "block", "could not be put back",
         {"alarms": (AlarmSeen(AlarmSettings({**OLD.params, "Metrics": [1]}), "op-0"),)}, {}),
        ("recover-alarm", "recover-supported", "block", "AWS can't recover the type m5.large",
         {"type": TypeFacts(auto_recovery_supported=False)}, {}),
        ("recover-alarm", "recover-supported", "warn", "don't know whether AWS can recover", {"type": None}, {}),
        ("recover-alarm", "recover-supported", "block", "Dedicated Host", {}, {"tenancy": T("host")}),
        ("recover-alarm", "recover-supported", "block", "EFA", {},
         {"interfaces": (Interface(T("eni-1"), 0, kind=T("efa")),)}),
        ("recover-alarm", "recover-supported", "block", "group web-asg replaces it",
         {"membership": (GroupMembership(T("web-asg"), T("InService")),)}, {}),
        ("recover-alarm", "recover-store", "danger", "that data is lost",
         {"type": TypeFacts(instance_storage=True, auto_recovery_supported=True)}, {}),
        ("auto-recovery", "recover-store", "warn", "does not act on it",
         {"type": TypeFacts(instance_storage=True, auto_recovery_supported=True)}, {"auto_recovery": T("disabled")}),
        ("reboot-alarm", "slow-boot", "warn", "waits 15 minutes", {"type": TypeFacts(bare_metal=True)}, {}),
        ("reboot-alarm", "slow-boot", "warn", "waits 15 minutes", {}, {"platform": T("Windows Server")}),
        ("reboot-alarm", "slow-boot", "note", "fsck", {}, {}),
        ("reboot-alarm", "alarm-at-once", "danger", "reboots it in about 3 minutes", {},
         {"checks": Checks(instance=StatusCheck(CheckStatus.IMPAIRED))}),
        ("recover-alarm", "alarm-at-once", "warn", "recovers it in about 2 minutes", {},
         {"checks": Checks(system=StatusCheck(CheckStatus.IMPAIRED))}),
        ("recover-alarm", "alarm-topic", "note", "nobody is told", {}, {}),
        ("recover-alarm", "alarm-events", "note", "not met by a recovery", {},
         {"events": (ScheduledEvent(T("instance-stop"), T("e-1"), not_before=NOW + timedelta(days=1)),)}),
        ("auto-recovery", "recovery-now", "block", "on already", {}, {"auto_recovery": T("default")}),
        ("auto-recovery", "recovery-now", "block", "is not known", {}, {"auto_recovery": T("")}),
        ("auto-recovery", "recovery-now", "note", "AWS Health", {}, {"auto_recovery": T("disabled")}),
        ("auto-recovery", "recovery-now", "warn", "do nothing",
         {"type": TypeFacts(auto_recovery_supported=False)}, {"auto_recovery": T("disabled")}),
        ("auto-recovery", "recovery-now", "block", "on already: there is nothing to do", {}, {"auto_recovery": T("default")}),
        ("auto-recovery", "recovery-now", "block", "does not act: it has an Elastic Fabric Adapter", {},
         {"auto_recovery": T("default"), "interfaces": (Interface(T("eni-1"), 0, kind=T("efa")),)}),
        ("auto-recovery", "recovery-now", "block", "does not act: it is in Auto Scaling group web-asg",
         {"membership": (GroupMembership(T("web-asg"), T("InService")),)}, {"auto_recovery": T("default")}),
        ("auto-recovery", "recovery-now", "block", "does not act: its type has instance store",
         {"type": TypeFacts(instance_storage=True)}, {"auto_recovery": T("default")}),
        ("auto-recovery", "recovery-now", "warn", "do nothing: it runs on a Dedicated Host", {},
         {"auto_recovery": T("disabled"), "tenancy": T("host")}),
        ("auto-recovery", "recovery-now", "warn", "do nothing: it is bare metal",
         {"type": TypeFacts(bare_metal=True)}, {"auto_recovery": T("disabled")}),
    ],
)  # fmt: skip
def test_each_hazard_of_what_acts_by_itself(
    action: str, code: str, gravity: str, part: str, facts: dict[str, Any], changes: dict[str, Any]
) -> None:
    (found,) = find(action, code, replace(LOOKED, **facts), **changes)
    assert found.gravity == gravity, found
    assert part in found.text
    assert found.field


def test_a_plan_keeps_what_is_there_and_what_is_wanted() -> None:
    made = plan("recover-alarm")
    assert made.guard.kind is GuardKind.YES_NO
    assert made.order.alarm is not None
    assert (made.order.alarm.former, made.order.alarm.wanted) == (None, WANTED)
    assert made.unasked == ("PutMetricAlarm",)
    over = plan("recover-alarm", OURS).order.alarm
    assert over is not None
    assert (over.former, over.operation) == (OLD, "op-0")
    off = plan("auto-recovery", options=ActionOptions(switch_off=True))
    assert off.guard.kind is GuardKind.TYPE_NAME
    assert off.order.recovery == RecoveryChange("disabled", "default")
    assert plan("recover-alarm", None).guard.kind is GuardKind.BLOCKED
    assert plan("recover-alarm", state=InstanceState.STOPPED).guard.kind is GuardKind.YES_NO
    assert plan("recover-alarm", state=InstanceState.TERMINATED).guard.kind is GuardKind.BLOCKED


def test_minutes_and_the_topic_of_its_own_account_and_region() -> None:
    other = TOPIC.replace("us-east-1", "eu-west-1")
    rules = schema.policy(Settings(cover=CoverSettings(topics=(other, TOPIC))), "prod")
    made = draft("reboot-alarm", ON, LOOKED, ActionOptions(minutes=20), rules, NOW)
    assert made.order.alarm is not None
    assert made.order.alarm.wanted is not None
    params = made.order.alarm.wanted.params
    assert (params["EvaluationPeriods"], params["DatapointsToAlarm"], params["Period"]) == (20, 20, 60)
    assert params["AlarmActions"] == ["arn:aws:automate:us-east-1:ec2:reboot", TOPIC]
    assert params["MetricName"] == "StatusCheckFailed_Instance"
    alone = draft(
        "reboot-alarm", replace(ON, account_id=T("9" * 12)), LOOKED, ActionOptions(), rules, NOW
    ).order.alarm
    assert alone is not None
    assert alone.wanted is not None
    assert alone.wanted.params["AlarmActions"] == ["arn:aws:automate:us-east-1:ec2:reboot"]


def undo(set_by: Draft, **changes: Any) -> tuple[Draft, Any]:
    what = Undone("op-1", set_by.order.alarm, set_by.order.recovery)
    facts = changes.pop("facts", LOOKED)
    made = plan("undo", facts, ActionOptions(undone=what), **changes)
    return made, [one for one in made.hazards if one.code == "undo"]


def test_an_undo_is_planned_from_what_the_operation_kept() -> None:
    done = plan("recover-alarm")
    made, (told,) = undo(done, facts=replace(LOOKED, alarms=(AlarmSeen(WANTED, "op-1"),)))
    assert [call.text for call in made.calls] == ["DeleteAlarms evac/recover/i-1"]
    assert "is deleted" in told.text
    assert made.guard.kind is GuardKind.YES_NO
    over = plan("recover-alarm", OURS)
    made, (told,) = undo(over, facts=replace(LOOKED, alarms=(AlarmSeen(WANTED, "op-0"),)))
    assert made.calls[0].params == OLD.params
    assert "becomes again" in told.text
    off = plan("auto-recovery", options=ActionOptions(switch_off=True))
    made, (told,) = undo(off, auto_recovery=T("disabled"))
    assert made.order.recovery == RecoveryChange("default", "disabled")


@pytest.mark.parametrize(
    ("alarms", "part"),
    [
        ((), "there is nothing to undo"),
        ((AlarmSeen(OLD, "op-1"),), "somebody changed evac/recover/i-1 since: it is now"),
        ((AlarmSeen(WANTED, "op-2"),), "somebody changed"),
        ((AlarmSeen(WANTED, ""),), "somebody changed"),
    ],
)
def test_somebody_s_change_since_blocks_the_undo(alarms: tuple[AlarmSeen, ...], part: str) -> None:
    made, (told,) = undo(plan("recover-alarm"), facts=replace(LOOKED, alarms=alarms))
    assert told.gravity is Gravity.BLOCK
    assert part in told.text
    assert made.guard.kind is GuardKind.BLOCKED
    off = plan("auto-recovery", options=ActionOptions(switch_off=True))
    assert undo(off, auto_recovery=T("default"))[0].guard.kind is GuardKind.BLOCKED


def test_an_alarm_outlives_its_instance_and_is_taken_back_all_the_same() -> None:
    made, told = undo(plan("recover-alarm"), facts=None, state=InstanceState.TERMINATED)
    assert made.guard.kind is GuardKind.YES_NO
    assert not told[0].known
    assert plan("undo").guard.kind is GuardKind.BLOCKED
