"""CloudWatch, asked of one instance when somebody looks at it: never for the list, never in a poll, since each metric is paid.

What could not be read is in `Evidence.unread` and stands as DENIED in its row. Shapes: botocore's model, cloudwatch 2010-08-01.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from tui.aws import access_denied, describe, errors, mapping
from tui.aws.sessions import Sessions
from tui.domain.diagnosis.agent_metrics import (
    AGENT,
    ListedMetric,
    agent_queries,
    first_launched,
    host_names,
    joined,
    with_missing,
    without_agent,
)
from tui.domain.diagnosis.evidence import Evidence, Metric, MetricState
from tui.domain.diagnosis.metric_queries import (
    MOST_VOLUMES,
    MetricQuery,
    metric_of,
    own_queries,
    unread_metric,
)
from tui.domain.instance import Instance
from tui.domain.sanitize import clean

MOST_LISTED = 2000
"""Metrics of an instance that are looked through: a page of ListMetrics has 500."""
RECENT_HOURS = 3
"""ListMetrics' PT3H: what it does not list then has had no point since."""
OFF = clean("CloudWatch is not asked: [metrics] source is off in your configuration")
_Points = list[tuple[datetime, float]]


class _Series(Struct):
    """What came for a query. `why`: why it is not known; `unit` where CloudWatch says it; `status` is its last StatusCode."""

    points: _Points = []
    why: str = ""
    unit: str = ""
    status: str = ""


class Asker:
    """Metrics of one instance. `source`: `data` (GetMetricData), `statistics` (GetMetricStatistics, a call a metric) or `off`."""

    def __init__(
        self, sessions: Sessions, row: Instance, source: str, threads: Executor, now: datetime
    ) -> None:
        self._sessions, self._row, self._source, self._threads, self._now = (
            sessions,
            row,
            source,
            threads,
            now,
        )

    def own(self, hours: int) -> Evidence:
        """AWS's own metrics of the instance and its volumes. Never raises for AWS."""
        if self._source == "off":
            return Evidence(self._now, unread=(("metrics", OFF),))
        metrics, why = self._metrics(own_queries(self._row, hours), hours)
        if (more := len(self._row.volumes) - MOST_VOLUMES) > 0:
            why.append(f"the metrics of {more} more volumes are not asked for")
        return self._evidence("metrics", metrics, why, _count(metrics))

    def agent(self, hours: int, same_host: bool = False) -> Evidence:
        """Memory, swap and disks, by an agent inside. Never raises for AWS.

        `same_host`: another instance has the same host name, so that a metric by that name may be of either.
        """
        if self._source == "off":
            return Evidence(self._now, unread=(("agent", OFF),))
        state = without_agent(self._row, self._now)
        metrics, why, asked = list[Metric](), list[str](), 0
        try:
            listed, is_old, doubt = self._listed(hours, same_host)
        except Exception as error:  # botocore's parsers fail in Python's own ways
            listed, is_old, doubt = [], False, self._line(error)
        queries = agent_queries(listed, hours)
        if is_old and hours <= RECENT_HOURS:
            metrics = [metric_of(one, (), self._row, self._now) for one in queries]
        elif queries:
            metrics, why = self._metrics(queries, hours)
            asked = _count(metrics)
        if doubt:
            state = MetricState.DENIED
            why.append(doubt)
        return self._evidence("agent", with_missing(joined(metrics), state, self._row, hours), why, asked)

    def _evidence(self, part: str, metrics: Sequence[Metric], why: Iterable[str], asked: int) -> Evidence:
        unread = tuple((part, clean(line)) for line in dict.fromkeys(why))
        return Evidence(self._now, tuple(metrics), asked=asked, unread=unread)

    def _metrics(self, queries: Sequence[MetricQuery], hours: int) -> tuple[list[Metric], list[str]]:
        """A metric each, and why some are not known."""
        start = self._now - timedelta(hours=hours)
        read = self._data if self._source == "data" else self._statistics
        found = read(queries, start)
        metrics = []
        for query, series in zip(queries, found, strict=True):
            if series.why and not series.points:
                metrics.append(unread_metric(query))
            else:
                points = _of_this_machine(series.points, query, self._row)
                metrics.append(metric_of(query, points, self._row, self._now, series.unit))
        return metrics, [series.why for series in found if series.why]

    def _data(self, queries: Sequence[MetricQuery], start: datetime) -> list[_Series]:
        """By GetMetricData: one call (it takes 500 queries), and one more for each further page of 100,800 points."""
        found, why = [_Series([]) for _ in queries], ""
        asked = [_data_query(f"m{number}", query) for number, query in enumerate(queries)]
        try:
            span = {"StartTime": start, "EndTime": self._now, "ScanBy": "TimestampDescending"}
            call = self._client().get_metric_data
            for page in describe.pages(call, "MetricDataResults", MetricDataQueries=asked, **span):
                for item in page:
                    if (number := _number(item.get("Id"), len(found))) is not None:
                        found[number].points += _points(item.get("Timestamps"), item.get("Values"))
                        found[number].status = str(item.get("StatusCode"))
        except Exception as error:  # as above
            why = self._line(error)
        for query, series in zip(queries, found, strict=True):
            series.why = self._why(query, series.status) if series.status else why
        return found

    def _why(self, query: MetricQuery, status: str) -> str:
        """Why a series is not known, or not all of it, by its StatusCode."""
        if status == "Forbidden":
            remedy = access_denied.denied_remedy("GetMetricData", "", self._row.target.region)
            return f"GetMetricData of {query.namespace} is not allowed: {remedy}"
        if status == "InternalError":
            return f"CloudWatch failed at {query.namespace}: ask again"
        return f"CloudWatch gave only a part of {query.name}: ask again" if status == "PartialData" else ""

    def _statistics(self, queries: Sequence[MetricQuery], start: datetime) -> list[_Series]:
        """By GetMetricStatistics: a call for each metric, side by side."""
        groups: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
        for number, query in enumerate(queries):
            groups[query.namespace, query.name, query.dimensions, query.period].append(number)
        found = [_Series([]) for _ in queries]
        answers = [
            (numbers, self._threads.submit(self._one, [queries[number] for number in numbers], start))
            for numbers in groups.values()
        ]
        for numbers, answer in answers:
            for number, series in zip(numbers, answer.result(), strict=True):
                found[number] = series
        return found

    def _one(self, queries: list[MetricQuery], start: datetime) -> list[_Series]:
        one = queries[0]
        try:
            answer = self._client().get_metric_statistics(
                Namespace=one.namespace,
                MetricName=one.name,
                Dimensions=_dimensions(one),
                StartTime=start,
                EndTime=self._now,
                Period=one.period,
                Statistics=[query.statistic for query in queries],
            )
            items = errors.member_of(answer, "Datapoints")
        except Exception as error:  # as above
            return [_Series([], self._line(error)) for _ in queries]
        unit = next((str(item["Unit"]) for item in items if item.get("Unit")), "")
        return [
            _Series(
                _points(
                    [item.get("Timestamp") for item in items], [item.get(query.statistic) for item in items]
                ),
                unit=unit,
            )
            for query in queries
        ]

    def _listed(self, hours: int, same_host: bool) -> tuple[list[ListedMetric], bool, str]:
        """What an agent sends, whether it had no point in RECENT_HOURS, and why that is not certain.

        By instance id, in any namespace; else by the host's name; else what is old, by instance id.
        """
        client = self._client()
        of = [{"Name": "InstanceId", "Value": str(self._row.instance_id)}]
        listed, many = _list(client, Dimensions=of, RecentlyActive="PT3H")
        if agent_queries(listed, hours):
            return listed, False, ""
        names = host_names(self._row)
        answers = [
            self._threads.submit(
                _list,
                client,
                Namespace=AGENT,
                Dimensions=[{"Name": "host", "Value": name}],
                RecentlyActive="PT3H",
            )
            for name in names
        ]
        by_host = [metric for answer in answers for metric in answer.result()[0]]
        if agent_queries(by_host, hours):
            why = f"more than one instance is called {names[0]}: have the agent send InstanceId (append_dimensions)"
            return ([], False, why) if same_host else (by_host, False, "")
        if not many:
            listed, many = _list(client, Dimensions=of)
        why = f"it has more than {MOST_LISTED} metrics: not all were looked through" if many else ""
        return listed, True, why

    def _client(self) -> Any:
        target = self._row.target
        return self._sessions.client(target.profile, "cloudwatch", target.region)

    def _line(self, error: Exception) -> str:
        return str(describe.why_unread(self._sessions, error, self._row.target))


