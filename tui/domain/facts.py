"""What a fresh look at one instance adds to its row: calls too dear for the list.

Three-valued as the row is: None = don't know. Each class names the call that it comes from.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from tui.domain.alarm_settings import AlarmSeen
from tui.domain.event_windows import EventWindow
from tui.domain.groups import Hold
from tui.domain.instance import Image, TypeFacts
from tui.domain.sanitize import EMPTY, SafeText


class GroupMembership(Struct, frozen=True, gc=False):
    """Membership of an Auto Scaling group. Source: DescribeAutoScalingInstances, DescribeAutoScalingGroups.

    `in_service` counts all healthy members in service, it among them; `up` names them, `ill` the others with the reason.
    `standing` counts those in Standby, who come back.
    """

    group: SafeText
    lifecycle: SafeText
    health: SafeText = EMPTY
    min_size: int | None = None
    desired: int | None = None
    replace_suspended: bool | None = None
    in_service: int | None = None
    up: tuple[SafeText, ...] | None = None
    ill: tuple[tuple[SafeText, SafeText], ...] = ()
    standing: int = 0


class TargetGroup(Struct, frozen=True, gc=False):
    """A load balancer's target group this instance is in. `healthy` counts all healthy members, it among them.

    `target_id` and `port` are what it is registered under. `up` names all healthy members, `ill` the others with the reason.
    """

    name: SafeText
    arn: SafeText
    health: SafeText
    healthy: int
    members: int
    port: int | None = None
    target_id: SafeText = EMPTY
    up: tuple[SafeText, ...] | None = None
    ill: tuple[tuple[SafeText, SafeText], ...] = ()


class ClassicBalancer(Struct, frozen=True, gc=False):
    """A classic load balancer this instance is registered with. `in_service` counts all of its instances, it among them.

    `up` names those, `ill` the others with the reason.
    """

    name: SafeText
    state: SafeText
    in_service: int
    members: int
    up: tuple[SafeText, ...] | None = None
    ill: tuple[tuple[SafeText, SafeText], ...] = ()


class RouteTo(Struct, frozen=True, gc=False):
    """A route table that leads through the instance. Source: DescribeRouteTables; `default`: for all destinations.

    `subnets` are its own; `main`: also those of the VPC that are in no table, which are all but `elsewhere`. `instances`: how
    many run there beside it.
    """

    table_id: SafeText
    vpc_id: SafeText
    default: bool
    main: bool = False
    subnets: tuple[SafeText, ...] = ()
    elsewhere: tuple[SafeText, ...] = ()
    instances: int | None = None


class VolumeHealth(Struct, frozen=True, gc=False):
    """The status of one volume. Source: DescribeVolumeStatus."""

    volume_id: SafeText
    status: SafeText
    io_enabled: SafeText = EMPTY
    io_performance: SafeText = EMPTY


class SsmAgent(Struct, frozen=True, gc=False):
    """An instance's agent of Systems Manager, as it told SSM of itself. Source: DescribeInstanceInformation.

    `ping` is PingStatus: `Online`, `ConnectionLost` or `Inactive`; `last_ping` (UTC) when it last did.
    """

    ping: SafeText
    version: SafeText = EMPTY
    last_ping: datetime | None = None


class Facts(Struct, frozen=True, gc=False):
    """What a fresh look at one instance adds: calls too dear for the list. Each None = don't know; `unknown` says why.

    An empty tuple means AWS was asked and there are none. `unknown` holds (field name, reason). `holds` is not AWS's: which
    members of its groups other operations hold down, as the journal and the lock service tell it. `hosts`: addresses of the names
    that were asked for with it; empty where nobody knows the name. `alarms`: those under evac's own names for it.
    that were asked for with it; empty where nobody knows the name. `windows` are asked for only where an event is announced.
    """

    read_at: datetime
    type: TypeFacts | None = None
    stop_protection: bool | None = None
    termination_protection: bool | None = None
    shutdown_behavior: SafeText | None = None
    membership: tuple[GroupMembership, ...] | None = None
    target_groups: tuple[TargetGroup, ...] | None = None
    classic_balancers: tuple[ClassicBalancer, ...] | None = None
    images: tuple[Image, ...] | None = None
    volumes: tuple[VolumeHealth, ...] | None = None
    spot_type: SafeText | None = None
    host_state: SafeText | None = None
    routes: tuple[RouteTo, ...] | None = None
    windows: tuple[EventWindow, ...] | None = None
    hosts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    unknown: tuple[tuple[str, SafeText], ...] = ()
    holds: tuple[Hold, ...] = ()
    alarms: tuple[AlarmSeen, ...] | None = None
    agents: tuple[SsmAgent, ...] | None = None
