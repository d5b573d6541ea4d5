"""What the console knows about a target and an instance.

Three-valued throughout: a value, a definite absence, or *don't know* (None or UNKNOWN). What was not read is never drawn
as well. Field sources are the botocore model's shapes Instance, InstanceStatus, InstanceTypeInfo and the calls named
beside each fact.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from tui.domain.cover_facts import CoverFacts
from tui.domain.events import ScheduledEvent
from tui.domain.health import HealthEvent
from tui.domain.sanitize import EMPTY, SafeText, clean

EVERYWHERE = "*"
"""The region of a target that stands for all of a profile's, or for those nobody could learn."""


class Target(Struct, frozen=True, order=True, gc=False):
    """One profile in one region: what is read as a unit, and whose failure is one line."""

    profile: str
    region: str

    @property
    def key(self) -> SafeText:
        """`profile/region`, safe to draw: a profile's name is somebody's text too."""
        return clean(f"{self.profile}/{self.region}")


class InstanceState(StrEnum):
    """EC2's states, and UNKNOWN while only a part was read."""

    PENDING = "pending"
    RUNNING = "running"
    SHUTTING_DOWN = "shutting-down"
    TERMINATED = "terminated"
    STOPPING = "stopping"
    STOPPED = "stopped"
    UNKNOWN = "unknown"


class CheckName(StrEnum):
    """The five checks, in the order of the layers they look at."""

    SYSTEM = "system"
    INSTANCE = "instance"
    ATTACHED_EBS = "attached_ebs"
    APPLICATION = "application"
    PERFORMANCE = "performance"


class CheckStatus(StrEnum):
    """AWS's words, and two of ours.

    NOT_REPORTED: AWS answered, without this check. UNKNOWN: there is no answer.
    """

    OK = "ok"
    IMPAIRED = "impaired"
    INITIALIZING = "initializing"
    INSUFFICIENT_DATA = "insufficient-data"
    NOT_APPLICABLE = "not-applicable"
    NOT_REPORTED = "not-reported"
    UNKNOWN = "unknown"


class StatusCheck(Struct, frozen=True, gc=False, omit_defaults=True):
    """One check. `since` (UTC) is AWS's ImpairedSince; `detail` is AWS's own text (a performance check's Remediation)."""

    status: CheckStatus = CheckStatus.UNKNOWN
    since: datetime | None = None
    detail: SafeText = EMPTY


UNKNOWN_CHECK = StatusCheck()
_IMPAIRED = CheckStatus.IMPAIRED


class Checks(Struct, frozen=True, gc=False, omit_defaults=True):
    """The five checks of an instance."""

    system: StatusCheck = UNKNOWN_CHECK
    instance: StatusCheck = UNKNOWN_CHECK
    attached_ebs: StatusCheck = UNKNOWN_CHECK
    application: StatusCheck = UNKNOWN_CHECK
    performance: StatusCheck = UNKNOWN_CHECK

    def get(self, name: CheckName) -> StatusCheck:
        """The check of that name."""
        check: StatusCheck = getattr(self, name.value)
        return check

    def impaired(self) -> tuple[CheckName, ...]:
        """Failing checks, outermost layer first."""
        if (  # asked of every row at every look; nearly always the answer is "none"
            self.system.status is not _IMPAIRED
            and self.instance.status is not _IMPAIRED
            and self.attached_ebs.status is not _IMPAIRED
            and self.application.status is not _IMPAIRED
            and self.performance.status is not _IMPAIRED
        ):
            return ()
        return tuple(name for name in CheckName if self.get(name).status is _IMPAIRED)


class PublicAddress(StrEnum):
    """Whose public IPv4 it is: AUTO is released by a stop, ELASTIC stays. Source: user guide, using-instance-addressing."""

    NONE = "none"
    AUTO = "auto"
    ELASTIC = "elastic"
    UNKNOWN = "unknown"


class Address(Struct, frozen=True, gc=False, omit_defaults=True):
    """One private IPv4 of an interface and the public one associated with it. `owner` is IpOwnerId: `amazon` or an account."""

    private_ip: SafeText
    primary: bool
    public_ip: SafeText = EMPTY
    owner: SafeText = EMPTY


class Interface(Struct, frozen=True, gc=False, omit_defaults=True):
    """A network interface of the instance. `attached_at` of the primary one is the first launch.

    `kind` is InterfaceType where it is no plain `interface`: `efa`, say.
    """

    interface_id: SafeText
    device_index: int
    addresses: tuple[Address, ...] = ()
    ipv6: tuple[SafeText, ...] = ()
    attached_at: datetime | None = None
    kind: SafeText = EMPTY


