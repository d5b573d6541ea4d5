"""Where it stands and whether there will be room for it again."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.hazards.base import Hazard, HazardView, block, danger, dont_know, hazard, note, ok, warn


@hazard("spot", "start", field="Instance.InstanceLifecycle, SpotInstanceRequest.Type")
def spot(view: HazardView) -> Iterator[Hazard]:
    """Instance.InstanceLifecycle = `spot`; DescribeSpotInstanceRequests Type."""
    if view.instance.lifecycle != "spot":
        return
    kind = None if view.facts is None else view.facts.spot_type
    if kind == "one-time" and view.stops:
        yield block("a one-time spot instance can't be stopped", "launch a replacement, then let this one go")
    elif kind is None or kind not in ("one-time", "persistent"):
        yield dont_know(
            "of which kind its spot request is; a one-time one can't be stopped", view, "spot_type"
        )
    else:
        yield danger(
            "a spot instance: it starts again only while there is spot capacity at its price",
            "do not count on it coming back at once",
        )


@hazard("lifecycle", "start", field="Instance.InstanceLifecycle")
def lifecycle(view: HazardView) -> Iterator[Hazard]:
    """Instance.InstanceLifecycle: scheduled, capacity-block, interruptible-capacity-reservation; absent is on demand."""
    kind = view.instance.lifecycle
    if kind in ("", "spot"):
        return
    text = f"its lifecycle is {kind}, not on demand"
    if kind == "capacity-block":
        text = "in a Capacity Block: after a stop AWS cleans the host for several minutes before it can start"
    yield warn(text)


@hazard("dedicated-host", "start", field="Instance.Placement.Tenancy, HostId, Affinity; Host.State")
def dedicated_host(view: HazardView) -> Iterator[Hazard]:
    """Placement.Tenancy = `host`, HostId, Affinity; DescribeHosts State. Source: user guide, dedicated-hosts-maintenance."""
    instance = view.instance
    if instance.tenancy != "host":
        return
    state = None if view.facts is None else view.facts.host_state
    host = instance.host_id or "unknown"
    if state is None:
        yield block(
            f"on Dedicated Host {host}, whose state is not known{view.why_unknown('host_state')}: it may not start there again",
            "grant ec2:DescribeHosts and look again",
            known=False,
        )
    elif state == "permanent-failure":
        yield block(
            f"Dedicated Host {host} is in permanent-failure: nothing can be started on it",
            "change its affinity or host first (ModifyInstancePlacement, while it is stopped)",
        )
    else:
        where = (
            "comes back to the same host"
            if instance.affinity == "host"
            else "may come back to any host, the last one first"
        )
        yield danger(
            f"on Dedicated Host {host} ({state}), affinity {instance.affinity or 'not known'}: a start {where}",
            "to leave this host, change affinity or host while it is stopped"
            if instance.affinity == "host"
            else "",
        )


@hazard("placement-group", "start", field="Instance.Placement.GroupName, PartitionNumber")
def placement_group(view: HazardView) -> Iterator[Hazard]:
    """Placement.GroupName: a cluster group may have no room at the start. Source: user guide, troubleshooting-launch.

    PartitionNumber: nor may the racks of a partition; more are added over time (user guide, placement-strategies).
    """
    if view.instance.partition is not None:
        yield warn(
            f"partition {view.instance.partition} of placement group {view.instance.placement_group}: "
            "a start may find no room on its racks",
            "it is tried again until there is room",
        )
    elif view.instance.placement_group:
        yield warn(
            f"in placement group {view.instance.placement_group}: a start may find no room in a cluster group",
            "if it finds none, stop all members and start them together",
        )


@hazard("capacity", "start", field="Instance.CapacityReservationId")
def reservation(view: HazardView) -> Iterator[Hazard]:
    """Instance.CapacityReservationId: all that keeps the place one gives up. Source: user guide, ec2-capacity-reservations."""
    if view.instance.capacity_reservation:
        yield ok(f"runs in capacity reservation {view.instance.capacity_reservation}")
    else:
        yield note(
            "AWS may have no capacity for the type in its zone at the start; the start is then tried again until it runs",
            "an On-Demand Capacity Reservation keeps the place",
        )


@hazard("outpost", "start")
def outpost(view: HazardView) -> Iterator[Hazard]:
    """Instance.OutpostArn; a Local Zone by its name, Placement.AvailabilityZone."""
    if view.instance.outpost:
        yield warn("on an Outpost: there is only its own capacity to start on", field="Instance.OutpostArn")
    elif view.instance.zone.count("-") > 2:
        yield warn(
            f"in a Local or Wavelength Zone ({view.instance.zone}): little spare capacity to start on",
            field="Instance.Placement.AvailabilityZone",
        )
