"""What alarms and snapshots answer, here and in moto. Sources: cloudwatch and ec2 models, CloudWatch's user guide."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.contracts.aws_worlds import REGION, Cloud
from tests.contracts.test_aws_reading import refused

ACCOUNT_TOPIC = f"arn:aws:sns:{REGION}:111122223333:oncall"
RECOVER, REBOOT = (f"arn:aws:automate:{REGION}:ec2:{verb}" for verb in ("recover", "reboot"))


def settings(instance: str, name: str = "", **more: Any) -> Any:
    """A recover alarm as evac sets it."""
    return {
        "AlarmName": name or f"evac/recover/{instance}", "Namespace": "AWS/EC2", "MetricName": "StatusCheckFailed_System",
        "Dimensions": [{"Name": "InstanceId", "Value": instance}], "Statistic": "Maximum", "Period": 60,
        "EvaluationPeriods": 2, "Threshold": 1.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "missing", "AlarmActions": [RECOVER], **more,
    }  # fmt: skip


def named(cloud: Cloud, *names: str) -> list[Any]:
    found: list[Any] = cloud.client("cloudwatch").describe_alarms(AlarmNames=list(names))["MetricAlarms"]
    return found


def test_an_alarm_reads_back_as_it_was_put(cloud: Cloud) -> None:
    wanted = settings(cloud.launch()[0], Tags=[{"Key": "evac:operation", "Value": "op-1"}])
    cloud.client("cloudwatch").put_metric_alarm(**wanted)
    alarm = named(cloud, wanted["AlarmName"])[0]
    del wanted["Tags"]
    assert {key: alarm[key] for key in wanted} == wanted
    assert alarm["ActionsEnabled"] is True
    assert alarm["OKActions"] == alarm["InsufficientDataActions"] == []
    assert alarm["AlarmArn"].split(":")[2:4] == ["cloudwatch", REGION]
    assert alarm["StateUpdatedTimestamp"].tzinfo is not None
    tags = cloud.client("cloudwatch").list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
    assert tags == [{"Key": "evac:operation", "Value": "op-1"}]


def test_an_alarm_put_again_is_overwritten_whole(cloud: Cloud) -> None:
    instance, client = cloud.launch()[0], cloud.client("cloudwatch")
    client.put_metric_alarm(**settings(instance, AlarmDescription="was here", OKActions=[ACCOUNT_TOPIC]))
    client.put_metric_alarm(**settings(instance, EvaluationPeriods=3))
    (alarm,) = named(cloud, f"evac/recover/{instance}")
    assert (alarm["EvaluationPeriods"], alarm["OKActions"]) == (3, [])
    assert not alarm.get("AlarmDescription")


def test_alarms_are_found_by_the_beginning_of_an_action(cloud: Cloud) -> None:
    instance, client = cloud.launch()[0], cloud.client("cloudwatch")
    client.put_metric_alarm(**settings(instance))
    client.put_metric_alarm(**settings(instance, f"page/{instance}", AlarmActions=[ACCOUNT_TOPIC]))
    pages = client.get_paginator("describe_alarms").paginate(
        AlarmTypes=["MetricAlarm"], ActionPrefix="arn:aws:automate:"
    )
    names = {one["AlarmName"] for page in pages for one in page["MetricAlarms"]}
    assert f"evac/recover/{instance}" in names
    assert f"page/{instance}" not in names


@pytest.mark.moto_is_wrong("moto answers all that have the prefix at once")
def test_alarms_come_by_prefix_and_in_pages(cloud: Cloud) -> None:
    instance, client, mine = cloud.launch()[0], cloud.client("cloudwatch"), uuid.uuid4().hex
    for number in range(7):
        client.put_metric_alarm(**settings(instance, f"{mine}/{number}", AlarmActions=[]))
    pages = [
        [one["AlarmName"][-1] for one in page["MetricAlarms"]]
        for page in client.get_paginator("describe_alarms").paginate(
            AlarmNamePrefix=mine, PaginationConfig={"PageSize": 3}
        )
    ]
    assert pages == [["0", "1", "2"], ["3", "4", "5"], ["6"]]


@pytest.mark.moto_is_wrong("moto does not look at the dimensions")
def test_alarms_of_a_metric(cloud: Cloud) -> None:
    instance, client = cloud.launch()[0], cloud.client("cloudwatch")
    client.put_metric_alarm(**settings(instance))
    where = {"Namespace": "AWS/EC2", "Dimensions": [{"Name": "InstanceId", "Value": instance}]}
    found = client.describe_alarms_for_metric(MetricName="StatusCheckFailed_System", **where)["MetricAlarms"]
    assert [one["AlarmName"] for one in found] == [f"evac/recover/{instance}"]
    assert not client.describe_alarms_for_metric(MetricName="CPUUtilization", **where)["MetricAlarms"]


def test_a_deleted_alarm_is_gone(cloud: Cloud) -> None:
    instance, client = cloud.launch()[0], cloud.client("cloudwatch")
    client.put_metric_alarm(**settings(instance))
    client.delete_alarms(AlarmNames=[f"evac/recover/{instance}"])
    assert named(cloud, f"evac/recover/{instance}") == []


@pytest.mark.moto_is_wrong("moto deletes what is not there without a word")
def test_an_alarm_that_is_not_there_cannot_be_deleted(cloud: Cloud) -> None:
    code = refused(cloud.client("cloudwatch").delete_alarms, AlarmNames=["evac/recover/i-none"])
    assert code == "ResourceNotFound"


@pytest.mark.parametrize(
    "wrong",
    [
        {"Period": 61},
        {"ExtendedStatistic": "p90"},
        {"DatapointsToAlarm": 3},
        {"AlarmActions": ["arn:aws:automate:eu-north-1:ec2:recover"]},
        {"AlarmActions": [RECOVER], "Dimensions": [{"Name": "VolumeId", "Value": "vol-1"}]},
        {"AlarmActions": [RECOVER], "Dimensions": [{"Name": "InstanceId", "Value": "i-0000000000000000a"}]},
        {"TreatMissingData": "unknown"},
    ],
    ids=lambda wrong: next(iter(wrong)) if len(wrong) == 1 else str(wrong["Dimensions"][0]["Name"]),
)
def test_an_alarm_with_a_wrong_setting_is_refused(own: Cloud, wrong: Any) -> None:
    """moto takes each of them."""
    client = own.client("cloudwatch")
    assert refused(client.put_metric_alarm, **settings(own.launch()[0], **wrong)) == "ValidationError"


def test_a_snapshot_of_a_volume_is_found_by_it(cloud: Cloud) -> None:
    instance = cloud.launch(BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 8}}])[0]
    volume = cloud.instance(instance)["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    made = cloud.ec2.create_snapshot(VolumeId=volume, Description="nightly")["SnapshotId"]
    cloud.wait(120)
    wanted = {"volume-id": [volume, "vol-0"], "status": ["completed"]}
    named = [{"Name": name, "Values": values} for name, values in wanted.items()]
    pages = cloud.ec2.get_paginator("describe_snapshots").paginate(OwnerIds=["self"], Filters=named)
    (found,) = [one for page in pages for one in page["Snapshots"]]
    assert (found["SnapshotId"], found["VolumeId"], found["State"]) == (made, volume, "completed")
    assert found["StartTime"].tzinfo is not None


@pytest.mark.moto_is_wrong("moto's snapshots under an AMI are of no volume")
def test_snapshots_are_found_by_volume(cloud: Cloud) -> None:
    instance = cloud.launch(BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 8}}])[0]
    volume = cloud.instance(instance)["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    cloud.ec2.create_image(InstanceId=instance, Name=f"copy {uuid.uuid4().hex}", NoReboot=True)
    cloud.wait(300)
    found = cloud.ec2.describe_snapshots(
        OwnerIds=["self"], Filters=[{"Name": "volume-id", "Values": [volume]}, {"Name": "status", "Values": ["completed"]}]
    )["Snapshots"]  # fmt: skip
    assert [one["VolumeId"] for one in found] == [volume]
    assert found[0]["StartTime"].tzinfo is not None
