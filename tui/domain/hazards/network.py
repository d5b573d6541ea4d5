"""Hazards of its addresses: which a stop releases, and what else changes with them."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.hazards.base import Hazard, HazardView, danger, hazard, not_known, ok
from tui.domain.instance import Instance, PublicAddress

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


@hazard("public-ip", "stop", "reboot", field=_FIELD)
def public_address(view: HazardView) -> Iterator[Hazard]:
    """NetworkInterfaces[].Association.IpOwnerId: `amazon` means the address is released by a stop."""
    instance = view.instance
    match instance.public_kind:
        case PublicAddress.UNKNOWN:
            yield not_known(
                "whether it has a public IPv4 that a stop would release (the inventory was not read yet)",
                "press r to refresh",
            )
        case PublicAddress.NONE:
            yield ok("no public IPv4")
        case PublicAddress.ELASTIC:
            yield ok(f"Elastic IP {instance.public_ip}".rstrip())
        case PublicAddress.AUTO if not view.stops:
            yield ok(f"public IPv4 {instance.public_ip} is kept by a reboot")
        case PublicAddress.AUTO:
            again = (
                "the start brings a different one"
                if public_returns(instance)
                else "the start brings none: it has a second interface, or a secondary IP with an Elastic IP"
            )
            yield danger(
                f"public IPv4 {instance.public_ip} is not an Elastic IP: the stop releases it for good, {again}",
                "expect DNS, allow-lists and licences bound to it to break; associate an Elastic IP first if it must stay",
            )
