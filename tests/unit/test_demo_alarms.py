"""The embedded AWS's alarms: the guide's tables of missing data, and that they act once, at the change, on a moved clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tui.demo import alarm_evaluation, alarms, ec2_write, large, large_cover
from tui.demo.alarm_acts import ec2_action
from tui.demo.alarm_settings import settings
from tui.demo.clock import Clock
from tui.demo.fleet import populate
from tui.demo.instance import DemoInstance
from tui.demo.request import Request
from tui.demo.sample import PROD
from tui.demo.world import World

SEOUL = "ap-northeast-2"
TOPIC = f"arn:aws:sns:{SEOUL}:{PROD}:oncall"
SWF = f"arn:aws:swf:{SEOUL}:{PROD}:action/actions/AWS_EC2.InstanceId.Reboot/1.0"
ALARM, OK, NO_DATA, STAYS = "ALARM", "OK", "INSUFFICIENT_DATA", None


@pytest.mark.parametrize(
    ("points", "filled"),
    [
        ("0-X-X", (OK, OK, OK, OK)),
        ("----0", (OK, OK, OK, OK)),
        ("-----", (NO_DATA, STAYS, ALARM, OK)),
        ("0XX-X", (ALARM, ALARM, ALARM, ALARM)),
        ("--X--", (ALARM, ALARM, ALARM, OK)),
        ("----X", (STAYS, STAYS, ALARM, OK)),
        ("---X-", (STAYS, STAYS, ALARM, OK)),
    ],
)
def test_missing_data_of_three_of_three(points: str, filled: tuple[str | None, ...]) -> None:
    """CloudWatch's user guide, alarms-and-missing-data. On `--X--` its table says retain for `ignore`, its later text ALARM."""
    values = [{"0": 0.0, "X": 1.0, "-": None}[one] for one in points]
    alarm = {"EvaluationPeriods": 3, "Threshold": 1.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold"}
    treated = ("missing", "ignore", "breaching", "notBreaching")
    found = tuple(alarm_evaluation.state_of({**alarm, "TreatMissingData": one}, values) for one in treated)
    assert found == filled


def test_two_of_three_points_are_enough_where_it_says_so() -> None:
    alarm = {
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    assert alarm_evaluation.state_of(alarm, [0.0, 0.0, 2.0, 0.0, 2.0]) == ALARM
    assert alarm_evaluation.state_of(alarm, [2.0, 2.0, 2.0, 0.0, 0.0]) == OK


@pytest.mark.parametrize(
    ("arn", "verb"),
    [
        (f"arn:aws:automate:{SEOUL}:ec2:recover", "recover"),
        (SWF, "reboot"),
        (TOPIC, ""),
        ("arn:aws-cn:automate:cn-north-1:ec2:stop", "stop"),
    ],
)
def test_an_action_by_its_arn(arn: str, verb: str) -> None:
    assert ec2_action(arn) == verb


class Stage:
    """The sample fleet and one instance of it."""

    def __init__(self) -> None:
        self.world = World(Clock(datetime(2026, 5, 4, 3, 0, tzinfo=UTC)))
        populate(self.world)
        self.region = self.world.region(PROD, SEOUL)
        self.instance = self.named("eks-node-a")
        self.request = Request(
            self.world, next(iter(self.world.identities.values())), self.region, "cloudwatch", "", ""
        )

    def named(self, name: str) -> DemoInstance:
        return next(
            one for one in self.region.instances.values()
            if {"Key": "Name", "Value": name} in one.doc["Tags"]
        )  # fmt: skip

    def put(self, kind: str = "recover", **more: Any) -> str:
        wanted = {**settings(self.instance, SEOUL, kind), **more}
        alarms.PutMetricAlarm(self.request, wanted)
        return str(wanted["AlarmName"])

    def later(self, minutes: float) -> None:
        self.world.clock.advance(minutes * 60)
        self.world.clock.settle()

    def state(self, name: str) -> str:
        return str(self.region.alarms[name]["StateValue"])

    def history(self, name: str, kind: str = "Action") -> list[str]:
        found = alarms.DescribeAlarmHistory(
            self.request, {"AlarmName": name, "HistoryItemType": kind, "ScanBy": "TimestampAscending"}
        )
        return [one["HistorySummary"] for one in found["AlarmHistoryItems"]]


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_new_alarm_has_no_data_first_and_is_well_some_minutes_later(stage: Stage) -> None:
    name = stage.put()
    assert stage.state(name) == NO_DATA
    stage.later(3)
    assert stage.state(name) == OK


def test_a_failed_host_is_left_and_the_addresses_stay(stage: Stage) -> None:
    name, before = (
        stage.put(AlarmActions=[f"arn:aws:automate:{SEOUL}:ec2:recover", TOPIC]),
        dict(stage.instance.doc),
    )
    stage.later(3)
    stage.instance.sick["system"] = stage.world.clock.now
    stage.later(4)
    assert stage.state(name) == ALARM
    assert [one["topic"] for one in stage.world.published] == [TOPIC]
    assert stage.instance.status()["SystemStatus"]["Status"] == "impaired"
    stage.later(8)
    assert stage.instance.status()["SystemStatus"]["Status"] == "ok"
    assert stage.state(name) == OK
    assert {key: stage.instance.doc[key] for key in before} == before
    codes = [one["eventTypeCode"] for one in stage.world.accounts[PROD].health_events]
    assert codes.count("AWS_EC2_INSTANCE_AUTO_RECOVERY_SUCCESS") == 1


def test_a_recovery_that_does_not_help_is_not_tried_again(stage: Stage) -> None:
    name = stage.put()
    stage.instance.recovery_fails = True
    stage.instance.sick["system"] = stage.world.clock.now
    stage.later(60)
    assert stage.state(name) == ALARM
    assert len(stage.history(name)) == 1
    assert "no capacity" in stage.history(name)[0]


def test_a_hung_system_is_rebooted_once_and_by_the_old_arn_too(stage: Stage) -> None:
    name = stage.put("reboot", AlarmActions=[SWF])
    stage.later(3)
    stage.instance.sick["instance"] = stage.world.clock.now
    stage.later(15)
    assert stage.instance.status()["InstanceStatus"]["Status"] == "ok"
    assert len(stage.history(name)) == 1
    assert [one["EventName"] for one in stage.region.trail if one["Username"] == "AlarmActions"] == [
        "RebootInstances"
    ]
    assert stage.history(name, "StateUpdate")[-2:] == [
        "Alarm updated from OK to ALARM", "Alarm updated from ALARM to OK"
    ]  # fmt: skip


def test_one_whose_actions_are_off_only_changes_its_state(stage: Stage) -> None:
    name = stage.put("reboot", ActionsEnabled=False)
    stage.instance.sick["instance"] = stage.world.clock.now
    stage.later(20)
    assert stage.state(name) == ALARM
    assert stage.history(name) == []
    assert stage.instance.status()["InstanceStatus"]["Status"] == "impaired"


def test_a_reboot_of_its_own_trips_no_alarm(stage: Stage) -> None:
    name = stage.put("reboot")
    stage.later(5)
    ec2_write.RebootInstances(stage.request, {"InstanceIds": [stage.instance.id]})
    stage.later(20)
    assert stage.history(name) == []


def test_one_that_is_stopped_has_no_data_and_nothing_is_done(stage: Stage) -> None:
    name = stage.put()
    stage.later(5)
    ec2_write.StopInstances(stage.request, {"InstanceIds": [stage.instance.id]})
    stage.later(20)
    assert stage.state(name) == NO_DATA
    assert stage.history(name) == []


def test_recover_and_reboot_do_not_race(stage: Stage) -> None:
    recover, reboot = stage.put(), stage.put("reboot")
    stage.later(3)
    stage.instance.sick["system"] = stage.world.clock.now
    stage.later(30)
    assert stage.history(recover)[0].startswith("Successfully")
    assert not any(one.startswith("Successfully") for one in stage.history(reboot))
    assert stage.instance.status()["SystemStatus"]["Status"] == "ok"


def test_an_alarm_on_cpu_is_evaluated_by_its_own_values(stage: Stage) -> None:
    name = stage.put(
        AlarmName="busy", MetricName="CPUUtilization", Statistic="Average", Period=300, EvaluationPeriods=1, Threshold=1.0,
        AlarmActions=[],
    )  # fmt: skip
    stage.later(16)
    assert stage.state(name) == ALARM


def test_a_month_is_not_followed_minute_by_minute(stage: Stage) -> None:
    name = stage.put(
        AlarmName="busy", MetricName="CPUUtilization", Statistic="Average", Period=300, EvaluationPeriods=1, Threshold=1.0,
        AlarmActions=[],
    )  # fmt: skip
    seen: list[datetime] = []
    stage.world.clock.told = lambda: seen.append(stage.world.clock.now)
    stage.later(30 * 1440)
    assert stage.state(name) == ALARM
    assert len(seen) < 400
    assert len(seen) > 30


def test_alarms_on_checks_sleep_until_the_instance_changes(stage: Stage) -> None:
    stage.put()
    stage.later(30)
    seen: list[datetime] = []
    stage.world.clock.told = lambda: seen.append(stage.world.clock.now)
    stage.later(20)
    assert seen == []
    stage.instance.sick["system"] = stage.world.clock.now
    stage.later(20)
    assert seen


def test_an_alarm_acts_sooner_where_the_world_is_faster(stage: Stage) -> None:
    stage.world.clock.speed = 60.0
    name = stage.put()
    stage.later(0.1)
    stage.instance.sick["system"] = stage.world.clock.now
    stage.later(0.2)
    assert stage.history(name)[0].startswith("Successfully")
    assert stage.instance.status()["SystemStatus"]["Status"] == "ok"


def test_the_samples_alarms_tell_their_state_and_do_nothing(stage: Stage) -> None:
    """Else a test's, or a demonstration's, failing instance would be mended while it is looked at."""
    stage.instance = stage.named("ledger-2")
    stage.instance.sick["instance"] = stage.world.clock.now
    stage.later(60)
    assert stage.state("ledger-2-reboot") == ALARM
    assert stage.instance.status()["InstanceStatus"]["Status"] == "impaired"


def test_an_alarm_on_a_formula_stays_as_it_is(stage: Stage) -> None:
    region = stage.world.region(PROD, "us-east-1")
    (alarm,) = [one for one in region.alarms.values() if "Metrics" in one]
    stage.later(600)
    assert alarm["StateValue"] == OK


def test_a_large_fleet_has_an_alarm_and_an_image_of_each_instance_and_nothing_to_evaluate() -> None:
    world = World(Clock(datetime(2026, 5, 4, 3, 0, tzinfo=UTC)))
    large.populate(world, 60, 3, 2)
    large_cover.populate(world)
    regions = world.regions.values()
    assert [
        sum(len(getattr(one, kind)) for one in regions) for kind in ("alarms", "images", "snapshots")
    ] == [60, 60, 60]
    assert [len(one.health_events) for one in world.accounts.values()] == [200, 3, 3]
    seen: list[datetime] = []
    world.clock.told = lambda: seen.append(world.clock.now)
    world.clock.advance(1800)
    world.clock.settle()
    assert seen == []


@pytest.mark.parametrize(
    ("period", "speed", "seconds"), [(60, 1, 60), (60, 60, 1), (300, 60, 1), (60, 600, 0.5), (3600, 600, 1.5)]
)
def test_a_fast_clock_has_it_looked_at_no_more_often_than_can_be_followed(
    period: int, speed: float, seconds: float
) -> None:
    assert alarm_evaluation.seconds_between_looks(period, speed) == pytest.approx(seconds)
