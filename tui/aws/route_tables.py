"""Which route tables lead through an instance: a NAT instance, a VPN, a firewall of one's own.

Source: botocore model, DescribeRouteTables. It has a filter for routes to an instance, none for routes to an interface; a route
leads to an interface of its own VPC, so the tables of that are read and both are looked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui.aws import describe
from tui.domain.facts import RouteTo
from tui.domain.instance import Instance
from tui.domain.sanitize import clean

_Doc = Mapping[str, Any]
_PAGE = 100
_EVERYTHING = ("0.0.0.0/0", "::/0")
_NAMES = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")


def routes(ec2: Any, row: Instance) -> tuple[RouteTo, ...]:
    """Those tables, with how many running instances are behind each. Raises what botocore raises."""
    if not row.vpc_id:
        return ()  # terminated, say: without its VPC every table of the region would be asked for
    near = [{"Name": "vpc-id", "Values": [str(row.vpc_id)]}]
    tables: list[_Doc] = []
    for page in describe.pages(ec2.describe_route_tables, "RouteTables", MaxResults=_PAGE, Filters=near):
        tables += page
    doors = {str(one.interface_id) for one in row.interfaces}
    mine = [table for table in tables if _led(table, str(row.instance_id), doors)]
    if not mine:
        return ()
    associated = {_id(one) for table in tables for one in table.get("Associations") or () if _id(one)}
    places = _running(ec2, row, near)
    return tuple(_route(table, str(row.instance_id), doors, associated, places) for table in mine)


def _id(association: _Doc) -> str:
    return str(association.get("SubnetId") or "")


def _led(table: _Doc, instance_id: str, doors: set[str]) -> list[_Doc]:
    """Its routes to the instance, those in force or (the instance is stopped) a blackhole."""
    return [
        one
        for one in table.get("Routes") or ()
        if one.get("InstanceId") == instance_id or one.get("NetworkInterfaceId") in doors
    ]


def _route(
    table: _Doc, instance_id: str, doors: set[str], associated: set[str], places: list[str]
) -> RouteTo:
    held = table.get("Associations") or ()
    subnets = {_id(one) for one in held if _id(one)}
    main = any(one.get("Main") for one in held)
    led = _led(table, instance_id, doors)
    behind = [one for one in places if one in subnets or (main and one not in associated)]
    return RouteTo(
        clean(table.get("RouteTableId")),
        clean(table.get("VpcId")),
        any(one.get(name) in _EVERYTHING for one in led for name in _NAMES),
        main,
        tuple(clean(one) for one in sorted(subnets)),
        tuple(clean(one) for one in sorted(associated)) if main else (),
        len(behind),
    )


def _running(ec2: Any, row: Instance, near: list[dict[str, Any]]) -> list[str]:
    """The subnet of each running instance of the VPC, but of this one."""
    running = [*near, {"Name": "instance-state-name", "Values": ["running"]}]
    return [
        str(one.get("SubnetId") or "")
        for page in describe.pages(
            ec2.describe_instances, "Reservations", MaxResults=describe.PAGE, Filters=running
        )
        for reservation in page
        for one in reservation.get("Instances") or ()
        if one.get("InstanceId") != row.instance_id
    ]
