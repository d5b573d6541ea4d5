"""AWS Health, Data Lifecycle Manager, AWS Backup, event windows and deprecation, over the embedded AWS's own HTTP.

moto answers Health, event windows and Data Lifecycle Manager's lists with HTTP 500, AWS Backup's resources with 404.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.contracts.aws_worlds import REGION, Cloud
from tests.contracts.test_aws_reading import refused

ACCOUNT = "111122223333"
RETIRES = "AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED"


def told(cloud: Cloud, path: str, **data: Any) -> Any:
    assert cloud.demo is not None
    return cloud.demo.control(path, {"account": ACCOUNT, "region": REGION, **data})


def health(cloud: Cloud, region: str = "us-east-1") -> Any:
    return cloud.client("health", region)


@pytest.fixture
def quiet(own: Cloud) -> Cloud:
    """No event of the sample's own."""
    assert own.demo is not None
    own.demo.control("health", {"account": ACCOUNT, "forget": True})
    return own


def test_events_come_by_filter_and_in_pages(quiet: Cloud) -> None:
    for number in range(23):
        told(quiet, "health", code=RETIRES, entities=[f"i-{number:017x}"], minutes=number)
    told(quiet, "health", code="AWS_EC2_OPERATIONAL_ISSUE", event={"statusCode": "closed"})
    pages = health(quiet).get_paginator("describe_events").paginate(
        filter={"services": ["EC2"], "eventStatusCodes": ["open", "upcoming"]}, PaginationConfig={"PageSize": 10}
    )  # fmt: skip
    sizes, found = [], []
    for page in pages:
        sizes.append(len(page["events"]))
        found += page["events"]
    assert sizes == [10, 10, 3]
    assert {one["eventTypeCategory"] for one in found} == {"scheduledChange"}
    changed = [one["lastUpdatedTime"] for one in found]
    assert changed == sorted(changed, reverse=True)


def test_an_events_entities_and_text(quiet: Cloud) -> None:
    arns = [
        told(quiet, "health", code=RETIRES, entities=[f"i-{one:017x}"], event={"text": "It retires."})["arn"]
        for one in range(11)
    ]
    client = health(quiet)
    found = client.describe_affected_entities(filter={"eventArns": arns[:10]})["entities"]
    assert {one["entityValue"] for one in found} == {f"i-{one:017x}" for one in range(10)}
    assert {one["eventArn"] for one in found} == set(arns[:10])
    details = client.describe_event_details(eventArns=[arns[0], f"{arns[1]}x"])
    assert [one["eventDescription"]["latestDescription"] for one in details["successfulSet"]] == [
        "It retires."
    ]
    assert [one["eventArn"] for one in details["failedSet"]] == [f"{arns[1]}x"]
    code = refused(client.describe_affected_entities, filter={"eventArns": arns})
    assert code == "ValidationException"


def test_an_account_without_a_support_plan_has_no_health(own: Cloud) -> None:
    assert own.demo is not None
    own.demo.control("health", {"account": ACCOUNT, "plan": False})
    assert refused(health(own).describe_events) == "SubscriptionRequiredException"


def test_health_is_signed_for_the_region_that_is_active(own: Cloud) -> None:
    assert own.demo is not None
    assert refused(health(own, "us-east-2").describe_events) == "InvalidSignatureException"
    own.demo.control("health", {"active": "us-east-2"})
    assert "events" in health(own, "us-east-2").describe_events()
    assert refused(health(own).describe_events) == "InvalidSignatureException"


def test_policies_come_without_details_and_one_with_them(own: Cloud) -> None:
    details = {"PolicyType": "IMAGE_MANAGEMENT", "ResourceTypes": ["INSTANCE"],
               "TargetTags": [{"Key": "backup", "Value": "daily"}],
               "Schedules": [{"Name": "Daily", "CreateRule": {"Interval": 24, "IntervalUnit": "HOURS"}}]}  # fmt: skip
    policy = told(own, "policy", details=details)["policy"]
    told(own, "policy", details={**details, "ResourceTypes": ["VOLUME"]})
    told(own, "policy", details=details, policy={"State": "DISABLED"})
    client = own.client("dlm")
    listed = client.get_lifecycle_policies(State="ENABLED", ResourceTypes=["INSTANCE"])["Policies"]
    assert [one["PolicyId"] for one in listed] == [policy]
    assert "PolicyDetails" not in listed[0]
    found = client.get_lifecycle_policy(PolicyId=policy)["Policy"]
    assert found["PolicyDetails"] == details
    assert found["DateCreated"].tzinfo is not None
    code = refused(client.get_lifecycle_policy, PolicyId="policy-0badbadbad")
    assert code == "ResourceNotFoundException"


