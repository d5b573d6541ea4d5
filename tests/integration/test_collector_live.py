"""The eyes at work: what is bad comes first, what hangs holds up nobody, changes appear, and processes end together."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from tests.integration.collector_watch import (
    IRELAND,
    KEYS,
    REGIONS,
    SEOUL,
    VIRGINIA,
    calls,
    fault,
    passing,
    settings,
    watching,
)
from tui.config.sections import HealthSettings
from tui.demo.environment import Demo
from tui.domain.instance import CheckStatus, InstanceState, Phase, Target
from tui.fleet import protocol
from tui.fleet.reading import read_once


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
    quiet = HealthSettings(enabled=False)  # what AWS Health says comes later, and to other rows too
    async with watching(settings("prod", regions=(SEOUL,), often=True, health=quiet), demo.apply()) as eyes:
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
            await eyes.link.request(protocol.ReadRequest(0, protocol.ReadKind.REFRESH, target))
        await eyes.link.request(protocol.ReadRequest(0, protocol.ReadKind.REFRESH, Target("prod", SEOUL)))
        await eyes.until(lambda: (found := eyes.named("mail-1")) and found.events)


async def test_a_killed_collector_is_said_restarted_and_its_questions_answered(demo: Demo) -> None:
    async with watching(settings("prod", regions=(SEOUL,)), demo.apply()) as eyes:
        await eyes.until(lambda: eyes.live("prod"))
        row, first = next(iter(eyes.store.rows())), eyes.link.pid
        demo.control("faults", [fault({"hang": 120}, operation="DescribeInstances")])
        question = asyncio.create_task(
            eyes.link.request(protocol.ReadRequest(7, protocol.ReadKind.LOOK, row.target, row.instance_id))
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
        again = await eyes.link.request(
            protocol.ReadRequest(8, protocol.ReadKind.LOOK, row.target, row.instance_id)
        )
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
import asyncio, os, signal, sys
from tui.fleet.collector_client import Link
from tui.config.schema import decode_settings

async def main():
    link = Link(decode_settings(sys.argv[1]), dict(os.environ))
    await link.start()
    async for frame in link.frames():
        if type(frame).__name__ == "Delta":
            print(link.pid, flush=True)
            await asyncio.sleep(600)

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it would be ignored, and inherited so
asyncio.run(main())
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
async def test_when_the_console_ends_so_does_its_collector(demo: Demo, how: signal.Signals) -> None:
    import sys

    from tui.config.schema import encode_settings

    demo.control("faults", [fault({"hang": 300}, service="ec2")])  # readers that wait must not keep it
    console = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CONSOLE,
        encode_settings(settings("prod")).decode(),
        env=demo.apply(),
        stdout=asyncio.subprocess.PIPE,
    )
    assert console.stdout is not None
    collector = int(await asyncio.wait_for(console.stdout.readline(), 60))
    assert _alive(collector)
    console.send_signal(how)
    await asyncio.wait_for(console.wait(), 60)
    await passing(lambda: not _alive(collector))


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
