"""What CloudWatch, CloudTrail and a console answer, here and in moto. Sources: cloudwatch, cloudtrail and ec2 models.

moto keeps only metrics that were put there, so they are put first; ours makes them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.contracts.aws_worlds import KEY, REGION, Cloud
from tests.contracts.test_aws_reading import HTML, refused

CPU = {"Namespace": "AWS/EC2", "MetricName": "CPUUtilization"}


def dimension(name: str, value: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value}]


def measured(cloud: Cloud) -> tuple[str, datetime]:
    """An instance that has had metrics for an hour, and the cloud's own time."""
    instance = cloud.launch()[0]
    cloud.wait(3600)
    now = datetime.now(UTC)
    if cloud.demo is not None:
        now = datetime.fromisoformat(cloud.demo.control("clock")["now"])
        return instance, now
    points = [
        {"MetricName": "CPUUtilization", "Dimensions": dimension("InstanceId", instance), "Unit": "Percent",
         "Timestamp": now - timedelta(minutes=back), "Value": 10.0 + back}
        for back in range(5, 60, 5)
    ]  # fmt: skip
    cloud.client("cloudwatch").put_metric_data(Namespace="AWS/EC2", MetricData=points)
    return instance, now


def query(
    name: str, instance: str, metric: str = "CPUUtilization", stat: str = "Average", period: int = 300
) -> Any:
    where = {"Namespace": "AWS/EC2", "MetricName": metric, "Dimensions": dimension("InstanceId", instance)}
    return {"Id": name, "MetricStat": {"Metric": where, "Period": period, "Stat": stat}}


def test_metrics_are_found_by_a_dimension_without_a_namespace(cloud: Cloud) -> None:
    instance, _ = measured(cloud)
    found = cloud.client("cloudwatch").list_metrics(
        Dimensions=dimension("InstanceId", instance), RecentlyActive="PT3H"
    )["Metrics"]
    cpu = [one for one in found if one["MetricName"] == "CPUUtilization"]
    assert cpu == [{**CPU, "Dimensions": dimension("InstanceId", instance)}]


def test_data_comes_with_times_and_values_of_the_same_length(cloud: Cloud) -> None:
    instance, now = measured(cloud)
    answer = cloud.client("cloudwatch").get_metric_data(
        MetricDataQueries=[query("cpu", instance), query("none", instance, "NoSuchMetric")],
        StartTime=now - timedelta(hours=1), EndTime=now,
    )  # fmt: skip
    cpu, none = answer["MetricDataResults"]
    assert cpu["Id"] == "cpu"
    assert cpu["StatusCode"] == none["StatusCode"] == "Complete"
    assert len(cpu["Timestamps"]) == len(cpu["Values"]) >= 5
    assert none["Timestamps"] == []


def test_the_newest_data_come_first_unless_asked_otherwise(cloud: Cloud) -> None:
    instance, now = measured(cloud)
    for more, newest_first in (({}, True), ({"ScanBy": "TimestampAscending"}, False)):
        found = cloud.client("cloudwatch").get_metric_data(
            MetricDataQueries=[query("cpu", instance)], StartTime=now - timedelta(hours=1), EndTime=now, **more
        )["MetricDataResults"][0]["Timestamps"]  # fmt: skip
        assert found == sorted(found, reverse=newest_first)


def test_statistics_say_their_unit_and_what_was_asked(cloud: Cloud) -> None:
    instance, now = measured(cloud)
    answer = cloud.client("cloudwatch").get_metric_statistics(
        **CPU, Dimensions=dimension("InstanceId", instance), StartTime=now - timedelta(hours=1), EndTime=now, Period=300,
        Statistics=["Average", "Maximum"],
    )  # fmt: skip
    points = answer["Datapoints"]
    assert len(points) >= 5
    assert {frozenset(one) for one in points} == {frozenset(("Timestamp", "Average", "Maximum", "Unit"))}
    assert {one["Unit"] for one in points} == {"Percent"}
    assert all(one["Average"] <= one["Maximum"] for one in points)


@pytest.mark.moto_is_wrong("moto takes any period")
def test_a_period_that_is_no_minute_is_refused(cloud: Cloud) -> None:
    instance, now = measured(cloud)
    code = refused(
        cloud.client("cloudwatch").get_metric_statistics, **CPU, Dimensions=dimension("InstanceId", instance),
        StartTime=now - timedelta(hours=1), EndTime=now, Period=47, Statistics=["Average"],
    )  # fmt: skip
    assert code in ("InvalidParameterValue", "ValidationError")


