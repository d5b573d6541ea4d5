"""Whose AMI it is: by CreateImage's sign, by Data Lifecycle Manager's, by AWS Backup's, and by nobody's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.hazard_cases import KNOWN, NOW, SAFE, find
from tests.unit.test_describe import Answers
from tui.aws import images
from tui.aws.images import BACKUP, DLM

ID, OTHER = "i-0a1b2c3d4e5f60718", "i-0f1e2d3c4b5a69788"
MANAGED = {"dlm:managed": "true", "aws:dlm:lifecycle-policy-id": "policy-1"}
DLM_TAGS = {"instance-id": ID, **MANAGED}


def item(number: int = 1, days: float = 1, tags: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    made = (NOW - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    listed = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
    return {
        "ImageId": f"ami-{number}",
        "Name": "x",
        "State": "available",
        "CreationDate": made,
        "Tags": listed,
        **more,
    }


@pytest.mark.parametrize(
    ("made", "origin", "maker"),
    [
        (item(SourceInstanceId=ID), ID, ""),
        (item(tags=DLM_TAGS), ID, DLM),
        (item(tags=DLM_TAGS, SourceInstanceId=ID), ID, DLM),
        (item(tags={"instance-id": ID}), ID, ""),
        (item(tags={"instance-id": "$(instance-id)"}), "", ""),
        (item(tags={"instance-id": f"{ID} and more"}), "", ""),
        (item(Name=f"AwsBackup_{ID}_0a1b2c3d-4e5f"), ID, BACKUP),
        (item(tags={"aws:backup:source-resource": f"instance/{ID}"}), ID, BACKUP),
        (item(tags={"aws:backup:source-resource": f"arn:aws-cn:ec2:cn-north-1:1:instance/{ID}"}), ID, BACKUP),
        (item(tags={"aws:backup:source-resource": "volume/vol-1"}), "", ""),
        (item(tags={"aws:backup:source-resource": ID}), ID, BACKUP),
        (item(tags={"aws:backup:source-resource": f"{ID}:1FD4B5D3-1D8B-4C5A"}), ID, BACKUP),
        (item(tags={"aws:backup:source-resource-arn": f"arn:aws:ec2:eu-west-1:1:instance/{ID}"}), ID, BACKUP),
        (item(tags={"aws:backup:source-resource": f"instance/{ID}0"}), "", ""),
        (item(Name=f"AwsBackup_{ID}"), ID, BACKUP),
        (item(Name=f"AwsBackup_{ID}-20260501"), ID, BACKUP),
        (item(Name=f"AWSBackup_{ID}_x"), ID, BACKUP),
        (item(Name=f"Copy of AwsBackup_{ID}_x"), ID, BACKUP),
        (item(Name=f"AwsBackup_{ID}0_x"), "", ""),
        (item(Name=f"myAwsBackup_{ID}_x"), "", ""),
        (item(Name=f"AwsBackup_{ID}_x", tags={"dlm:managed": "true", "peer": OTHER}), ID, BACKUP),
        (item(tags={**MANAGED, "source": ID}), ID, DLM),
        (item(tags={**MANAGED, "InstanceId": f" {ID} ", "copy": ID}), ID, DLM),
        (item(tags={**MANAGED, "peer": OTHER, "instance-id": ID}), ID, DLM),
        (item(tags={**MANAGED, "peer": OTHER, "source": ID}), "", DLM),
        (item(tags={**MANAGED, "source": ID}, SourceInstanceId=OTHER), OTHER, DLM),
        (item(tags={**MANAGED, "Name": f"web of {ID}"}), "", DLM),
        (item(tags={"source": ID}), "", ""),
        (item(SourceInstanceId=" ", tags=DLM_TAGS), ID, DLM),
        (item(), "", ""),
        ({"ImageId": "ami-1"}, "", ""),
        ({"ImageId": "ami-1", "Tags": [{}], "Name": None}, "", ""),
    ],
)
def test_each_maker_has_its_sign(made: dict[str, Any], origin: str, maker: str) -> None:
    assert images.source(made) == (origin, maker)


def test_the_newest_of_a_region_counts_them_all_in_one_read() -> None:
    pages = [
        {"Images": [item(1, 9, SourceInstanceId=ID), item(2, 3, tags=DLM_TAGS)], "NextToken": "more"},
        {
            "Images": [
                item(3, 5, Name=f"AwsBackup_{OTHER}_x"),
                item(4, 1, tags=DLM_TAGS, State="failed"),
                item(5),
            ]
        },
    ]
    client = Answers(*pages)
    found = images.newest(client)
    assert {key: (str(one.image_id), str(one.maker)) for key, one in found.items()} == {
        ID: ("ami-2", DLM),
        OTHER: ("ami-3", BACKUP),
    }
    assert len(client.asked) == 2


def test_those_of_an_instance_are_asked_for_by_each_sign_and_told_once() -> None:
    both = item(2, 2, tags=DLM_TAGS, SourceInstanceId=ID)
    client = Answers(
        {"Images": [item(1, 9, SourceInstanceId=ID), both]},
        {"Images": [both, item(7, 1, tags={"instance-id": OTHER})]},
        {"Images": [item(3, 1, tags={"aws:backup:source-resource": f"{ID}:9"}), item(8, 1, Name=f"x {ID}")]},
        {"Images": [item(3, 1, Name=f"AwsBackup_{ID}_x")]},
    )
    found = images.of(client, ID)
    assert [str(one.image_id) for one in found] == ["ami-3", "ami-2", "ami-1"]
    assert [one["Filters"][0]["Name"] for one in client.asked] == [
        "source-instance-id",
        "tag:instance-id",
        "tag:aws:backup:source-resource",
        "name",
    ]


@pytest.mark.parametrize("days", [0.4, 40])
def test_a_service_s_ami_is_told_with_its_maker(days: float) -> None:
    made = images.image_with_maker(item(days=days, tags=DLM_TAGS))
    for facts, row in (
        (replace(KNOWN, images=(made,)), SAFE),
        (None, replace(SAFE, newest_image=made, images_at=NOW)),
    ):
        (told,) = find("stop-start", "image", facts, newest_image=row.newest_image, images_at=row.images_at)
        assert "(by Data Lifecycle Manager)" in told.text
        assert "no AMI" not in told.text


def test_what_only_the_region_s_list_knows_by_is_not_none() -> None:
    """Data Lifecycle Manager may write the id under any key, by which nothing can be asked for."""
    odd = images.image_with_maker(item(4, 0.4, tags={**MANAGED, "source": ID}))
    (told,) = find("stop-start", "image", replace(KNOWN, images=()), newest_image=odd, images_at=NOW)
    assert "(by Data Lifecycle Manager)" in told.text
    gone = images.image_with_maker(item(5, 0.4, SourceInstanceId=ID))
    (told,) = find("stop-start", "image", replace(KNOWN, images=()), newest_image=gone, images_at=NOW)
    assert "no AMI" in told.text, "asked for by its sign, and not there any more"
