"""Setting an alarm and taking it back: as tables, and in a toy CloudWatch in which answers are lost and describes lag."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tests.unit.test_steps import DEAD, NOW, RUNNING, UNKNOWN, said
from tui.domain.actions import ActionOptions
from tui.domain.alarm_settings import (
    AlarmChange,
    AlarmSeen,
    AlarmSettings,
    RecoveryChange,
    alarm_name,
    check_alarm,
    why_not_set,
)
from tui.domain.answers import Permission
from tui.domain.instance import InstanceState
from tui.domain.sanitize import clean
from tui.domain.steps import STEPS, without_dry_run
from tui.domain.steps.base import Attempt, Call, Done, Order, Seen, Send, StepHistory, Stuck, Wait
from tui.domain.steps.power import Preflight

NAME = alarm_name("recover", "i-0a")
WANTED = check_alarm("recover", "i-0a", "eu-west-1", periods=2)
FORMER = check_alarm("recover", "i-0a", "eu-west-1", periods=9, about="older")
OTHER = check_alarm("recover", "i-0a", "eu-west-1", periods=5)
NEW = Order("op-1", "recover-alarm", "i-0a", alarm=AlarmChange(NAME, WANTED))
OVER = Order("op-1", "recover-alarm", "i-0a", alarm=AlarmChange(NAME, WANTED, FORMER, "op-0"))
assert NEW.alarm is not None
assert OVER.alarm is not None
GONE_AGAIN = Order("op-2", "undo", "i-0a", alarm=NEW.alarm.back("op-1"))
BACK_AGAIN = Order("op-2", "undo", "i-0a", alarm=OVER.alarm.back("op-1"))


def see(settings: AlarmSettings | None = None, operation: str = "op-1", of: Seen = RUNNING) -> Seen:
    return replace(of, alarms=() if settings is None else (AlarmSeen(settings, operation),))


TABLE = [
    ("set-alarm", NEW, see(), said(), Send),
    ("set-alarm", NEW, see(), said(None), Wait),
    ("set-alarm", NEW, see(), said(None, ago=90), Send),
    ("set-alarm", NEW, see(), said(True), Wait),
    ("set-alarm", NEW, see(), said(True, ago=900), Stuck),
    ("set-alarm", NEW, see(), said(False, "AccessDenied"), Stuck),
    ("set-alarm", NEW, see(), said(False, "Throttling", ago=1), Wait),
    ("set-alarm", NEW, see(), said(False, "Throttling", ago=10), Send),
    ("set-alarm", NEW, see(WANTED), said(), Done),
    ("set-alarm", NEW, see(WANTED), said(None), Done),
    ("set-alarm", NEW, see(OTHER), said(), Stuck),
    ("set-alarm", NEW, see(OTHER), said(True), Stuck),
    ("set-alarm", NEW, RUNNING, said(), Wait),
    ("set-alarm", NEW, RUNNING, said(began=900), Stuck),
    ("set-alarm", NEW, RUNNING, said(None, began=900), Wait),
    ("set-alarm", NEW, see(of=DEAD), said(), Stuck),
    ("set-alarm", NEW, see(WANTED, of=DEAD), said(True), Done),
    ("set-alarm", NEW, see(of=UNKNOWN), said(), Send),
    ("set-alarm", OVER, see(FORMER, "op-0"), said(), Send),
    ("set-alarm", OVER, see(FORMER, ""), said(), Stuck),
    ("set-alarm", OVER, see(), said(), Stuck),
    ("set-alarm", Order("op-1", "recover-alarm", "i-0a"), see(), said(), Stuck),
    ("put-back", GONE_AGAIN, see(WANTED), said(), Send),
    ("put-back", GONE_AGAIN, see(WANTED), said(None, ago=90), Send),
    ("put-back", GONE_AGAIN, see(WANTED), said(False, "ResourceNotFound"), Wait),
    ("put-back", GONE_AGAIN, see(WANTED, "op-9"), said(), Stuck),
    ("put-back", GONE_AGAIN, see(OTHER), said(), Stuck),
    ("put-back", GONE_AGAIN, see(), said(), Done),
    ("put-back", GONE_AGAIN, see(WANTED, of=DEAD), said(), Send),
    ("put-back", BACK_AGAIN, see(WANTED, "op-0"), said(), Send),
    ("put-back", BACK_AGAIN, see(FORMER, "op-0"), said(), Done),
    ("put-back", BACK_AGAIN, see(), said(), Stuck),
    ("put-back", Order("op-2", "undo", "i-0a"), see(), said(), Stuck),
]


@pytest.mark.parametrize(("step", "order", "seen", "so_far", "expected"), TABLE)
def test_an_alarm_is_set_where_it_is_as_it_was(
    step: str, order: Order, seen: Seen, so_far: StepHistory, expected: type
) -> None:
    assert isinstance(STEPS[step].decide(order, seen, so_far, NOW), expected)


def of(recovery: str, state: InstanceState = InstanceState.RUNNING) -> Seen:
    return Seen(state, auto_recovery=clean(recovery))


SWITCH = Order("op-1", "auto-recovery", "i-0a", recovery=RecoveryChange("disabled", "default"))
RECOVERY = [
    ("set-recovery", of("default"), said(), Send),
    ("set-recovery", of("default"), said(True), Wait),
    ("set-recovery", of("default"), said(None, ago=90), Send),
    ("set-recovery", of("disabled"), said(True), Done),
    ("set-recovery", of("odd"), said(), Stuck),
    ("set-recovery", of(""), said(), Stuck),
    ("set-recovery", UNKNOWN, said(), Wait),
    ("set-recovery", of("default", InstanceState.TERMINATED), said(), Stuck),
    ("put-back", of("default"), said(), Send),
    ("put-back", of("default", InstanceState.TERMINATED), said(), Done),
]


@pytest.mark.parametrize(("step", "seen", "so_far", "expected"), RECOVERY)
def test_automatic_recovery_is_switched_where_it_is_as_it_was(
    step: str, seen: Seen, so_far: StepHistory, expected: type
) -> None:
    assert isinstance(STEPS[step].decide(SWITCH, seen, so_far, NOW), expected)


def test_what_is_sent_is_one_call_with_the_tag_only_where_it_is_made() -> None:
    (made,) = STEPS["set-alarm"].calls(NEW)
    assert made.params["Tags"] == [{"Key": "evac:operation", "Value": "op-1"}]
    assert why_not_set({key: value for key, value in made.params.items() if key != "Tags"}, ()) == ""
    (over,) = STEPS["set-alarm"].calls(OVER)
    assert "Tags" not in over.params
    (gone,) = STEPS["put-back"].calls(GONE_AGAIN)
    assert (gone.operation, gone.params) == ("DeleteAlarms", {"AlarmNames": [NAME]})
    (back,) = STEPS["put-back"].calls(BACK_AGAIN)
    assert (back.operation, back.params) == ("PutMetricAlarm", FORMER.params)
    assert made.text.startswith(f"PutMetricAlarm {NAME} AlarmActions=arn:aws:automate:eu-west-1:ec2:recover")
    assert without_dry_run("recover-alarm", NEW, ActionOptions()) == ("PutMetricAlarm",)
    decided = Preflight(STEPS["set-alarm"].calls(NEW)).decide(NEW, Seen(), said(), NOW)
    assert decided == Done("AWS can't be asked for this", Permission.UNKNOWN)


def test_an_order_is_the_same_out_of_the_journal() -> None:
    for order in (NEW, OVER, SWITCH, BACK_AGAIN):
        assert msgspec.json.decode(msgspec.json.encode(order), type=Order) == order


class Cloud:
    """A toy CloudWatch: calls take effect or not, whether or not the answer comes; describes show what was `lag` ago."""

    def __init__(self, chance: random.Random, alarm: AlarmSeen | None) -> None:
        self.chance, self.now, self.past = chance, NOW, [(NOW, alarm)]

    @property
    def alarm(self) -> AlarmSeen | None:
        return self.past[-1][1]

    def shown(self, lag: float) -> Seen:
        old = [one for at, one in self.past if at <= self.now - timedelta(seconds=lag)] or [self.past[0][1]]
        return replace(RUNNING, alarms=() if old[-1] is None else (old[-1],))

    def take(self, operation: str, params: Mapping[str, Any]) -> None:
        if operation == "DeleteAlarms":
            self.past.append((self.now, None))
            return
        told = {key: value for key, value in params.items() if key != "Tags"}
        tags = [one["Value"] for one in params.get("Tags", [])]
        kept = self.alarm.operation if self.alarm is not None else tags[0] if tags else ""
        self.past.append((self.now, AlarmSeen(AlarmSettings(told), kept)))

    def carry_out(self, order: Order) -> str:
        """To the end; a runner that is killed leaves what the journal has, and the next one goes on with it."""
        step = STEPS[{"undo": "put-back"}.get(order.action, "set-alarm")]
        said = StepHistory(self.now)
        lag = self.chance.choice([0.0, 0.0, 5.0, 30.0])
        for _ in range(200):
            decided = step.decide(order, self.shown(lag), said, self.now)
            if isinstance(decided, Done):
                return "done"
            if isinstance(decided, Stuck):
                return decided.why
            if isinstance(decided, Wait):
                self.now += timedelta(seconds=decided.seconds)
                continue
            assert isinstance(decided, Send)
            arrives, answered = self.chance.random() < 0.7, self.chance.random() < 0.6
            if arrives:
                self.take(decided.call.operation, decided.call.params)
            ok = True if arrives and answered else None
            said = replace(said, attempts=(*said.attempts, Attempt(decided.call.operation, self.now, ok=ok)))
            self.now += timedelta(seconds=self.chance.choice([0.1, 2.0, 90.0]))
        return "never ended"


def at_random(chance: random.Random, topic: str) -> AlarmSettings:
    """An alarm of evac's name as anybody may have edited it, within what evac may put back."""
    params = dict(check_alarm("recover", "i-0a", "eu-west-1", periods=chance.randint(1, 30)).params)
    params |= chance.choice([{}, {"ActionsEnabled": False}, {"AlarmDescription": "by hand \N{SNOWMAN}"}])
    params |= chance.choice(
        [{}, {"TreatMissingData": "breaching"}, {"Unit": "Count"}, {"OKActions": [topic]}]
    )
    params |= chance.choice([{}, {"Period": 300, "Threshold": 0.5}, {"InsufficientDataActions": [topic]}])
    for key in chance.sample(
        ["DatapointsToAlarm", "TreatMissingData", "AlarmDescription"], chance.randint(0, 3)
    ):
        params.pop(key, None)
    return AlarmSettings(params)


