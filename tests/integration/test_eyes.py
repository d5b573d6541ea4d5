"""The eyes over HTTP: every target's rows or its line, each account read once, labels and credentials that agree."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from tests.integration.eyes import (
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
    passing,
    settings,
    tally,
    watching,
)
from tui.config import from_environment
from tui.demo.environment import Demo, start
from tui.domain.instance import CheckStatus, InstanceState, Phase, Target
from tui.domain.text import clean
from tui.fleet import wire
from tui.fleet.link import look_once, read_once
from tui.settings import Settings


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
    assert sorted(one["region"] for one in checks) == sorted(REGIONS)


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
    async with watching(settings("prod", regions=()), demo.apply()) as eyes:
        await eyes.until(lambda: eyes.live("prod"))
        assert [one.target.key for one in eyes.store.targets()] == ["prod/ap-northeast-2"]
        assert any("may not ask which regions are enabled" in note for note in eyes.notes())


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
        answer = await eyes.link.request(wire.ReadRequest(0, "look", row.target, row.instance_id))
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


async def test_problems_of_all_come_before_any_inventory(demo: Demo) -> None:
    async with watching(settings("prod", "data"), demo.apply()) as eyes:
        await eyes.until(
            lambda: all(eyes.live(name, region) for name in ("prod", "data") for region in REGIONS)
        )
    for region in (SEOUL, VIRGINIA):
        first = next(
            delta
            for delta in eyes.deltas_since(0)
            if any(row.target.region == region for row in delta.upserts)
        )
        assert all(row.events or row.checks.impaired() for row in first.upserts)


async def test_a_region_that_hangs_holds_up_nobody(demo: Demo) -> None:
    demo.control("faults", [fault({"hang": 120}, service="ec2", region=VIRGINIA)])
    async with watching(settings("prod", "data", "staging"), demo.apply()) as eyes:
        others = [(name, region) for name in ("prod", "data", "staging") for region in (SEOUL, IRELAND)]
        await eyes.until(lambda: all(eyes.live(*one) for one in others))
        for name in ("prod", "data"):
            status = eyes.target(name, VIRGINIA)
            assert status is not None
            assert (status.phase, status.count) == (Phase.READING, None), (
                "still asking, and nothing pretended"
            )


async def test_a_profile_whose_own_region_is_dead_still_reads_the_others(demo: Demo) -> None:
    """Its own region is where it asks who it is: with it gone, another region must be asked."""
    rules = [fault({"reset": True}, region=SEOUL)]
    demo.control("faults", rules)
    async with watching(settings("prod", regions=()), demo.apply()) as eyes:
        await eyes.until(lambda: eyes.live("prod", VIRGINIA) and eyes.live("prod", IRELAND))
        await eyes.until(lambda: "the connection broke" in eyes.line("prod"))


async def test_iam_out_of_reach_costs_only_the_alias(demo: Demo) -> None:
    demo.control("faults", [fault({"hang": 120}, service="iam")])
    async with watching(settings("data"), demo.apply()) as eyes:
        await eyes.until(lambda: all(eyes.live("data", region) for region in REGIONS))
        assert {one.account_alias for one in eyes.store.targets()} == {""}


async def test_an_endpoint_that_is_not_there_is_a_line(demo: Demo) -> None:
    environ = demo.apply() | {"AWS_ENDPOINT_URL_EC2": "http://127.0.0.1:9"}
    async with watching(settings("prod", regions=(SEOUL,)), environ) as eyes:
        line = await eyes.until(lambda: eyes.line("prod"))
        assert line == "prod/ap-northeast-2: not reachable: evac tries again; check the network"


async def test_events_appear_and_only_the_changed_row_is_sent(demo: Demo) -> None:
    async with watching(settings("prod", regions=(SEOUL,), often=True), demo.apply()) as eyes:
        await eyes.until(lambda: eyes.live("prod") and all(row.images_at for row in eyes.store.rows()))
        mark = len(eyes.seen)
        demo.control("events", {"instance": "mail-1", "code": "instance-retirement", "in": 86400})
        row = await eyes.until(lambda: (found := eyes.named("mail-1")) and found.events and found)
        assert [event.code_text for event in row.events] == ["instance-retirement"]
        assert row.checks.system.status is CheckStatus.OK
        sent = [one.instance_id for delta in eyes.deltas_since(mark) for one in delta.upserts]
        assert sent == [row.instance_id]
        demo.control("events", {"instance": "mail-1", "sick": "system"})
        await eyes.until(lambda: (found := eyes.named("mail-1")) and found.checks.impaired())
        sent = [one.instance_id for delta in eyes.deltas_since(mark) for one in delta.upserts]
        assert set(sent) == {row.instance_id}


async def test_a_stopped_instance_is_described_anew(demo: Demo) -> None:
    import boto3

    async with watching(settings("prod", regions=(SEOUL,), often=True), demo.apply()) as eyes:
        await eyes.until(lambda: eyes.live("prod"))
        row = eyes.named("ledger-1")
        assert row is not None
        assert row.public_ip
        ec2 = boto3.client(
            "ec2", SEOUL, endpoint_url=demo.url, aws_access_key_id=KEYS["prod"], aws_secret_access_key="demo"
        )
        ec2.stop_instances(InstanceIds=[row.instance_id])
        ec2.close()
        await eyes.until(
            lambda: (
                (found := eyes.named("ledger-1"))
                and found.state is InstanceState.STOPPED
                and not found.public_ip
            )
        )


async def test_a_refresh_reads_past_the_cache(demo: Demo) -> None:
    async with watching(settings("prod", regions=(SEOUL,)), demo.apply()) as eyes:
        await eyes.until(lambda: eyes.live("prod"))
        demo.control("events", {"instance": "mail-1", "code": "instance-stop", "in": 3600})
        for target in (Target("prod-audit", SEOUL), Target("prod", VIRGINIA)):  # not read here: harmless
            await eyes.link.request(wire.ReadRequest(0, "refresh", target))
        await eyes.link.request(wire.ReadRequest(0, "refresh", Target("prod", SEOUL)))
        await eyes.until(lambda: (found := eyes.named("mail-1")) and found.events)


async def test_a_killed_collector_is_said_restarted_and_its_questions_answered(demo: Demo) -> None:
    async with watching(settings("prod", regions=(SEOUL,)), demo.apply()) as eyes:
        await eyes.until(lambda: eyes.live("prod"))
        row, first = next(iter(eyes.store.rows())), eyes.link.pid
        demo.control("faults", [fault({"hang": 120}, operation="DescribeInstances")])
        question = asyncio.create_task(
            eyes.link.request(wire.ReadRequest(7, "look", row.target, row.instance_id))
        )
        await passing(lambda: any(row.instance_id in one["instances"] for one in calls(demo)))
        assert first is not None
        os.kill(first, signal.SIGKILL)
        answer = await question
        assert answer.id == 7
        assert answer.trouble is not None
        assert "died" in answer.trouble.line
        demo.control("faults", [])
        state = await eyes.until(
            lambda: next((one for one in eyes.states if one.state == "restarting"), None)
        )
        assert "signal 9" in state.why
        await eyes.until(lambda: eyes.states[-1].state == "live")
        assert eyes.link.pid not in (None, first)
        again = await eyes.link.request(wire.ReadRequest(8, "look", row.target, row.instance_id))
        assert again.instance is not None
        assert len(eyes.store.rows()) == 24


async def test_a_collector_that_cannot_start_says_why_and_the_once_reader_too(demo: Demo) -> None:
    environ = demo.apply() | {"PYTHONPATH": "/nowhere", "PYTHONHOME": "/nowhere"}
    async with watching(settings("prod"), environ) as eyes:
        await eyes.until(lambda: sum(one.state == "restarting" for one in eyes.states) >= 2)
        waits = [one.retry_in for one in eyes.states if one.state == "restarting"]
        assert all(0 < wait <= 2 for wait in waits)
        assert "the collector died (exit code 1)" in eyes.states[1].why
    store = await asyncio.to_thread(read_once, settings("prod"), environ)
    (status,) = store.targets()
    assert status.trouble is not None
    assert "the collector died" in status.trouble.line


CONSOLE = """
import asyncio, os, sys
from tui.fleet.link import Link
from tui.settings import decode