def _count(metrics: Iterable[Metric]) -> int:
    """How many are paid: those that were answered, of which up to five statistics are one."""
    answered = (one for one in metrics if one.state is not MetricState.DENIED)
    return len({(one.namespace, one.name, one.dimensions) for one in answered})


def _of_this_machine(points: _Points, query: MetricQuery, row: Instance) -> _Points:
    """A host's name may have been another instance's before this one was launched."""
    since = first_launched(row) if any(name == "host" for name, _ in query.dimensions) else None
    return points if since is None else [one for one in points if one[0] >= since]


def _data_query(name: str, query: MetricQuery) -> dict[str, Any]:
    metric = {"Namespace": query.namespace, "MetricName": query.name, "Dimensions": _dimensions(query)}
    return {"Id": name, "MetricStat": {"Metric": metric, "Period": query.period, "Stat": query.statistic}}


def _dimensions(query: MetricQuery) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in query.dimensions]


def _number(name: object, count: int) -> int | None:
    """Which query an Id is of; None: of none that was asked."""
    text = str(name or "")[1:]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 and int(text) < count else None


def _points(times: Any, values: Any) -> _Points:
    """Those with a time and a number; what is neither is not there."""
    found = []
    for time, value in zip(times or (), values or (), strict=False):
        at = mapping.utc_time(time)
        if at is not None and isinstance(value, int | float) and math.isfinite(value):
            found.append((at, float(value)))
    return found


def _list(client: Any, **params: Any) -> tuple[list[ListedMetric], bool]:
    """ListMetrics, and whether there may be more."""
    found: list[ListedMetric] = []
    for page in describe.pages(client.list_metrics, "Metrics", **params):
        for item in page:
            named = (
                (str(one.get("Name", "")), str(one.get("Value", ""))) for one in item.get("Dimensions") or ()
            )
            found.append(
                ListedMetric(str(item.get("Namespace", "")), str(item.get("MetricName", "")), tuple(named))
            )
        if len(found) >= MOST_LISTED:
            return found, True
    return found, False
