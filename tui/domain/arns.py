"""Amazon Resource Names (IAM user guide, reference-arns)."""

from __future__ import annotations

from tui.domain.instance import Instance

_PARTITIONS = {
    "cn": "aws-cn", "us-gov": "aws-us-gov", "eusc-de": "aws-eusc",
    "us-iso": "aws-iso", "us-isob": "aws-iso-b", "eu-isoe": "aws-iso-e", "us-isof": "aws-iso-f",
}  # fmt: skip


def partition_of(region: str) -> str:
    """`aws`, `aws-cn`, `aws-us-gov`, `aws-eusc` or one of the isolated ones, by the region's name (botocore, partitions.json)."""
    return _PARTITIONS.get(region.rsplit("-", 2)[0], "aws")


def instance_arn(instance: Instance) -> str:
    """The instance's; its account must be known."""
    return ec2_arn(instance, "instance", instance.instance_id)


def ec2_arn(instance: Instance, kind: str, name: str) -> str:
    """Of something of EC2 that is where the instance is: a volume, say."""
    region = instance.target.region
    return f"arn:{partition_of(region)}:ec2:{region}:{instance.account_id}:{kind}/{name}"
