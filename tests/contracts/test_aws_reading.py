"""What a describe answers, here and in moto. Sources: user guide, Using_Filtering; developer guide, ec2-api-pagination and
errors-overview; botocore's models. Unsourced, built as commonly seen: `not-applicable` for checks of what does not run.
"""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contracts.aws_worlds import Cloud

HTML = "moto answers what it does not implement with HTTP 500 and an HTML page"


def refused(call: Any, **params: Any) -> str:
    """The code of the error a call answers with."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    return str(caught.value.response["Error"]["Code"])


def tagged(value: str, kind: str = "instance") -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": "run", "Value": value}]}]


def ids(answer: Any) -> set[str]:
    return {one["InstanceId"] for group in answer["Reservations"] for one in group["Instances"]}


@pytest.mark.moto_is_wrong("moto lists regions that are off without being asked for all")
def test_regions_say_whether_they_are_on(cloud: Cloud) -> None:
    regions = cloud.ec2.describe_regions()["Regions"]
    assert {"us-east-1", "ap-northeast-2"} <= {one["RegionName"] for one in regions}
    assert all(one["OptInStatus"] in ("opt-in-not-required", "opted-in") for one in regions)


def test_all_regions_shows_those_that_are_off(cloud: Cloud) -> None:
    regions = cloud.ec2.describe_regions(AllRegions=True)["Regions"]
    assert "not-opted-in" in {one["OptInStatus"] for one in regions}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("tag:run", ["{run}"]),
        ("tag:run", ["{run}*"]),
        ("tag:run", ["nothing", "{run}"]),
    ],
)
def test_filters_by_tag(cloud: Cloud, name: str, values: list[str]) -> None:
    run = uuid.uuid4().hex
    mine = cloud.launch(2, TagSpecifications=tagged(run))
    cloud.launch(1)
    wanted = [value.format(run=run) for value in values]
    assert ids(cloud.ec2.describe_instances(Filters=[{"Name": name, "Values": wanted}])) == set(mine)


def test_different_filters_narrow_each_other(cloud: Cloud) -> None:
    run = uuid.uuid4().hex
    cloud.launch(1, TagSpecifications=tagged(run))
    both = [{"Name": "tag:run", "Values": [run]}, {"Name": "instance-state-name", "Values": ["stopped"]}]
    assert ids(cloud.ec2.describe_instances(Filters=both)) == set()


@pytest.mark.moto_is_wrong(HTML)
def test_a_filter_moto_does_not_know(cloud: Cloud) -> None:
    found = cloud.ec2.describe_instances(Filters=[{"Name": "instance-lifecycle", "Values": ["spot"]}])
    assert found["Reservations"] == []


@pytest.mark.moto_is_wrong(HTML)
def test_a_filter_nobody_knows_is_refused(cloud: Cloud) -> None:
    filters = [{"Name": "no-such-filter", "Values": ["x"]}]
    assert refused(cloud.ec2.describe_instances, Filters=filters) == "InvalidParameterValue"


def test_instances_are_paged(cloud: Cloud) -> None:
    run = uuid.uuid4().hex
    mine = {one for _ in range(7) for one in cloud.launch(1, running=False, TagSpecifications=tagged(run))}
    filters = [{"Name": "tag:run", "Values": [run]}]
    first = cloud.ec2.describe_instances(Filters=filters, MaxResults=5)
    assert len(ids(first)) == 5
    second = cloud.ec2.describe_instances(Filters=filters, MaxResults=5, NextToken=first["NextToken"])
    assert "NextToken" not in second
    assert ids(first) | ids(second) == mine


@pytest.mark.moto_is_wrong("moto pages reservations, not instances")
def test_a_page_counts_instances_not_reservations(cloud: Cloud) -> None:
    run = uuid.uuid4().hex
    cloud.launch(7, running=False, TagSpecifications=tagged(run))
    first = cloud.ec2.describe_instances(Filters=[{"Name": "tag:run", "Values": [run]}], MaxResults=5)
    assert len(ids(first)) == 5


@pytest.mark.moto_is_wrong("moto ignores MaxResults of DescribeInstanceStatus")
def test_statuses_are_paged(cloud: Cloud) -> None:
    cloud.launch(7)
    first = cloud.ec2.describe_instance_status(MaxResults=5)
    assert len(first["InstanceStatuses"]) == 5
    assert first["NextToken"]


@pytest.mark.moto_is_wrong("moto accepts MaxResults with ids")
def test_ids_and_a_page_size_do_not_go_together(cloud: Cloud) -> None:
    mine = cloud.launch(1)
    call = cloud.ec2.describe_instance_status
    assert refused(call, InstanceIds=mine, MaxResults=5) == "InvalidParameterCombination"


def test_an_unknown_id_is_not_found(cloud: Cloud) -> None:
    for call in (cloud.ec2.describe_instances, cloud.ec2.describe_instance_status):
        assert refused(call, InstanceIds=["i-00000000000000000"]) == "InvalidInstanceID.NotFound"


@pytest.mark.moto_is_wrong("moto says NotFound of a malformed id")
def test_a_malformed_id_is_malformed(cloud: Cloud) -> None:
    assert refused(cloud.ec2.describe_instances, InstanceIds=["i-xyz"]) == "InvalidInstanceID.Malformed"


@pytest.mark.moto_is_wrong("moto 5.2.5 has no AttachedEbsStatus")
def test_three_checks(cloud: Cloud) -> None:
    (mine,) = cloud.launch(1)
    status = cloud.status(mine)
    assert {status[key]["Status"] for key in ("SystemStatus", "InstanceStatus", "AttachedEbsStatus")} == {
        "ok"
    }


def test_only_running_ones_have_a_status_unless_all_are_asked_for(cloud: Cloud) -> None:
    (mine,) = cloud.launch(1)
    cloud.ec2.stop_instances(InstanceIds=[mine])
    cloud.wait(120)
    assert cloud.ec2.describe_instance_status(InstanceIds=[mine])["InstanceStatuses"] == []
    assert cloud.status(mine)["InstanceState"]["Name"] == "stopped"


@pytest.mark.moto_is_wrong("moto ignores event filters: every instance is returned")
@pytest.mark.parametrize("name", ["event.code", "system-status.status"])
def test_status_filters_filter(cloud: Cloud, name: str) -> None:
    cloud.launch(1)
    values = {"event.code": "instance-stop", "system-status.status": "impaired"}
    filters = [{"Name": name, "Values": [values[name]]}]
    assert cloud.ec2.describe_instance_status(Filters=filters)["InstanceStatuses"] == []


@pytest.mark.moto_is_wrong("moto gives the account as the owner of every public address")
def test_an_auto_assigned_address_belongs_to_amazon(cloud: Cloud) -> None:
    (mine,) = cloud.launch(1)
    association = cloud.instance(mine)["NetworkInterfaces"][0]["Association"]
    assert association["IpOwnerId"] == "amazon"


def test_types_tell_of_instance_store(cloud: Cloud) -> None:
    info = cloud.ec2.describe_instance_types(InstanceTypes=["m5d.large", "m5.large"])["InstanceTypes"]
    stores = {one["InstanceType"]: one["InstanceStorageSupported"] for one in info}
    assert stores == {"m5d.large": True, "m5.large": False}


def test_attributes_are_asked_one_by_one(cloud: Cloud) -> None:
    (mine,) = cloud.launch(1, DisableApiStop=True)
    for name, value in (("disableApiTermination", False), ("disableApiStop", True)):
        answer = cloud.ec2.describe_instance_attribute(InstanceId=mine, Attribute=name)
        assert answer[name[0].upper() + name[1:]]["Value"] is value
    answer = cloud.ec2.describe_instance_attribute(
        InstanceId=mine, Attribute="instanceInitiatedShutdownBehavior"
    )
    assert answer["InstanceInitiatedShutdownBehavior"]["Value"] == "stop"


@pytest.mark.moto_is_wrong("moto's volume attachments lack DeleteOnTermination")
def test_volumes_say_where_they_are_attached(cloud: Cloud) -> None:
    (mine,) = cloud.launch(1)
    volumes = [one["Ebs"]["VolumeId"] for one in cloud.instance(mine)["BlockDeviceMappings"]]
    attachment = cloud.ec2.describe_volumes(VolumeIds=volumes)["Volumes"][0]["Attachments"][0]
    assert attachment["InstanceId"] == mine
    assert attachment["DeleteOnTermination"] is True


@pytest.mark.moto_is_wrong(HTML)
@pytest.mark.parametrize(
    ("operation", "member"),
    [
        ("describe_volume_status", "VolumeStatuses"),
        ("describe_instance_event_windows", "InstanceEventWindows"),
    ],
)
def test_calls_moto_does_not_have(cloud: Cloud, operation: str, member: str) -> None:
    assert member in getattr(cloud.ec2, operation)()


def test_console_output_is_text(cloud: Cloud) -> None:
    (mine,) = cloud.launch(1)
    assert "Linux" in cloud.ec2.get_console_output(InstanceId=mine)["Output"]


def test_hostile_tags_are_kept_as_they_are(cloud: Cloud) -> None:
    (mine,) = cloud.launch(1)
    evil = '[red]<b>&amp;"\u202egnp.exe\u200b =HYPERLINK("x")'
    cloud.ec2.create_tags(Resources=[mine], Tags=[{"Key": "Name", "Value": evil}])
    assert {"Key": "Name", "Value": evil} in cloud.instance(mine)["Tags"]


def test_regions_are_apart(cloud: Cloud) -> None:
    (mine,) = cloud.launch(1)
    elsewhere = cloud.client("ec2", "eu-central-1")
    assert refused(elsewhere.describe_instances, InstanceIds=[mine]) == "InvalidInstanceID.NotFound"


def test_who_am_i(cloud: Cloud) -> None:
    assert len(cloud.client("sts").get_caller_identity()["Account"]) == 12


def test_a_role_leads_into_its_account(cloud: Cloud) -> None:
    arn = "arn:aws:iam::222233334444:role/analytics-readonly"
    answer = cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="contract")
    assert "222233334444" in answer["AssumedRoleUser"]["Arn"]
