"""The whole chain over every scripted failure of the embedded AWS: real answers, and the collector's reading of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from msgspec import Struct

from tests.integration.collector_watch import SEOUL, STAGING, settings
from tui.demo.environment import start
from tui.demo.failures import FAILURES
from tui.domain.diagnosis.evidence import Change, Evidence, Metric, MetricRow, MetricState, SystemLog
from tui.domain.diagnosis.verdict import diagnose
from tui.domain.instance import Instance, Target
from tui.fleet.collector_client import Link
from tui.fleet.protocol import ReadAnswer, ReadKind, ReadRequest

TARGET = Target("staging", SEOUL)
PARTS = (ReadKind.METRICS, ReadKind.AGENT_METRICS, ReadKind.LOG, ReadKind.CHANGES)


class Seen(Struct):
    """What evac read of an instance that fails in a scripted way."""

    row: Instance
    metrics: tuple[Metric, ...]
    log: SystemLog
    changes: tuple[Change, ...]
    evidence: Evidence


async def _all(environ: dict[str, str], instances: dict[str, str]) -> dict[str, Seen]:
    link = Link(settings("staging", regions=(SEOUL,)), environ, "--idle")
    await link.start()
    try:
        return {script: await _one(link, ident) for script, ident in instances.items()}
    finally:
        await link.stop()


async def _one(link: Link, ident: str) -> Seen:
    look, *parts = await asyncio.gather(
        *(link.request(ReadRequest(0, kind, TARGET, ident)) for kind in (ReadKind.LOOK, *PARTS))
    )
    own, agent, log, changes = (_evidence(answer) for answer in parts)
    assert look.instance is not None, look.trouble
    assert log.log is not None, log.unread
    assert changes.changes is not None, changes.unread
    metrics = (*(own.metrics or ()), *(agent.metrics or ()))
    unread = tuple(line for part in (own, agent, log, changes) for line in part.unread)
    whole = Evidence(own.read_at, metrics, log.log, changes.changes, own.asked + agent.asked, unread)
    return Seen(look.instance, metrics, log.log, changes.changes, whole)


def _evidence(answer: ReadAnswer) -> Evidence:
    assert answer.evidence is not None, answer.trouble
    return answer.evidence


@pytest.fixture(scope="module")
def seen() -> Iterator[dict[str, Seen]]:
    demo = start("--speed", "60", "--scale", str(len(FAILURES) + 1), "--into", f"{STAGING}/{SEOUL}")
    try:
        names = {script: f"app-{number:05d}" for number, script in enumerate(FAILURES, 1)}
        instances = {
            script: demo.control("script", {"instance": name, "script": script})["instance"]
            for script, name in names.items()
        }
        yield asyncio.run(_all(demo.apply(), instances))
    finally:
        demo.stop()


@pytest.mark.parametrize("script", FAILURES)
def test_all_of_the_evidence_is_read(seen: dict[str, Seen], script: str) -> None:
    one = seen[script]
    assert one.evidence.unread == ()
    assert {row for row in MetricRow if row not in (MetricRow.CREDITS, MetricRow.EBS_LIMIT)} <= {
        it.row for it in one.metrics
    }
    assert one.log.lines
    wanted = [it.event for it in FAILURES[script].changed if "{instance}" in str(it.params)]
    assert [it.event for it in reversed(one.changes) if it.event != "RunInstances"] == wanted


@pytest.mark.parametrize("script", FAILURES)
def test_the_first_finding_names_what_was_scripted(seen: dict[str, Seen], script: str) -> None:
    one = seen[script]
    found = diagnose(one.row, one.metrics, one.log, one.changes, one.row.events, one.evidence.read_at)
    assert found, "nothing was found"
    assert found[0].key in FAILURES[script].right, [(it.key, it.severity, it.evidence) for it in found]


@pytest.mark.parametrize(
    ("script", "state"),
    [
        ("agent-host-dimension", MetricState.REPORTING), ("agent-absent", MetricState.ABSENT), ("hung", MetricState.SILENT),
        ("oom", MetricState.SILENT), ("orderly", MetricState.STOPPED), ("flapping", MetricState.REPORTING),
        ("win-low-memory", MetricState.REPORTING),
    ],
)  # fmt: skip
def test_who_sends_memory_is_told_apart(seen: dict[str, Seen], script: str, state: MetricState) -> None:
    assert {it.state for it in seen[script].metrics if it.row is MetricRow.MEMORY} == {state}


def test_a_change_of_type_says_both(seen: dict[str, Seen]) -> None:
    told = next(it for it in seen["memory-halved"].changes if it.event == "ModifyInstanceAttribute")
    assert "m6i.xlarge" in told.what
    assert "m6i.large" in told.what
