"""The embedded AWS's scripted failures: what it shows of each fits together, before, during and after."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tui.demo import failing
from tui.demo.clock import Clock
from tui.demo.cloudtrail import LookupEvents
from tui.demo.console import FOLDER, Console
from tui.demo.failures import FAILURES
from tui.demo.instance import DemoInstance
from tui.demo.metric_values import Series, bins, series_of
from tui.demo.request import Request
from tui.demo.sample import PROD, Builder, accounts
from tui.demo.world import World
from tui.domain.diagnosis.causes import causes
from tui.domain.diagnosis.log_findings import diagnose_log

NOW = datetime(2026, 11, 29, 23, 15, tzinfo=UTC)
LOG_KEYS = {one.key for one in causes()}


@pytest.fixture
def builder() -> Builder:
    world = World(Clock(NOW))
    accounts(world)
    return Builder(world, PROD, "us-east-1")


def read(text: str) -> str:
    """As botocore hands it on: bytes that are no UTF-8 replaced."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def one(builder: Builder, instance: DemoInstance, name: str, place: int | str | None = None) -> Series:
    return next(
        it for it in series_of(builder.region, instance) if it.name == name and place in (None, it.place)
    )


def newest(series: Series, now: datetime = NOW) -> float | None:
    found = list(bins(series, now - timedelta(minutes=20), now, 60, now))
    return found[-1].statistic("Average") if found else None


@pytest.mark.parametrize("name", FAILURES)
def test_what_the_console_says_of_a_failure_is_its_cause_or_nothing(builder: Builder, name: str) -> None:
    instance, failure = builder.instance("failing"), FAILURES[name]
    failing.begin(builder.region, instance, name)
    found = diagnose_log(read(instance.console_output(latest=True)[0])).findings
    last = {it.key for it in found if it.boot == 0}
    gravest = max((it.severity for it in found if it.boot == 0), default=0)
    wanted = LOG_KEYS & set(failure.right)
    grave = {it.key for it in found if it.boot == 0 and it.severity == 3}
    assert not grave or grave & wanted, found
    assert not wanted or wanted & last or failure.curves, (gravest, found)


@pytest.mark.parametrize("name", FAILURES)
def test_a_failing_check_is_in_its_metric_since_then(builder: Builder, name: str) -> None:
    instance, failure = builder.instance("failing"), FAILURES[name]
    play = failing.begin(builder.region, instance, name)
    metric = {"instance": "StatusCheckFailed_Instance", "system": "StatusCheckFailed_System",
              "attached_ebs": "StatusCheckFailed_AttachedEBS"}.get(failure.check or "")  # fmt: skip
    if metric is None:
        assert not instance.sick
        return
    points = list(bins(one(builder, instance, metric), NOW - timedelta(hours=3), NOW, 60, NOW))
    failed = [it.at for it in points if it.high]
    assert failed[-1] == points[-1].at
    assert (failed[0] < play.since) == bool(failure.spells)


@pytest.mark.parametrize("log", ["al2023", "ubuntu", "rhel9-healthy", "xen-healthy", "windows", "noisy"])
def test_a_healthy_console_has_no_cause_in_it(log: str) -> None:
    text = Console(log, NOW - timedelta(days=9), NOW - timedelta(hours=1)).output(NOW)
    assert [it for it in diagnose_log(read(text)).findings if it.severity >= 2 and it.boot == 0] == []


def test_there_are_twenty_consoles_and_each_failure_has_its_own_text() -> None:
    texts = {path.stem for path in FOLDER.glob("*.log")}
    assert len(texts) >= 20
    assert {it.log for it in FAILURES.values()} <= texts
    assert len(FAILURES) >= 16


def test_the_longest_console_has_64_kb_two_boots_escapes_and_bytes_that_are_no_text() -> None:
    text = Console("noisy", NOW, NOW).output(NOW)
    raw = text.encode("utf-8", "surrogateescape")
    assert len(raw) == 65_536
    assert b"\x1b[" in raw
    assert b"\xff\xfe" in raw
    assert diagnose_log(read(text)).boots == 2


def test_lines_of_a_failure_come_at_their_time() -> None:
    console = Console("oom", NOW - timedelta(days=1), NOW)
    before, after = console.output(NOW - timedelta(minutes=5)), console.output(NOW)
    assert "(java)" not in before
    assert "(java)" in after
    stamp = next(line for line in after.splitlines() if "(java)" in line)[1:13]
    assert float(stamp) == pytest.approx(86_400 - 21.367)


@pytest.mark.parametrize("monitoring", ["disabled", "enabled"])
def test_a_metric_is_the_same_whenever_it_is_asked_for(builder: Builder, monitoring: str) -> None:
    instance = builder.instance("steady")
    instance.doc["Monitoring"]["State"] = monitoring
    cpu = one(builder, instance, "CPUUtilization")
    hour = list(bins(cpu, NOW - timedelta(hours=1), NOW, 300, NOW))
    later = list(bins(cpu, NOW - timedelta(hours=1), NOW, 300, NOW + timedelta(hours=2)))
    whole = [it for it in hour if it.count == 5]
    assert len(whole) >= 11
    assert whole == later[: len(whole)]
    assert all(0 <= it.low <= it.high <= 100 for it in hour)
    assert cpu.period == (60 if monitoring == "enabled" else 300)


def test_a_minute_of_an_hour_is_in_the_sum_of_the_hour(builder: Builder) -> None:
    ops = one(builder, builder.instance("steady"), "VolumeReadOps", 0)
    begin = NOW - timedelta(hours=4, minutes=5)
    minutes = sum(it.total for it in bins(ops, begin, begin + timedelta(minutes=10), 60, NOW))
    [ten] = bins(ops, begin, begin + timedelta(minutes=10), 600, NOW)
    assert ten.total == minutes
    assert ten.count == 10


