"""Points of a metric, and what can be said of them: times in UTC, the oldest first. Pure; nothing here raises."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from statistics import median

from tui.domain.diagnosis.evidence import Metric
from tui.domain.time_format import to_utc

Series = tuple[tuple[datetime, float], ...]


def ordered_points(metric: Metric) -> Series:
    """Its points in order, one a time; what is no number is left out."""
    points = {to_utc(at): float(value) for at, value in metric.points if math.isfinite(value)}
    return tuple(sorted(points.items()))


def summed(parts: Iterable[Series], scale: float = 1.0) -> Series:
    """The sum at each time at which any of them has a point, times `scale`."""
    total: dict[datetime, float] = {}
    for part in parts:
        for at, value in part:
            total[at] = total.get(at, 0.0) + value * scale
    return tuple(sorted((at, value) for at, value in total.items() if math.isfinite(value)))


def highest(parts: Iterable[Series], pick: Callable[[float, float], float] = max) -> Series:
    """The largest value at each time; with `min` the smallest."""
    top: dict[datetime, float] = {}
    for part in parts:
        for at, value in part:
            top[at] = pick(value, top.get(at, value))
    return tuple(sorted(top.items()))


def ratio(over: Series, under: Series, scale: float = 1.0) -> Series:
    """`over` divided by `under`, times `scale`, where both have a point and the second is more than 0."""
    below = dict(under)
    found = ((at, value / below[at] * scale) for at, value in over if below.get(at, 0.0) > 0)
    return tuple((at, value) for at, value in found if math.isfinite(value))


def ends_with(points: Series, holds: Callable[[float], bool]) -> Series:
    """The points at the end for which it holds, without a break."""
    for number, (_, value) in enumerate(reversed(points)):
        if not holds(value):
            return points[len(points) - number :]
    return points


def before(points: Series, moment: datetime) -> tuple[float, ...]:
    """The values of the points before a moment."""
    return tuple(value for at, value in points if at < moment)


def changes_in(points: Series, since: datetime) -> int:
    """How often it went from 0 to more, or back, after a moment."""
    recent = [value > 0 for at, value in points if at >= since]
    return sum(one is not two for one, two in pairwise(recent))


def median_of(values: Sequence[float]) -> float:
    """The median; 0 of nothing."""
    return median(values) if values else 0.0


def last(points: Series) -> float | None:
    """The newest value of a series, in its own unit; None if it has no point."""
    return points[-1][1] if points else None
