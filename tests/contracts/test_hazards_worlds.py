"""The hazards that the hands' guard stands on, read by our own eyes from instances made in both clouds.

`look.facts` asks, `hazards` decides: the same code as before any action. Where moto lies, the reason stands beside the test.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.contracts.aws_worlds import KEY, REGION, Cloud
from tui.aws import inspect
from tui.aws.sessions import Sessions
from tui.config.schema import Settings
from tui.domain.actions import ActionOptions
from tui.domain.facts import Facts
from tui.domain.hazards import Gravity, Hazard, hazards
from tui.domain.instance import Instance, Target
from tui.domain.policy import Policy


class Eyes:
    """evac's eyes on one cloud."""

    def __init__(self, cloud: Cloud, sessions: Sessions, askers: ThreadPoolExecutor) -> None:
        self.cloud, self.sessions, self.askers = cloud, sessions, askers

    def see(self, instance_id: str) -> tuple[Instance, Facts]:
        target, now = Target("world", REGION), datetime.now(UTC)
        row = inspect.inspect_instance(self.sessions, target, instance_id, now)
        assert row is not None
        return row, inspect.facts(self.sessions, row, now, self.askers)

    def find(self, instance_id: str, code: str, action: str = "stop-start") -> list[Hazard]:
        row, facts = self.see(instance_id)
        return [
            one
            for one in hazards(row, facts, action, datetime.now(UTC), ActionOptions(), Policy())
            if one.code == code
        ]


