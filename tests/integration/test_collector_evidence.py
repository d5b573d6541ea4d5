"""Why one instance fails, asked of a real collector: each part by itself, only when somebody asks, and what is denied is said."""

from __future__ import annotations

import asyncio
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.integration.collector_watch import (
    KEYS,
    SEOUL,
    Eyes,
    calls,
    fault,
    passing,
    settings,
    tally,
    watching,
)
from tui.config.sections import KindSettings, MetricsSettings
from tui.demo.environment import Demo
from tui.domain.diagnosis.evidence import Evidence, MetricRow, MetricState
from tui.domain.instance import Instance, Target
from tui.fleet import protocol
from tui.fleet.protocol import ReadKind

LOOK = (ReadKind.METRICS, ReadKind.AGENT_METRICS, ReadKind.LOG, ReadKind.CHANGES)
"""What one look at the triage screen asks for."""
ASKED = (
    "GetMetricData", "GetMetricStatistics", "ListMetrics", "LookupEvents", "GetConsoleOutput", "GetConsoleScreenshot",
)  # fmt: skip


async def ask(eyes: Eyes, row: Instance, kind: ReadKind, **more: Any) -> protocol.ReadAnswer:
    return await eyes.link.request(protocol.ReadRequest(0, kind, row.target, row.instance_id, **more))


async def look(eyes: Eyes, row: Instance) -> dict[ReadKind, Evidence]:
    answers = await asyncio.gather(*(ask(eyes, row, kind) for kind in LOOK))
    assert [one.trouble for one in answers if one.trouble] == []
    return {kind: one.evidence for kind, one in zip(LOOK, answers, strict=True) if one.evidence is not None}


def evidence_calls(demo: Demo) -> dict[str, int]:
    return {name: count for name, count in tally(demo, "operation").items() if name in ASKED}


async def test_a_look_has_every_part_with_at_most_seven_calls_and_the_list_has_none(demo: Demo) -> None:
    async with watching(settings("prod", regions=(SEOUL,), often=True), demo.apply()) as eyes:
        row = await eyes.until(lambda: eyes.named("web-1"))
        await eyes.until(lambda: eyes.live("prod"))
        await passing(lambda: len(calls(demo, operation="DescribeInstances")) >= 3)
        assert evidence_calls(demo) == {}, "a list and its polls cost nothing at CloudWatch"
        before = len(calls(demo))
        found = await look(eyes, row)
        assert 4 <= sum(evidence_calls(demo).values()) <= 7
        assert {one["operation"] for one in calls(demo)[before:]} - set(ASKED) <= {
            "DescribeInstances", "DescribeInstanceStatus", "DescribeInstanceTypes", "DescribeImages",
        }  # fmt: skip
    own, agent = found[ReadKind.METRICS], found[ReadKind.AGENT_METRICS]
    assert (own.unread, agent.unread) == ((), ())
    rows = {one.row for one in own.metrics or ()} | {one.row for one in agent.metrics or ()}
    assert set(MetricRow) - rows == {MetricRow.CREDITS}, "m5 has none"
    assert own.asked == len({(one.name, one.dimensions) for one in own.metrics or ()})
    memory = next(one for one in agent.metrics or () if one.row is MetricRow.MEMORY)
    assert (memory.state, memory.namespace, memory.name) == (
        MetricState.REPORTING,
        "CWAgent",
        "mem_used_percent",
    )
    log = found[ReadKind.LOG].log
    assert log is not None
    assert (log.latest, len(log.lines)) == (True, len(log.boots))
    assert [one.event for one in found[ReadKind.CHANGES].changes or ()] == ["RunInstances"]


async def test_metrics_are_asked_for_once_a_minute_and_all_else_each_time(demo: Demo) -> None:
    async with watching(settings("prod", regions=(SEOUL,)), demo.apply()) as eyes:
        row = await eyes.until(lambda: eyes.named("web-1"))
        first = await asyncio.gather(*(ask(eyes, row, ReadKind.METRICS) for _ in range(3)))
        again = await ask(eyes, row, ReadKind.METRICS)
        assert [one.evidence for one in first] == [again.evidence] * 3
        assert evidence_calls(demo) == {"GetMetricData": 1}
        day = await ask(eyes, row, ReadKind.METRICS, hours=24)
        assert evidence_calls(demo) == {"GetMetricData": 2}
        assert day.evidence is not None
        assert {one.period for one in day.evidence.metrics or ()} == {300}
        for _ in range(2):
            await ask(eyes, row, ReadKind.LOG)
        assert evidence_calls(demo)["GetConsoleOutput"] == 2


