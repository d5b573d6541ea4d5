"""What an instance's agent told Systems Manager of itself. Shapes: botocore's model, DescribeInstanceInformation."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from tui.aws import errors, mapping
from tui.aws.error_codes import error_code
from tui.domain.facts import SsmAgent
from tui.domain.sanitize import clean


def agents_of(ssm: Any, instance_id: str) -> tuple[SsmAgent, ...]:
    """Its agent; empty where SSM knows none, as of one that is stopped. Raises what botocore raises, and NotAwsError."""
    filters = [{"Key": "InstanceIds", "Values": [instance_id]}]
    try:
        answer = ssm.describe_instance_information(Filters=filters)
    except ClientError as error:
        if error_code(error) == "InvalidInstanceId":  # botocore model: one that it does not manage
            return ()
        raise
    return tuple(
        SsmAgent(
            clean(item.get("PingStatus")),
            clean(item.get("AgentVersion")),
            mapping.utc_time(item.get("LastPingDateTime")),
        )
        for item in errors.member_of(answer, "InstanceInformationList")
        if item.get("InstanceId") == instance_id
    )