@pytest.fixture
def eyes(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Eyes]:
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    config = tmp_path / "config"
    config.write_text(
        f"[profile world]\nregion={REGION}\naws_access_key_id={KEY}\naws_secret_access_key=secret\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.url)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with ThreadPoolExecutor(8) as askers:
        yield Eyes(cloud, Sessions(Settings()), askers)


def name() -> str:
    return f"t-{uuid.uuid4().hex[:8]}"


def group(cloud: Cloud, members: list[str]) -> str:
    """An Auto Scaling group of these, its desired capacity as many."""
    called, client = name(), cloud.client("autoscaling")
    more: dict[str, Any] = {
        "MinSize": 0,
        "MaxSize": 9,
        "DesiredCapacity": 0,
        "AvailabilityZones": [f"{REGION}a"],
    }
    if cloud.demo is None:  # moto wants to know what it would launch; ours never launches by itself
        client.create_launch_configuration(
            LaunchConfigurationName=called, ImageId=cloud.image(), InstanceType="m5.large"
        )
        more["LaunchConfigurationName"] = called
    client.create_auto_scaling_group(AutoScalingGroupName=called, **more)
    client.attach_instances(AutoScalingGroupName=called, InstanceIds=members)
    return called


def balanced(cloud: Cloud, members: list[str]) -> str:
    """A target group with these."""
    vpc = cloud.instance(members[0])["VpcId"]
    client = cloud.client("elbv2")
    made = client.create_target_group(Name=name(), Protocol="HTTP", Port=80, VpcId=vpc)
    arn = str(made["TargetGroups"][0]["TargetGroupArn"])
    client.register_targets(TargetGroupArn=arn, Targets=[{"Id": one, "Port": 8080} for one in members])
    cloud.wait(60)
    return arn


def test_membership_of_a_group_is_seen_with_its_capacity(eyes: Eyes) -> None:
    members = eyes.cloud.launch(2)
    called = group(eyes.cloud, members)
    _, facts = eyes.see(members[0])
    assert facts.membership is not None
    (found,) = facts.membership
    assert (found.group, found.lifecycle, found.min_size, found.desired) == (called, "InService", 0, 2)
    assert found.in_service == 2
    assert found.health.upper() == "HEALTHY"
    (told,) = eyes.find(members[0], "auto-scaling")
    assert told.gravity is Gravity.WARN
    assert f"put in Standby in Auto Scaling group {called} first" in told.text
    assert "1 instead of 2" in told.text


def test_the_last_member_in_service_blocks(eyes: Eyes) -> None:
    (alone,) = eyes.cloud.launch(1)
    called = group(eyes.cloud, [alone])
    (told,) = eyes.find(alone, "last-healthy")
    assert told.gravity is Gravity.BLOCK
    assert called in told.text


def test_standby_is_seen_and_the_capacity_is_lowered_and_restored(eyes: Eyes) -> None:
    members = eyes.cloud.launch(2)
    called, client = group(eyes.cloud, members), eyes.cloud.client("autoscaling")
    one = {"InstanceIds": [members[0]], "AutoScalingGroupName": called}
    client.enter_standby(**one, ShouldDecrementDesiredCapacity=True)
    eyes.cloud.wait(301)
    _, facts = eyes.see(members[0])
    assert facts.membership is not None
    assert (facts.membership[0].lifecycle, facts.membership[0].desired) == ("Standby", 1)
    (told,) = eyes.find(members[0], "auto-scaling")
    assert told.gravity is Gravity.OK
    client.exit_standby(**one)
    eyes.cloud.wait(60)
    _, facts = eyes.see(members[0])
    assert facts.membership is not None
    assert (facts.membership[0].lifecycle, facts.membership[0].desired) == ("InService", 2)


def test_a_suspended_group_replaces_nothing(eyes: Eyes) -> None:
    members = eyes.cloud.launch(2)
    called = group(eyes.cloud, members)
    eyes.cloud.client("autoscaling").suspend_processes(
        AutoScalingGroupName=called, ScalingProcesses=["ReplaceUnhealthy"]
    )
    assert eyes.find(members[0], "auto-scaling")[0].gravity is Gravity.NOTE


def test_targets_are_found_with_their_health_and_port(eyes: Eyes) -> None:
    members = eyes.cloud.launch(2)
    balanced(eyes.cloud, members)
    _, facts = eyes.see(members[0])
    assert facts.target_groups is not None
    (found,) = facts.target_groups
    assert (found.target_id, found.port, found.health, found.healthy, found.members) == (
        members[0], 8080, "healthy", 2, 2,
    )  # fmt: skip
    assert "drained first" in eyes.find(members[0], "load-balancer")[0].text


def test_the_last_healthy_target_blocks(eyes: Eyes) -> None:
    (alone,) = eyes.cloud.launch(1)
    balanced(eyes.cloud, [alone])
    (told,) = eyes.find(alone, "last-healthy")
    assert (told.gravity, told.override) == (Gravity.BLOCK, "last-healthy")


def classic(cloud: Cloud, members: list[str]) -> str:
    """A classic load balancer with these."""
    called, client = name(), cloud.client("elb")
    listener = {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 8080}
    client.create_load_balancer(
        LoadBalancerName=called, Listeners=[listener], AvailabilityZones=[f"{REGION}a"]
    )
    client.register_instances_with_load_balancer(
        LoadBalancerName=called, Instances=[{"InstanceId": one} for one in members]
    )
    return called


def test_a_classic_load_balancer_is_found_and_its_last_instance_blocks(eyes: Eyes) -> None:
    members = eyes.cloud.launch(2)
    called = classic(eyes.cloud, members)
    _, facts = eyes.see(members[0])
    assert facts.classic_balancers is not None
    (found,) = facts.classic_balancers
    assert (found.name, found.state, found.in_service, found.members) == (called, "InService", 2, 2)
    assert any(called in one.text for one in eyes.find(members[0], "load-balancer"))
    (alone,) = eyes.cloud.launch(1)
    last = classic(eyes.cloud, [alone])
    (told,) = eyes.find(alone, "last-healthy")
    assert (told.gravity, told.override) == (Gravity.BLOCK, "last-healthy")
    assert last in told.text


@pytest.mark.moto_is_wrong("moto drops a target at once instead of letting it drain")
def test_a_target_drains_before_it_is_gone(eyes: Eyes) -> None:
    members = eyes.cloud.launch(2)
    arn = balanced(eyes.cloud, members)
    eyes.cloud.client("elbv2").deregister_targets(
        TargetGroupArn=arn, Targets=[{"Id": members[0], "Port": 8080}]
    )
    (told,) = eyes.find(members[0], "load-balancer")
    assert "it is draining" in told.text


def test_no_group_and_no_target_reassure(eyes: Eyes) -> None:
    (alone,) = eyes.cloud.launch(1)
    assert eyes.find(alone, "auto-scaling")[0].gravity is Gravity.OK
    assert eyes.find(alone, "load-balancer")[0].gravity is Gravity.OK
    assert eyes.find(alone, "stop-protection")[0].gravity is Gravity.OK


def test_stop_protection_blocks(eyes: Eyes) -> None:
    (alone,) = eyes.cloud.launch(1, DisableApiStop=True)
    assert eyes.find(alone, "stop-protection")[0].gravity is Gravity.BLOCK


@pytest.mark.moto_is_wrong("moto forgets the termination protection given at launch")
def test_termination_protection_is_told(eyes: Eyes) -> None:
    (alone,) = eyes.cloud.launch(1, DisableApiTermination=True)
    assert eyes.find(alone, "termination-protection")[0].gravity is Gravity.NOTE


def test_a_shutdown_that_would_terminate_is_told(eyes: Eyes) -> None:
    (alone,) = eyes.cloud.launch(1, InstanceInitiatedShutdownBehavior="terminate")
    assert eyes.find(alone, "shutdown-behavior")[0].gravity is Gravity.WARN


@pytest.mark.parametrize(
    ("kind", "gravity"), [("i3.large", Gravity.DANGER), ("m5.large", Gravity.OK)], ids=["nvme", "none"]
)
def test_instance_store_is_known_by_the_type(eyes: Eyes, kind: str, gravity: Gravity) -> None:
    (alone,) = eyes.cloud.launch(1, InstanceType=kind)
    assert eyes.find(alone, "instance-store")[0].gravity is gravity


def test_xen_is_known_by_the_type(eyes: Eyes) -> None:
    (old,) = eyes.cloud.launch(1, InstanceType="m3.medium")
    assert eyes.find(old, "xen")


@pytest.mark.moto_is_wrong("moto does not know the type i3.metal")
def test_bare_metal_is_known_by_the_type(eyes: Eyes) -> None:
    (metal,) = eyes.cloud.launch(1, InstanceType="i3.metal")
    assert eyes.find(metal, "bare-metal")


def test_a_t2_loses_its_credits(eyes: Eyes) -> None:
    (alone,) = eyes.cloud.launch(1, InstanceType="t2.small")
    assert eyes.find(alone, "cpu-credits")


@pytest.mark.moto_is_wrong("moto's IpOwnerId is never `amazon`")
def test_an_address_of_amazons_is_released(eyes: Eyes) -> None:
    (alone,) = eyes.cloud.launch(1)
    assert eyes.find(alone, "public-ip")[0].gravity is Gravity.DANGER


def test_an_elastic_ip_is_not(eyes: Eyes) -> None:
    (alone,) = eyes.cloud.launch(1)
    address = eyes.cloud.ec2.allocate_address(Domain="vpc")
    eyes.cloud.ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=alone)
    assert eyes.find(alone, "public-ip")[0].gravity is Gravity.OK


@pytest.mark.parametrize(
    ("tag", "code"), [("eks:cluster-name", "cluster"), ("kubernetes.io/cluster/blue", "cluster")]
)
def test_a_node_is_known_by_its_tags(eyes: Eyes, tag: str, code: str) -> None:
    tags = [{"ResourceType": "instance", "Tags": [{"Key": tag, "Value": "blue"}]}]
    (alone,) = eyes.cloud.launch(1, TagSpecifications=tags)
    assert "blue" in eyes.find(alone, code)[0].text


def test_a_fresh_ami_of_it_is_found(eyes: Eyes) -> None:
    (alone,) = eyes.cloud.launch(1)
    eyes.cloud.ec2.create_image(InstanceId=alone, Name=name(), NoReboot=True)
    eyes.cloud.wait(7200)
    (told,) = eyes.find(alone, "image")
    assert told.gravity is Gravity.OK


def test_what_is_stopped_is_not_stopped_again(eyes: Eyes) -> None:
    (alone,) = eyes.cloud.launch(1)
    eyes.cloud.ec2.stop_instances(InstanceIds=[alone])
    eyes.cloud.wait(120)
    (told,) = eyes.find(alone, "state")
    assert told.gravity is Gravity.BLOCK
