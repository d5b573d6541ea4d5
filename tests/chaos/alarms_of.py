"""The alarm of a trial: as it was before it, and what must be there after it."""

from __future__ import annotations

from typing import Any

from tui.aws.named_alarms import by_name
from tui.domain.actions import ActionOptions
from tui.domain.actions.base import Undone
from tui.domain.alarm_settings import AlarmChange, AlarmSettings, alarm_name, check_alarm
from tui.domain.plan import Draft
from tui.operations.model import OperationState

SETTER, OLDER = "op-20260101-000000-aaaaaa", "op-20260101-000000-bbbbbb"


class AlarmsOf:
    """The alarms of evac's names on one instance, as CloudWatch has them and as somebody else may edit them."""

    def __init__(self, cloudwatch: Any, region: str, instance_id: str) -> None:
        self.client, self._region, self._instance = cloudwatch, region, instance_id

    def settings(self, **changed: Any) -> AlarmSettings:
        """A recover alarm of evac's name."""
        params = check_alarm("recover", self._instance, self._region, periods=2, about="evac").params
        return AlarmSettings({**params, **changed})

    def begin(self, kind: str) -> tuple[str, ActionOptions]:
        """What is there before the trial; the action and its options."""
        if kind == "recover-alarm":
            return kind, ActionOptions()
        if kind == "auto-recovery":
            return kind, ActionOptions(switch_off=True)
        name, now = alarm_name("recover", self._instance), self.settings()
        older = self.settings(
            EvaluationPeriods=7, DatapointsToAlarm=3, AlarmDescription="older", Unit="Count"
        )
        of = SETTER if kind == "undo-new" else OLDER
        self.client.put_metric_alarm(**now.params, Tags=[{"Key": "evac:operation", "Value": of}])
        change = AlarmChange(name, now) if kind == "undo-new" else AlarmChange(name, now, older, OLDER)
        return "undo", ActionOptions(undone=Undone(SETTER, change))

    def wrong(self, plan: Draft, state: OperationState) -> list[str]:
        """What is not as it must be: done where it succeeded, untouched where nothing was sent, and nothing in between."""
        change = plan.order.alarm
        if change is None:
            return []
        seen = next(iter(by_name(self.client, [change.name])), None)
        if state is OperationState.SUCCEEDED:
            return [] if change.done(seen) else [f"succeeded, and the alarm is {seen}"]
        return [] if change.done(seen) or change.untouched(seen) else [f"the alarm is neither: {seen}"]
