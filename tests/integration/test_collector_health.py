"""AWS Health, read by a real collector: once an account, joined to rows and targets, in few calls, silent where it is missing."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.integration.collector_watch import (
    DATA,
    PROD,
    SEOUL,
    VIRGINIA,
    Eyes,
    calls,
    fault,
    passing,
    settings,
    tally,
    watching,
)
from tui.config.sections import HealthSettings
from tui.demo.environment import Demo
from tui.domain.health import HealthReport
from tui.domain.health_notices import entities_of, issues_of, notices, recoveries_of
from tui.domain.instance import Instance
from tui.fleet import protocol
from tui.fleet.protocol import ReadKind

RETIREMENT = "AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED"
RECOVERED = "AWS_EC2_SIMPLIFIED_AUTO_RECOVERY_SUCCESS"
ISSUE = "AWS_EC2_OPERATIONAL_ISSUE"


def announce(demo: Demo, code: str, account: str = PROD, region: str = SEOUL, **more: Any) -> Any:
    return demo.control("health", {"account": account, "code": code, "region": region, **more})["arn"]


def health_calls(demo: Demo, **match: str) -> dict[str, int]:
    return dict(tally(demo, "operation", service="health", **match))


async def told(eyes: Eyes, name: str) -> Instance:
    found: Instance = await eyes.until(lambda: (row := eyes.named(name)) and row.health and row)
    return found


async def answer(eyes: Eyes, row: Instance) -> protocol.ReadAnswer:
    request = protocol.ReadRequest(0, ReadKind.HEALTH, row.target, row.instance_id, entities=entities_of(row))
    return await eyes.link.request(request)


async def report(eyes: Eyes, row: Instance) -> HealthReport:
    found = (await answer(eyes, row)).health
    assert found is not None
    return found


async def test_events_are_joined_to_the_instance_its_volumes_its_zone_and_nobody_else(demo: Demo) -> None:
    demo.control("health", {"account": PROD, "forget": True})
    async with watching(settings("prod", "data", regions=(SEOUL, VIRGINIA)), demo.apply(), "--once") as eyes:
        row: Instance = await eyes.until(lambda: eyes.named("web-1"))
        await eyes.until(lambda: row.volumes)
    before = sum(health_calls(demo, account=PROD).values())
    announce(demo, RECOVERED, entities=[row.instance_id], minutes=54, event={"statusCode": "closed"})
    announce(
        demo, "AWS_EBS_VOLUME_LOST", entities=[row.volumes[0].volume_id], event={"eventTypeCategory": "issue"}
    )
    announce(demo, ISSUE, minutes=70, event={"availabilityZone": row.zone})
    announce(demo, ISSUE, region=VIRGINIA)
    announce(
        demo, RETIREMENT, entities=["i-0aaaaaaaaaaaaaaaa"], minutes=-9000, event={"statusCode": "upcoming"}
    )
    async with watching(
        settings("prod", "data", regions=(SEOUL, VIRGINIA), often=True), demo.apply()
    ) as eyes:
        row = await told(eyes, "web-1")
        now = await eyes.until(lambda: row.status_at)
        assert [one.done for one in recoveries_of(row, now)] == [True]
        assert {str(one.event.code) for one in notices(row, now)} == {RECOVERED, "AWS_EBS_VOLUME_LOST"}
        await eyes.until(lambda: (one := eyes.target("prod", VIRGINIA)) and one.health)
        seoul, virginia, other = (
            eyes.target(*one) for one in (("prod", SEOUL), ("prod", VIRGINIA), ("data", SEOUL))
        )
        assert seoul is not None and virginia is not None and other is not None  # noqa: PT018 - for mypy
        assert [one.zone for one in seoul.health] == [row.zone]
        assert [one.zone for one in virginia.health] == [""]
        assert other.health == ()
        assert [one.code for one in issues_of(row, seoul.health)] == [ISSUE]
        assert [one.instance_id for one in eyes.store.rows() if one.health] == [row.instance_id]
        assert not seoul.partial
        assert eyes.notes() == []
        await passing(lambda: len(calls(demo, operation="DescribeInstances")) >= 8)  # polls go on
        asked = sum(health_calls(demo, account=PROD).values()) - before
        assert asked == 3, "open ones, recoveries, entities: once an account, whatever is polled"


async def test_an_account_without_a_plan_is_asked_once_and_nothing_is_said(demo: Demo) -> None:
    async with watching(settings("data", regions=(SEOUL, VIRGINIA), often=True), demo.apply()) as eyes:
        await eyes.until(lambda: eyes.live("data"))
        await passing(lambda: health_calls(demo, account=DATA))
        row: Instance = await eyes.until(lambda: next(iter(eyes.store.rows()), None))
        assert (await report(eyes, row)).no_plan
        await passing(lambda: len(calls(demo, operation="DescribeInstances")) >= 6)
        assert health_calls(demo, account=DATA) == {"DescribeEvents": 1}
        assert eyes.notes() == []
        assert all(not one.trouble and not one.partial for one in eyes.store.targets())


async def test_who_may_not_ask_reads_all_the_rest_and_another_profile_may(demo: Demo) -> None:
    announce(demo, ISSUE, region=SEOUL)
    denied = fault({"error": "AccessDeniedException"}, service="health", key="AKIADEMOPROD00000001")
    demo.control("faults", [denied])
    async with watching(settings("prod", "prod-audit", regions=(SEOUL,)), demo.apply()) as eyes:
        await eyes.until(lambda: (one := eyes.target("prod")) and one.health)
        assert eyes.live("prod")
    demo.control("faults", [fault({"error": "AccessDeniedException"}, service="health")])
    before = health_calls(demo)["DescribeEvents"]
    async with watching(settings("prod", regions=(SEOUL,), often=True), demo.apply()) as eyes:
        await eyes.until(lambda: eyes.live("prod"))
        row: Instance = await eyes.until(lambda: eyes.named("web-1"))
        await passing(lambda: health_calls(demo)["DescribeEvents"] > before)
        asked = health_calls(demo)
        polls = len(calls(demo, operation="DescribeInstanceStatus"))
        await passing(lambda: len(calls(demo, operation="DescribeInstanceStatus")) > polls + 8)
        assert health_calls(demo) == asked, "asked again in its time, and not before"
        found = (await answer(eyes, row)).trouble
        assert found is not None
        assert "DescribeEvents is not allowed" in found.line
        target = eyes.target("prod")
        assert target is not None
        assert (target.trouble, target.partial, eyes.notes()) == (None, (), [])


async def test_the_standby_region_is_asked_where_the_active_one_changed(demo: Demo) -> None:
    announce(demo, ISSUE, region=SEOUL)
    demo.control("health", {"active": "us-east-2"})
    async with watching(settings("prod", regions=(SEOUL,)), demo.apply()) as eyes:
        await eyes.until(lambda: (one := eyes.target("prod")) and one.health)
    asked = [one["region"] for one in calls(demo, service="health")]
    assert asked[0] == "us-east-1"
    assert set(asked[1:]) == {"us-east-2"}


async def test_two_hundred_events_take_twenty_five_calls(demo: Demo) -> None:
    demo.control("health", {"account": PROD, "forget": True})
    async with watching(settings("prod", regions=(SEOUL,)), demo.apply(), "--once") as eyes:
        row: Instance = await eyes.until(lambda: eyes.named("web-1"))
    before = len(calls(demo, service="health"))
    for number in range(199):
        announce(
            demo, RETIREMENT, entities=[f"i-{number:017x}"], minutes=-9000, event={"statusCode": "upcoming"}
        )
    announce(demo, RECOVERED, entities=[row.instance_id], minutes=5)
    async with watching(settings("prod", regions=(SEOUL,)), demo.apply()) as eyes:
        await told(eyes, "web-1")
        assert len(calls(demo, service="health")) - before <= 25


async def test_aws_own_text_comes_when_somebody_looks(demo: Demo) -> None:
    async with watching(settings("prod", regions=(SEOUL,)), demo.apply(), "--once") as eyes:
        row: Instance = await eyes.until(lambda: eyes.named("web-1"))
    text = "EC2 has detected\x1b[31m degradation of the hardware.\n\nWhat do I need to do?"
    announce(
        demo,
        RETIREMENT,
        entities=[row.instance_id],
        minutes=-9000,
        event={"statusCode": "upcoming", "text": text},
    )
    announce(demo, ISSUE, event={"availabilityZone": row.zone, "text": "We are looking into it."})
    async with watching(settings("prod", regions=(SEOUL,)), demo.apply()) as eyes:
        row = await told(eyes, "web-1")
        assert "DescribeEventDetails" not in health_calls(demo)
        found, again = await asyncio.gather(report(eyes, row), report(eyes, row))
        texts = [found.text_of(one) for one in found.events]
        assert [text.startswith(("EC2 has detected", "We are looking")) for text in texts] == [True, True]
        assert "\x1b" not in "".join(texts)
        assert again == found
        await report(eyes, row)
        assert health_calls(demo)["DescribeEventDetails"] <= 2


async def test_a_command_does_not_wait_for_an_address_that_does_not_answer(demo: Demo) -> None:
    demo.control("faults", [fault({"hang": 120}, service="health")])
    async with watching(settings("prod", regions=(SEOUL,)), demo.apply(), "--once") as eyes:
        await eyes.until(lambda: any(isinstance(one, protocol.Done) for one in eyes.seen))
        assert eyes.live("prod")
        assert eyes.notes() == []


async def test_it_can_be_switched_off(demo: Demo) -> None:
    off = HealthSettings(enabled=False)
    async with watching(settings("prod", regions=(SEOUL,), health=off), demo.apply(), "--once") as eyes:
        await eyes.until(lambda: any(isinstance(one, protocol.Done) for one in eyes.seen))
    assert health_calls(demo) == {}
