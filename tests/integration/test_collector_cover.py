"""Who covers the instances, over HTTP: nothing until somebody asks; then in bulk, kept read, and what is denied is one part's."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from tests.integration.collector_watch import (
    IRELAND,
    KEYS,
    SEOUL,
    calls,
    fault,
    passing,
    settings,
    tally,
    watching,
)
from tui.demo.environment import Demo
from tui.domain.cover_facts import AlarmActionKind, CoverPart
from tui.domain.instance import Target
from tui.fleet import protocol
from tui.fleet.reading import read_once

COVER_CALLS = {
    "DescribeAlarms",
    "DescribeAutoScalingGroups",
    "ListProtectedResources",
    "DescribeSnapshots",
}
ALL = protocol.ReadRequest(0, protocol.ReadKind.COVER)


def asked(demo: Demo) -> set[str]:
    return COVER_CALLS & set(tally(demo, "operation"))


def put_alarm(demo: Demo, instance_id: str, region: str = SEOUL, **more: Any) -> None:
    """An alarm on the instance, put by somebody with another client than evac's."""
    import botocore.session

    made = botocore.session.Session(profile="prod")
    for name, value in (
        ("config_file", "AWS_CONFIG_FILE"),
        ("credentials_file", "AWS_SHARED_CREDENTIALS_FILE"),
    ):
        made.set_config_variable(name, demo.environment[value])
    client: Any = made.create_client("cloudwatch", region_name=region, endpoint_url=demo.url)
    client.put_metric_alarm(
        **{
            "AlarmName": f"recover-{instance_id}", "Namespace": "AWS/EC2", "MetricName": "StatusCheckFailed_System",
            "Dimensions": [{"Name": "InstanceId", "Value": instance_id}], "Statistic": "Maximum", "Period": 60,
            "EvaluationPeriods": 2, "Threshold": 1.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "AlarmActions": [f"arn:aws:automate:{region}:ec2:recover"], **more,
        }
    )  # fmt: skip


def points_asked(demo: Demo) -> set[str]:
    """The instances whose recovery points AWS Backup was asked for."""
    asked = calls(demo, operation="ListRecoveryPointsByResource")
    return {one["params"]["ResourceArn"].rpartition("/")[2] for one in asked}


async def test_nothing_is_asked_until_somebody_asks_and_then_all_of_it_is_read(demo: Demo) -> None:
    async with watching(settings("prod", regions=(SEOUL, IRELAND)), demo.apply()) as eyes:
        await eyes.until(lambda: eyes.live("prod", SEOUL) and eyes.live("prod", IRELAND))
        await eyes.until(lambda: all(row.images_at for row in eyes.store.rows()))
        assert asked(demo) == set()
        assert all(row.cover is None for row in eyes.store.rows())
        (one,) = [row for row in eyes.store.rows() if row.name == "web-1"][:1]
        put_alarm(demo, one.instance_id, one.target.region)
        answer = await eyes.link.request(ALL)
        assert answer.trouble is None
        assert asked(demo) == COVER_CALLS
        await eyes.until(lambda: all(row.cover for row in eyes.store.rows()))
        seen = eyes.store.get(one.key)
        assert seen is not None
        assert seen.cover is not None
        assert [
            alarm.actions for alarm in seen.cover.alarms if alarm.name == f"recover-{one.instance_id}"
        ] == [(AlarmActionKind.RECOVER,)]
        assert all(status.cover_at and not status.partial for status in eyes.store.targets())
        demo.control("calls", method="DELETE")
        await eyes.link.request(ALL)
        assert asked(demo) == set(), "it is kept read: to ask again costs nothing"
        await eyes.link.request(protocol.ReadRequest(0, protocol.ReadKind.COVER, Target("prod", SEOUL)))
        assert asked(demo) == COVER_CALLS, "one target is read anew"
        await passing(lambda: {"DescribeInstances", "DescribeImages"} <= set(tally(demo, "operation")))
        assert {one["region"] for one in calls(demo, operation="DescribeAlarms")} == {SEOUL}


