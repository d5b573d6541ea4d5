"""CloudWatch's answers as series with states: what is refused, cut in pages, incomplete or no answer at all."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from tests.unit.rows import row as made
from tui.aws import metrics
from tui.aws.sessions import Sessions
from tui.config.schema import Settings
from tui.domain.diagnosis.evidence import Evidence, Metric, MetricRow, MetricState
from tui.domain.instance import Interface, Volume
from tui.domain.sanitize import clean

NOW = datetime(2026, 11, 29, 3, 10, 20, tzinfo=UTC)
ID = "i-0123456789abcdef0"
ROW = made(
    1,
    instance_id=clean(ID),
    instance_type=clean("m6i.large"),
    launched_at=NOW - timedelta(days=9),
    volumes=(Volume(clean("/dev/sda1"), clean("vol-1")),),
    private_ip=clean("10.2.0.4"),
    monitoring=clean("enabled"),
)
DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetMetricData")


def refused(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, operation)


class CloudWatch:
    """Stands for CloudWatch; keeps what it was asked."""

    def __init__(self) -> None:
        self.data: Any = self.complete
        self.is_endless = False
        self.listed: dict[tuple[str, bool], Any] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []

    @staticmethod
    def complete(query: dict[str, Any]) -> dict[str, Any]:
        at = NOW.replace(second=0)
        times = [at - timedelta(minutes=one) for one in (1, 2, 3)]
        return {"Timestamps": times, "Values": [1.0, 2.0, 3.0], "StatusCode": "Complete"}

    def get_metric_data(self, **asked: Any) -> Any:
        self.calls.append(("GetMetricData", asked))
        if isinstance(self.data, Exception):
            raise self.data
        if isinstance(self.data, list):
            return self.data[len(self.calls) - 1]
        return {
            "MetricDataResults": [{"Id": one["Id"], **self.data(one)} for one in asked["MetricDataQueries"]]
        }

    def get_metric_statistics(self, **asked: Any) -> Any:
        self.calls.append(("GetMetricStatistics", asked))
        if asked["Namespace"] == "AWS/EBS":
            raise refused("GetMetricStatistics")
        at = NOW.replace(second=0)
        values = dict.fromkeys(asked["Statistics"], 7.0)
        return {
            "Datapoints": [
                {"Timestamp": at - timedelta(minutes=one), "Unit": "Percent", **values} for one in (2, 9, 1)
            ]
        }

    def list_metrics(self, **asked: Any) -> Any:
        self.calls.append(("ListMetrics", asked))
        (of,) = asked["Dimensions"]
        found = self.listed.get((of["Name"], "RecentlyActive" in asked), [])
        if isinstance(found, Exception):
            raise found
        more = {"NextToken": f"t{len(self.calls)}"} if self.is_endless else {}
        return {"Metrics": [one for one in found if of in one["Dimensions"]], **more}


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def asker(
    cloudwatch: CloudWatch, threads: ThreadPoolExecutor, source: str = "data", row: Any = ROW
) -> metrics.Asker:
    sessions: Any = Sessions(Settings())
    sessions.client = lambda *_: cloudwatch
    return metrics.Asker(sessions, row, source, threads, NOW)


def by_name(found: Evidence) -> dict[str, Metric]:
    assert found.metrics is not None
    return {str(one.name): one for one in found.metrics}


def test_one_call_answers_all_and_each_metric_is_counted_once(threads: ThreadPoolExecutor) -> None:
    cloudwatch = CloudWatch()
    found = asker(cloudwatch, threads).own(3)
    ((name, asked),) = cloudwatch.calls
    assert name == "GetMetricData"
    assert asked["EndTime"] - asked["StartTime"] == timedelta(hours=3)
    named = {str(one["MetricStat"]["Metric"]) for one in asked["MetricDataQueries"]}
    assert found.asked == len(named) == len(asked["MetricDataQueries"]) - 1, (
        "of CPU two statistics: one metric"
    )
    assert found.unread == ()
    assert found.metrics is not None
    assert {one.state for one in found.metrics} == {MetricState.REPORTING}


def test_off_asks_nothing_and_says_so(threads: ThreadPoolExecutor) -> None:
    cloudwatch = CloudWatch()
    off = asker(cloudwatch, threads, "off")
    for found in (off.own(3), off.agent(3)):
        assert (found.metrics, found.asked) == (None, 0)
        assert "source is off" in found.unread[0][1]
    assert cloudwatch.calls == []


def test_a_call_that_is_denied_leaves_its_rows_and_names_the_permission(threads: ThreadPoolExecutor) -> None:
    cloudwatch = CloudWatch()
    cloudwatch.data = DENIED
    found = asker(cloudwatch, threads).own(3)
    assert found.metrics is not None
    assert {one.row for one in found.metrics} >= {
        MetricRow.CHECK,
        MetricRow.CPU,
        MetricRow.VOLUME,
        MetricRow.NETWORK,
    }
    assert {one.state for one in found.metrics} == {MetricState.DENIED}
    assert found.unread == (
        ("metrics", "GetMetricData is not allowed: ask for the permission to call cloudwatch:GetMetricData"),
    )  # fmt: skip


def test_forbidden_is_said_of_the_metric_it_is_of(threads: ThreadPoolExecutor) -> None:
    def some(query: dict[str, Any]) -> dict[str, Any]:
        volumes = query["MetricStat"]["Metric"]["Namespace"] == "AWS/EBS"
        return {"StatusCode": "Forbidden"} if volumes else CloudWatch.complete(query)

    cloudwatch = CloudWatch()
    cloudwatch.data = some
    found = asker(cloudwatch, threads).own(3)
    assert by_name(found)["VolumeReadOps"].state is MetricState.DENIED
    assert by_name(found)["CPUUtilization"].state is MetricState.REPORTING
    ((part, why),) = found.unread
    assert part == "metrics"
    assert "GetMetricData of AWS/EBS is not allowed" in why
    assert "cloudwatch:GetMetricData" in why


def test_pages_are_put_together_and_a_part_that_stays_one_is_said(threads: ThreadPoolExecutor) -> None:
    cloudwatch = CloudWatch()
    early, late = ([NOW - timedelta(minutes=one)] for one in (30, 1))
    cloudwatch.data = [
        {
            "MetricDataResults": [
                {"Id": "m0", "StatusCode": "PartialData", "Timestamps": late, "Values": [1.0]},
                {"Id": "m1", "StatusCode": "PartialData", "Timestamps": late, "Values": [2.0]},
            ],
            "NextToken": "t",
        },
        {"MetricDataResults": [
            {"Id": "m0", "StatusCode": "Complete", "Timestamps": early, "Values": [3.0]},
            {"Id": "m77", "StatusCode": "Complete", "Timestamps": early, "Values": [3.0]},
            {"Id": "evil", "StatusCode": "Complete"},
        ]},
    ]  # fmt: skip
    found = asker(cloudwatch, threads).own(3)
    first, second = (found.metrics or ())[:2]
    assert [value for _, value in first.points] == [3.0, 1.0]
    assert [value for _, value in second.points] == [2.0]
    ((_, why),) = found.unread
    assert "only a part" in why
    assert "StatusCheckFailed_Instance" in why
    assert cloudwatch.calls[1][1]["NextToken"] == "t"


def test_what_is_no_number_and_no_time_is_not_there(threads: ThreadPoolExecutor) -> None:
    cloudwatch = CloudWatch()
    at = NOW - timedelta(minutes=2)
    cloudwatch.data = lambda _: {
        "StatusCode": "Complete",
        "Timestamps": [at, "soon", at - timedelta(minutes=1), at],
        "Values": [float("nan"), 1.0, None, 5.0],
    }
    found = asker(cloudwatch, threads).own(3)
    assert {one.points for one in found.metrics or ()} == {((at, 5.0),)}


def test_statistics_are_a_call_a_metric_and_a_denied_one_spoils_no_other(threads: ThreadPoolExecutor) -> None:
    cloudwatch = CloudWatch()
    found = asker(cloudwatch, threads, "statistics").own(3)
    assert {name for name, _ in cloudwatch.calls} == {"GetMetricStatistics"}
    assert found.asked == sum(one.state is not MetricState.DENIED for one in by_name(found).values())
    assert 0 < found.asked < len(cloudwatch.calls)  # what is refused is not answered
    cpu = next(asked for _, asked in cloudwatch.calls if asked["MetricName"] == "CPUUtilization")
    assert sorted(cpu["Statistics"]) == ["Average", "Maximum"]
    one = by_name(found)["CPUUtilization"]
    assert [int((NOW - at).total_seconds() // 60) for at, _ in one.points] == [9, 2, 1], (
        "AWS sends them in any order"
    )
    assert one.unit == "Percent"
    assert by_name(found)["BurstBalance"].state is MetricState.DENIED
    assert len(found.unread) == 1


def listed(
    name: str, dimension: str = "InstanceId", namespace: str = "CWAgent", value: str = ID
) -> dict[str, Any]:
    return {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": [{"Name": dimension, "Value": value}, {"Name": "path", "Value": "/\x1b[2J"}],
    }


def test_memory_by_id_in_any_namespace_costs_two_calls(threads: ThreadPoolExecutor) -> None:
    cloudwatch = CloudWatch()
    cloudwatch.listed["InstanceId", True] = [listed("MemoryUtilization", namespace="Ops/\x1b[31mNight")]
    found = asker(cloudwatch, threads).agent(3)
    assert [name for name, _ in cloudwatch.calls] == ["ListMetrics", "GetMetricData"]
    assert "Namespace" not in cloudwatch.calls[0][1]
    memory, swap, disk = found.metrics or ()
    assert memory.state is MetricState.REPORTING
    assert all(str(text).isprintable() for text in (memory.namespace, *memory.dimensions[1]))
    (query,) = cloudwatch.calls[1][1]["MetricDataQueries"]
    assert query["MetricStat"]["Metric"]["Namespace"] == "Ops/\x1b[31mNight", "asked for by its very name"
    assert (swap.state, disk.state, found.asked) == (MetricState.ABSENT, MetricState.ABSENT, 1)


@pytest.mark.parametrize("host", ["ip-10-2-0-4", "ip-10-2-0-4.eu-west-1.compute.internal"])
def test_an_agent_without_the_id_is_found_by_the_host_s_name(host: str, threads: ThreadPoolExecutor) -> None:
    cloudwatch = CloudWatch()
    cloudwatch.listed["host", True] = [listed("mem_used_percent", "host", value=host)]
    found = asker(cloudwatch, threads).agent(3)
    memory = by_name(found)["mem_used_percent"]
    assert (memory.state, memory.dimension("host")) == (MetricState.REPORTING, host)
    assert len(cloudwatch.calls) <= 4


def test_a_host_s_name_that_two_have_proves_nothing(threads: ThreadPoolExecutor) -> None:
    cloudwatch = CloudWatch()
    cloudwatch.listed["host", True] = [listed("mem_used_percent", "host", value="ip-10-2-0-4")]
    found = asker(cloudwatch, threads).agent(3, same_host=True)
    assert {one.state for one in found.metrics or ()} == {MetricState.DENIED}
    assert "more than one instance is called ip-10-2-0-4" in found.unread[0][1]
    alone = CloudWatch()
    assert (
        by_name(asker(alone, threads).agent(3, same_host=True))["mem_used_percent"].state
        is MetricState.ABSENT
    )


def test_points_of_another_instance_that_had_the_name_before_are_left_out(
    threads: ThreadPoolExecutor,
) -> None:
    cloudwatch = CloudWatch()
    cloudwatch.listed["host", True] = [listed("mem_used_percent", "host", value="ip-10-2-0-4")]
    born = NOW.replace(second=0) - timedelta(minutes=2)
    row = made(
        1, launched_at=born, private_ip=clean("10.2.0.4"), interfaces=(Interface(clean("eni-1"), 0, attached_at=born),)
    )  # fmt: skip
    found = asker(cloudwatch, threads, row=row).agent(3)
    assert len(by_name(found)["mem_used_percent"].points) == 2


def test_one_that_was_there_and_fell_silent_hours_ago_is_silent_not_absent(
    threads: ThreadPoolExecutor,
) -> None:
    cloudwatch = CloudWatch()
    cloudwatch.listed["InstanceId", False] = [listed("mem_used_percent")]
    cloudwatch.data = lambda _: {"StatusCode": "Complete", "Timestamps": [], "Values": []}
    memory = by_name(asker(cloudwatch, threads).agent(3))["mem_used_percent"]
    assert (memory.state, memory.newest, memory.points) == (MetricState.SILENT, None, ())
    assert len(cloudwatch.calls) <= 4


@pytest.mark.parametrize("where", [("InstanceId", True), ("host", True), ("InstanceId", False)])
def test_a_list_that_is_denied_is_no_word_that_there_is_no_agent(
    where: tuple[str, bool], threads: ThreadPoolExecutor
) -> None:
    cloudwatch = CloudWatch()
    cloudwatch.listed[where] = refused("ListMetrics")
    found = asker(cloudwatch, threads).agent(3)
    assert [(one.row, one.state) for one in found.metrics or ()] == [
        (row, MetricState.DENIED) for row in (MetricRow.MEMORY, MetricRow.SWAP, MetricRow.DISK)
    ]
    ((part, why),) = found.unread
    assert part == "agent"
    assert "cloudwatch:ListMetrics" in why


def test_without_any_it_is_absent_and_nothing_is_paid(threads: ThreadPoolExecutor) -> None:
    cloudwatch = CloudWatch()
    found = asker(cloudwatch, threads).agent(3)
    assert {one.state for one in found.metrics or ()} == {MetricState.ABSENT}
    assert (found.asked, found.unread) == (0, ())
    assert "GetMetricData" not in [name for name, _ in cloudwatch.calls]


def test_a_list_without_an_end_is_not_read_for_ever_and_proves_no_absence(
    threads: ThreadPoolExecutor,
) -> None:
    cloudwatch = CloudWatch()
    cloudwatch.is_endless = True
    cloudwatch.listed["InstanceId", True] = [listed("procstat_cpu_usage")] * 500
    found = asker(
        cloudwatch, threads, row=made(1, launched_at=NOW - timedelta(days=9), instance_id=clean(ID))
    ).agent(3)
    assert {one.state for one in found.metrics or ()} == {MetricState.DENIED}
    assert "more than 2000 metrics" in found.unread[0][1]
    assert len(cloudwatch.calls) == 4


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (ConnectTimeoutError(endpoint_url="https://x"), "ask again; check the network"),
        (ClientError({"Error": {"Code": "ThrottlingException"}}, "GetMetricData"), "ask again"),
        (refused("GetMetricData"), "ask for the permission to call cloudwatch:GetMetricData"),
    ],
)
def test_the_remedy_is_one_for_a_person_who_has_just_asked(
    error: Exception, remedy: str, threads: ThreadPoolExecutor
) -> None:
    """Nobody keeps trying: what is read on demand is read when it is asked for."""
    cloudwatch = CloudWatch()
    cloudwatch.data = error
    ((_, why),) = asker(cloudwatch, threads).own(3).unread
    assert why.endswith(f": {remedy}")
