"""Amazon Resource Names (IAM user guide, reference-arns)."""

from __future__ import annotations

_PARTITIONS = {"cn": "aws-cn", "us-gov": "aws-us-gov"}


def partition_of(region: str) -> str:
    """`aws`, `aws-cn` or `aws-us-gov`, by the region's name."""
    return _PARTITIONS.get(region.rsplit("-", 2)[0], "aws")
