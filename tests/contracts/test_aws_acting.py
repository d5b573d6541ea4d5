"""What the guarded calls do, here and in moto. Sources: user guide, ec2-instance-lifecycle, using-instance-addressing,
ec2-stop-protection, creating-an-ami-ebs; developer guide, errors-overview; botocore's models.

Unsourced, built as commonly seen: that starting a running instance is a no-op, and that DryRun looks at rights only.
"""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contracts.aws_worlds import REGION, Cloud
from tui.aws.mutate import send
from tui.aws.named_alarms import by_name
from tui.domain.alarm_settings import AlarmChange, alarm_name, check_alarm
from tui.domain.steps import STEPS
from tui.domain.steps.base import Order

HTML = "moto answers what it does not implement with HTTP 500 and an HTML page"
JUMPS = "moto's states change at once"


def refused(call: Any, **params: Any) -> Any:
    """The response of the error a call answers with."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    return caught.value.response


def code(call: Any, **params: Any) -> str:
    return str(refused(call, **params)["Error"]["Code"])


def public(cloud: Cloud, instance_id: str) -> str | None:
    address: str | None = cloud.instance(instance_id).get("PublicIpAddress")
    return address


@pytest.mark.parametrize("operation", ["stop_instances", "start_instances", "reboot_instances"])
def test_a_dry_run_says_yes_and_does_nothing(cloud: Cloud, operation: str) -> None:
    (mine,) = cloud.launch()
    answer = refused(getattr(cloud.ec2, operation), InstanceIds=[mine], DryRun=True)
    assert answer["Error"]["Code"] == "DryRunOperation"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert cloud.state(mine) == "running"


def test_stop_says_what_was_and_what_is(cloud: Cloud) -> None:
    (mine,) = cloud.launch()
    change = cloud.ec2.stop_instances(InstanceIds=[mine])["StoppingInstances"][0]
    assert (change["PreviousState"]["Name"], change["CurrentState"]["Name"]) == ("running", "stopping")
    assert change["CurrentState"]["Code"] == 64


@pytest.mark.moto_is_wrong(JUMPS)
def test_a_stop_and_a_start_take_their_time(cloud: Cloud) -> None:
    (mine,) = cloud.launch()
    cloud.ec2.stop_instances(InstanceIds=[mine])
    assert cloud.state(mine) == "stopping"
    cloud.wait(120)
    assert cloud.state(mine) == "stopped"
    cloud.ec2.start_instances(InstanceIds=[mine])
    assert cloud.state(mine) == "pending"
    cloud.wait(20.5)
    assert cloud.state(mine) == "running"
    assert cloud.status(mine)["InstanceStatus"]["Status"] == "initializing"
    cloud.wait(120)
    assert cloud.status(mine)["InstanceStatus"]["Status"] == "ok"


def test_an_auto_assigned_address_goes_and_another_comes(cloud: Cloud) -> None:
    (mine,) = cloud.launch()
    before = public(cloud, mine)
    assert before
    cloud.ec2.stop_instances(InstanceIds=[mine])
    cloud.wait(120)
    assert public(cloud, mine) is None
    cloud.ec2.start_instances(InstanceIds=[mine])
    cloud.wait(120)
    assert public(cloud, mine) not in (None, before)


@pytest.mark.moto_is_wrong("moto loses an Elastic IP at the stop")
def test_an_elastic_ip_stays(cloud: Cloud) -> None:
    (mine,) = cloud.launch()
    elastic = cloud.ec2.allocate_address(Domain="vpc")
    cloud.ec2.associate_address(InstanceId=mine, AllocationId=elastic["AllocationId"])
    cloud.ec2.stop_instances(InstanceIds=[mine])
    cloud.wait(120)
    assert public(cloud, mine) == elastic["PublicIp"]
    cloud.ec2.start_instances(InstanceIds=[mine])
    cloud.wait(120)
    assert public(cloud, mine) == elastic["PublicIp"]


def test_private_address_and_volumes_stay(cloud: Cloud) -> None:
    (mine,) = cloud.launch()
    before = cloud.instance(mine)
    cloud.ec2.stop_instances(InstanceIds=[mine])
    cloud.wait(120)
    cloud.ec2.start_instances(InstanceIds=[mine])
    cloud.wait(120)
    after = cloud.instance(mine)
    assert after["PrivateIpAddress"] == before["PrivateIpAddress"]
    volumes = [[one["Ebs"]["VolumeId"] for one in doc["BlockDeviceMappings"]] for doc in (before, after)]
    assert volumes[0] == volumes[1]


@pytest.mark.moto_is_wrong("moto keeps LaunchTime over a start")
def test_a_start_renews_the_launch_time(cloud: Cloud) -> None:
    (mine,) = cloud.launch()
    before = cloud.instance(mine)["LaunchTime"]
    cloud.ec2.stop_instances(InstanceIds=[mine])
    cloud.wait(120)
    cloud.ec2.start_instances(InstanceIds=[mine])
    assert cloud.instance(mine)["LaunchTime"] > before


def test_a_reboot_keeps_state_address_and_launch_time(cloud: Cloud) -> None:
    (mine,) = cloud.launch()
    before = cloud.instance(mine)
    cloud.ec2.reboot_instances(InstanceIds=[mine])
    cloud.wait(300)
    after = cloud.instance(mine)
    for key in ("State", "LaunchTime", "PublicIpAddress"):
        assert after[key] == before[key]


@pytest.mark.moto_is_wrong("moto starts a stopped instance that is rebooted")
def test_a_stopped_instance_cannot_be_rebooted(cloud: Cloud) -> None:
    (mine,) = cloud.launch()
    cloud.ec2.stop_instances(InstanceIds=[mine])
    cloud.wait(120)
    assert code(cloud.ec2.reboot_instances, InstanceIds=[mine]) == "IncorrectInstanceState"


@pytest.mark.moto_is_wrong("moto revives a terminated instance")
def test_a_terminated_instance_cannot_be_started(cloud: Cloud) -> None:
    (mine,) = cloud.launch()
    cloud.ec2.terminate_instances(InstanceIds=[mine])
    cloud.wait(120)
    assert cloud.state(mine) == "terminated"
    assert code(cloud.ec2.start_instances, InstanceIds=[mine]) == "IncorrectInstanceState"


def test_starting_a_running_one_changes_nothing(cloud: Cloud) -> None:
    (mine,) = cloud.launch()
    cloud.ec2.start_instances(InstanceIds=[mine])
    cloud.wait(120)
    assert cloud.state(mine) == "running"


def test_stop_protection_refuses_by_name(cloud: Cloud) -> None:
    (mine,) = cloud.launch(DisableApiStop=True)
    error = refused(cloud.ec2.stop_instances, InstanceIds=[mine])["Error"]
    assert error["Code"] == "OperationNotPermitted"
    assert "disableApiStop" in error["Message"]
    cloud.ec2.modify_instance_attribute(InstanceId=mine, DisableApiStop={"Value": False})
    cloud.ec2.stop_instances(InstanceIds=[mine])
    cloud.wait(120)
    assert cloud.state(mine) == "stopped"


@pytest.mark.moto_is_wrong("moto's RunInstances is not idempotent")
def test_a_client_token_launches_once(cloud: Cloud) -> None:
    token = uuid.uuid4().hex
    assert cloud.launch(ClientToken=token) == cloud.launch(ClientToken=token)


def image(cloud: Cloud, image_id: str) -> Any:
    return cloud.ec2.describe_images(ImageIds=[image_id])["Images"][0]


@pytest.mark.moto_is_wrong("moto's images are available at once")
def test_an_image_is_pending_first(cloud: Cloud) -> None:
    (mine,) = cloud.launch()
    made = cloud.ec2.create_image(InstanceId=mine, Name=uuid.uuid4().hex, NoReboot=True)["ImageId"]
    assert image(cloud, made)["State"] == "pending"
    cloud.wait(600)
    assert image(cloud, made)["State"] == "available"


@pytest.mark.moto_is_wrong("moto accepts a name that is taken")
def test_an_image_name_is_taken_once(cloud: Cloud) -> None:
    (mine,), name = cloud.launch(), uuid.uuid4().hex
    cloud.ec2.create_image(InstanceId=mine, Name=name, NoReboot=True)
    assert code(cloud.ec2.create_image, InstanceId=mine, Name=name) == "InvalidAMIName.Duplicate"


@pytest.mark.moto_is_wrong("moto accepts any name")
@pytest.mark.parametrize("name", ["no:colon", "semi;colon", "ümlaut"])
def test_a_malformed_image_name_is_refused(cloud: Cloud, name: str) -> None:
    (mine,) = cloud.launch()
    assert code(cloud.ec2.create_image, InstanceId=mine, Name=name) == "InvalidAMIName.Malformed"


def test_an_image_is_found_by_its_instance_and_by_its_name(cloud: Cloud) -> None:
    (mine,), name = cloud.launch(), uuid.uuid4().hex
    tags = [{"ResourceType": "image", "Tags": [{"Key": "run", "Value": name}]}]
    made = cloud.ec2.create_image(InstanceId=mine, Name=name, NoReboot=True, TagSpecifications=tags)[
        "ImageId"
    ]
    for filters in (
        [{"Name": "source-instance-id", "Values": [mine]}],
        [{"Name": "name", "Values": [name]}],
        [{"Name": "tag:run", "Values": [name]}],
    ):
        found = cloud.ec2.describe_images(Owners=["self"], Filters=filters)["Images"]
        assert [one["ImageId"] for one in found] == [made]
        assert found[0]["SourceInstanceId"] == mine


@pytest.mark.moto_is_wrong(HTML)
def test_snapshots_are_tagged_too(cloud: Cloud) -> None:
    (mine,), name = cloud.launch(), uuid.uuid4().hex
    tags = [{"ResourceType": kind, "Tags": [{"Key": "run", "Value": name}]} for kind in ("image", "snapshot")]
    made = cloud.ec2.create_image(InstanceId=mine, Name=name, NoReboot=True, TagSpecifications=tags)[
        "ImageId"
    ]
    cloud.wait(600)
    snapshots = [one["Ebs"]["SnapshotId"] for one in image(cloud, made)["BlockDeviceMappings"]]
    assert snapshots
    found = cloud.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": snapshots}])["Tags"]
    assert {one["Value"] for one in found} == {name}


@pytest.mark.moto_is_wrong(HTML)
def test_maintenance_options_are_kept(cloud: Cloud) -> None:
    (mine,) = cloud.launch()
    cloud.ec2.modify_instance_maintenance_options(InstanceId=mine, RebootMigration="disabled")
    assert cloud.instance(mine)["MaintenanceOptions"]["RebootMigration"] == "disabled"


def test_an_unknown_action_is_a_well_formed_error(own: Cloud) -> None:
    """moto answers a page of HTML here; ours must be an error a client can read."""
    assert code(own.ec2.describe_vpn_gateways) == "InvalidAction"


def test_an_alarm_reads_back_as_it_was_set_and_is_gone_once_it_is_taken_back(cloud: Cloud) -> None:
    """evac's own calls: what DescribeAlarms tells is what PutMetricAlarm was given, and tags stay as they were made."""
    (mine,) = cloud.launch()
    watch, name = cloud.client("cloudwatch"), alarm_name("recover", mine)
    wanted = check_alarm("recover", mine, REGION, periods=2, about="evac")
    older = check_alarm("recover", mine, REGION, periods=7)
    first, over = AlarmChange(name, older), AlarmChange(name, wanted, older, "op-1")
    steps = [
        ("set-alarm", Order("op-1", "recover-alarm", mine, alarm=first)),
        ("set-alarm", Order("op-2", "recover-alarm", mine, alarm=over)),
        ("put-back", Order("op-3", "undo", mine, alarm=over.back("op-2"))),
        ("put-back", Order("op-4", "undo", mine, alarm=first.back("op-1"))),
    ]
    for step, order in steps:
        assert order.alarm is not None
        assert order.alarm.untouched(next(iter(by_name(watch, [name])), None)), step
        (call,) = STEPS[step].calls(order)
        assert send(watch, call).ok, step
        assert order.alarm.done(next(iter(by_name(watch, [name])), None)), step
    assert by_name(watch, [name]) == ()
