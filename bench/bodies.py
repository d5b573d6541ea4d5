"""Answers as AWS would send them, of the generated fleet."""

from __future__ import annotations

from botocore.model import OperationModel

from tui.demo import large, protocol
from tui.demo.clock import Clock
from tui.demo.world import World


def bodies(count: int) -> list[tuple[OperationModel, bytes, int]]:
    """Operation, body, and how many are in it."""
    world = World(Clock(None, 1.0), 7)
    large.populate(world, count, 1, 1)
    (region,) = [one for one in world.regions.values() if one.instances]
    shown = [instance.shown() for instance in region.instances.values()]
    documents = [{key: value for key, value in doc.items() if not key.startswith("_")} for doc, _ in shown]
    reservations = [
        {"ReservationId": f"r-{n:017x}", "OwnerId": "900000000001", "Instances": [doc]}
        for n, doc in enumerate(documents)
    ]
    found = []
    for name, answer in (
        ("DescribeInstances", {"Reservations": reservations}),
        ("DescribeInstanceStatus", {"InstanceStatuses": [status for _, status in shown]}),
    ):
        operation = protocol.operation("ec2", name)
        assert operation is not None
        found.append((operation, protocol.write_xml(operation, answer, "request-1"), count))
    return found