def test_an_undo_is_equal_in_all_that_can_be_set_200_of_200() -> None:
    topic, equal = "arn:aws:sns:eu-west-1:111122223333:ops", 0
    for seed in range(200):
        chance = random.Random(seed)
        former = AlarmSeen(at_random(chance, topic), "op-0") if chance.random() < 0.6 else None
        if former is not None:
            assert why_not_set(former.settings.params, [topic]) == ""
        world = Cloud(chance, former)
        settings = None if former is None else former.settings
        change = AlarmChange(NAME, WANTED, settings, "" if former is None else former.operation)
        assert world.carry_out(replace(NEW, alarm=change)) == "done", seed
        assert world.alarm is not None
        assert world.alarm.settings.same(WANTED), seed
        world.now += timedelta(seconds=60)
        assert world.carry_out(Order("op-2", "undo", "i-0a", alarm=change.back("op-1"))) == "done", seed
        assert world.alarm == former, seed
        equal += 1
    assert equal == 200


def test_what_somebody_changed_since_is_left_as_it_is() -> None:
    for seed in range(50):
        chance = random.Random(seed)
        world = Cloud(chance, None)
        assert world.carry_out(NEW) == "done"
        world.now += timedelta(seconds=60)
        theirs = chance.choice([OTHER, FORMER, None])
        world.past.append((world.now, None if theirs is None else AlarmSeen(theirs, "op-1")))
        world.now += timedelta(seconds=60)
        told = world.carry_out(GONE_AGAIN)
        assert told == "done" if theirs is None else told.startswith("somebody changed it since"), seed
        assert world.alarm == (None if theirs is None else AlarmSeen(theirs, "op-1"))


