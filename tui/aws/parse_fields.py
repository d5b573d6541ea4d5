"""What is read of the large answers, by the names of botocore's model: all that `mapping` asks for, and nothing else."""

from __future__ import annotations

from typing import Any

Wanted = dict[str, Any]
"""Members to read, by the botocore model's names; what is in a structure (or a list of them) is one more of these."""
_NAMED: Wanted = {"Name": None}
_CHECK: Wanted = {
    "Status": None,
    "ImpairedSince": None,
    "Remediation": None,
    "Details": {"ImpairedSince": None},
}
_OWNED: Wanted = {"PublicIp": None, "IpOwnerId": None}
_TEXTS = (
    "InstanceId", "InstanceType", "ImageId", "LaunchTime", "StateTransitionReason", "PrivateIpAddress", "PublicIpAddress",
    "PublicDnsName", "PrivateDnsName", "RootDeviceType", "RootDeviceName", "InstanceLifecycle", "SpotInstanceRequestId",
    "CapacityReservationId", "OutpostArn", "PlatformDetails", "Platform", "Architecture", "VpcId", "SubnetId", "KeyName",
    "SourceDestCheck",
)  # fmt: skip
_INSTANCE: Wanted = {
    **dict.fromkeys(_TEXTS),
    "State": _NAMED,
    "StateReason": {"Code": None, "Message": None},
    "Placement": dict.fromkeys(
        ("AvailabilityZone", "Tenancy", "HostId", "Affinity", "GroupName", "PartitionNumber")
    ),
    "Tags": {"Key": None, "Value": None},
    "MaintenanceOptions": {"AutoRecovery": None, "RebootMigration": None},
    "Monitoring": {"State": None},
    "HibernationOptions": {"Configured": None},
    "Operator": {"Managed": None, "Principal": None},
    "BlockDeviceMappings": {"DeviceName": None, "Ebs": {"VolumeId": None, "DeleteOnTermination": None}},
    "ProductCodes": {"ProductCodeId": None},
    "SecurityGroups": {"GroupId": None, "GroupName": None},
    "IamInstanceProfile": {"Arn": None},
    "NetworkInterfaces": {
        "NetworkInterfaceId": None,
        "SourceDestCheck": None,
        "InterfaceType": None,
        "Attachment": {"DeviceIndex": None, "AttachTime": None},
        "Association": _OWNED,
        "PrivateIpAddresses": {"PrivateIpAddress": None, "Primary": None, "Association": _OWNED},
        "Ipv6Addresses": {"Ipv6Address": None},
    },
}
_EVENT = ("InstanceEventId", "Code", "Description", "NotBefore", "NotAfter", "NotBeforeDeadline")
_IMAGE = (
    "ImageId", "Name", "State", "CreationDate", "DeprecationTime", "SourceInstanceId", "OwnerId", "Public",
    "DeregistrationProtection",
)  # fmt: skip
FIELDS_READ: dict[str, tuple[str, Wanted]] = {
    "DescribeInstances": ("Reservations", {"NextToken": None, "Reservations": {"Instances": _INSTANCE}}),
    "DescribeInstanceStatus": (
        "InstanceStatuses",
        {
            "NextToken": None,
            "InstanceStatuses": {
                "InstanceId": None,
                "AvailabilityZone": None,
                "InstanceState": _NAMED,
                "Events": dict.fromkeys(_EVENT),
                **dict.fromkeys(
                    ("SystemStatus", "InstanceStatus", "AttachedEbsStatus", "ApplicationStatus", "PerformanceStatus"),
                    _CHECK,
                ),
            },
        },
    ),
    "DescribeImages": (
        "Images",
        {
            "NextToken": None,
            "Images": {
                **dict.fromkeys(_IMAGE),
                "StateReason": {"Message": None},
                "Tags": {"Key": None, "Value": None},
                "BlockDeviceMappings": {"Ebs": {"SnapshotId": None}},
            },
        },
    ),
    "DescribeSnapshots": ("Snapshots", {"NextToken": None, "Snapshots": dict.fromkeys(("VolumeId", "StartTime", "State"))}),
}  # fmt: skip
"""Each operation's list, without which an answer is none, and what is read of it. A test holds it against `to_domain`."""