def test_a_volumes_latency_is_believable_where_it_is_computed_from_sums(builder: Builder) -> None:
    instance = builder.instance("steady")
    spent, ops = one(builder, instance, "VolumeTotalReadTime", 0), one(builder, instance, "VolumeReadOps", 0)
    for seconds, count in zip(
        bins(spent, NOW - timedelta(hours=1), NOW, 300, NOW),
        bins(ops, NOW - timedelta(hours=1), NOW, 300, NOW),
        strict=True,
    ):
        assert 0.4 <= 1000 * seconds.total / count.total <= 1.1


def test_an_agent_falls_silent_with_the_system_and_comes_back_with_it(builder: Builder) -> None:
    instance = builder.instance("failing")
    failing.begin(builder.region, instance, "oom", 30)
    assert newest(one(builder, instance, "mem_used_percent")) is None
    clock = instance.world.clock
    instance.reboot()
    clock.advance(60)
    clock.settle()
    assert "instance" not in instance.sick
    clock.advance(300)
    again = newest(one(builder, instance, "mem_used_percent"), clock.now)
    assert again is not None
    assert again < 60
    text = instance.console_output(latest=True)[0]
    assert diagnose_log(read(text)).boots == 2
    assert [it.boot for it in diagnose_log(read(text)).findings if it.key == "oom"] == [1]


def test_a_system_that_is_well_says_that_it_goes_down(builder: Builder) -> None:
    instance = builder.instance("well")
    clock = instance.world.clock
    for act, word in ((instance.reboot, "reboot: Restarting system"), (instance.stop, "reboot: Power down")):
        act()
        clock.advance(120)
        clock.settle()
        text = read(instance.console_output(latest=True)[0])
        assert word in text
    found = diagnose_log(text)
    assert (found.boots, found.findings[0].key, found.findings[0].boot) == (2, "orderly", 0)


def test_a_stubborn_failure_stops_at_the_same_place_after_a_reboot(builder: Builder) -> None:
    instance = builder.instance("failing")
    failing.begin(builder.region, instance, "mount-failed")
    instance.reboot()
    instance.world.clock.advance(120)
    instance.world.clock.settle()
    assert "instance" in instance.sick
    found = diagnose_log(read(instance.console_output(latest=True)[0]))
    assert (found.boots, found.findings[0].boot) == (2, 0)
    assert "mount-failed" in {it.key for it in found.findings if it.boot == 0}


def test_what_was_kept_of_the_last_start_does_not_know_the_failure(builder: Builder) -> None:
    instance = builder.instance("failing")
    failing.begin(builder.region, instance, "oom")
    kept, at = instance.console_output(latest=False)
    assert "Out of memory" not in kept
    assert at < NOW - timedelta(days=1)


@pytest.mark.parametrize(
    ("agent", "dimension"),
    [("agent", "InstanceId"), ("host", "host"), ("absent", ""), ("custom", "InstanceId")],
)
def test_who_sends_memory(builder: Builder, agent: str, dimension: str) -> None:
    instance = builder.instance("measured")
    instance.agent = agent
    memory = [it for it in series_of(builder.region, instance) if "mem" in it.name.lower()]
    assert bool(memory) == bool(dimension)
    assert all(dimension in dict(it.dimensions) for it in memory)
    assert {it.namespace for it in memory} <= {"CWAgent", "Custom/System"}


def test_windows_has_its_own_names(builder: Builder) -> None:
    instance = builder.instance("win", Platform="windows")
    agents = {it.name: it for it in series_of(builder.region, instance) if it.namespace == "CWAgent"}
    assert agents["Memory % Committed Bytes In Use"].kind.unit == "None"
    assert dict(agents["LogicalDisk % Free Space"].dimensions)["instance"] == "C:"


def test_a_change_of_type_is_in_cloudtrail_with_who_and_from_where(builder: Builder) -> None:
    instance = builder.instance("failing")
    failing.begin(builder.region, instance, "memory-halved")
    identity = builder.world.identity("AKIADEMOPROD00000001")
    request = Request(builder.world, identity, builder.region, "cloudtrail", "LookupEvents", "")
    wanted = [{"AttributeKey": "ResourceName", "AttributeValue": instance.id}]
    events = LookupEvents(request, {"LookupAttributes": wanted})["Events"]
    assert [it["EventName"] for it in events][:3] == [
        "StartInstances",
        "ModifyInstanceAttribute",
        "StopInstances",
    ]
    told = json.loads(events[1]["CloudTrailEvent"])
    assert told["requestParameters"]["instanceType"] == {"value": "m6i.large"}
    assert told["userIdentity"]["userName"] == events[1]["Username"] == "kim"
    assert instance.doc["InstanceType"] == "m6i.large"


def test_a_volume_s_changes_are_under_its_own_name(builder: Builder) -> None:
    instance = builder.instance("failing")
    failing.begin(builder.region, instance, "volume-stall")
    volume = instance.doc["BlockDeviceMappings"][1]["Ebs"]["VolumeId"]
    identity = builder.world.identity("AKIADEMOPROD00000001")
    request = Request(builder.world, identity, builder.region, "cloudtrail", "LookupEvents", "")
    wanted = [{"AttributeKey": "ResourceName", "AttributeValue": volume}]
    [event] = LookupEvents(request, {"LookupAttributes": wanted})["Events"]
    assert event["EventName"] == "ModifyVolume"
    assert event["Resources"] == [{"ResourceType": "AWS::EC2::Volume", "ResourceName": volume}]


def test_each_console_is_ascii_on_disk() -> None:
    for path in Path(FOLDER).glob("*.log"):
        assert path.read_bytes().isascii(), path.name
