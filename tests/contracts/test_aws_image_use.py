"""Who uses an AMI, here and in moto. Sources: ec2 model and API reference, autoscaling model."""

from __future__ import annotations

import uuid

import pytest
from botocore.exceptions import ClientError

from tests.contracts.aws_worlds import Cloud


def made(cloud: Cloud) -> str:
    """An AMI of an instance of its own."""
    ec2 = cloud.client("ec2")
    return str(
        ec2.create_image(InstanceId=cloud.launch()[0], Name=f"a {uuid.uuid4()}", NoReboot=True)["ImageId"]
    )


def test_an_own_image_is_shared_with_nobody(cloud: Cloud) -> None:
    image = made(cloud)
    answer = cloud.client("ec2").describe_image_attribute(ImageId=image, Attribute="launchPermission")
    assert (answer["ImageId"], answer["LaunchPermissions"]) == (image, [])


def test_the_attribute_of_no_image_is_refused(cloud: Cloud) -> None:
    if cloud.name == "moto":
        pytest.skip("moto answers with a page of HTML")
    missing = "ami-00000000000000001"
    with pytest.raises(ClientError) as refused:
        cloud.client("ec2").describe_image_attribute(ImageId=missing, Attribute="launchPermission")
    assert refused.value.response["Error"]["Code"] == "InvalidAMIID.NotFound"


def test_no_launch_configuration_is_an_empty_list(cloud: Cloud) -> None:
    answer = cloud.client("autoscaling").describe_launch_configurations(MaxRecords=100)
    assert answer["LaunchConfigurations"] == []


def test_new_images_are_named_by_nobody_and_ten_are_asked_at_once(cloud: Cloud) -> None:
    if cloud.name == "moto":
        pytest.skip("moto has no DescribeImageReferences")
    ec2 = cloud.client("ec2")
    kinds = [{"ResourceType": "ec2:Instance"}, {"ResourceType": "ec2:LaunchTemplate"}]
    assert ec2.describe_image_references(ImageIds=[made(cloud)], ResourceTypes=kinds)["ImageReferences"] == []
    with pytest.raises(ClientError):
        ec2.describe_image_references(ImageIds=["ami-00000000000000001"] * 11, ResourceTypes=kinds)
    with pytest.raises(ClientError):
        ec2.describe_image_references(ImageIds=["ami-00000000000000001"])
