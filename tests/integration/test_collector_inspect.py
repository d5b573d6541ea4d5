"""A look at one instance: every fact, or the reason why it is not known."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.collector_watch import DATA, KEYS, PROD, SEOUL, VIRGINIA, fault, settings, watching
from tui.config.schema import Settings
from tui.demo.environment import Demo
from tui.domain.instance import Target
from tui.fleet import protocol
from tui.fleet.reading import look_once

HAZARDS: list[tuple[str, str, str]] = [
    ("prod", SEOUL, "web-1"), ("prod", SEOUL, "vault-1"), ("prod", SEOUL, "payments-db-1"),
    ("prod", SEOUL, "search-1"),
    ("prod", VIRGINIA, "report-1"), ("data", VIRGINIA, "batch-14"), ("data", VIRGINIA, "spot-etl-1"),
    ("data", VIRGINIA, "licence-2"), ("data", VIRGINIA, "old-root"),
]  # fmt: skip


@pytest.mark.parametrize(("profile", "region", "name"), HAZARDS, ids=[one[2] for one in HAZARDS])
async def test_a_look_brings_every_fact(demo: Demo, profile: str, region: str, name: str) -> None:
    import boto3

    ec2 = boto3.client(
        "ec2", region, endpoint_url=demo.url, aws_access_key_id=KEYS[profile], aws_secret_access_key="demo"
    )
    found = ec2.describe_instances(Filters=[{"Name": "tag:Name", "Values": [name]}])
    instance_id = found["Reservations"][0]["Instances"][0]["InstanceId"]
    ec2.close()
    answer = await asyncio.to_thread(
        look_once, settings(profile), demo.apply(), Target(profile, region), instance_id
    )
    row, facts = answer.instance, answer.facts
    assert row is not None
    assert facts is not None
    assert (row.name, row.target.profile, row.account_id) == (
        name,
        profile,
        PROD if profile == "prod" else DATA,
    )
    assert facts.unknown == ()
    assert None not in (
        facts.type, facts.stop_protection, facts.termination_protection, facts.shutdown_behavior,
        facts.membership, facts.target_groups, facts.classic_balancers, facts.images, facts.volumes,
        facts.agents,
    )  # fmt: skip
    assert (facts.spot_type is not None) == name.startswith("spot")
    assert (facts.host_state is not None) == name.startswith("licence")
    if name == "web-1":
        assert facts.membership is not None
        assert [(one.group, one.min_size, one.desired) for one in facts.membership] == [("web-prod", 6, 8)]
    if name == "vault-1":
        assert (facts.stop_protection, facts.shutdown_behavior) == (True, "terminate")
    if name == "report-1":
        assert facts.target_groups is not None
        assert [(one.name, one.healthy, one.members) for one in facts.target_groups] == [("report", 1, 1)]
    if name == "search-1":
        assert facts.classic_balancers is not None
        assert [(one.name, one.state, one.in_service, one.members) for one in facts.classic_balancers] == [
            ("search", "InService", 2, 2)
        ]
    if name == "payments-db-1":
        assert facts.images
        assert facts.volumes is not None
        assert len(facts.volumes) == 2
    told = {"web-1": ["Online"], "payments-db-1": ["ConnectionLost"], "old-root": []}
    assert facts.agents is not None
    assert [agent.ping for agent in facts.agents] == told.get(name, ["Online"])
    if name == "old-root":
        assert facts.volumes == ()


async def test_a_fact_that_is_denied_is_unknown_with_its_reason_and_spoils_no_other(demo: Demo) -> None:
    html = {"raw": "<html><body>captive</body></html>"}
    demo.control(
        "faults",
        [
            fault({"error": "AccessDenied"}, operation="DescribeAutoScalingInstances"),
            fault({"error": "UnauthorizedOperation"}, operation="DescribeInstanceAttribute"),
            fault(html, operation="DescribeTargetGroups"),
            fault({"error": "AccessDenied"}, operation="DescribeLoadBalancers"),
            fault({"reset": True}, operation="DescribeVolumeStatus"),
        ],
    )
    async with watching(settings("prod", regions=(SEOUL,)), demo.apply()) as eyes:
        row = await eyes.until(lambda: eyes.named("web-1"))
        answer = await eyes.link.request(
            protocol.ReadRequest(0, protocol.ReadKind.LOOK, row.target, row.instance_id)
        )
    facts = answer.facts
    assert facts is not None
    reasons = dict(facts.unknown)
    assert set(reasons) == {
        "membership", "stop_protection", "termination_protection", "shutdown_behavior", "target_groups",
        "classic_balancers", "volumes",
    }  # fmt: skip
    assert reasons["membership"].startswith(
        "prod/ap-northeast-2: DescribeAutoScalingInstances is not allowed"
    )
    assert "the answer was not AWS's" in reasons["target_groups"]
    assert "the connection broke" in reasons["volumes"]
    assert (facts.membership, facts.stop_protection, facts.target_groups, facts.volumes) == (
        None,
        None,
        None,
        None,
    )
    assert facts.type is not None
    assert facts.images is not None


async def test_a_look_at_nothing_says_so(demo: Demo) -> None:
    async with watching(Settings(), demo.apply(), "--idle") as eyes:
        gone = await eyes.link.request(
            protocol.ReadRequest(0, protocol.ReadKind.LOOK, Target("prod", SEOUL), "i-0123456789abcdef0")
        )
        assert gone.trouble is not None
        assert (gone.trouble.kind, gone.instance) == ("gone", None)
        missing = await eyes.link.request(
            protocol.ReadRequest(0, protocol.ReadKind.LOOK, Target("nobody", SEOUL), "i-0")
        )
        assert missing.trouble is not None
        assert missing.trouble.kind == "config"
        empty = await eyes.link.request(protocol.ReadRequest(0, protocol.ReadKind.LOOK))
        assert empty.trouble is not None