@pytest.mark.moto_is_wrong("moto answers any number of points")
def test_too_many_points_are_refused(cloud: Cloud) -> None:
    instance, now = measured(cloud)
    code = refused(
        cloud.client("cloudwatch").get_metric_statistics, **CPU, Dimensions=dimension("InstanceId", instance),
        StartTime=now - timedelta(days=2), EndTime=now, Period=60, Statistics=["Average"],
    )  # fmt: skip
    assert code == "InvalidParameterCombination"


@pytest.mark.moto_is_wrong("moto has no paging of GetMetricData")
def test_data_are_paged_by_their_number(cloud: Cloud) -> None:
    instance, now = measured(cloud)
    seen: list[datetime] = []
    token: dict[str, str] = {}
    pages = 0
    while pages == 0 or token:
        answer = cloud.client("cloudwatch").get_metric_data(
            MetricDataQueries=[query("cpu", instance)], StartTime=now - timedelta(hours=1), EndTime=now, MaxDatapoints=4, **token
        )  # fmt: skip
        for one in answer["MetricDataResults"]:
            assert len(one["Timestamps"]) <= 4
            seen += one["Timestamps"]
        token = {"NextToken": answer["NextToken"]} if "NextToken" in answer else {}
        pages += 1
    assert pages >= 3
    assert len(seen) == len(set(seen)) >= 9


@pytest.mark.moto_is_wrong("moto has no metrics of its own")
def test_basic_monitoring_has_a_point_every_five_minutes_and_the_checks_one_a_minute(cloud: Cloud) -> None:
    instance, now = measured(cloud)
    data = cloud.client("cloudwatch").get_metric_data(
        MetricDataQueries=[
            query("cpu", instance, period=60), query("check", instance, "StatusCheckFailed_System", "Maximum", 60),
        ],
        StartTime=now - timedelta(minutes=30), EndTime=now,
    )["MetricDataResults"]  # fmt: skip
    cpu, check = (one["Timestamps"] for one in data)
    assert {later - earlier for later, earlier in pairwise(cpu)} == {timedelta(minutes=5)}
    assert {later - earlier for later, earlier in pairwise(check)} == {timedelta(minutes=1)}
    assert set(data[1]["Values"]) == {0.0}


@pytest.mark.moto_is_wrong("moto's EC2 makes no metrics")
def test_a_stopped_instance_has_no_points(cloud: Cloud) -> None:
    instance, now = measured(cloud)
    cloud.ec2.stop_instances(InstanceIds=[instance])
    cloud.wait(1800)
    [data] = cloud.client("cloudwatch").get_metric_data(
        MetricDataQueries=[query("check", instance, "StatusCheckFailed", "Maximum", 60)],
        StartTime=now - timedelta(minutes=20), EndTime=now + timedelta(minutes=30),
    )["MetricDataResults"]  # fmt: skip
    assert len(data["Timestamps"]) >= 15
    assert max(data["Timestamps"]) <= now + timedelta(minutes=1)


def test_what_is_older_than_fifteen_days_is_kept_in_longer_periods(own: Cloud) -> None:
    clock = datetime.fromisoformat(own.demo.control("clock")["now"])  # type: ignore[union-attr] # ours has one
    seoul = own.client("ec2", "ap-northeast-2")
    instance = min(
        (one for group in seoul.describe_instances()["Reservations"] for one in group["Instances"]),
        key=lambda one: one["LaunchTime"],
    )["InstanceId"]
    old = {"StartTime": clock - timedelta(days=20), "EndTime": clock - timedelta(days=19)}
    client = own.client("cloudwatch", "ap-northeast-2")
    for period, some in ((60, False), (300, True)):
        query_ = query("check", instance, "StatusCheckFailed", "Maximum", period)
        [data] = client.get_metric_data(MetricDataQueries=[query_], **old)["MetricDataResults"]
        assert bool(data["Timestamps"]) is some


@pytest.mark.moto_is_wrong("moto's CloudTrail keeps no events")
def test_a_change_can_be_looked_up_by_its_instance_some_minutes_later(cloud: Cloud) -> None:
    instance = cloud.launch()[0]
    cloud.ec2.stop_instances(InstanceIds=[instance])
    cloud.ec2.describe_instances(InstanceIds=[instance])
    wanted = [{"AttributeKey": "ResourceName", "AttributeValue": instance}]
    cloud.wait(600)
    events = cloud.client("cloudtrail").lookup_events(LookupAttributes=wanted)["Events"]
    stop = next(one for one in events if one["EventName"] == "StopInstances")
    assert stop["ReadOnly"] == "false"
    assert {"ResourceType": "AWS::EC2::Instance", "ResourceName": instance} in stop["Resources"]
    assert "DescribeInstances" in {one["EventName"] for one in events if one["ReadOnly"] == "true"}
    assert [one["EventTime"] for one in events] == sorted((one["EventTime"] for one in events), reverse=True)


