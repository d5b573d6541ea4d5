"""The reads of CloudWatch on an unmodified moto: data put there comes back in its row, in any namespace, each way of asking."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from msgspec.structs import replace

from tests.contracts.aws_worlds import KEY, QUICK, REGION, Cloud
from tui.aws import metrics
from tui.domain.diagnosis.evidence import Metric, MetricRow, MetricState
from tui.domain.instance import Instance, InstanceState, Target, Volume
from tui.domain.sanitize import clean


@pytest.fixture
def cloudwatch(clouds: Any) -> Iterator[Any]:
    cloud: Cloud = clouds("moto")
    client = boto3.Session(KEY, "secret", region_name=REGION).client(
        "cloudwatch", endpoint_url=cloud.url, config=QUICK
    )
    yield client
    client.close()


@pytest.fixture
def row() -> Instance:
    """One of its own for each test: moto keeps what others have put."""
    ident = f"i-{uuid.uuid4().hex[:17]}"
    now = datetime.now(UTC)
    return replace(
        Instance(Target("shop", REGION), clean(ident), state=InstanceState.RUNNING),
        launched_at=now - timedelta(days=9),
        volumes=(Volume(clean("/dev/sda1"), clean(f"vol-{ident[2:]}")),),
        monitoring=clean("enabled"),
        instance_type=clean("t3.micro"),
    )


def put(
    cloudwatch: Any,
    namespace: str,
    name: str,
    value: float,
    *dimensions: tuple[str, str],
    minutes: Any = (1, 2, 9),
) -> None:
    now = datetime.now(UTC)
    cloudwatch.put_metric_data(
        Namespace=namespace,
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": key, "Value": one} for key, one in dimensions],
                "Timestamp": now - timedelta(minutes=ago),
                "Value": value,
                "Unit": "Percent",
            }
            for ago in minutes
        ],
    )


def asked(
    cloudwatch: Any, row: Instance, source: str, part: str
) -> tuple[dict[tuple[str, str], Metric], Any]:
    class Door:
        def client(self, *_: Any) -> Any:
            return cloudwatch

    sessions: Any = Door()
    with ThreadPoolExecutor(4) as threads:
        asker = metrics.Asker(sessions, row, source, threads, datetime.now(UTC))
        found = asker.own(3) if part == "own" else asker.agent(3)
    assert found.metrics is not None
    return {(str(one.name), one.statistic): one for one in found.metrics}, found


@pytest.mark.parametrize("source", ["data", "statistics"])
def test_own_metrics_come_back_in_their_rows(cloudwatch: Any, row: Instance, source: str) -> None:
    of, volume = ("InstanceId", str(row.instance_id)), ("VolumeId", str(row.volumes[0].volume_id))
    put(cloudwatch, "AWS/EC2", "StatusCheckFailed_Instance", 1.0, of)
    put(cloudwatch, "AWS/EC2", "CPUUtilization", 97.5, of, minutes=range(60, 70))
    put(cloudwatch, "AWS/EBS", "VolumeQueueLength", 3.5, volume)
    series, found = asked(cloudwatch, row, source, "own")
    check = series["StatusCheckFailed_Instance", "Maximum"]
    assert (check.row, check.state, check.newest, len(check.points)) == (
        MetricRow.CHECK,
        MetricState.REPORTING,
        1.0,
        3,
    )
    assert [at for at, _ in check.points] == sorted(at for at, _ in check.points)
    for statistic in ("Average", "Maximum"):
        cpu = series["CPUUtilization", statistic]
        assert (cpu.state, cpu.newest) == (MetricState.SILENT, 97.5)
    queue = series["VolumeQueueLength", "Average"]
    assert (queue.dimension("VolumeId"), queue.newest) == (volume[1], 3.5)
    assert series["NetworkIn", "Sum"].state is MetricState.ABSENT
    assert found.unread == ()


def test_memory_is_found_in_a_namespace_nobody_configured(cloudwatch: Any, row: Instance) -> None:
    of = ("InstanceId", str(row.instance_id))
    put(cloudwatch, "Ops/Night", "MemoryUtilization", 88.0, of)
    put(cloudwatch, "Ops/Night", "jvm.memory.used", 3.0, of)
    for path, value in (("/", 40.0), ("/data", 96.0)):
        put(cloudwatch, "CWAgent", "disk_used_percent", value, of, ("path", path), ("fstype", "xfs"))
    series, found = asked(cloudwatch, row, "data", "agent")
    memory = series["MemoryUtilization", "Average"]
    assert (memory.row, memory.namespace, memory.newest) == (MetricRow.MEMORY, "Ops/Night", 88.0)
    disks = [one for one in found.metrics if one.row is MetricRow.DISK]
    assert [(one.dimension("path"), one.newest) for one in disks] == [("/data", 96.0), ("/", 40.0)]
    assert series["swap_used_percent", "Average"].state is MetricState.ABSENT
    assert found.asked == 3


def test_an_agent_that_knows_no_id_is_found_by_its_host(cloudwatch: Any, row: Instance) -> None:
    host = f"host-{uuid.uuid4().hex[:8]}"
    put(cloudwatch, "CWAgent", "mem_used_percent", 61.0, ("host", host))
    series, _ = asked(cloudwatch, replace(row, private_dns=clean(f"{host}.corp.example")), "data", "agent")
    assert series["mem_used_percent", "Average"].newest == 61.0
    assert series["mem_used_percent", "Average"].dimension("host") == host


def test_without_any_it_is_absent_and_nothing_is_paid(cloudwatch: Any, row: Instance) -> None:
    series, found = asked(cloudwatch, row, "data", "agent")
    assert {one.state for one in series.values()} == {MetricState.ABSENT}
    assert found.asked == 0