async def main():
    link = Link(decode(sys.argv[1]), dict(os.environ))
    await link.start()
    async for frame in link.frames():
        if type(frame).__name__ == "Delta":
            print(link.pid, flush=True)
            await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
async def test_when_the_console_ends_so_does_its_collector(demo: Demo, how: signal.Signals) -> None:
    import sys

    from tui.settings import encode

    demo.control("faults", [fault({"hang": 300}, service="ec2")])  # readers that wait must not keep it
    console = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CONSOLE,
        encode(settings("prod")).decode(),
        env=demo.apply(),
        stdout=asyncio.subprocess.PIPE,
    )
    assert console.stdout is not None
    collector = int(await asyncio.wait_for(console.stdout.readline(), 60))
    assert _alive(collector)
    console.send_signal(how)
    await console.wait()
    await passing(lambda: not _alive(collector))


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


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
        answer = await eyes.link.request(wire.ReadRequest(0, "look", row.target, row.instance_id))
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
            wire.ReadRequest(0, "look", Target("prod", SEOUL), "i-0123456789abcdef0")
        )
        assert gone.trouble is not None
        assert (gone.trouble.kind, gone.instance) == ("gone", None)
        missing = await eyes.link.request(wire.ReadRequest(0, "look", Target("nobody", SEOUL), "i-0"))
        assert missing.trouble is not None
        assert missing.trouble.kind == "config"
        empty = await eyes.link.request(wire.ReadRequest(0, "look"))
        assert empty.trouble is not None


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