async def test_what_is_denied_names_its_permission_and_could_be_asked_again(demo: Demo) -> None:
    demo.control(
        "faults",
        [
            fault({"error": "AccessDeniedException"}, operation=name)
            for name in ("GetMetricData", "ListMetrics", "LookupEvents")
        ]
        + [fault({"error": "UnauthorizedOperation"}, operation="GetConsole*")],
    )
    async with watching(settings("prod", regions=(SEOUL,)), demo.apply()) as eyes:
        row = await eyes.until(lambda: eyes.named("web-1"))
        found = await look(eyes, row)
        picture = await ask(eyes, row, ReadKind.SCREENSHOT)
        said = {part: why for one in found.values() for part, why in one.unread}
        assert set(said) == {"metrics", "agent", "log", "changes"}
        for part, permission in (
            ("metrics", "cloudwatch:GetMetricData"),
            ("agent", "cloudwatch:ListMetrics"),
            ("log", "ec2:GetConsoleOutput"),
            ("changes", "cloudtrail:LookupEvents"),
        ):
            assert said[part].endswith(f"ask for the permission to call {permission}"), said[part]
        assert picture.evidence is not None
        assert (picture.image, picture.evidence.unread[0][0]) == (b"", "screenshot")
        states = {one.state for kind in LOOK[:2] for one in found[kind].metrics or ()}
        assert states == {MetricState.DENIED}
        demo.control("faults", [])
        mended = await look(eyes, row)
        assert [one.unread for one in mended.values()] == [(), (), (), ()]


async def test_one_namespace_that_is_forbidden_spoils_no_other(demo: Demo) -> None:
    demo.control("faults", [fault({"forbidden": ["AWS/EBS/*"]}, operation="GetMetricData")])
    async with watching(settings("prod", regions=(SEOUL,)), demo.apply()) as eyes:
        row = await eyes.until(lambda: eyes.named("web-1"))
        answer = await ask(eyes, row, ReadKind.METRICS)
    assert answer.evidence is not None
    by_row = {one.row: one.state for one in answer.evidence.metrics or ()}
    assert by_row[MetricRow.VOLUME] is MetricState.DENIED
    assert by_row[MetricRow.CPU] is MetricState.REPORTING
    assert "GetMetricData of AWS/EBS is not allowed" in answer.evidence.unread[0][1]


@pytest.mark.parametrize(("source", "operations"), [("statistics", {"GetMetricStatistics"}), ("off", set())])
async def test_the_source_of_metrics_is_chosen(demo: Demo, source: str, operations: set[str]) -> None:
    chosen = settings("prod", regions=(SEOUL,), metrics=MetricsSettings(source=source))
    async with watching(chosen, demo.apply()) as eyes:
        row = await eyes.until(lambda: eyes.named("web-1"))
        answer = await ask(eyes, row, ReadKind.METRICS)
    assert set(evidence_calls(demo)) == operations
    assert answer.evidence is not None
    if source == "off":
        assert answer.evidence.metrics is None
        assert "source is off" in answer.evidence.unread[0][1]
    else:
        assert {one.state for one in answer.evidence.metrics or ()} <= {
            MetricState.REPORTING,
            MetricState.ABSENT,
        }
        assert evidence_calls(demo)["GetMetricStatistics"] == answer.evidence.asked


async def test_changes_of_many_resources_stay_within_two_calls_a_second(demo: Demo) -> None:
    demo.control("settings", {"limits": True})
    async with watching(settings("prod", regions=(SEOUL,)), demo.apply()) as eyes:
        row = await eyes.until(lambda: eyes.named("web-1"))
        names = ["", *(str(one.volume_id) for one in row.volumes), "sg-1", "sg-2", "sg-3"]
        answers = await asyncio.gather(*(ask(eyes, row, ReadKind.CHANGES, resource=one) for one in names))
        assert [one.evidence.unread for one in answers if one.evidence is not None] == [()] * len(names)
    assert len(calls(demo, operation="LookupEvents")) == len(names), "none was refused and repeated"


async def test_evac_s_own_calls_are_recognised_among_the_changes(demo: Demo) -> None:
    async with watching(settings("prod", regions=(SEOUL,)), demo.apply()) as eyes:
        row = await eyes.until(lambda: eyes.named("web-1"))
        for extra in ("evac/3 op/op-20261129-030000-abc123", ""):
            ec2 = boto3.client(
                "ec2", SEOUL, endpoint_url=demo.url, aws_access_key_id=KEYS["prod"], aws_secret_access_key="demo",
                config=Config(user_agent_extra=extra),
            )  # fmt: skip
            ec2.reboot_instances(InstanceIds=[str(row.instance_id)])
            ec2.close()
            demo.control("advance", {"seconds": 60})
        demo.control("advance", {"seconds": 900})
        answer = await ask(eyes, row, ReadKind.CHANGES)
    assert answer.evidence is not None
    assert [(one.event, one.operation) for one in answer.evidence.changes or ()] == [
        ("RebootInstances", ""),
        ("RebootInstances", "op-20261129-030000-abc123"),
        ("RunInstances", ""),
    ]


