"""The world for campaigns, and AWS's own buckets in the embedded AWS."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from tui.aws import mapping
from tui.demo import campaign
from tui.demo.clock import Clock
from tui.demo.faults import Buckets
from tui.demo.world import World
from tui.domain.instance import Instance

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)


def rows(count: int, *, calm: bool = False) -> list[Instance]:
    world = World(Clock(NOW))
    campaign.populate(world, count, calm=calm)
    return [
        mapping.map_instance(one.doc, name, NOW)
        for (_, name), region in world.regions.items()
        for one in region.instances.values()
    ]


def test_two_hundred_in_three_accounts_two_regions_and_groups_of_every_kind() -> None:
    world = World(Clock(NOW))
    campaign.populate(world, 200)
    sizes = [len(region.instances) for region in world.regions.values()]
    assert sum(sizes) == 200
    assert len(sizes) == 6
    assert min(sizes) >= 25
    for region in world.regions.values():
        assert region.target_groups
        assert region.groups
        assert region.classic
        assert all(one.events for one in region.instances.values())
    assert [one.instance_id for one in rows(200)] == [one.instance_id for one in rows(200)]


def test_partitions_clusters_and_services_are_told_by_what_is_read_of_an_instance() -> None:
    found = rows(200)
    assert {one.partition for one in found if one.placement_group} == {1, 2, 3}
    assert {one.partition for one in found if not one.placement_group} == {None}
    told = Counter(key.partition("/")[0] for one in found for key, _ in one.tags)
    assert min(
        told[key]
        for key in ("kubernetes.io", "parallelcluster:cluster-name", "aws:elasticmapreduce:job-flow-id")
    )
    assert 150 < told["service"] < 200


def test_a_calm_one_has_nothing_that_a_campaign_leaves_out() -> None:
    found = rows(200, calm=True)
    assert {one.public_kind.value for one in found} == {"none", "elastic"}
    assert {str(one.instance_type) for one in found} == {"m6i.large"}
    assert not any(one.managed_by for one in found)
    assert any(one.public_kind.value == "auto" for one in rows(200))


def test_five_starts_and_two_a_second_more_and_a_thousand_instances() -> None:
    bucket = Buckets()
    assert [bucket.take("1", "r", "StartInstances", 0.0) for _ in range(6)] == [True] * 5 + [False]
    assert bucket.take("1", "other", "StartInstances", 0.0)
    assert [bucket.take("1", "r", "StartInstances", 0.5) for _ in range(2)] == [True, False]
    assert bucket.take("2", "r", "StartInstances", 0.0, 999)
    assert not bucket.take("2", "r", "StartInstances", 0.0, 2)
    assert bucket.take("2", "r", "StopInstances", 0.0, 1000)
