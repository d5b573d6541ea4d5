"""The eyes over HTTP: every target's rows or its line, each account read once, labels and credentials that agree."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from msgspec.structs import replace

from tests.integration.collector_watch import (
    DATA,
    IRELAND,
    KEYS,
    PROD,
    REGIONS,
    SEOUL,
    STAGING,
    VIRGINIA,
    calls,
    fault,
    settings,
    tally,
    watching,
)
from tui.config.loader import from_environment
from tui.config.sections import Intervals
from tui.demo.environment import Demo, start
from tui.domain.instance import CheckStatus, InstanceState
from tui.domain.sanitize import clean
from tui.fleet import protocol
from tui.fleet.reading import read_once


def test_every_target_of_the_sample_answers_with_rows_or_a_line(demo: Demo) -> None:
    store = read_once(settings(), demo.apply(), timeout=90)
    found = {one.target.key: one for one in store.targets()}
    assert set(found) == {f"{p}/{r}" for p in ("prod", "data", "staging", "legacy") for r in REGIONS}
    assert {key for key, one in found.items() if one.trouble} == {
        "staging/us-east-1",
        *(f"legacy/{region}" for region in REGIONS),
    }
    assert {one.account_id for one in store.rows()} == {PROD, DATA, STAGING}
    assert {one.account_alias for one in found.values()} == {"acme-prod", "acme-data", "acme-staging", ""}
    for one in found.values():
        assert one.trouble or one.count == store.counts[one.target]
    assert sum(one.count or 0 for one in found.values()) == len(store.rows()) >= 60
    expired = found[clean("legacy/ap-northeast-2")].trouble
    assert expired is not None
    assert expired.kind == "credentials"
    assert expired.line.startswith(
        "legacy: the credentials have expired: renew the credentials of profile legacy"
    )
    denied = found[clean("staging/us-east-1")].trouble
    assert denied is not None
    assert denied.kind == "region"
    assert denied.line.startswith(
        "staging/us-east-1: the region is not enabled for this account: enable us-east-1"
    )
    assert all(row.status_at and row.inventory_at and row.images_at for row in store.rows())


def test_two_profiles_on_one_account_are_read_once_and_shown_once(demo: Demo) -> None:
    store = read_once(settings("prod", "prod-audit"), demo.apply(), timeout=90)
    assert {one.target.profile for one in store.targets()} == {"prod"}
    assert {one.profiles for one in store.targets()} == {("prod", "prod-audit")}
    assert {row.profiles for row in store.rows()} == {("prod", "prod-audit")}
    assert len({row.instance_id for row in store.rows()}) == len(store.rows())
    assert set(tally(demo, "key", service="ec2")) <= {KEYS["prod"], KEYS["prod-audit"]}
    whole = [one for one in calls(demo, operation="DescribeInstances") if "Filters" not in one["params"]]
    assert {one["region"]: 1 for one in whole} == dict.fromkeys(REGIONS, 1)
    assert len(whole) == len(REGIONS)
    checks = [
        one for one in calls(demo, operation="DescribeInstanceStatus") if "Filters" not in one["params"]
    ]
    # Twice at most: where prod-audit was quicker prod, whose name is shown, asks itself.
    asked = Counter(one["region"] for one in checks)
    assert set(asked) == set(REGIONS)
    assert max(asked.values()) <= 2


@pytest.mark.parametrize("slow", ["prod", "prod-audit"])
def test_whose_name_it_is_does_not_depend_on_who_answers_first(demo: Demo, slow: str) -> None:
    rule = fault({"delay": 2}, service="sts", key=KEYS[slow])
    demo.control("faults", [rule])
    store = read_once(settings("prod", "prod-audit"), demo.apply(), timeout=90)
    assert {one.target.profile for one in store.targets()} == {"prod"}
    assert {row.target.profile for row in store.rows()} == {"prod"}
    assert {one.profiles for one in store.targets()} == {("prod", "prod-audit")}
    whole = [one for one in calls(demo, operation="DescribeInstances") if "Filters" not in one["params"]]
    assert len(whole) == len(REGIONS), "read once all the same"


def test_an_answer_that_was_kept_is_not_shown_under_a_profile_that_may_not_read(demo: Demo) -> None:
    """prod-audit has read everything when prod, the first of the file, is known."""
    demo.control(
        "faults",
        [
            fault({"delay": 2}, service="sts", key=KEYS["prod"]),
            fault({"error": "UnauthorizedOperation"}, service="ec2", key=KEYS["prod"]),
        ],
    )
    store = read_once(settings("prod", "prod-audit"), demo.apply(), timeout=90)
    assert {row.target.profile for row in store.rows()} == {"prod-audit"}
    assert {one.target.profile for one in store.targets()} == {"prod-audit"}
    assert {one.kind for status in store.targets() for one in status.partial} == {"denied"}


def test_a_role_of_another_account_is_assumed(demo: Demo) -> None:
    store = read_once(settings("analytics"), demo.apply(), timeout=90)
    assert {row.account_id for row in store.rows()} == {DATA}
    assert {row.target.profile for row in store.rows()} == {"analytics"}
    assert not any(one.trouble for one in store.targets())
    assert tally(demo, "key", operation="AssumeRole") == {KEYS["prod"]: 1}


def test_regions_are_asked_of_aws_and_policy_narrows_them(demo: Demo) -> None:
    chosen = settings("staging", regions=(), allowed_regions=(SEOUL, IRELAND))
    store = read_once(chosen, demo.apply(), timeout=90)
    assert {one.target.region for one in store.targets()} == {SEOUL, IRELAND}
    store = read_once(settings("prod-audit", regions=()), demo.apply(), timeout=90)
    assert set(REGIONS) < {one.target.region for one in store.targets()}


async def test_who_may_not_ask_for_regions_reads_its_own_and_is_told(demo: Demo) -> None:
    demo.control("faults", [fault({"error": "UnauthorizedOperation"}, operation="DescribeRegions")])
    async with watching(settings("prod", regions=(), often=True), demo.apply()) as eyes:
        await eyes.until(lambda: eyes.live("prod"))
        assert [one.target.key for one in eyes.store.targets()] == ["prod/ap-northeast-2"]
        assert any("may not ask which regions are enabled" in note for note in eyes.notes())
        (target,) = eyes.store.targets()
        (partial,) = target.partial
        assert partial.kind == "denied"
        assert "only ap-northeast-2 is read" in partial.cause
        assert "ec2:DescribeRegions" in partial.remedy
        assert "[profiles.prod] regions" in partial.remedy
        # It lasts: no later poll takes it away.
        since = target.status_at
        assert since is not None
        demo.control("calls", method="DELETE")
        await eyes.until(lambda: eyes.newer(since, "prod"))
        assert eyes.store.targets()[0].partial == (partial,)


async def test_another_profile_of_the_account_that_may_ask_mends_it(demo: Demo) -> None:
    rule = fault({"error": "UnauthorizedOperation"}, operation="DescribeRegions", key=KEYS["prod"])
    demo.control("faults", [rule])
    async with watching(settings("prod", "prod-audit", regions=(), often=True), demo.apply()) as eyes:
        await eyes.until(
            lambda: (
                (one := eyes.target("prod")) and one.profiles == ("prod", "prod-audit") and eyes.live("prod")
            )
        )
        assert all(one.partial == () for one in eyes.store.targets())


async def test_where_not_even_its_own_region_may_be_read_it_is_a_line(demo: Demo) -> None:
    demo.control("faults", [fault({"error": "UnauthorizedOperation"}, operation="DescribeRegions")])
    chosen = settings("prod", regions=(), allowed_regions=(IRELAND,))
    store = await asyncio.to_thread(read_once, chosen, demo.apply(), timeout=90)
    (target,) = store.targets()
    assert target.trouble is not None
    assert "none is read" in target.trouble.cause


async def test_the_first_of_the_file_takes_over_as_soon_as_it_is_known(demo: Demo) -> None:
    """A row's profile is what it acts through: it is not another's until the next poll, here minutes later."""
    demo.control("faults", [fault({"delay": 8}, service="sts", key=KEYS["prod"])])
    slow = replace(settings("prod", "prod-audit"), intervals=Intervals(status=600.0))
    async with watching(slow, demo.apply()) as eyes:
        await eyes.until(lambda: eyes.live("prod-audit"))
        await eyes.until(lambda: eyes.live("prod") and eyes.target("prod-audit") is None)
        assert {row.target.profile for row in eyes.store.rows() if row.target.region == SEOUL} == {"prod"}


async def test_the_next_profile_reads_when_the_first_cannot_and_labels_follow(demo: Demo) -> None:
    demo.control("faults", [fault({"error": "UnauthorizedOperation"}, key=KEYS["prod"], service="ec2")])
    async with watching(settings("prod", "prod-audit", often=True), demo.apply()) as eyes:
        await eyes.until(lambda: eyes.live("prod-audit") and eyes.live("prod-audit", VIRGINIA))
        # prod-audit may be known, and live, before prod was tried at all.
        await eyes.until(lambda: (one := eyes.target("prod-audit")) and one.partial)
        assert eyes.target("prod") is None
        assert {row.target.profile for row in eyes.store.rows()} == {"prod-audit"}
        status = eyes.target("prod-audit")
        assert status is not None
        assert [one.kind for one in status.partial] == ["denied"], "prod's own failure is said too"
        assert all(one.line.startswith("prod/") for one in status.partial)
        # Nothing was ever shown under the name whose credentials did not read it.
        shown = {row.target.profile for delta in eyes.deltas_since(0) for row in delta.upserts}
        assert shown == {"prod-audit"}
        row = next(iter(eyes.store.rows()))
        demo.control("calls", method="DELETE")
        answer = await eyes.link.request(
            protocol.ReadRequest(0, protocol.ReadKind.LOOK, row.target, row.instance_id)
        )
        assert answer.instance is not None
        assert answer.instance.target == row.target
        asked = [one for one in calls(demo) if row.instance_id in one["instances"]]
        assert {one["key"] for one in asked} == {KEYS["prod-audit"]}
        demo.control("faults", [])
        await eyes.until(lambda: eyes.live("prod") and eyes.target("prod-audit") is None)
        assert {row.target.profile for row in eyes.store.rows() if row.target.region == SEOUL} == {"prod"}
        # The inventory may be the first that prod reads again; the checks follow, and with them what is said.
        await eyes.until(lambda: (one := eyes.target("prod")) and one.partial == ())


@pytest.mark.parametrize("sparse", [False, True])
def test_five_thousand_instances_of_one_target_are_read_whole(sparse: bool) -> None:
    demo = start("--scale", "5000", "--into", f"{PROD}/{SEOUL}")
    try:
        demo.control("settings", {"sparse": sparse})
        store = read_once(settings("prod", regions=(SEOUL,)), demo.apply(), timeout=300)
        (status,) = store.targets()
        assert status.trouble is None
        assert status.count == len(store.rows()) == 5024
        assert {row.state for row in store.rows() if row.name.startswith("app-")} == {InstanceState.RUNNING}
        assert all(row.status_at and row.inventory_at for row in store.rows())
        assert CheckStatus.UNKNOWN not in {row.checks.system.status for row in store.rows()}
        assert sum(bool(row.events) for row in store.rows() if row.name.startswith("app-")) == 100
        # Those with trouble may have been asked for by their ids meanwhile.
        said = [one["params"] for one in calls(demo, operation="DescribeInstances")]
        paged = [one for one in said if "MaxResults" in one and "Filters" not in one]
        assert len(paged) == 6
        assert {one["MaxResults"] for one in paged} == {1000}
        checks = [
            one for one in calls(demo, operation="DescribeInstanceStatus") if "Filters" not in one["params"]
        ]
        assert len(checks) == 7  # one to learn that there are more than a page holds
        # AWS cuts the page before it filters: empty pages that have a next one must not end the read.
        filtered = [
            one for one in calls(demo, operation="DescribeInstanceStatus") if "Filters" in one["params"]
        ]
        assert len(filtered) == (30 if sparse else 5)
    finally:
        demo.stop()


def test_a_full_read_of_small_targets_costs_a_handful_of_calls_each() -> None:
    demo = start("--scale", "600", "--accounts", "3", "--regions", "2")
    try:
        store = read_once(from_environment(demo.apply()), demo.apply())
        assert len(store.rows()) == 600
        asked = tally(demo, "operation", service="ec2")
    finally:
        demo.stop()
    targets, regions = 6, 2
    assert asked["DescribeInstanceStatus"] == targets
    troubled = {row.target for row in store.rows() if row.events or row.checks.impaired()}
    assert asked["DescribeInstances"] == targets + len(troubled)  # those with trouble first, then all
    assert asked["DescribeImages"] == targets
    assert asked["DescribeInstanceTypes"] == regions


def test_a_region_that_does_not_exist_is_a_line_and_hides_no_other(demo: Demo) -> None:
    store = read_once(settings("prod", regions=(SEOUL, "eu-wset-1")), demo.apply(), timeout=90)
    found = {one.target.region: one for one in store.targets()}
    assert set(found) == {SEOUL, "eu-wset-1"}
    assert found[SEOUL].trouble is None
    trouble = found["eu-wset-1"].trouble
    assert trouble is not None
    assert trouble.line == "prod: there is no region eu-wset-1: did you mean eu-west-1?"
    assert tally(demo, "operation", operation="DescribeRegions") == {"DescribeRegions": 1}
    assert len(store.rows()) == 24


async def test_a_read_of_everything_once_sends_each_row_once(demo: Demo) -> None:
    async with watching(settings("prod", "data"), demo.apply(), "--once", "--cover") as eyes:
        await eyes.until(lambda: any(isinstance(frame, protocol.Done) for frame in eyes.seen))
        sent = Counter(row.key for delta in eyes.deltas_since(0) for row in delta.upserts)
        assert len(sent) == len(eyes.store.rows()) > 0
        twice = {key for key, times in sent.items() if times > 1}
        assert twice <= {row.key for row in eyes.store.rows() if row.health}, "it comes from another place"
        assert all(row.images_at and row.cover for row in eyes.store.rows())


def test_what_was_read_is_there_when_time_is_up_before_the_rest(demo: Demo) -> None:
    demo.control("faults", [fault({"hang": 300}, operation="DescribeImages")])
    store = read_once(settings("prod", regions=(SEOUL,)), demo.apply(), cover=True, timeout=8)
    (status,) = store.targets()
    assert status.phase == "live"
    assert status.count == len(store.rows()) > 0
    assert all(row.inventory_at and row.status_at and not row.images_at for row in store.rows())
