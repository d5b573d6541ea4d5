"""CloudWatch's readings: which metrics there are, and their points.

Sources: cloudwatch model (ListMetrics, GetMetricData, GetMetricStatistics: limits, rounding, retention, Forbidden of one metric),
user guide, cloudwatch_concepts (periods). Metric math is not served.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from tui.demo.metric_values import LISTED_AFTER, Bin, Series, bins, find_series, series_with
from tui.demo.request import Request
from tui.demo.world import AwsError

Doc = dict[str, Any]
_RECENT, _TWO_WEEKS = timedelta(hours=3, minutes=50), timedelta(days=14)
_KEPT = ((timedelta(hours=3), 60), (timedelta(days=15), 300), (timedelta(days=63), 3600))
"""Older than so, points are kept in periods of so many seconds."""
_PAGE, _QUERIES, _POINTS, _STATISTICS = 500, 500, 100_800, 1440


def _listed(series: Series, now: datetime, *, recently: bool) -> bool:
    """Whether it had a point in two weeks, or in three hours and some more, and long enough ago to be known."""
    began, ended = series.instance.ran.first, series.instance.ran.last_end
    if began is None or now - began < LISTED_AFTER:
        return False
    since = now - (_RECENT if recently else _TWO_WEEKS)
    if ended is not None and ended < since:
        return False
    silent = [play.silent_since(series) for play in series.instance.plays]
    return all(one is None or one > since for one in silent)


def ListMetrics(request: Request, params: Doc) -> Doc:
    """500 a page. Dimensions filter by name, or by name and value; a metric may have more."""
    now, wanted = request.world.clock.now, params.get("Dimensions", [])
    if params.get("RecentlyActive", "PT3H") != "PT3H":
        raise AwsError("ValidationError", "1 validation error detected: RecentlyActive must be PT3H")
    if len(wanted) > 10:
        raise AwsError("ValidationError", "Dimensions must have length less than or equal to 10")
    found = []
    for series in series_with(request.region, wanted):
        has = dict(series.dimensions)
        if (
            params.get("Namespace", series.namespace) == series.namespace
            and params.get("MetricName", series.name) == series.name
            and all(one["Name"] in has and one.get("Value", has[one["Name"]]) == has[one["Name"]] for one in wanted)
            and _listed(series, now, recently="RecentlyActive" in params)
        ):  # fmt: skip
            found.append(_metric(series))
    at = _page(params)
    answer: Doc = {"Metrics": found[at : at + _PAGE]}
    if len(found) > at + _PAGE:
        answer["NextToken"] = f"m{at + _PAGE}"
    return answer


def _page(params: Doc) -> int:
    token = params.get("NextToken") or "m0"
    if not re.fullmatch(r"m\d+", token):
        raise AwsError("InvalidNextToken", "The provided next token is invalid")
    return int(token[1:])


def _metric(series: Series) -> Doc:
    dimensions = [{"Name": name, "Value": value} for name, value in series.dimensions]
    return {"Namespace": series.namespace, "MetricName": series.name, "Dimensions": dimensions}


def _points(request: Request, metric: Doc, params: Doc, period: int) -> list[Bin]:
    """Its points; none where they are kept in longer periods only, or of a unit that it does not have."""
    now, start = request.world.clock.now, params["StartTime"]
    if period not in (1, 5, 10, 20, 30) and (period < 60 or period % 60):
        raise AwsError(
            "ValidationError", f"Period must be 1, 5, 10, 20, 30 or a multiple of 60, not {period}"
        )
    series = find_series(request.region, metric)
    if series is None or metric.get("Unit", series.kind.unit) != series.kind.unit:
        return []
    for age, least in _KEPT:
        if period % least:
            start = max(start, now - age)
    return list(bins(series, start, params["EndTime"], period, now))


def _in_order(params: Doc) -> None:
    if params["StartTime"] >= params["EndTime"]:
        text = "The parameter StartTime must be less than the parameter EndTime."
        raise AwsError("ValidationError", text)


def GetMetricData(request: Request, params: Doc) -> Doc:
    """At most 500 queries and 100,800 points. One that may not be read is Forbidden, the others are answered."""
    queries = params["MetricDataQueries"]
    _in_order(params)
    if len(queries) > _QUERIES:
        text = f"The collection MetricDataQueries must not have a size greater than {_QUERIES}."
        raise AwsError("ValidationError", text)
    names = [one["Id"] for one in queries]
    if len(set(names)) < len(names) or not all(re.fullmatch(r"[a-z][A-Za-z0-9_]*", one) for one in names):
        raise AwsError("ValidationError", "Each Id must be unique and begin with a lowercase letter.")
    limit = min(params.get("MaxDatapoints", _POINTS), _POINTS)
    skip, left, results = _page(params), limit, []
    token = None
    for query in queries:
        result, points = _result(request, query, params)
        if params.get("ScanBy", "TimestampDescending") == "TimestampDescending":
            points.reverse()
        if skip >= len(points) > 0:
            skip -= len(points)
            continue
        rest, skip = points[skip:], 0
        shown, more = rest[:left], rest[left:]
        left -= len(shown)
        result["Timestamps"] = [at for at, _ in shown]
        result["Values"] = [value for _, value in shown]
        results.append(result)
        if more:
            result["StatusCode"] = "PartialData"
            token = f"m{_page(params) + limit}"
            break
    return {"MetricDataResults": results, "Messages": [], **({"NextToken": token} if token else {})}


def _result(request: Request, query: Doc, params: Doc) -> tuple[Doc, list[tuple[datetime, float]]]:
    stat = query.get("MetricStat")
    if stat is None:
        raise AwsError("ValidationError", "Metric math is not served by the embedded AWS.")
    metric: Doc = stat["Metric"]
    answer: Doc = {
        "Id": query["Id"],
        "Label": query.get("Label", metric["MetricName"]),
        "StatusCode": "Complete",
    }
    name = f"{metric['Namespace']}/{metric['MetricName']}"
    if any(fnmatchcase(name, pattern) for pattern in request.forbidden):
        text = f"You are not authorized to read {name}."
        return {**answer, "StatusCode": "Forbidden", "Messages": [{"Code": "Forbidden", "Value": text}]}, []
    metric = {**metric, "Unit": stat["Unit"]} if "Unit" in stat else metric
    found = _points(request, metric, params, stat["Period"])
    try:
        return answer, [(one.at, one.statistic(stat["Stat"])) for one in found]
    except ValueError as error:
        raise AwsError("ValidationError", f"The value {error} for parameter Stat is not supported.") from None


def GetMetricStatistics(request: Request, params: Doc) -> Doc:
    """At most 1,440 points, in no order."""
    _in_order(params)
    wanted = [*params.get("Statistics", []), *params.get("ExtendedStatistics", [])]
    if not wanted:
        text = "At least one of the parameters Statistics or ExtendedStatistics must be specified."
        raise AwsError("MissingParameter", text)
    span, period = (params["EndTime"] - params["StartTime"]).total_seconds(), params["Period"]
    if period > 0 and span / period > _STATISTICS:
        text = (
            f"You have requested up to {int(span / period):,} datapoints, which exceeds the limit of {_STATISTICS:,}. You may "
            "reduce the datapoints requested by increasing Period, or decreasing the time range."
        )
        raise AwsError("InvalidParameterCombination", text)
    series = find_series(request.region, params)
    unit = series.kind.unit if series is not None else "None"
    points = []
    for one in _points(request, params, params, period):
        point: Doc = {"Timestamp": one.at, "Unit": unit}
        try:
            for name in wanted:
                value = one.statistic(name)
                if name[0] == "p":
                    point.setdefault("ExtendedStatistics", {})[name] = value
                else:
                    point[name] = value
        except ValueError as error:
            raise AwsError("InvalidParameterValue", f"The value {error} is not a statistic.") from None
        points.append(point)
    return {"Label": params["MetricName"], "Datapoints": points[1::2] + points[::2]}
