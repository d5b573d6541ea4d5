"""The machine evac runs on, and the hosts its runner reaches AWS through: facts, and which instances they are.

Pure: files and environment are read by `tui.operations.this_machine`, names are looked up by the collector.
"""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Collection, Iterator

from msgspec import Struct
from msgspec.structs import replace

from tui.domain import identifiers
from tui.domain.instance import Instance

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
_BY_ADDRESS = re.compile(r"ip-(\d{1,3}(?:-\d{1,3}){3})(?:\.[a-z0-9.-]+)?")
"""EC2's own private names: `ip-10-2-0-4.ec2.internal` (user guide, hostname types)."""


class Way(Struct, frozen=True):
    """A host that the runner, or its operator, depends on: `host` is an address or a name (lower case).

    `what` as in `its name server (DNS)`; `breaks`: what becomes of it while that host is down. `need`: without it the runner
    can't reach AWS, so it could not start again what it stopped. `addresses`: of a name, once it was looked up.
    """

    what: str
    host: str
    breaks: str
    need: bool = True
    addresses: tuple[str, ...] = ()

    def at(self) -> tuple[IPAddress, ...]:
        """Its addresses; empty for a name nobody looked up."""
        return tuple(one for one in map(parse_address, (self.host, *self.addresses)) if one is not None)


class Here(Struct, frozen=True):
    """Where evac runs. `instance_id` is empty where it is not on EC2, or (`known` False) EC2 does not say which it is.

    `source`: what said so (dmi, cloud-init); `why`: what is missing. `row`: that instance, if the fleet that is read has it.
    """

    instance_id: str = ""
    known: bool = True
    source: str = ""
    why: str = ""
    region: str = ""
    ways: tuple[Way, ...] = ()
    row: Instance | None = None

    @property
    def on_ec2(self) -> bool:
        """Whether this is known to be an instance."""
        return bool(self.instance_id) or not self.known

    @property
    def names(self) -> tuple[str, ...]:
        """The host names whose addresses must be looked up."""
        return tuple(dict.fromkeys(way.host for way in self.ways if parse_address(way.host) is None))

    def looked_up(self, found: Collection[tuple[str, tuple[str, ...]]]) -> Here:
        """The same, with the addresses of its names."""
        known = dict(found)
        return replace(self, ways=tuple(
            replace(way, addresses=known[way.host]) if way.host in known else way for way in self.ways
        ))  # fmt: skip

    def seen(self, row: Instance | None) -> Here:
        """The same, with its row."""
        return replace(self, row=row if row is not None and self.is_row(row) else None)

    def is_row(self, row: Instance) -> bool:
        """Whether evac runs on that instance."""
        return bool(self.instance_id) and row.instance_id == self.instance_id


NOWHERE = Here()
"""Not on EC2, or nobody has looked yet."""


class Match(Struct, frozen=True):
    """A dependency that is an instance. `sure`: by an address that only one instance can have."""

    way: Way
    by: str
    sure: bool


def parse_address(text: str) -> IPAddress | None:
    """The address that is written there, also within EC2's private names; None for another name."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0].strip("[]"))
    except ValueError:
        own = _BY_ADDRESS.fullmatch(text)
        return parse_address(own[1].replace("-", ".")) if own else None
    return getattr(found, "ipv4_mapped", None) or found


def elsewhere(text: str) -> bool:
    """Whether it can be another machine: no loopback, no link-local address (AWS's own services have those)."""
    found = parse_address(text)
    if found is None:
        return bool(text) and text != "localhost" and not text.endswith(".localhost")
    return not (found.is_loopback or found.is_link_local or found.is_unspecified or found.is_multicast)


def matches(here: Here, instance: Instance) -> Iterator[Match]:
    """The ways that lead to this instance, each once.

    Private addresses are not unique: the same range is in many VPCs. There it is this one only if both are in one VPC.
    """
    public, private = _addresses(instance)
    for way in here.ways:
        if way.host and (
            way.host == instance.public_dns.lower() or identifiers.id_of(way.host) == instance.instance_id
        ):
            yield Match(way, way.host, sure=True)
            continue
        found = next((one for one in way.at() if one in public or one in private), None)
        if found is None:
            continue
        near = here.row is not None and bool(instance.vpc_id) and here.row.vpc_id == instance.vpc_id
        by = str(found) if str(found) == way.host else f"{way.host} ({found})"
        yield Match(way, by, sure=found in public or near)


def _addresses(instance: Instance) -> tuple[frozenset[IPAddress], frozenset[IPAddress]]:
    """Those that are its alone, and those that another instance may have as well."""
    public, private = [str(instance.public_ip)], [str(instance.private_ip)]
    for interface in instance.interfaces:
        for one in interface.addresses:
            public.append(str(one.public_ip))
            private.append(str(one.private_ip))
        for text in map(str, interface.ipv6):
            found = parse_address(text)
            (public if found is not None and found.is_global else private).append(text)
    return _read(public), _read(private)


def _read(texts: list[str]) -> frozenset[IPAddress]:
    return frozenset(one for one in map(parse_address, texts) if one is not None)


def start_command(instance: Instance) -> str:
    """What somebody elsewhere types to bring it back. A Region is of one partition: it leads to the right endpoint by itself."""
    profile = instance.target.profile
    named = f" --profile {shlex.quote(profile)}" if profile not in ("", "default", "environment") else ""
    region, ident = instance.target.region, instance.instance_id
    return f"aws ec2 start-instances --region {region} --instance-ids {ident}{named}"
