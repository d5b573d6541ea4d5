"""The eyes on an unmodified moto: several profiles and accounts, two regions, more than one page; what moto lacks is unknown."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.aws_worlds import QUICK, Cloud, session
from tui.config.schema import Settings
from tui.domain.cover_facts import AlarmActionKind, CoverPart
from tui.domain.instance import CheckStatus, InstanceState, Phase, Target
from tui.domain.sanitize import clean
from tui.fleet.reading import look_once, read_once

DUBLIN, LONDON = REGIONS = ("eu-west-1", "eu-west-2")
SHOP, DATA = "123456789012", "222233334444"
ROLE = f"arn:aws:iam::{DATA}:role/operator"
MANY = 1001
"""More than one page: moto counts launches, not instances, so each is a launch of its own."""
CONFIG = f"""
[profile shop]
region = {DUBLIN}
[profile shop-audit]
region = {DUBLIN}
[profile data]
region = {LONDON}
role_arn = {ROLE}
source_profile = shop
"""
KEYS = """
[shop]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = anything
[shop-audit]
aws_access_key_id = AKIAI44QH8DHBEXAMPLE
aws_secret_access_key = anything
"""


def client(cloud: Cloud, service: str, region: str, **keys: str) -> Any:
    keys = keys or {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "anything"}
    return session(region, **keys).client(service, endpoint_url=cloud.url, config=QUICK)  # type: ignore[call-overload] # any service's


def launch(ec2: Any, name: str, count: int) -> None:
    image = ec2.register_image(Name=name, RootDeviceName="/dev/sda1")["ImageId"]
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}]

    def one(_: int) -> None:
        ec2.run_instances(
            ImageId=image, MinCount=1, MaxCount=1, InstanceType="m6i.large", TagSpecifications=tags
        )

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(one, range(count)))


@pytest.fixture(scope="module")
def environ(clouds: Callable[[str], Cloud], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    cloud = clouds("moto")
    launch(client(cloud, "ec2", DUBLIN), "web", 3)
    launch(client(cloud, "ec2", LONDON), "edge", 1)
    role = client(cloud, "sts", LONDON).assume_role(RoleArn=ROLE, RoleSessionName="seed")["Credentials"]
    theirs = client(
        cloud,
        "ec2",
        LONDON,
        aws_access_key_id=role["AccessKeyId"],
        aws_secret_access_key=role["SecretAccessKey"],
        aws_session_token=role["SessionToken"],
    )
    launch(theirs, "warehouse", MANY)
    home: Path = tmp_path_factory.mktemp("home")
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text(CONFIG)
    (home / ".aws" / "credentials").write_text(KEYS)
    return {
        "PATH": os.environ["PATH"], "HOME": str(home), "AWS_ENDPOINT_URL": cloud.url, "AWS_EC2_METADATA_DISABLED": "true"
    }  # fmt: skip


def test_every_target_is_read_whole_and_each_account_once(environ: dict[str, str]) -> None:
    store = read_once(Settings(regions=REGIONS), environ, timeout=300)
    found = {one.target.key: one for one in store.targets()}
    assert {key: one.count for key, one in found.items()} == {
        "shop/eu-west-1": 3, "shop/eu-west-2": 1, "data/eu-west-1": 0, "data/eu-west-2": MANY
    }  # fmt: skip
    assert {one.phase for one in found.values()} == {Phase.LIVE}
    assert [one.trouble or one.partial for one in found.values() if one.trouble or one.partial] == []
    assert found[clean("shop/eu-west-1")].profiles == ("shop", "shop-audit")
    assert Counter(row.account_id for row in store.rows()) == {SHOP: 4, DATA: MANY}
    assert {row.name for row in store.rows()} == {"web", "edge", "warehouse"}
    assert {row.state for row in store.rows()} == {InstanceState.RUNNING}
    assert all(row.status_at and row.inventory_at and row.private_ip for row in store.rows())
    assert {row.checks.system.status for row in store.rows()} == {CheckStatus.OK}
    assert {row.checks.instance.status for row in store.rows()} == {CheckStatus.OK}
    # moto does not report on attached volumes: that is not health.
    assert {row.checks.attached_ebs.status for row in store.rows()} == {CheckStatus.NOT_REPORTED}


def test_filters_that_moto_ignores_bring_no_false_problems(environ: dict[str, str]) -> None:
    """Its event.code filter lets everything through; what counts as a problem is decided here."""
    store = read_once(Settings(regions=REGIONS), environ, problems_only=True, timeout=300)
    assert list(store.rows()) == []
    assert {one.phase for one in store.targets()} == {Phase.LIVE}


def test_a_look_is_whole_but_for_what_moto_lacks(environ: dict[str, str]) -> None:
    store = read_once(Settings(only_profiles=("shop",), regions=(DUBLIN,)), environ, timeout=300)
    row = next(iter(store.rows()))
    answer = look_once(Settings(), environ, Target("shop", DUBLIN), row.instance_id)
    assert answer.instance is not None
    assert answer.facts is not None
    facts = answer.facts
    assert answer.instance.account_id == SHOP
    assert (facts.stop_protection, facts.termination_protection, facts.shutdown_behavior) == (
        False,
        False,
        "stop",
    )
    assert (facts.membership, facts.target_groups, facts.images) == ((), (), ())
    assert facts.type is not None
    assert facts.volumes is None, "moto has no DescribeVolumeStatus: HTTP 500 and a page of HTML"
    assert facts.agents is None, "moto has no DescribeInstanceInformation"
    unknown = dict(facts.unknown)
    assert unknown.keys() == {"volumes", "agents"}
    assert unknown["volumes"].startswith("shop/eu-west-1: AWS failed at DescribeVolumeStatus (500)")
    assert "DescribeInstanceInformation" in unknown["agents"]


def test_who_covers_an_instance_is_read_but_for_what_moto_lacks(
    environ: dict[str, str], clouds: Callable[[str], Cloud]
) -> None:
    cloud, chosen = clouds("moto"), Settings(only_profiles=("shop",), regions=(DUBLIN,))
    first, second, third = sorted(row.instance_id for row in read_once(chosen, environ, timeout=300).rows())
    ec2, cloudwatch = client(cloud, "ec2", DUBLIN), client(cloud, "cloudwatch", DUBLIN)
    for number in range(101):  # more than a page
        cloudwatch.put_metric_alarm(
            AlarmName=f"recover-{number:03}", Namespace="AWS/EC2", MetricName="StatusCheckFailed_System",
            Dimensions=[{"Name": "InstanceId", "Value": first if number == 100 else "i-0"}], Statistic="Maximum", Period=60,
            EvaluationPeriods=2, Threshold=1.0, ComparisonOperator="GreaterThanOrEqualToThreshold",
            AlarmActions=[f"arn:aws:automate:{DUBLIN}:ec2:recover"],
        )  # fmt: skip
    described = ec2.describe_instances(InstanceIds=[second])["Reservations"][0]["Instances"][0]
    ec2.create_snapshot(VolumeId=described["BlockDeviceMappings"][0]["Ebs"]["VolumeId"])
    store = read_once(chosen, environ, cover=True, timeout=300)
    found = {row.instance_id: row.cover for row in store.rows() if row.cover is not None}
    assert [(one.name, one.actions, one.period, one.datapoints) for one in found[first].alarms] == [
        ("recover-100", (AlarmActionKind.RECOVER,), 60, 2)
    ]
    assert (found[second].snapshot_at is not None, found[third].snapshot_at) == (True, None)
    assert found[third].alarms == ()
    for cover in found.values():
        assert [part for part, _ in cover.unknown] == [CoverPart.BACKUPS], (
            "moto has no ListProtectedResources"
        )
    (status,) = store.targets()
    assert (status.trouble, status.partial) == (None, ())
