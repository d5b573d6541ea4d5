"""A world for campaigns: instances that AWS will all stop, in several accounts, regions and groups of every kind.

Each service is of one kind: behind a target group, in an Auto Scaling group, behind a classic load balancer, in the
partitions of a placement group, nodes of a cluster, a service by its tag alone, or on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tui.demo.instance import DemoInstance
from tui.demo.sample import Builder
from tui.demo.world import Account, Identity, World

Doc = dict[str, Any]
DEGRADED = "The instance is running on degraded hardware"
REGIONS_USED = ("ap-northeast-2", "eu-west-1")
PROFILES: list[Doc] = [
    {"name": name, "key": f"AKIACAMPAIGN{number:08d}", "account": f"80000000000{number}", "region": REGIONS_USED[0],
     "regions": REGIONS_USED, "label": name.upper(), "color": color, "production": name == "shop"}
    for number, (name, color) in enumerate((("shop", "red"), ("bank", "yellow"), ("labs", "green")), 1)
]  # fmt: skip
SERVICES = (
    "checkout",
    "ledger",
    "search",
    "billing",
    "media",
    "gateway",
    "reports",
    "mail",
    "auth",
    "quotes",
)
SIZES = {"targets": 4, "scaling": 4, "classic": 3, "partition": 6, "cluster": 4, "service": 4, "alone": 1}
"""How many instances a service of that kind has."""


def populate(world: World, count: int, *, calm: bool = False) -> None:
    """`count` instances, spread evenly over the accounts and regions, each with an instance-stop to come in 1 to 14 days, and
    an AMI of the day before. Not `calm`: a few in two hours, and some with what a campaign leaves out: an address or data that
    a stop loses, stop protection, a service that manages it; others without an AMI.
    """
    for one in PROFILES:
        account = one["account"]
        world.accounts[account] = Account(account, one["name"])
        world.identities[one["key"]] = Identity(account, f"arn:aws:iam::{account}:user/oncall")
    builders = [Builder(world, one["account"], region) for region in REGIONS_USED for one in PROFILES]
    left = count
    for number, kind in _kinds():
        if not left:
            return
        size = min(SIZES[kind], left)
        build, name = builders[number % len(builders)], f"{SERVICES[number % len(SERVICES)]}-{number}"
        first, left = count - left, left - size
        _service(build, kind, name, [
            _member(build, first + place, name, kind, place, calm=calm) for place in range(size)
        ])  # fmt: skip


def _kinds() -> Iterator[tuple[int, str]]:
    """The services' numbers and kinds, without end; every place gets each kind in time."""
    number, kinds = 0, tuple(SIZES)
    while True:
        yield number, kinds[number % len(kinds)]
        number += 1


def _member(build: Builder, serial: int, service: str, kind: str, place: int, *, calm: bool) -> DemoInstance:
    """The `place`-th instance of a service; `serial` counts through the world."""
    more: Doc = {
        "tags": {} if kind == "alone" else {"service": service},
        "ip": "eip" if serial % 5 == 1 else "",
    }
    sort, soon = "m6i.large", False
    if kind == "partition":
        more["placement"] = {"GroupName": service, "PartitionNumber": place % 3 + 1}
    if kind == "cluster":
        more["tags"] |= _cluster(service)
    if not calm:
        more["ip"] = "auto" if serial % 20 == 7 else more["ip"]
        sort, soon = ("i4i.large" if serial % 25 == 11 else sort), serial % 40 == 3
    one = build.instance(f"{service}-{place + 1}", sort, "abc"[place % 3], **more)
    if calm or serial % 15 != 4:
        build.image(one, 0.5)
    if not calm and serial % 33 == 13:
        one.attributes["disableApiStop"] = True
    if not calm and serial % 50 == 17:
        one.doc["Operator"] = {"Managed": True, "Principal": "workspaces.amazonaws.com"}
    hours = 2.0 if soon else 30.0 + serial * 37 % 300
    return build.event(one, "instance-stop", DEGRADED, hours)


def _cluster(name: str) -> dict[str, str]:
    """The tags by which a node tells its cluster: of Kubernetes, ParallelCluster or EMR."""
    number = int(name.rpartition("-")[2])
    return (
        {f"kubernetes.io/cluster/{name}": "owned", "eks:cluster-name": name},
        {"parallelcluster:cluster-name": name, "parallelcluster:node-type": "Compute"},
        {"aws:elasticmapreduce:job-flow-id": f"j-{name.upper()}", "aws:elasticmapreduce:instance-group-role": "CORE"},
    )[number // len(SIZES) % 3]  # fmt: skip


def _service(build: Builder, kind: str, name: str, members: list[DemoInstance]) -> None:
    serve: dict[str, Callable[[], None]] = {
        "targets": lambda: build.balance(name, dict.fromkeys(members, "healthy")),
        "scaling": lambda: _scaling(build, name, members),
        "classic": lambda: build.classic(name, members),
    }
    if kind in serve:
        serve[kind]()


def _scaling(build: Builder, name: str, members: list[DemoInstance]) -> None:
    """One of them can be spared."""
    build.group(name, members, max(len(members) - 1, 0))
    build.balance(name, dict.fromkeys(members, "healthy"), name)
