"""The steps that set what acts when a host dies or a system hangs, and that put back what was there before.

CloudWatch and EC2 take such a setting whole, under a name or for an instance that is known: so a step looks first. As it should
be: done. As it was: sent, and again where nobody knows whether it arrived. Anything else: somebody changed it meanwhile.
"""

from __future__ import annotations

from datetime import datetime

from tui.domain.actions.base import GONE
from tui.domain.alarm_settings import AlarmChange, AlarmSettings, RecoveryChange
from tui.domain.instance import InstanceState
from tui.domain.steps.base import (
    GRACE,
    OPERATION_TAG,
    SHORT_LIMIT,
    Call,
    Decision,
    Done,
    Order,
    Seen,
    Send,
    Step,
    StepHistory,
    Stuck,
    Wait,
    gone,
    retry,
    unread,
)

_LAG = 5 * GRACE
"""After so long, what AWS accepted and does not show is a person's matter."""
_LOOK = "look at it in the AWS console; what stands there now was left as it is"


def _put(settings: AlarmSettings, order: Order, *, new: bool) -> Call:
    """Tags only where it is made: of one that is there AWS ignores them (botocore model, PutMetricAlarmInput.Tags)."""
    tags = {"Tags": [{"Key": OPERATION_TAG, "Value": order.operation_id}]} if new else {}
    return Call("cloudwatch", "PutMetricAlarm", {**settings.params, **tags})


def _of_alarm(change: AlarmChange, order: Order) -> Call:
    if change.wanted is None:
        return Call("cloudwatch", "DeleteAlarms", {"AlarmNames": [change.name]})
    return _put(change.wanted, order, new=change.former is None)


def _of_recovery(change: RecoveryChange, order: Order) -> Call:
    params = {"InstanceId": order.instance_id, "AutoRecovery": change.wanted}
    return Call("ec2", "ModifyInstanceMaintenanceOptions", params)


def _sent(said: StepHistory) -> bool:
    return any(one.ok is not False for one in said.attempts)


def _send(call: Call, said: StepHistory, now: datetime, doing: str) -> Decision:
    """It is as it was before: sent, if it was not; what AWS accepted shows late."""
    last = said.latest
    # Deleted already, by the call whose answer was lost (botocore model, DeleteAlarms: ResourceNotFound).
    if last is not None and (last.ok or last.code == "ResourceNotFound"):
        if now - last.intent_at > _LAG:
            return Stuck(f"{doing}: AWS accepted it and does not show it", _LOOK)
        return Wait(f"{doing}: accepted; waiting to see it", 2.0)
    return retry(said, now, Send(call), doing=doing)


def _change_alarm(order: Order, seen: Seen, said: StepHistory, now: datetime, doing: str) -> Decision:
    change = order.alarm
    if change is None:
        return Stuck("it does not say which alarm", "order it again", final=True)
    if seen.alarms is None:
        waited, what = now - said.began_at, "the alarm could not be read"
        if waited > SHORT_LIMIT and not _sent(said):
            return Stuck(f"{what}: {seen.unread}" if seen.unread else what, str(seen.remedy), final=True)
        return unread(seen, what, loud=waited > SHORT_LIMIT)
    found = next((one for one in seen.alarms if one.name == change.name), None)
    if change.done(found):
        return Done(f"{change.name} is set" if change.wanted else f"{change.name} is gone")
    if not change.untouched(found):
        what = "is gone" if found is None else "is not as it was"
        return Stuck(f"somebody changed it since: {change.name} {what}", _LOOK, final=not _sent(said))
    return _send(_of_alarm(change, order), said, now, doing)


def _change_recovery(order: Order, seen: Seen, said: StepHistory, now: datetime, doing: str) -> Decision:
    change = order.recovery
    if change is None:
        return Stuck("it does not say what automatic recovery should be", "order it again", final=True)
    if seen.state is InstanceState.UNKNOWN:
        return unread(seen, loud=False)
    if not seen.auto_recovery:
        return Stuck("AWS does not say whether automatic recovery is on", _LOOK, final=not _sent(said))
    if seen.auto_recovery == change.wanted:
        return Done(f"automatic recovery is {change.wanted}")
    if seen.auto_recovery != change.former:
        why = f"somebody changed it since: automatic recovery is {seen.auto_recovery}"
        return Stuck(why, _LOOK, final=not _sent(said))
    return _send(_of_recovery(change, order), said, now, doing)


class SetAlarm(Step):
    """Sets the alarm under evac's name for it, and looks whether CloudWatch has it so."""

    name = "set-alarm"
    text = "set the alarm"
    about = "seconds; then AWS acts by itself, whether evac runs or not"
    cell = "alarm"
    looks = frozenset({"alarm"})

    def calls(self, order: Order) -> tuple[Call, ...]:
        wanted = None if order.alarm is None else order.alarm.wanted
        if order.alarm is None or wanted is None:
            return (_put(AlarmSettings({}), order, new=True),)
        return (_of_alarm(order.alarm, order),)

    def decide(self, order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision:
        """Not on an instance that is gone, unless it was sent before."""
        if not _sent(said) and (lost := gone(seen, order)) is not None:
            return lost
        if order.alarm is not None and order.alarm.wanted is None:
            return Stuck("it does not say what the alarm should be", "order it again", final=True)
        return _change_alarm(order, seen, said, now, "alarm")


class SetRecovery(Step):
    """Switches EC2's automatic recovery. Source: botocore model, ModifyInstanceMaintenanceOptions."""

    name = "set-recovery"
    text = "switch automatic recovery"
    about = "seconds"
    cell = "recovery"

    def calls(self, order: Order) -> tuple[Call, ...]:
        return (_of_recovery(order.recovery or RecoveryChange(), order),)

    def decide(self, order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision:
        """As it should be: done. Read back, since AWS's answer alone is no proof."""
        if (lost := gone(seen, order)) is not None:
            return lost
        return _change_recovery(order, seen, said, now, "automatic recovery")


class PutBack(Step):
    """Puts back what an operation changed, unless somebody has changed it since."""

    name = "put-back"
    text = "put back what was there"
    about = "seconds"
    cell = "undo"
    looks = frozenset({"alarm"})

    def calls(self, order: Order) -> tuple[Call, ...]:
        if order.alarm is not None:
            return (_of_alarm(order.alarm, order),)
        if order.recovery is not None:
            return (_of_recovery(order.recovery, order),)
        nothing = Call("cloudwatch", "DeleteAlarms", {"AlarmNames": []})
        return (_put(AlarmSettings({}), order, new=True), nothing, _of_recovery(RecoveryChange(), order))

    def decide(self, order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision:
        """An alarm outlives its instance, and is put back also then; what was set of the instance itself went with it."""
        if order.alarm is not None:
            return _change_alarm(order, seen, said, now, "undo")
        if seen.state in GONE:
            return Done("the instance is gone, and its setting with it")
        return _change_recovery(order, seen, said, now, "undo")