def test_a_faults_metric_is_forbidden_and_the_others_are_answered(own: Cloud) -> None:
    instance, now = measured(own)
    then = {"forbidden": ["AWS/EC2/CPU*"]}
    own.demo.control("faults", [{"match": {"operation": "GetMetricData"}, "then": then}])  # type: ignore[union-attr] # ours has one
    cpu, net = own.client("cloudwatch").get_metric_data(
        MetricDataQueries=[query("cpu", instance), query("net", instance, "NetworkIn", "Sum")],
        StartTime=now - timedelta(hours=1), EndTime=now,
    )["MetricDataResults"]  # fmt: skip
    assert (cpu["StatusCode"], cpu["Timestamps"]) == ("Forbidden", [])
    assert (net["StatusCode"], bool(net["Timestamps"])) == ("Complete", True)


def test_faults_apply_to_the_calls_for_evidence(own: Cloud) -> None:
    instance, now = measured(own)
    assert own.demo is not None
    span = {"StartTime": now - timedelta(hours=1), "EndTime": now}
    calls: dict[str, Callable[[], str]] = {
        "ListMetrics": lambda: refused(own.client("cloudwatch").list_metrics),
        "GetMetricData": lambda: refused(
            own.client("cloudwatch").get_metric_data, MetricDataQueries=[query("cpu", instance)], **span
        ),
        "LookupEvents": lambda: refused(own.client("cloudtrail").lookup_events),
        "GetConsoleScreenshot": lambda: refused(own.ec2.get_console_screenshot, InstanceId=instance),
    }
    for operation, call in calls.items():
        for code in ("AccessDenied", "ThrottlingException"):
            own.demo.control("faults", [{"match": {"operation": operation}, "then": {"error": code}}])
            assert call() == code


@pytest.mark.moto_is_wrong(HTML)
def test_a_screenshot_is_a_jpeg_in_base64(cloud: Cloud) -> None:
    instance = cloud.launch()[0]
    answer = cloud.ec2.get_console_screenshot(InstanceId=instance)
    image = base64.b64decode(answer["ImageData"])
    assert answer["InstanceId"] == instance
    assert (image[:3], image[-2:]) == (b"\xff\xd8\xff", b"\xff\xd9")
    assert len(image) < 100_000


def test_a_limit_of_two_a_second_holds_for_cloudtrail(own: Cloud) -> None:
    assert own.demo is not None
    own.demo.control("settings", {"limits": True})
    client = own.client("cloudtrail", REGION)
    try:
        client.lookup_events()
        client.lookup_events()
        assert refused(client.lookup_events) == "ThrottlingException"
    finally:
        own.demo.control("settings", {"limits": False})


def test_who_called_is_in_the_record_with_the_user_agent_and_what_was_refused(own: Cloud) -> None:
    assert own.demo is not None
    instance = own.launch()[0]
    config = Config(user_agent_extra="evac/1.0 op/1f2e3d", retries={"total_max_attempts": 1})
    ec2 = boto3.Session(KEY, "secret", region_name=REGION).client("ec2", endpoint_url=own.url, config=config)
    assert refused(ec2.stop_instances, InstanceIds=[instance], DryRun=True) == "DryRunOperation"
    ec2.reboot_instances(InstanceIds=[instance])
    ec2.close()
    own.wait(600)
    wanted = [{"AttributeKey": "ResourceName", "AttributeValue": instance}]
    events = own.client("cloudtrail").lookup_events(LookupAttributes=wanted)["Events"]
    told = {one["EventName"]: json.loads(one["CloudTrailEvent"]) for one in events}
    assert "op/1f2e3d" in told["RebootInstances"]["userAgent"]
    assert told["RebootInstances"]["requestParameters"] == {
        "instancesSet": {"items": [{"instanceId": instance}]}
    }
    assert "errorCode" not in told["RebootInstances"]
    assert told["StopInstances"]["errorCode"] == "Client.DryRunOperation"
    assert told["RebootInstances"]["userIdentity"]["userName"] == "prod"


def test_a_change_cannot_be_looked_up_at_once(own: Cloud) -> None:
    instance = own.launch()[0]
    own.ec2.stop_instances(InstanceIds=[instance])
    wanted = [{"AttributeKey": "ResourceName", "AttributeValue": instance}]
    client = own.client("cloudtrail")
    names = {one["EventName"] for one in client.lookup_events(LookupAttributes=wanted)["Events"]}
    assert "StopInstances" not in names
    two = [*wanted, {"AttributeKey": "EventName", "AttributeValue": "StopInstances"}]
    assert refused(client.lookup_events, LookupAttributes=two) == "InvalidLookupAttributesException"
