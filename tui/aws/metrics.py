"""CloudWatch, asked of one instance when somebody looks at it: never for the list, never in a poll, since each metric is paid.

What could not be read is in `Evidence.unread` and stands as DENIED in its row. Shapes: botocore's model, cloudwatch 2010-08-01.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
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

QUERIES_A_CALL = 500
"""Of GetMetricData."""
MOST_PAGES = 4
"""Of one answer: a page of ListMetrics has 500 metrics, one of GetMetricData 100,800 points."""
RECENT_HOURS = 3
"""ListMetrics' PT3H: what it does not list then has had no point since."""
OFF = clean("CloudWatch is not asked: [metrics] source is off in your configuration")
_Points = list[tuple[datetime, float]]


class _Series(Struct):
    """What came for a query. `why`: why it is not known; `unit` where CloudWatch says it."""

    points: _Points = []
    why: str = ""
    unit: str = ""


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
        return self._evidence("metrics", metrics, why)

    def agent(self, hours: int, same_host: bool = False) -> Evidence:
        """Memory, swap and disks, by an agent inside. Never raises for AWS.

        `same_host`: another instance has the same host name, so that a metric by that name may be of either.
        """
        if self._source == "off":
            return Evidence(self._now, unread=(("agent", OFF),))
        try:
            listed, is_whole, is_old = self._listed(hours, same_host)
        except Exception as error:  # botocore's parsers fail in Python's own ways
            return self._evidence("agent", self._with(hours, (), MetricState.DENIED), [self._line(error)])
        queries = agent_queries(listed, hours)
        if is_old and hours <= RECENT_HOURS:
            silent = [metric_of(one, (), self._row, self._now) for one in queries]
            metrics, why, asked = silent, list[str](), 0
        else:
            metrics, why = self._metrics(queries, hours)
            asked = len({_identity(one) for one in metrics})
        state = without_agent(self._row, self._now)
        if not is_whole:
            state = MetricState.DENIED
            why.append(self._why_not_whole(same_host))
        return self._evidence("agent", self._with(hours, metrics, state), why, asked)

    def _with(self, hours: int, metrics: Sequence[Metric], state: MetricState) -> tuple[Metric, ...]:
        return with_missing(joined(metrics), state, self._row, hours)

    def _why_not_whole(self, same_host: bool) -> str:
        if same_host:
            name = host_names(self._row)[0]
            return (
                f"more than one instance is called {name}: have the agent send InstanceId (append_dimensions)"
            )
        return f"there are more than {MOST_PAGES * 500} metrics of it: not all were looked at"

    def _evidence(
        self, part: str, metrics: Sequence[Metric], why: Iterable[str], asked: int | None = None
    ) -> Evidence:
        if asked is None:
            asked = len({_identity(one) for one in metrics})
        unread = tuple((part, clean(line)) for line in dict.fromkeys(why))
        return Evidence(self._now, tuple(metrics), asked=asked, unread=unread)

    def _metrics(self, queries: Sequence[MetricQuery], hours: int) -> tuple[list[Metric], list[str]]:
        """A metric each, and why some are not known."""
        if not queries:
            return [], []
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
        """By GetMetricData: one call, and one more for each further page."""
        found = [_Series([]) for _ in queries]
        try:
            client = self._client()
            for first in range(0, len(queries), QUERIES_A_CALL):
                part = range(first, min(first + QUERIES_A_CALL, len(queries)))
                asked = [_data_query(f"m{number}", queries[number]) for number in part]
                self._pages_of_data(client, asked, start, queries, found)
        except Exception as error:  # as above
            why = self._line(error)
            for series in found:
                series.why = series.why or ("" if series.points else why)
        return found

    def _pages_of_data(
        self,
        client: Any,
        asked: list[Any],
        start: datetime,
        queries: Sequence[MetricQuery],
        found: list[_Series],
    ) -> None:
        partial: set[int] = set()
        for page in _pages(
            client.get_metric_data,
            "MetricDataResults",
            MetricDataQueries=asked,
            StartTime=start,
            EndTime=self._now,
            ScanBy="TimestampDescending",
        ):
            for item in page or ():
                number = _number(item.get("Id"), len(found))
                if number is None:
                    continue
                series, status = found[number], item.get("StatusCode")
                series.points += _points(item.get("Timestamps"), item.get("Values"))
                if status == "Forbidden":
                    series.why = self._forbidden(queries[number])
                elif status == "InternalError":
                    series.why = f"CloudWatch failed at {queries[number].namespace}: ask again"
                (partial.add if status == "PartialData" else partial.discard)(number)
            if page is None:
                break
        for number in partial:
            series = found[number]
            series.why = series.why or f"CloudWatch gave only a part of {queries[number].name}: ask again"

    def _forbidden(self, query: MetricQuery) -> str:
        return f"GetMetricData of {query.namespace} is not allowed: " + access_denied.denied_remedy(
            "GetMetricData", "", self._row.target.region
        )

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

    def _listed(self, hours: int, same_host: bool) -> tuple[list[ListedMetric], bool, bool]:
        """What an agent sends, whether that is known for certain, and whether it had no point in RECENT_HOURS: by instance id, in
        any namespace; else by the host's name; else what is old, by instance id.
        """
        client = self._client()
        of = [{"Name": "InstanceId", "Value": str(self._row.instance_id)}]
        listed, is_whole = _list(client, Dimensions=of, RecentlyActive="PT3H")
        if agent_queries(listed, hours):
            return listed, True, False
        hosts = [{"Name": "host", "Value": name} for name in host_names(self._row)]
        answers = [
            self._threads.submit(_list, client, Namespace=AGENT, Dimensions=[one], RecentlyActive="PT3H")
            for one in hosts
        ]
        by_host = [metric for answer in answers for metric in answer.result()[0]]
        if agent_queries(by_host, hours):
            return ([], False, False) if same_host else (by_host, True, False)
        listed, older_is_whole = _list(client, Dimensions=of)
        return listed, is_whole and older_is_whole, True

    def _client(self) -> Any:
        target = self._row.target
        return self._sessions.client(target.profile, "cloudwatch", target.region)

    def _line(self, error: Exception) -> str:
        return str(describe.why_unread(self._sessions, error, self._row.target))


def _identity(one: Metric) -> tuple[object, ...]:
    """Up to five statistics of a metric are one, and paid once."""
    return one.namespace, one.name, one.dimensions


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


def _pages(call: Callable[..., Any], member: str, **params: Any) -> Iterator[Any]:
    """Each page's list, MOST_PAGES at most; None at the end where there would be more."""
    for number, page in enumerate(describe.pages(call, member, **params)):
        if number == MOST_PAGES:
            yield None
            return
        yield page


def _list(client: Any, **params: Any) -> tuple[list[ListedMetric], bool]:
    """ListMetrics, and whether that is all of it."""
    found: list[ListedMetric] = []
    for page in _pages(client.list_metrics, "Metrics", **params):
        if page is None:
            return found, False
        for item in page:
            dimensions = tuple(
                (str(one.get("Name", "")), str(one.get("Value", ""))) for one in item.get("Dimensions") or ()
            )
            found.append(
                ListedMetric(str(item.get("Namespace", "")), str(item.get("MetricName", "")), dimensions)
            )
    return found, True