def test_a_recovery_point_of_any_status_protects_and_its_status_is_told(own: Cloud) -> None:
    instance, client = own.launch()[0], own.client("backup")
    told(own, "copy", instance=instance, by="backup", hours=30)
    told(own, "copy", instance=instance, by="point", hours=2, status="EXPIRED")
    found = client.list_protected_resources()["Results"]
    (one,) = [each for each in found if each["ResourceArn"].endswith(f":instance/{instance}")]
    points = client.list_recovery_points_by_resource(ResourceArn=one["ResourceArn"])["RecoveryPoints"]
    assert [each["Status"] for each in points] == ["EXPIRED", "COMPLETED"]
    assert one["LastBackupTime"] == points[0]["CreationDate"]
    images = own.ec2.describe_images(Owners=["self"])["Images"]
    assert any(
        each["Name"].startswith(f"AwsBackup_{instance}_") and "SourceInstanceId" not in each
        for each in images
    )


def test_protected_resources_come_in_pages(own: Cloud) -> None:
    for instance in own.launch(7):
        told(own, "copy", instance=instance, by="point")
    pages = (
        own.client("backup")
        .get_paginator("list_protected_resources")
        .paginate(PaginationConfig={"PageSize": 3})
    )
    assert [len(page["Results"]) for page in pages][:2] == [3, 3]


def test_a_backup_plan_with_its_selection(own: Cloud) -> None:
    selected = {"SelectionName": "tagged", "ListOfTags": [
        {"ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": "nightly"}]}  # fmt: skip
    rules = [{"RuleName": "nightly", "ScheduleExpression": "cron(0 3 * * ? *)"}]
    plan = told(own, "plan", name="nightly", rules=rules, selections=[selected])["plan"]
    client = own.client("backup")
    assert plan in [one["BackupPlanId"] for one in client.list_backup_plans()["BackupPlansList"]]
    (rule,) = client.get_backup_plan(BackupPlanId=plan)["BackupPlan"]["Rules"]
    assert rule["ScheduleExpression"] == "cron(0 3 * * ? *)"
    (one,) = client.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"]
    found = client.get_backup_selection(BackupPlanId=plan, SelectionId=one["SelectionId"])["BackupSelection"]
    assert found["ListOfTags"] == selected["ListOfTags"]
    assert refused(client.get_backup_plan, BackupPlanId="none") == "ResourceNotFoundException"


def test_windows_are_found_by_an_instance_whatever_they_are_associated_with(own: Cloud) -> None:
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "tier", "Value": "db"}]}]
    tagged, named = own.launch(TagSpecifications=tags)[0], own.launch()[0]
    ranges = [{"StartWeekDay": "saturday", "StartHour": 0, "EndWeekDay": "saturday", "EndHour": 6}]
    told(
        own,
        "window",
        name="db-nights",
        target={"Tags": [{"Key": "tier", "Value": "db"}]},
        window={"TimeRanges": ranges},
    )
    told(own, "window", name="one", target={"InstanceIds": [named]}, window={"CronExpression": "* 1-4 * * 0"})

    def of(instance: str) -> list[str]:
        wanted = [{"Name": "instance-id", "Values": [instance]}]
        found = own.ec2.describe_instance_event_windows(Filters=wanted)["InstanceEventWindows"]
        return [one["Name"] for one in found]

    assert of(tagged) == ["db-nights"]
    assert of(named) == ["one"]
    pages = own.ec2.get_paginator("describe_instance_event_windows").paginate(
        PaginationConfig={"PageSize": 20}
    )
    window = next(one for page in pages for one in page["InstanceEventWindows"] if one["Name"] == "db-nights")
    assert window["TimeRanges"] == ranges


def test_an_image_is_deprecated_from_a_minute_on(own: Cloud) -> None:
    assert own.demo is not None
    instance = own.launch()[0]
    image = own.ec2.create_image(InstanceId=instance, Name=uuid.uuid4().hex, NoReboot=True)["ImageId"]
    own.wait(120)
    now = datetime.fromisoformat(own.demo.control("clock")["now"]).astimezone(UTC)
    at = (now + timedelta(days=30)).replace(second=0, microsecond=0)
    assert own.ec2.enable_image_deprecation(ImageId=image, DeprecateAt=at)["Return"] is True
    found = own.ec2.describe_images(ImageIds=[image])["Images"][0]
    assert found["DeprecationTime"] == f"{at:%Y-%m-%dT%H:%M:%S}.000Z"
    assert refused(own.ec2.enable_image_deprecation, ImageId=image, DeprecateAt=now - timedelta(days=1)) == (
        "InvalidParameterValue"
    )


def test_a_backup_plan_reads_back_with_its_rules(cloud: Cloud) -> None:
    client, name = cloud.client("backup"), uuid.uuid4().hex
    rule = {
        "RuleName": "nightly",
        "TargetBackupVaultName": "Default",
        "ScheduleExpression": "cron(0 3 * * ? *)",
    }
    plan = client.create_backup_plan(BackupPlan={"BackupPlanName": name, "Rules": [rule]})["BackupPlanId"]
    (one,) = [each for each in client.list_backup_plans()["BackupPlansList"] if each["BackupPlanId"] == plan]
    assert one["BackupPlanName"] == name
    assert one["CreationDate"].tzinfo is not None
    found = client.get_backup_plan(BackupPlanId=plan)["BackupPlan"]
    assert found["BackupPlanName"] == name
    assert rule.items() <= found["Rules"][0].items()
    assert refused(client.get_backup_plan, BackupPlanId="none") == "ResourceNotFoundException"