@pytest.mark.parametrize(
    ("does", "topic", "told"),
    [
        ("recover", "", "recovers it once StatusCheckFailed_System is at least 1 (Maximum) in 3 of 3 periods of 60 s"),
        ("reboot", "arn:aws:sns:eu-west-1:111122223333:ops",
         "reboots it and tells ops once StatusCheckFailed_Instance is at least 1 (Maximum) in 3 of 3 periods of 60 s"),
    ],
)  # fmt: skip
def test_a_plan_says_of_an_alarm_what_it_does_and_the_audit_log_what_is_sent(
    does: str, topic: str, told: str
) -> None:
    settings = check_alarm(does, "i-1", "eu-west-1", periods=3, topic=topic)
    call = Call("cloudwatch", "PutMetricAlarm", settings.params)
    assert call.told == f"PutMetricAlarm evac/{does}/i-1: {told}"
    assert "EvaluationPeriods=3" in call.text
    assert "MetricName=StatusCheckFailed_" in call.text


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"AlarmActions": ["arn:aws:automate:eu-west-1:ec2:stop"]}, "stops it once"),
        ({"AlarmActions": ["arn:aws:lambda:eu-west-1:1:function:mend"]}, "does something else (mend) once"),
        ({"AlarmActions": []}, "does nothing once"),
        ({"ActionsEnabled": False}, "; its actions are switched off"),
        ({"ComparisonOperator": "GreaterThanThreshold", "Threshold": 0.5}, "is above 0.5 (Maximum)"),
        ({"DatapointsToAlarm": 2, "EvaluationPeriods": 5, "Period": 300}, "in 2 of 5 periods of 300 s"),
    ],
)
def test_what_somebody_else_made_of_an_alarm_is_told_in_words(params: dict[str, Any], told: str) -> None:
    sound = check_alarm("recover", "i-1", "eu-west-1", periods=2).params
    assert told in AlarmSettings({**sound, **params}).text


def test_no_settings_are_told_all_the_same() -> None:
    assert AlarmSettings({}).text == "does nothing once an expression says so, in ? of ? periods of ? s"
    assert Call("cloudwatch", "PutMetricAlarm", {}).told == "PutMetricAlarm"
