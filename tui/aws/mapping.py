"""AWS's shapes → the domain's. Every text passes `clean` here. Field names are the botocore model's (ec2, 2016-11-15)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from msgspec import Struct

from tui.domain.down_by_aws import code_of, moment_of
from tui.domain.events import ScheduledEvent
from tui.domain.identifiers import private_name
from tui.domain.instance import (
    Address,
    Checks,
    CheckStatus,
    Image,
    Instance,
    InstanceState,
    Interface,
    PublicAddress,
    StatusCheck,
    Target,
    TypeFacts,
    Volume,
)
from tui.domain.sanitize import EMPTY, SafeText, clean
from tui.domain.time_format import to_utc

Doc = Mapping[str, Any]
_AHEAD = timedelta(days=365)


class Status(Struct, frozen=True):
    """One entry of DescribeInstanceStatus."""

    instance_id: SafeText
    state: InstanceState
    zone: SafeText
    checks: Checks
    events: tuple[ScheduledEvent, ...]

    @property
    def is_problem(self) -> bool:
        """Whether triage wants it: any event, any impaired check. Server-side filters are a saving, this is the truth."""
        return bool(self.events or self.checks.impaired())


def status(item: Doc) -> Status:
    """A `Status` from an item of DescribeInstanceStatus."""
    checks = Checks(
        system=_check(item.get("SystemStatus")),
        instance=_check(item.get("InstanceStatus")),
        attached_ebs=_check(item.get("AttachedEbsStatus")),
        application=_check(item.get("ApplicationStatus")),
        performance=_check(item.get("PerformanceStatus")),
    )
    return Status(
        clean(item.get("InstanceId")),
        _state(item.get("InstanceState")),
        clean(item.get("AvailabilityZone")),
        checks,
        tuple(_event(one) for one in item.get("Events") or ()),
    )


def map_instance(item: Doc, region: str, now: datetime) -> Instance:
    """An `Instance` from DescribeInstances, without the profile that read it (the reader fills in `target.profile`)."""
    placement: Doc = item.get("Placement") or {}
    tags = tuple((clean(tag.get("Key")), clean(tag.get("Value"))) for tag in item.get("Tags") or ())
    public_ip = clean(item.get("PublicIpAddress"))
    options: Doc = item.get("MaintenanceOptions") or {}
    operator: Doc = item.get("Operator") or {}
    reason: Doc = item.get("StateReason") or {}
    transition = clean(item.get("StateTransitionReason"))
    return Instance(
        Target("", region),
        clean(item.get("InstanceId")),
        # One of blanks alone would be a row without a name: then the id stands there.
        name=next((value for key, value in tags if key == "Name" and value.strip()), EMPTY),
        state=_state(item.get("State")),
        inventory_at=now,
        instance_type=clean(item.get("InstanceType")),
        zone=clean(placement.get("AvailabilityZone")),
        launched_at=utc_time(item.get("LaunchTime")),
        state_reason=clean(reason.get("Message")) or transition,
        reason_code=code_of(clean(reason.get("Code")), clean(reason.get("Message")), transition),
        state_since=moment_of(transition),
        private_ip=clean(item.get("PrivateIpAddress")),
        public_ip=public_ip,
        public_dns=clean(item.get("PublicDnsName")),
        private_dns=_private_dns(item, region),
        public_kind=_public_kind(item, public_ip),
        interfaces=tuple(_interface(one) for one in item.get("NetworkInterfaces") or ()),
        root_device=clean(item.get("RootDeviceType")),
        root_device_name=clean(item.get("RootDeviceName")),
        volumes=tuple(
            _volume(one) for one in item.get("BlockDeviceMappings") or () if one.get("Ebs") is not None
        ),
        lifecycle=clean(item.get("InstanceLifecycle")),
        spot_request=clean(item.get("SpotInstanceRequestId")),
        tenancy=clean(placement.get("Tenancy")),
        host_id=clean(placement.get("HostId")),
        affinity=clean(placement.get("Affinity")),
        placement_group=clean(placement.get("GroupName")),
        partition=_number(placement.get("PartitionNumber")),
        capacity_reservation=clean(item.get("CapacityReservationId")),
        hibernation=bool((item.get("HibernationOptions") or {}).get("Configured")),
        reboot_migration=clean(options.get("RebootMigration")),
        auto_recovery=clean(options.get("AutoRecovery")),
        managed_by=clean((operator.get("Principal") or "another service") if operator.get("Managed") else ""),
        outpost=clean(item.get("OutpostArn")),
        platform=clean(item.get("PlatformDetails") or item.get("Platform")),
        architecture=clean(item.get("Architecture")),
        image_id=clean(item.get("ImageId")),
        product_codes=tuple(clean(one.get("ProductCodeId")) for one in item.get("ProductCodes") or ()),
        vpc_id=clean(item.get("VpcId")),
        subnet_id=clean(item.get("SubnetId")),
        security_groups=tuple(
            clean(one.get("GroupName") or one.get("GroupId")) for one in item.get("SecurityGroups") or ()
        ),
        security_group_ids=tuple(clean(one.get("GroupId")) for one in item.get("SecurityGroups") or ()),
        forwards=_forwards(item),
        key_name=clean(item.get("KeyName")),
        iam_profile=clean((item.get("IamInstanceProfile") or {}).get("Arn")),
        monitoring=clean((item.get("Monitoring") or {}).get("State")),
        tags=tags,
    )


def map_image(item: Doc) -> Image:
    """An `Image` from an item of DescribeImages. CreationDate is a text in the model."""
    reason = (item.get("StateReason") or {}).get("Message")
    return Image(
        clean(item.get("ImageId")),
        clean(item.get("Name")),
        clean(item.get("State")),
        _made_at(item.get("CreationDate")),
        clean(reason),
        deprecated_at=utc_time(item.get("DeprecationTime")),
    )


def _made_at(value: Any) -> datetime | None:
    """The creation time; None also if it is far in the future, where it would count as the newest for ever."""
    made = utc_time(value)
    return None if made is not None and made - datetime.now(UTC) > _AHEAD else made


def type_facts(item: Doc) -> TypeFacts:
    """`TypeFacts` from an item of DescribeInstanceTypes (InstanceTypeInfo)."""
    storage: Doc = item.get("InstanceStorageInfo") or {}
    migration = item.get("RebootMigrationSupport")
    return TypeFacts(
        instance_storage=item.get("InstanceStorageSupported"),
        storage_gb=storage.get("TotalSizeInGB"),
        nvme_storage=None if "NvmeSupport" not in storage else storage["NvmeSupport"] != "unsupported",
        hypervisor=clean(item.get("Hypervisor")),
        bare_metal=item.get("BareMetal"),
        reboot_migration_supported=None if migration is None else migration == "supported",
        auto_recovery_supported=item.get("AutoRecoverySupported"),
    )


def _state(value: Doc | None) -> InstanceState:
    try:
        return InstanceState((value or {}).get("Name", ""))
    except ValueError:
        return InstanceState.UNKNOWN


def _check(value: Doc | None) -> StatusCheck:
    if value is None:
        return _NOT_REPORTED
    since = value.get("ImpairedSince")
    for detail in value.get("Details") or ():
        since = since or detail.get("ImpairedSince")
    return _made_check(str(value.get("Status", "")), utc_time(since), clean(value.get("Remediation")))


_NOT_REPORTED = StatusCheck(CheckStatus.NOT_REPORTED)


@lru_cache(maxsize=4096)
def _made_check(status: str, since: datetime | None, detail: SafeText) -> StatusCheck:
    """One shared object for each distinct check: nearly all are equal."""
    try:
        word = CheckStatus(status)
    except ValueError:
        word = CheckStatus.UNKNOWN  # a word this version does not know is no health
    return StatusCheck(word, since, detail)


def _event(item: Doc) -> ScheduledEvent:
    return ScheduledEvent(
        clean(item.get("Code")),
        clean(item.get("InstanceEventId")),
        clean(item.get("Description")),
        utc_time(item.get("NotBefore")),
        utc_time(item.get("NotAfter")),
        utc_time(item.get("NotBeforeDeadline")),
    )


def _public_kind(item: Doc, public_ip: str) -> PublicAddress:
    """By IpOwnerId of the association: `amazon` is released by a stop. Source: user guide, using-instance-addressing."""
    if not public_ip:
        return PublicAddress.NONE
    for interface in item.get("NetworkInterfaces") or ():
        for part in (interface, *(interface.get("PrivateIpAddresses") or ())):
            association: Doc = part.get("Association") or {}
            if association.get("PublicIp") == public_ip and association.get("IpOwnerId"):
                return PublicAddress.AUTO if association["IpOwnerId"] == "amazon" else PublicAddress.ELASTIC
    return PublicAddress.UNKNOWN


def _private_dns(item: Doc, region: str) -> SafeText:
    """The private DNS name; empty where it follows from address and region, which saves memory."""
    name = clean(item.get("PrivateDnsName"))
    return EMPTY if name == private_name(str(item.get("PrivateIpAddress") or ""), region) else name


def _interface(item: Doc) -> Interface:
    attachment: Doc = item.get("Attachment") or {}
    return Interface(
        clean(item.get("NetworkInterfaceId")),
        int(attachment.get("DeviceIndex") or 0),
        tuple(
            Address(
                clean(one.get("PrivateIpAddress")),
                bool(one.get("Primary")),
                clean((one.get("Association") or {}).get("PublicIp")),
                clean((one.get("Association") or {}).get("IpOwnerId")),
            )
            for one in item.get("PrivateIpAddresses") or ()
        ),
        tuple(clean(one.get("Ipv6Address")) for one in item.get("Ipv6Addresses") or ()),
        utc_time(attachment.get("AttachTime")),
        EMPTY if (kind := clean(item.get("InterfaceType"))) == "interface" else kind,
    )


def _forwards(item: Doc) -> bool | None:
    """SourceDestCheck of the instance and of its interfaces; a fast parser's text as well as botocore's flag."""
    told = [
        item.get("SourceDestCheck"),
        *(one.get("SourceDestCheck") for one in item.get("NetworkInterfaces") or ()),
    ]
    known = {str(one).lower() for one in told if one is not None}
    return "false" in known if known else None


def _number(value: Any) -> int | None:
    """A number of AWS's `Integer` (32 bit); None where it says none, or what is none."""
    return value if isinstance(value, int) and 0 <= value < 2**31 else None


def _volume(item: Doc) -> Volume:
    ebs: Doc = item["Ebs"]
    return Volume(clean(item.get("DeviceName")), clean(ebs.get("VolumeId")), ebs.get("DeleteOnTermination"))


def utc_time(value: Any) -> datetime | None:
    """The time in UTC; None (*don't know*) for a text that is not a time."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return to_utc(value)