class Volume(Struct, frozen=True, gc=False, omit_defaults=True):
    """An attached EBS volume. BlockDeviceMappings list EBS only: instance store never shows here."""

    device: SafeText
    volume_id: SafeText
    delete_on_termination: bool | None = None


class Image(Struct, frozen=True, gc=False, omit_defaults=True):
    """An AMI made from the instance. `created` is UTC; `state` is AWS's ImageState word; `operation` is evac's that made it.

    `maker`: the AWS service that made it by its own plan. `deprecated_at` (UTC) is AWS's DeprecationTime.
    """

    image_id: SafeText
    name: SafeText
    state: SafeText
    created: datetime | None
    state_reason: SafeText = EMPTY
    operation: SafeText = EMPTY
    maker: SafeText = EMPTY
    deprecated_at: datetime | None = None


class TypeFacts(Struct, frozen=True, gc=False, omit_defaults=True):
    """What DescribeInstanceTypes says of the type. None = AWS did not say."""

    instance_storage: bool | None = None
    storage_gb: int | None = None
    nvme_storage: bool | None = None
    hypervisor: SafeText = EMPTY
    bare_metal: bool | None = None
    reboot_migration_supported: bool | None = None
    auto_recovery_supported: bool | None = None


class Instance(Struct, frozen=True, gc=False, omit_defaults=True):
    """One instance as last read. `status_at` and `inventory_at` (UTC) say when its two halves were; None = not yet.

    `profiles` are all the configured names of its account; `target.profile` is the one whose credentials read it.
    `reason_code` is AWS's StateReason.Code, `state_since` (UTC) the time in StateTransitionReason. `last_stop` is the event
    that stopped it, kept once AWS lists it no more. `private_dns` is kept only where it does not follow from address and region.
    `forwards`: it may pass on what is not for itself (SourceDestCheck is off), as a NAT instance does. `monitoring` is
    Monitoring.State: `enabled` is a point a minute. `partition` is PartitionNumber, in a placement group of that strategy: no
    other partition has its racks (user guide, placement-strategies). `cover` None: nobody has asked for it yet. `health`: of it
    and its volumes. Most fields are as by default, and those are left out where it is sent or kept.
    """

    target: Target
    instance_id: SafeText
    account_id: SafeText = EMPTY
    profiles: tuple[SafeText, ...] = ()
    name: SafeText = EMPTY
    state: InstanceState = InstanceState.UNKNOWN
    checks: Checks = Checks()
    events: tuple[ScheduledEvent, ...] = ()
    status_at: datetime | None = None
    inventory_at: datetime | None = None
    instance_type: SafeText = EMPTY
    zone: SafeText = EMPTY
    launched_at: datetime | None = None
    state_reason: SafeText = EMPTY
    reason_code: SafeText = EMPTY
    state_since: datetime | None = None
    last_stop: ScheduledEvent | None = None
    private_ip: SafeText = EMPTY
    public_ip: SafeText = EMPTY
    public_dns: SafeText = EMPTY
    private_dns: SafeText = EMPTY
    public_kind: PublicAddress = PublicAddress.UNKNOWN
    interfaces: tuple[Interface, ...] = ()
    root_device: SafeText = EMPTY
    root_device_name: SafeText = EMPTY
    volumes: tuple[Volume, ...] = ()
    lifecycle: SafeText = EMPTY
    spot_request: SafeText = EMPTY
    tenancy: SafeText = EMPTY
    host_id: SafeText = EMPTY
    affinity: SafeText = EMPTY
    placement_group: SafeText = EMPTY
    partition: int | None = None
    capacity_reservation: SafeText = EMPTY
    hibernation: bool = False
    reboot_migration: SafeText = EMPTY
    auto_recovery: SafeText = EMPTY
    managed_by: SafeText = EMPTY
    outpost: SafeText = EMPTY
    platform: SafeText = EMPTY
    architecture: SafeText = EMPTY
    image_id: SafeText = EMPTY
    product_codes: tuple[SafeText, ...] = ()
    vpc_id: SafeText = EMPTY
    subnet_id: SafeText = EMPTY
    security_groups: tuple[SafeText, ...] = ()
    security_group_ids: tuple[SafeText, ...] = ()
    forwards: bool | None = None
    key_name: SafeText = EMPTY
    iam_profile: SafeText = EMPTY
    monitoring: SafeText = EMPTY
    tags: tuple[tuple[SafeText, SafeText], ...] = ()
    newest_image: Image | None = None
    images_at: datetime | None = None
    type_facts: TypeFacts | None = None
    cover: CoverFacts | None = None
    health: tuple[HealthEvent, ...] = ()

    @property
    def key(self) -> str:
        """`region/id`: the row's identity; ids are unique in AWS."""
        return f"{self.target.region}/{self.instance_id}"

    @property
    def label(self) -> SafeText:
        """Its name, or its id where it has none: what is shown, and what is typed to confirm."""
        return self.name or self.instance_id

    def event_key(self, event: ScheduledEvent) -> str:
        """The identity of one of its events: AWS's id of it, or its code where AWS gives no id, and its start."""
        return f"{self.key} {event.event_id or event.code_text} {event.not_before}"

    def tag(self, key: str) -> SafeText | None:
        """The value of a tag, or None."""
        return next((value for name, value in self.tags if name == key), None)

    def tag_like(self, key: str) -> SafeText | None:
        """The same; where it is missing, that of a key which differs in case alone, as filters take it."""
        if (found := self.tag(key)) is not None or not self.tags:
            return found
        return next((value for name, value in self.tags if name.lower() == key.lower()), None)

    def open_events(self, now: datetime) -> tuple[ScheduledEvent, ...]:
        """Pending and started ones, the earliest start first; one without a start comes first of all, one long past last.

        What is terminated awaits nothing any more.
        """
        if self.state in (InstanceState.TERMINATED, InstanceState.SHUTTING_DOWN):
            return ()
        events = [event for event in self.events if event.is_open(now)]
        return tuple(
            sorted(
                events,
                key=lambda event: (event.is_past(now), event.not_before is not None, event.not_before or now),
            )
        )


