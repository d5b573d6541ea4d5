"""Which metrics are asked for, and what their points say of who sends them: tables of values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.rows import row as made
from tui.domain.diagnosis.agent_metrics import (
    MOST_DISKS,
    ListedMetric,
    agent_queries,
    first_launched,
    host_names,
    joined,
    missing,
    with_missing,
    without_agent,
)
from tui.domain.diagnosis.evidence import MetricRow, MetricState
from tui.domain.diagnosis.metric_marks import row_order
from tui.domain.diagnosis.metric_queries import MOST_VOLUMES, MetricQuery, metric_of, own_queries
from tui.domain.instance import InstanceState, Interface, TypeFacts, Volume
from tui.domain.sanitize import clean

NOW = datetime(2026, 11, 29, 3, 10, 20, tzinfo=UTC)
ID = "i-0123456789abcdef0"
OF = (("InstanceId", ID),)


def instance(**more: Any) -> Any:
    values: dict[str, Any] = {
        "instance_id": ID,
        "instance_type": "m6i.large",
        "launched_at": NOW - timedelta(days=30),
    } | more
    return replace(made(1), **{name: clean(one) if type(one) is str else one for name, one in values.items()})


def volumes(count: int) -> tuple[Volume, ...]:
    return tuple(Volume(clean(f"/dev/sd{one}"), clean(f"vol-{one:017x}")) for one in range(count))


def asked(row: Any, hours: int = 3) -> dict[str, set[tuple[str, int]]]:
    found: dict[str, set[tuple[str, int]]] = {}
    for one in own_queries(row, hours):
        found.setdefault(one.name, set()).add((one.statistic, one.period))
    return found


def test_aws_own_metrics_with_the_statistic_and_the_period_that_say_something() -> None:
    found = asked(instance(volumes=volumes(1), monitoring="disabled"))
    assert found["StatusCheckFailed_Instance"] == {("Maximum", 60)}
    assert found["CPUUtilization"] == {("Average", 300), ("Maximum", 300)}, "basic monitoring: 5 minutes"
    assert found["NetworkIn"] == {("Sum", 300)}
    assert found["VolumeQueueLength"] == {("Average", 60)}
    assert found["VolumeTotalReadTime"] == found["VolumeReadOps"] == {("Sum", 60)}, "latency is of sums"
    assert found["VolumeStalledIOCheck"] == {("Maximum", 60)}
    assert "CPUCreditBalance" not in found
    detailed = asked(instance(monitoring="enabled"))
    assert detailed["CPUUtilization"] == {("Average", 60), ("Maximum", 60)}
    assert asked(instance(monitoring=""))["CPUUtilization"] == found["CPUUtilization"], "not known: as basic"


@pytest.mark.parametrize(("hours", "period"), [(3, 60), (24, 300), (72, 900)])
def test_a_longer_range_has_longer_periods(hours: int, period: int) -> None:
    found = asked(instance(instance_type="t3.micro", volumes=volumes(1), monitoring="enabled"), hours)
    assert found["VolumeReadOps"] == {("Sum", period)}
    assert found["CPUUtilization"] == {("Average", period), ("Maximum", period)}
    assert found["CPUCreditBalance"] == {("Minimum", max(300, period))}, "credits come every 5 minutes"


@pytest.mark.parametrize(
    ("kind", "has"), [("t2.micro", True), ("t4g.large", True), ("trn1.2xlarge", False), ("m6i.large", False)]
)
def test_credits_are_asked_of_burstable_types_alone(kind: str, has: bool) -> None:
    assert ("CPUCreditBalance" in asked(instance(instance_type=kind))) is has


def test_what_only_nitro_has_is_not_asked_of_xen() -> None:
    xen = asked(instance(volumes=volumes(1), type_facts=TypeFacts(hypervisor=clean("xen"))))
    assert not {"StatusCheckFailed_AttachedEBS", "VolumeStalledIOCheck", "EBSIOBalance%"} & set(xen)
    assert {"StatusCheckFailed_System", "VolumeReadOps", "BurstBalance"} <= set(xen)
    unknown = asked(instance(volumes=volumes(1)))
    assert {"StatusCheckFailed_AttachedEBS", "VolumeStalledIOCheck"} <= set(unknown)


def test_however_many_volumes_there_are_one_call_holds_the_queries() -> None:
    queries = own_queries(instance(volumes=volumes(100), instance_type="t3.large"), 24)
    assert len(queries) <= 500
    assert len(queries) * 24 * 3600 / 300 <= 100_800, "points of a call"
    assert len({one.dimensions for one in queries if one.row is MetricRow.VOLUME}) == MOST_VOLUMES


def listed(namespace: str, name: str, **more: str) -> ListedMetric:
    return ListedMetric(namespace, name, (("InstanceId", ID), *more.items()))


def picked(*metrics: ListedMetric) -> dict[MetricRow, list[tuple[str, str]]]:
    found: dict[MetricRow, list[tuple[str, str]]] = {}
    for one in agent_queries(metrics, 3):
        found.setdefault(one.row, []).append((one.namespace, one.name))
    return found


MEMORY: list[tuple[str, ListedMetric, bool]] = [
    ("the agent's", listed("CWAgent", "mem_used_percent"), True),
    ("Windows", listed("CWAgent", "Memory % Committed Bytes In Use", objectname="Memory"), True),
    ("the old scripts'", listed("System/Linux", "MemoryUtilization"), True),
    ("a script of one's own", listed("Ops/Night", "memory.used.percent"), True),
    ("another", listed("Ops", "MemUsage"), True),
    ("collectd", listed("custom", "mem_used_pct"), True),
    ("what is left", listed("CWAgent", "mem_available_percent"), True),
    ("a program's heap", listed("App", "jvm.memory.used"), False),
    ("a graphics card's", listed("CWAgent", "nvidia_smi_utilization_memory"), False),
    ("a container's", listed("ECS/ContainerInsights", "container_memory_utilization"), False),
    ("a service's", listed("Ops", "MemoryUtilization", ServiceName="web"), False),
    ("a process's", listed("CWAgent", "procstat_memory_rss"), False),
    ("another service of AWS", listed("AWS/OpsWorks", "memory_used"), False),
    ("no memory", listed("CWAgent", "netstat_tcp_established"), False),
]


@pytest.mark.parametrize(("metric", "is_memory"), [one[1:] for one in MEMORY], ids=[one[0] for one in MEMORY])
def test_memory_is_found_in_any_namespace(metric: ListedMetric, is_memory: bool) -> None:
    assert (MetricRow.MEMORY in picked(metric)) is is_memory


def test_of_several_memories_it_is_the_agent_s_and_a_share_before_a_size() -> None:
    size, share = listed("System/Linux", "MemoryUsed"), listed("System/Linux", "MemoryUtilization")
    assert picked(size, share)[MetricRow.MEMORY] == [("System/Linux", "MemoryUtilization")]
    own = listed("CWAgent", "mem_used_percent", ImageId="ami-1", InstanceType="m6i.large")
    assert picked(size, share, own)[MetricRow.MEMORY] == [("CWAgent", "mem_used_percent")]


def test_swap_and_pagefile_are_swap() -> None:
    assert picked(listed("CWAgent", "swap_used_percent")) == {
        MetricRow.SWAP: [("CWAgent", "swap_used_percent")]
    }
    pages = (
        listed("CWAgent", "Paging File % Usage", instance=r"\??\C:\pagefile.sys"),
        listed("CWAgent", "Paging File % Usage", instance="_Total"),
    )
    (found,) = agent_queries(pages, 3)
    assert dict(found.dimensions)["instance"] == "_Total"


def test_disks_are_asked_for_by_path_and_what_can_t_fill_up_is_left_out() -> None:
    def disk(path: str, fstype: str = "ext4") -> ListedMetric:
        return listed("CWAgent", "disk_used_percent", path=path, device="nvme0n1p1", fstype=fstype)

    found = agent_queries(
        (
            listed("CWAgent", "disk_used_percent"),  # an average over all: aggregation_dimensions
            disk("/"), disk("/data"), disk("/dev/shm", "tmpfs"), disk("/snap/core/1", "squashfs"), disk("/x", "overlay"),
            listed("CWAgent", "disk_inodes_used", path="/"), listed("CWAgent", "diskio_reads", device="nvme0n1"),
        ),
        3,
    )  # fmt: skip
    assert [dict(one.dimensions)["path"] for one in found] == ["/", "/data"]
    assert picked(listed("CWAgent", "disk_used_percent"))[MetricRow.DISK], "better than none"
    many = agent_queries([disk(f"/v/{number:03}") for number in range(100)], 3)
    assert len(many) == MOST_DISKS


def test_windows_disks_are_letters() -> None:
    metrics = [
        listed("CWAgent", "LogicalDisk % Free Space", instance=one, objectname="LogicalDisk")
        for one in ("_Total", "C:", "D:")
    ]
    assert [dict(one.dimensions)["instance"] for one in agent_queries(metrics, 3)] == ["C:", "D:"]


def points(*ages: float, period: int = 60, value: float = 50.0) -> list[tuple[datetime, float]]:
    """Values so many periods old."""
    at = NOW.replace(second=0)
    return [(at - timedelta(seconds=period * age), value) for age in ages]


def state(given: Any, row: Any, **query: Any) -> MetricState:
    values: dict[str, Any] = {"namespace": "AWS/EC2", "statistic": "Average", "period": 60} | query
    asked = MetricQuery(
        MetricRow.CPU,
        values.pop("namespace"),
        "x",
        OF,
        values.pop("statistic"),
        values.pop("period"),
        **values,
    )
    return metric_of(asked, given, row, NOW).state


FRESH = NOW - timedelta(minutes=6)
STOPPED = InstanceState.STOPPED
R, S, A, E, D = (
    MetricState.REPORTING, MetricState.SILENT, MetricState.ABSENT, MetricState.EARLY, MetricState.STOPPED,
)  # fmt: skip
STATES: list[tuple[str, Any, dict[str, Any], dict[str, Any], MetricState]] = [
    ("points till now", range(1, 100), {}, {}, R),
    ("the newest is on its way", range(4, 100), {}, {}, R),
    ("none in its last three periods", range(6, 100), {}, {}, S),
    ("never one", (), {}, {}, A),
    ("listed, and none in the range", (), {}, {"listed": True}, S),
    ("a volume of Xen that is idle", range(20, 30), {}, {"sparse": True}, R),
    ("stopped", range(20, 30), {"state": STOPPED}, {}, D),
    ("stopped, never one", (), {"state": STOPPED}, {}, D),
    ("stopped a moment ago", range(1, 30), {"state": InstanceState.STOPPING}, {}, R),
    ("just started, nothing yet", (), {"launched_at": FRESH}, {}, E),
    ("just started, points are from before", range(20, 30), {"launched_at": FRESH}, {}, E),
    ("just started, and silent again since", (5, 6), {"launched_at": FRESH - timedelta(minutes=3)}, {}, S),
    ("starting", (), {"state": InstanceState.PENDING}, {}, E),
    ("state not known", (), {"state": InstanceState.UNKNOWN}, {}, A),
    ("listed before, just started", (), {"launched_at": FRESH}, {"listed": True}, E),
]


@pytest.mark.parametrize(
    ("ages", "row", "query", "wanted"), [one[1:] for one in STATES], ids=[one[0] for one in STATES]
)
def test_why_there_are_the_points_there_are(ages: Any, row: Any, query: Any, wanted: MetricState) -> None:
    assert state(points(*ages), instance(**row), **query) is wanted


def test_a_script_that_sends_every_five_minutes_is_not_silent_in_between() -> None:
    query = MetricQuery(MetricRow.MEMORY, "Ops", "MemUsage", OF, "Average", 60, listed=True)
    metric = metric_of(query, points(*range(1, 20), period=300), instance(), NOW)
    assert (metric.period, metric.state) == (300, MetricState.REPORTING)
    late = metric_of(query, points(*range(6, 20), period=300), instance(), NOW)
    assert late.state is MetricState.SILENT


def test_points_are_sorted_and_what_is_missing_is_not_filled() -> None:
    given = points(3, 1, 9)
    metric = metric_of(MetricQuery(MetricRow.CPU, "AWS/EC2", "x", OF, "Average", 60), given, instance(), NOW)
    assert metric.points == tuple(sorted(given))
    assert (metric.newest, metric.at) == (50.0, given[1][0])


def test_the_sum_of_a_period_that_has_not_ended_is_not_shown_as_a_fall() -> None:
    query = MetricQuery(MetricRow.NETWORK, "AWS/EC2", "NetworkIn", OF, "Sum", 60)
    assert [at for at, _ in metric_of(query, points(0, 1, 2), instance(), NOW).points] == [
        at for at, _ in points(2, 1)
    ]


def test_without_an_agent_each_row_says_why_it_is_empty() -> None:
    assert without_agent(instance(), NOW) is MetricState.ABSENT
    assert without_agent(instance(launched_at=FRESH), NOW) is MetricState.EARLY
    assert without_agent(instance(state=STOPPED), NOW) is MetricState.STOPPED
    found = with_missing((), MetricState.ABSENT, instance(), 3)
    assert [(one.row, one.name, one.unit) for one in found] == [
        (MetricRow.MEMORY, "mem_used_percent", "Percent"),
        (MetricRow.SWAP, "swap_used_percent", "Percent"),
        (MetricRow.DISK, "disk_used_percent", "Percent"),
    ]
    assert missing(MetricRow.SWAP, MetricState.DENIED, instance(), 24).period == 300


def test_the_fullest_disk_comes_first_also_where_what_is_free_is_counted() -> None:
    def disk(name: str, value: float) -> Any:
        query = MetricQuery(MetricRow.DISK, "CWAgent", name, OF, "Average", 60, listed=True)
        return metric_of(query, points(1, value=value), instance(), NOW)

    used = [disk("disk_used_percent", one) for one in (20, 97, 50)]
    free = [disk("LogicalDisk % Free Space", one) for one in (46, 2)]
    assert [one.newest for one in with_missing(used, MetricState.ABSENT, instance(), 3)[2:]] == [97, 50, 20]
    assert [one.newest for one in with_missing(free, MetricState.ABSENT, instance(), 3)[2:]] == [2, 46]


def test_the_host_s_name_is_its_private_dns_name_or_the_first_label_of_it() -> None:
    assert host_names(instance(private_dns="web-7.corp.example")) == ("web-7", "web-7.corp.example")
    assert host_names(instance(private_ip="10.2.0.4")) == (
        "ip-10-2-0-4",
        "ip-10-2-0-4.eu-west-1.compute.internal",
    )
    assert host_names(instance(private_dns="web-7")) == ("web-7",)
    assert host_names(instance(private_ip="")) == ()


def test_it_was_made_when_its_primary_interface_was_attached() -> None:
    first = NOW - timedelta(days=300)
    cards = (Interface(clean("eni-1"), 1, attached_at=NOW), Interface(clean("eni-0"), 0, attached_at=first))
    assert first_launched(instance(interfaces=cards)) == first
    assert first_launched(instance()) == NOW - timedelta(days=30)


def test_a_series_goes_on_where_its_other_dimensions_changed() -> None:
    """The agent may append the instance's type: with another type it is another series."""

    def of(kind: str) -> ListedMetric:
        return listed("CWAgent", "mem_used_percent", InstanceType=kind)

    before, after = agent_queries((of("m6i.large"), of("m6i.xlarge")), 3)
    small = metric_of(before, points(1, 2, value=99.0), instance(), NOW)
    large = metric_of(after, points(2, 9, 10, value=50.0), instance(), NOW)
    (one,) = joined([large, small])
    assert (one.state, one.dimension("InstanceType")) == (MetricState.REPORTING, "m6i.large")
    assert [value for _, value in one.points] == [50.0, 50.0, 99.0, 99.0]
    silent = metric_of(before, (), instance(), NOW)
    assert joined([silent, large]) == (large,)
    assert joined([silent]) == (silent,)


def test_series_of_two_disks_stay_two() -> None:
    disks = [
        listed("CWAgent", "disk_used_percent", path=path, device=one)
        for path in ("/", "/data")
        for one in ("xvda1", "nvme0n1p1")
    ]
    queries = agent_queries(disks, 3)
    assert len(queries) == 4
    found = joined(
        [metric_of(one, points(1, value=number), instance(), NOW) for number, one in enumerate(queries)]
    )
    assert [one.dimension("path") for one in found] == ["/", "/data"]


def test_a_row_that_its_type_cannot_have_is_none() -> None:
    """Nor *not read* where CloudWatch is denied: of a type without credits none are unknown."""
    assert MetricRow.CREDITS not in row_order(instance(instance_type="m6i.large"))
    assert set(row_order(instance(instance_type="t3.micro"))) == set(MetricRow)