async def test_asked_before_anything_is_known_it_is_answered_when_it_is_read(demo: Demo) -> None:
    async with watching(settings("prod", "legacy", regions=(SEOUL,)), demo.apply()) as eyes:
        answer = await eyes.link.request(ALL)
        assert answer.trouble is None
        await eyes.until(lambda: eyes.store.rows() and all(row.cover for row in eyes.store.rows()))


def test_what_is_denied_is_unknown_by_itself_and_colours_no_target(demo: Demo) -> None:
    denied = {"error": "AccessDenied", "status": 403}
    demo.control("faults", [fault(denied, operation="DescribeAlarms")])
    store = read_once(settings("prod", regions=(SEOUL,)), demo.apply(), cover=True, timeout=90)
    (status,) = store.targets()
    assert status.trouble is None
    assert status.partial == ()
    assert status.cover_at is not None
    for row in store.rows():
        assert row.cover is not None
        assert [part for part, _ in row.cover.unknown] == [CoverPart.ALARMS]
        assert "cloudwatch:DescribeAlarms" in str(row.cover.why_unknown(CoverPart.ALARMS))


async def test_another_profile_of_the_account_reads_what_the_first_may_not(demo: Demo) -> None:
    denied = {"error": "AccessDenied", "status": 403}
    demo.control("faults", [fault(denied, operation="DescribeAlarms", key=KEYS["prod"])])
    chosen = settings("prod", "prod-audit", regions=(SEOUL,))
    store = await asyncio.to_thread(read_once, chosen, demo.apply(), cover=True, timeout=90)
    assert [row.cover.why_unknown(CoverPart.ALARMS) for row in store.rows() if row.cover] == [None] * len(
        store.rows()
    )


def test_a_recovery_point_that_came_to_nothing_is_no_copy(demo: Demo) -> None:
    before = read_once(settings("prod", regions=(SEOUL,)), demo.apply(), cover=True, timeout=90).rows()
    bare = [row for row in before if row.newest_image is None and row.cover and row.cover.backup_at is None]
    had = points_asked(demo)
    well, expired, gone = [row.instance_id for row in bare if row.instance_id not in had][:3]
    demo.control("copy", {"instance": well, "by": "point"})
    demo.control("copy", {"instance": expired, "by": "point", "status": "EXPIRED"})
    demo.control("copy", {"instance": gone, "by": "point", "hours": 24 * 40, "status": "EXPIRED"})
    demo.control("calls", method="DELETE")
    store = read_once(settings("prod", regions=(SEOUL,)), demo.apply(), cover=True, timeout=90)
    found = {row.instance_id: row.cover.backup_at for row in store.rows() if row.cover}
    assert found[well] is not None
    assert found[expired] is None
    assert found[gone] is not None, "older than any limit, and told as that"
    assert points_asked(demo) == {*had, well, expired}


async def test_a_service_that_hangs_delays_no_poll_and_is_asked_again(demo: Demo) -> None:
    demo.control("faults", [fault({"delay": 300}, operation="DescribeAlarms")])
    async with watching(settings("prod", regions=(SEOUL,), often=True), demo.apply()) as eyes:
        await eyes.until(lambda: eyes.live("prod") and all(row.images_at for row in eyes.store.rows()))
        asked = asyncio.create_task(eyes.link.request(ALL))
        await passing(lambda: calls(demo, operation="DescribeAlarms"))
        for _ in range(5):
            status = eyes.target("prod")
            assert status is not None
            assert status.status_at is not None
            await eyes.until(partial(eyes.newer, status.status_at, "prod"))
        assert not asked.done(), "the polls went on beside it"
        asked.cancel()


async def test_what_failed_for_once_is_read_again_by_itself(demo: Demo) -> None:
    demo.control(
        "faults", [fault({"error": "InternalFailure", "status": 500}, times=3, operation="DescribeAlarms")]
    )
    async with watching(settings("prod", regions=(SEOUL,), often=True), demo.apply()) as eyes:
        await eyes.link.request(ALL)
        await eyes.until(lambda: any(row.cover for row in eyes.store.rows()))
        await eyes.until(lambda: all(row.cover and not row.cover.unknown for row in eyes.store.rows()))
        assert tally(demo, "operation", operation="DescribeSnapshots")["DescribeSnapshots"] == 1, (
            "the rest is kept"
        )