class TroubleKind(StrEnum):
    """What kind of trouble it is: by it the collector decides what to try next, and a screen what to show."""

    CREDENTIALS = "credentials"
    DENIED = "denied"
    REGION = "region"
    THROTTLED = "throttled"
    NETWORK = "network"
    CONFIG = "config"
    INTERNAL = "internal"
    GONE = "gone"


class Trouble(Struct, frozen=True, gc=False):
    """Why something could not be read or done: `cause` and `remedy`, one line each. `code` is AWS's or the exception's name.

    `where`: the profile, the region or both, where it is of one. `of` is the same for all that one remedy ends, over profiles
    or regions: a login, a policy of the organisation.
    """

    kind: TroubleKind
    cause: SafeText
    remedy: SafeText
    code: SafeText = EMPTY
    of: SafeText = EMPTY
    where: SafeText = EMPTY

    @property
    def placed(self) -> str:
        """The place and the cause in one text, without the remedy: `prod/us-east-1: throttled`."""
        return ": ".join(filter(None, (self.where, self.cause)))

    @property
    def bare(self) -> str:
        """Cause and remedy, to stand beside the place."""
        return ": ".join(filter(None, (self.cause, self.remedy)))

    @property
    def line(self) -> str:
        """Place, cause and remedy in one line, as lists and commands print it."""
        return ": ".join(filter(None, (self.where, self.bare)))


class Phase(StrEnum):
    """How far a target has been read."""

    WAITING = "waiting"
    READING = "reading"
    LIVE = "live"
    FAILED = "failed"


class TargetStatus(Struct, frozen=True, gc=False, omit_defaults=True):
    """How a target is doing. Times are UTC; None = never yet.

    `trouble` with `status_at` set means stale: the rows are from then. `partial` names what else could not be read
    (images denied, say) while the rest is live. `count` None = the inventory was not read yet. `regions`: in a list, it stands
    for so many of a profile's regions that have no instances. `cover_at`: when its cover was read. `health`: what is of the
    whole region or a zone of it, not of one instance.
    """

    target: Target
    phase: Phase = Phase.WAITING
    profiles: tuple[SafeText, ...] = ()
    account_id: SafeText = EMPTY
    account_alias: SafeText = EMPTY
    count: int | None = None
    status_at: datetime | None = None
    inventory_at: datetime | None = None
    trouble: Trouble | None = None
    partial: tuple[Trouble, ...] = ()
    regions: int = 0
    cover_at: datetime | None = None
    health: tuple[HealthEvent, ...] = ()
