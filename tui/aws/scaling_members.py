"""Which instances are in an Auto Scaling group, for all of a region at once. Shapes: botocore's model, autoscaling 2011-01-01."""

from __future__ import annotations

from typing import Any

from tui.aws import describe
from tui.domain.cover_facts import ScalingMember
from tui.domain.sanitize import clean

GROUPS_A_PAGE = 100
"""The most that DescribeAutoScalingGroups gives at once."""


def scaling_members(client: Any) -> dict[str, ScalingMember]:
    """Each member by its id. Raises what botocore raises, and NotAwsError."""
    found: dict[str, ScalingMember] = {}
    call = client.describe_auto_scaling_groups
    for page in describe.pages(call, "AutoScalingGroups", MaxRecords=GROUPS_A_PAGE):
        for group in page:
            name = clean(group.get("AutoScalingGroupName"))
            names = [clean(one.get("ProcessName")) for one in group.get("SuspendedProcesses") or ()]
            suspended = tuple(sorted(names))
            for one in group.get("Instances") or ():
                lifecycle = clean(one.get("LifecycleState"))
                found[str(clean(one.get("InstanceId")))] = ScalingMember(name, lifecycle, suspended)
    return found
