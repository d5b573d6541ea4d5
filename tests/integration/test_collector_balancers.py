"""Who is registered with which load balancer of an account and region, over real HTTP: asked for, in part where it is denied."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tui.config.schema import Settings
from tui.demo.environment import Demo, start
from tui.domain.campaign.keys import key_text
from tui.domain.groups import BalancerGroups
from tui.domain.instance import Instance, Target
from tui.domain.known_groups import KnownGroups
from tui.fleet import reading
from tui.fleet.protocol import ReadKind, ReadRequest

PROD = Target("prod", "ap-northeast-2")


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    running = start()
    yield running
    running.stop()


def read(demo: Demo) -> BalancerGroups:
    (answer,) = reading.ask_once(
        Settings(only_profiles=("prod",)), demo.apply(), ReadRequest(0, ReadKind.GROUPS, PROD)
    )
    assert answer.trouble is None
    assert answer.groups is not None
    return answer.groups


def denied(service: str, operation: str) -> dict[str, object]:
    return {"match": {"service": service, "operation": operation}, "then": {"error": "AccessDenied"}}


def test_every_member_of_every_group_is_told_once_and_what_is_denied_is_said(demo: Demo) -> None:
    rows: dict[str, Instance] = {
        str(row.name): row
        for row in reading.read_once(
            Settings(only_profiles=("prod",), only_regions=("ap-northeast-2",)), demo.apply(), timeout=60
        ).rows()
    }
    found = read(demo)
    assert found.unknown is None
    known = KnownGroups((), [found])
    mine = [key for key in known(rows["search-1"]) if key in known.sizes]
    assert [str(key_text(key)) for key in mine] == ["classic load balancer search"]
    assert [known.sizes[key] for key in mine] == [2]
    assert set(known(rows["search-2"])) & set(mine)
    targets = [one for one in found.groups if ":target group:" in one.key]
    assert targets
    assert all(len(set(one.members)) == len(one.members) for one in targets)
    try:
        demo.control("faults", [denied("elbv2", "DescribeTargetGroups")])
        part = read(demo)
    finally:
        demo.control("faults", [])
    assert part.unknown is not None
    assert "DescribeTargetGroups" in part.unknown
    assert {str(key_text(one.key)).partition(" ")[0] for one in part.groups} == {"classic"}
