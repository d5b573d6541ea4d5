"""Addresses and load balancers."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.hazards.base import Hazard, HazardView, dont_know
from tui.domain.instance import Instance, PublicAddress
from tui.domain.plurals import part_of
from tui.domain.severity import Gravity

_FIELD = "NetworkInterfaces[].Association.IpOwnerId"


def public_returns(instance: Instance) -> bool:
    """False if no public IPv4 is assigned at the start.

    More than one interface, or a secondary private IP with an Elastic IP. Source: user guide, using-instance-addressing.
    """
    if len(instance.interfaces) > 1:
        return False
    return not any(
        address.public_ip and not address.primary
        for interface in instance.interfaces
        for address in interface.addresses
    )


def public_address(view: HazardView) -> Iterator[Hazard]:
    """NetworkInterfaces[].Association.IpOwnerId: `amazon` means the address is released by a stop."""
    instance = view.instance
    match instance.public_kind:
        case PublicAddress.UNKNOWN:
            yield Hazard(
                "public-ip",
                Gravity.WARN,
                "don't know whether it has a public IPv4 that a stop would release (the inventory was not read yet)",
                "press r to refresh",
                _FIELD,
                known=False,
            )
        case PublicAddress.NONE:
            yield Hazard("public-ip", Gravity.OK, "no public IPv4", field=_FIELD)
        case PublicAddress.ELASTIC:
            yield Hazard("public-ip", Gravity.OK, f"Elastic IP {instance.public_ip}".rstrip(), field=_FIELD)
        case PublicAddress.AUTO if not view.stops:
            yield Hazard(
                "public-ip", Gravity.OK, f"public IPv4 {instance.public_ip} is kept by a reboot", field=_FIELD
            )
        case PublicAddress.AUTO:
            again = (
                "the start brings a different one"
                if public_returns(instance)
                else "the start brings none: it has a second interface, or a secondary IP with an Elastic IP"
            )
            yield Hazard(
                "public-ip",
                Gravity.DANGER,
                f"public IPv4 {instance.public_ip} is not an Elastic IP: the stop releases it for good, {again}",
                "expect DNS, allow-lists and licences bound to it to break; associate an Elastic IP first if it must stay",
                _FIELD,
            )


def load_balancer(view: HazardView) -> Iterator[Hazard]:
    """DescribeTargetHealth of each target group with this instance (elasticloadbalancing v2); then the classic ones."""
    field = "elbv2 DescribeTargetHealth TargetHealthDescriptions[]"
    groups = None if view.facts is None else view.facts.target_groups
    if not view.interrupts:
        return
    classic = tuple(_classic(view))
    yield from classic
    if groups is None:
        yield dont_know(
            "load-balancer", "whether it serves behind a load balancer", view, "target_groups", field
        )
        return
    if not groups and not classic:
        yield Hazard("load-balancer", Gravity.OK, "in no target group", field=field)
    for group in groups:
        share = f"{part_of(group.healthy, group.members, 'member')} healthy"
        if group.health == "healthy" and group.healthy <= 1:
            continue  # said, and louder, by group.last_healthy
        if group.health == "healthy" and (view.standby or view.drain):
            how = "Standby takes it out of" if view.standby else "drained first in"
            text = f"{how} target group {group.name} ({share}); registered again afterwards"
            yield Hazard("load-balancer", Gravity.NOTE, text, field=field)
        elif group.health == "healthy":
            yield Hazard(
                "load-balancer",
                Gravity.WARN,
                f"in target group {group.name} ({share}): out of service while it is down",
                "drain it first where requests must not be cut",
                field,
            )
        else:
            yield Hazard(
                "load-balancer",
                Gravity.NOTE,
                f"in target group {group.name}, where it is {group.health or 'of unknown health'} ({share})",
                field=field,
            )


def _classic(view: HazardView) -> Iterator[Hazard]:
    """DescribeInstanceHealth of each classic load balancer with this instance: evac does not drain these."""
    field = "elb DescribeLoadBalancers Instances[], DescribeInstanceHealth InstanceStates[]"
    if view.facts is None:
        return  # said by the other kind's don't know
    balancers = view.facts.classic_balancers
    if balancers is None:
        yield dont_know(
            "load-balancer",
            "whether it serves behind a classic load balancer",
            view,
            "classic_balancers",
            field,
        )
    for one in balancers or ():
        where = f"classic load balancer {one.name} ({part_of(one.in_service, one.members, 'instance')} in service)"
        if one.state != "InService":
            text = f"registered with {where}, where it is {one.state or 'of unknown state'}"
            yield Hazard("load-balancer", Gravity.NOTE, text, field=field)
        elif one.in_service > 1 and view.standby:
            text = f"Standby takes it out of {where}, if its group put it there; back in service afterwards"
            yield Hazard("load-balancer", Gravity.NOTE, text, field=field)
        elif one.in_service > 1:  # the last one is said, and louder, by group.last_healthy
            yield Hazard(
                "load-balancer",
                Gravity.WARN,
                f"behind {where}: out of service while it is down",
                "evac does not drain classic ones: where requests must not be cut, deregister it first, and register it again",
                field,
            )