async def test_a_screenshot_is_a_jpeg_and_nobody_is_woken(demo: Demo) -> None:
    async with watching(settings("prod", regions=(SEOUL,)), demo.apply()) as eyes:
        row = await eyes.until(lambda: eyes.named("web-1"))
        answer = await ask(eyes, row, ReadKind.SCREENSHOT)
        assert answer.image.startswith(b"\xff\xd8\xff")
        demo.control("faults", [fault({"error": "UnsupportedOperation"}, operation="GetConsoleScreenshot")])
        none = await ask(eyes, row, ReadKind.SCREENSHOT)
    assert none.evidence is not None
    assert "AWS takes no screenshot of this type" in none.evidence.unread[0][1]
    assert not any("WakeUp" in str(one) for one in calls(demo, operation="GetConsoleScreenshot"))


async def test_a_person_s_own_kinds_are_found_in_the_log(demo: Demo) -> None:
    kind = KindSettings(contains=("linux version*6",), words="it is Linux 6", remedy="nothing", severity=1)
    async with watching(settings("prod", regions=(SEOUL,), diagnosis=(kind,)), demo.apply()) as eyes:
        row = await eyes.until(lambda: eyes.named("web-1"))
        answer = await ask(eyes, row, ReadKind.LOG)
    assert answer.evidence is not None
    assert answer.evidence.log is not None
    (found,) = [one for one in answer.evidence.log.diagnosis.findings if one.key == "own-1"]
    assert (found.words, found.severity, found.source) == ("it is Linux 6", 1, "config.toml")


async def test_one_whose_list_is_not_read_is_described_once_for_all_who_ask(demo: Demo) -> None:
    async with watching(settings("prod", regions=(SEOUL,)), demo.apply()) as eyes:
        row = await eyes.until(lambda: eyes.named("web-1"))
    demo.control("calls", method="DELETE")
    async with watching(settings("prod", regions=(SEOUL,)), demo.apply(), "--idle") as eyes:
        found = await look(eyes, row)
        assert found[ReadKind.METRICS].unread == ()
        assert len(calls(demo, operation="DescribeInstances")) == 1
        gone = await eyes.link.request(
            protocol.ReadRequest(0, ReadKind.METRICS, Target("prod", SEOUL), "i-0123456789abcdef0")
        )
    assert gone.trouble is not None
    assert (gone.trouble.kind, gone.evidence) == ("gone", None)


async def test_who_is_about_to_act_does_not_wait_for_who_looks_at_evidence(demo: Demo) -> None:
    demo.control("faults", [fault({"hang": 300}, operation=name) for name in ("LookupEvents", "GetMetric*")])
    async with watching(settings("prod", regions=(SEOUL,)), demo.apply()) as eyes:
        row = await eyes.until(lambda: eyes.named("web-1"))
        kinds = [ReadKind.CHANGES, ReadKind.METRICS]
        waiting = [
            asyncio.create_task(ask(eyes, row, kind, resource=f"vol-{number}", hours=number))
            for number in range(1, 11)
            for kind in kinds
        ]
        await passing(
            lambda: calls(demo, operation="LookupEvents") and calls(demo, operation="GetMetricData")
        )
        answer = await ask(eyes, row, ReadKind.LOOK)
        assert answer.facts is not None
        assert answer.facts.unknown == ()
        assert not any(one.done() for one in waiting)
        for one in waiting:
            one.cancel()


async def test_what_is_no_answer_of_aws_s_is_unread_and_never_health(demo: Demo) -> None:
    page = {"raw": "<html><body>captive</body></html>"}
    for faults in (
        [fault(page, operation=name) for name in ASKED],
        [fault({"cut": 60}, operation=name) for name in ASKED],
        [fault({"raw": '{"MetricDataResults": 3, "Metrics": "x", "Events": {"a": 1}}'}, operation=name) for name in ASKED],
    ):  # fmt: skip
        demo.control("faults", faults)
        async with watching(settings("prod", regions=(SEOUL,)), demo.apply()) as eyes:
            row = await eyes.until(lambda: eyes.named("web-1"))
            found = await look(eyes, row)
            picture = await ask(eyes, row, ReadKind.SCREENSHOT)
        assert {part for one in found.values() for part, _ in one.unread} == {
            "metrics",
            "agent",
            "log",
            "changes",
        }
        assert {one.state for kind in LOOK[:2] for one in found[kind].metrics or ()} == {MetricState.DENIED}
        assert (found[ReadKind.LOG].log, found[ReadKind.CHANGES].changes) == (None, None)
        assert picture.evidence is not None
        assert picture.evidence.unread
