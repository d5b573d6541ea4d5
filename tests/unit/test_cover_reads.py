"""What is read of cover, asked of a client that answers from a list: AWS's shapes to ours, page by page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.test_account_region import NOW, read, unit
from tests.unit.test_describe import Answers
from tui.aws import alarms, backups, errors, scaling_members, snapshots
from tui.domain.cover_facts import Alarm, AlarmActionKind, AlarmState, CoverFacts, CoverPart
from tui.domain.instance import Image, Target, Trouble, TroubleKind, Volume
from tui.domain.sanitize import clean
from tui.fleet.collector.cover_reader import CoverRead, facts_of, is_settling

ID, OTHER = "i-0a1b2c3d4e5f60718", "i-0f1e2d3c4b5a69788"
A_DAY = timedelta(days=1)


class CoverAnswers(Answers):
    describe_alarms = describe_auto_scaling_groups = list_protected_resources = describe_snapshots = (
        list_recovery_points_by_resource
    ) = Answers._next


def alarm(*ids: str, **more: Any) -> dict[str, Any]:
    return {
        "AlarmName": "a",
        "StateValue": "OK",
        "StateUpdatedTimestamp": NOW,
        "Namespace": "AWS/EC2",
        "MetricName": "StatusCheckFailed_System",
        "Statistic": "Maximum",
        "Dimensions": [{"Name": "InstanceId", "Value": one} for one in ids or (ID,)],
        "Period": 60,
        "EvaluationPeriods": 2,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "ActionsEnabled": True,
        "AlarmActions": ["arn:aws:automate:eu-west-1:ec2:recover"],
        **more,
    }


@pytest.mark.parametrize(
    ("arn", "kind"),
    [
        ("arn:aws:automate:eu-west-1:ec2:recover", "recover"),
        ("arn:aws-cn:automate:cn-north-1:ec2:reboot", "reboot"),
        ("arn:aws-us-gov:automate:us-gov-west-1:ec2:stop", "stop"),
        ("arn:aws:automate:eu-west-1:ec2:terminate", "terminate"),
        ("arn:aws:swf:eu-west-1:111122223333:action/actions/AWS_EC2.InstanceId.Recover/1.0", "recover"),
        ("arn:aws:swf:us-east-1:{AccountId}:action/actions/AWS_EC2.InstanceId.Reboot/1.0", "other"),
        ("arn:aws:swf:eu-west-1:111122223333:action/actions/AWS_EC2.InstanceId.Reboot/1.0", "reboot"),
        ("arn:aws:swf:eu-west-1:111122223333:action/actions/AWS_EC2.InstanceId.Terminate/1.0", "terminate"),
        ("arn:aws:swf:eu-west-1:111122223333:action/actions/AWS_EC2.InstanceId.Recover/2.0", "other"),
        ("arn:aws:automate:eu-west-1:ec2:recover-not", "other"),
        ("arn:aws:automate:eu-west-1:rds:stop", "other"),
        ("arn:aws:sns:eu-west-1:111122223333:on-call", "notify"),
        ("arn:aws-cn:sns:cn-north-1:111122223333:on-call", "notify"),
        ("arn:aws:lambda:eu-west-1:111122223333:function:ec2:recover", "other"),
        ("arn:aws:ssm:eu-west-1:111122223333:opsitem:3", "other"),
        ("", "other"),
        (None, "other"),
    ],
)
def test_what_an_action_does(arn: object, kind: str) -> None:
    assert alarms.alarm_action(arn) is AlarmActionKind(kind)


def test_an_alarm_as_it_is() -> None:
    item = alarm(
        AlarmName="web\x1b[31m",
        DatapointsToAlarm=1,
        TreatMissingData="breaching",
        ActionsEnabled=False,
        StateTransitionedTimestamp=NOW - A_DAY,
        AlarmActions=["arn:aws:sns:x:1:y", "arn:aws:automate:x:ec2:stop", "arn:aws:sns:x:1:z"],
    )
    made = alarms.map_alarm(item)
    assert made == Alarm(
        clean("web\x1b[31m"), AlarmState.OK, NOW - A_DAY, clean("AWS/EC2"), clean("StatusCheckFailed_System"),
        clean("Maximum"), 60, 2, 1, 1.0, clean("GreaterThanOrEqualToThreshold"), clean("breaching"), False,
        (AlarmActionKind.NOTIFY, AlarmActionKind.STOP),
    )  # fmt: skip
    assert "\x1b" not in made.name
    bare = alarms.map_alarm({"StateValue": "NEW", "Threshold": "1", "Period": None})
    assert bare == Alarm(clean(""), missing_data=clean("missing"))


@pytest.mark.parametrize(
    ("more", "sees"),
    [
        ({}, True),
        ({"Unit": "Count"}, True),
        ({"Unit": "Percent"}, False),
        ({"Dimensions": [{"Name": "InstanceId", "Value": ID}, {"Name": "ImageId", "Value": "ami-1"}]}, False),
        ({"Dimensions": [{"Name": "AutoScalingGroupName", "Value": "web"}]}, False),
        ({"MetricName": "CPUUtilization", "Unit": "Percent"}, True),
    ],
)
def test_an_alarm_on_a_series_that_aws_does_not_write_sees_nothing(more: dict[str, Any], sees: bool) -> None:
    assert alarms.map_alarm(alarm(**more)).sees is sees


def test_what_it_does_in_the_other_states_is_kept() -> None:
    ends, stops = "arn:aws:automate:eu-west-1:ec2:terminate", "arn:aws:automate:eu-west-1:ec2:stop"
    item = alarm(
        MetricName="CPUUtilization", AlarmActions=[], OKActions=[stops], InsufficientDataActions=[ends]
    )
    found = alarms.instance_alarms(CoverAnswers({"MetricAlarms": [item]}))[ID][0]
    assert (found.actions, found.actions_on_ok, found.actions_on_no_data) == ((), ("stop",), ("terminate",))


def test_alarms_come_by_instance_and_only_those_that_matter() -> None:
    sns = ["arn:aws:sns:eu-west-1:1:on-call"]
    tells = alarm(AlarmName="tells", AlarmActions=sns)
    busy = alarm(AlarmName="busy", MetricName="CPUUtilization", AlarmActions=sns)
    idle = alarm(
        AlarmName="idle", MetricName="CPUUtilization", AlarmActions=["arn:aws:automate:x:ec2:terminate"]
    )
    stat = {
        "Metric": {
            "MetricName": "StatusCheckFailed",
            "Dimensions": [{"Name": "InstanceId", "Value": OTHER}],
        }
    }
    math = {
        "AlarmName": "math",
        "StateValue": "OK",
        "Metrics": [{"Id": "m1", "MetricStat": stat}, {"Id": "e1", "Expression": "m1 * 1"}],
        "AlarmActions": sns,
    }
    group = alarm(AlarmName="group", Dimensions=[{"Name": "AutoScalingGroupName", "Value": "web"}])
    client = CoverAnswers(
        {"MetricAlarms": [tells, busy, group], "NextToken": "x"},
        {"MetricAlarms": [], "NextToken": "y"},
        {"MetricAlarms": [idle, math, alarm(ID, OTHER)]},
    )
    found = alarms.instance_alarms(client)
    assert {key: [one.name for one in some] for key, some in found.items()} == {
        ID: ["a", "idle", "tells"],
        OTHER: ["a", "math"],
    }
    assert found[OTHER][1].metric == ""
    assert [(one["MaxRecords"], one["AlarmTypes"]) for one in client.asked] == [(100, ["MetricAlarm"])] * 3
    with pytest.raises(errors.NotAwsError):
        alarms.instance_alarms(CoverAnswers({}))


def test_members_of_groups_with_what_is_suspended() -> None:
    group = {
        "AutoScalingGroupName": "web",
        "Instances": [{"InstanceId": ID, "LifecycleState": "Standby"}],
        "SuspendedProcesses": [{"ProcessName": "Terminate"}, {"ProcessName": "Launch"}],
    }
    client = CoverAnswers(
        {"AutoScalingGroups": [group], "NextToken": "x"},
        {"AutoScalingGroups": [{"AutoScalingGroupName": "none"}]},
    )
    (found,) = scaling_members.scaling_members(client).items()
    assert found[0] == ID
    assert (found[1].group, found[1].lifecycle, found[1].suspended) == (
        "web",
        "Standby",
        ("Launch", "Terminate"),
    )


def test_backups_of_instances_and_of_nothing_else() -> None:
    def of(arn: str, kind: str = "EC2", at: object = NOW) -> dict[str, Any]:
        return {"ResourceArn": arn, "ResourceType": kind, "LastBackupTime": at}

    old = NOW + A_DAY  # then it is too old to be looked into

    client = CoverAnswers(
        {"Results": [of(f"arn:aws:ec2:eu-west-1:1:instance/{ID}")], "NextToken": "x"},
        {
            "Results": [
                of("arn:aws:ec2:eu-west-1:1:volume/vol-1", "EBS"),
                of(f"arn:aws:ec2:eu-west-1:1:instance/{OTHER}", at=None),
            ]
        },
    )
    assert backups.last_backups(client, {}, old) == {ID: NOW}


@pytest.mark.parametrize(
    ("newest", "points", "expected"),
    [
        ("available", None, NOW),  # the AMI is there: nothing more is asked
        ("pending", [("CREATING", 0), ("COMPLETED", 2)], NOW - 2 * A_DAY),
        ("", [("EXPIRED", 0), ("PARTIAL", 0), ("STOPPED", 1), ("DELETING", 1)], "absent"),
        ("", [], "absent"),
        ("other", [("COMPLETED", 0), ("COMPLETED", 1)], NOW),
        ("", [("AVAILABLE", 0)], NOW),
    ],
)
def test_a_recovery_point_counts_only_if_it_was_made(
    newest: str, points: list[tuple[str, int]] | None, expected: object
) -> None:
    arn = f"arn:aws:ec2:eu-west-1:1:instance/{ID}"
    last = "arn:aws:ec2:eu-west-1::image/ami-1"
    listed = {
        "ResourceArn": arn, "ResourceType": "EC2", "LastBackupTime": NOW, "LastRecoveryPointArn": last,
    }  # fmt: skip
    answers: list[Any] = [{"Results": [listed]}]
    if points is not None:
        made = [{"Status": status, "CreationDate": NOW - days * A_DAY} for status, days in points]
        answers += [{"RecoveryPoints": made[:1], "NextToken": "x"}, {"RecoveryPoints": made[1:]}]
    name = clean("ami-2" if newest == "other" else "ami-1")
    images = {ID: Image(name, clean("x"), clean(newest), NOW)} if newest else {}
    client = CoverAnswers(*answers)
    found = backups.last_backups(client, images, NOW - 7 * A_DAY)
    assert found.get(ID, "absent") == expected
    assert len(client.asked) == len(answers)


def test_of_many_recovery_points_in_doubt_some_are_asked_and_the_rest_is_not_known() -> None:
    many = [
        {"ResourceArn": f"arn:aws:ec2:r:1:instance/i-{n}", "ResourceType": "EC2", "LastBackupTime": NOW - n * A_DAY / 50}
        for n in range(backups.MOST_ASKED + 5)
    ]  # fmt: skip
    point = {"RecoveryPoints": [{"Status": "COMPLETED", "CreationDate": NOW}]}
    client = CoverAnswers({"Results": many}, *[point] * backups.MOST_ASKED)
    found = backups.last_backups(client, {}, NOW - 7 * A_DAY)
    assert [key for key, at in found.items() if at is None] == [
        f"i-{backups.MOST_ASKED + n}" for n in range(5)
    ]
    made = read(unit(), 1, backups.MOST_ASKED)
    facts = facts_of(CoverRead(NOW, {}, {}, found, {}, {}), made.rows)
    assert facts["i-1"] == CoverFacts(NOW, backup_at=NOW)
    assert facts[f"i-{backups.MOST_ASKED}"].backup_at is None
    assert facts[f"i-{backups.MOST_ASKED}"].why_unknown(CoverPart.BACKUPS) is not None


def test_the_newest_completed_snapshot_of_each_volume_and_a_turn_for_each_page() -> None:
    def of(volume: str, days: int, state: str = "completed") -> dict[str, Any]:
        return {"VolumeId": volume, "StartTime": NOW - days * A_DAY, "State": state}

    client = CoverAnswers(
        {"Snapshots": [of("vol-1", 3), of("vol-1", 1), of("vol-2", 9)], "NextToken": "x"},
        {"Snapshots": [of("vol-1", 2), of("vol-2", 0, "pending"), of("vol-2", 0, "error")]},
        {"Snapshots": []},
    )
    turns: list[int] = []
    volumes = [f"vol-{number}" for number in range(201)]
    found = snapshots.newest_snapshots(client, volumes, lambda: turns.append(1))
    assert found == {"vol-1": NOW - A_DAY, "vol-2": NOW - 9 * A_DAY}
    assert len(turns) == len(client.asked) == 3
    assert [len(one["Filters"][0]["Values"]) for one in client.asked] == [200, 200, 1]
    assert snapshots.newest_snapshots(CoverAnswers(), [], lambda: None) == {}


@pytest.mark.parametrize(
    ("state", "minutes", "expected"),
    [("INSUFFICIENT_DATA", 1, True), ("ALARM", 2, True), ("INSUFFICIENT_DATA", 9, False), ("OK", 1, False),
     ("INSUFFICIENT_DATA", None, False), ("INSUFFICIENT_DATA", -9, False)],
)  # fmt: skip
def test_an_alarm_that_was_just_set_is_looked_at_again_soon(
    state: str, minutes: int | None, expected: bool
) -> None:
    since = None if minutes is None else NOW - timedelta(minutes=minutes)
    one = Alarm(clean("a"), AlarmState(state), since)
    assert is_settling([CoverFacts(NOW), CoverFacts(NOW, (one,))], NOW) is expected


def test_facts_are_of_a_row_and_say_what_was_not_read() -> None:
    made = read(unit(), 1, 2, 3)
    root = Volume(clean("/dev/xvda"), clean("vol-1"))
    made.rows["i-1"] = replace(made.rows["i-1"], root_device_name=clean("/dev/xvda"), volumes=(root,))
    denied = Trouble(TroubleKind.DENIED, clean("no"), clean("ask for x"))
    was = CoverRead(NOW, {"i-2": (Alarm(clean("a")),)}, {}, {}, {"vol-1": NOW}, {CoverPart.BACKUPS: denied})
    found = facts_of(was, made.rows)
    unknown = ((CoverPart.BACKUPS, clean("no: ask for x")),)
    assert found["i-1"] == CoverFacts(NOW, snapshot_at=NOW, unknown=unknown)
    assert found["i-2"].alarms == (Alarm(clean("a")),)
    assert found["i-3"] == CoverFacts(NOW, unknown=unknown)
    assert found["i-3"].why_unknown(CoverPart.BACKUPS) == "no: ask for x"
    assert found["i-3"].why_unknown(CoverPart.ALARMS) is None


def test_cover_goes_out_with_the_rows_and_again_only_where_it_changed() -> None:
    made = read(unit(), 1, 2)
    made.delta()
    assert made.status().cover_at is None
    made.take_cover({"i-1": CoverFacts(NOW), "i-2": CoverFacts(NOW)}, NOW)
    first = made.delta()
    assert {row.instance_id: row.cover for row in first.upserts} == {
        "i-1": CoverFacts(NOW),
        "i-2": CoverFacts(NOW),
    }
    assert first.target is not None
    assert first.target.cover_at == NOW
    later = NOW + timedelta(minutes=15)
    made.take_cover({"i-1": CoverFacts(later), "i-2": CoverFacts(later, backup_at=NOW)}, later)
    second = made.delta()
    assert [row.instance_id for row in second.upserts] == ["i-2"]
    assert second.target is not None
    assert second.target.cover_at == later, "the target tells the time of what did not change"
    assert made.with_target_fields(made.rows["i-2"]).cover == CoverFacts(later, backup_at=NOW)
    assert Target("prod", "eu-west-1") == second.target.target
