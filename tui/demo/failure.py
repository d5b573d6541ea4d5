"""A scripted failure: what CloudWatch, the system log and CloudTrail show of an instance that fails in one way.

A curve says what a metric does from the failure on, and before: it is given the minutes since the first failing check (negative
before it) and the healthy value, and answers the value, or None where nobody sends one any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

Doc = dict[str, Any]
Curve = Callable[[float, float], float | None]


class Measured(Protocol):
    """What a failure must know of a metric. `place`: a volume's number, from 0, or a path."""

    @property
    def namespace(self) -> str: ...  # noqa: D102 - a field of metric_values.Series
    @property
    def name(self) -> str: ...  # noqa: D102 - a field of metric_values.Series
    @property
    def place(self) -> int | str | None: ...  # noqa: D102 - a field of metric_values.Series


def ramp(minutes: float, to: float) -> Curve:
    """Evenly from what it is to `to`, in so many minutes before the failure; then it stays."""

    def curve(since: float, healthy: float) -> float:
        part = min(1.0, max(0.0, 1 + since / minutes))
        return healthy + (to - healthy) * part

    return curve


def becomes(value: float | None, after: float = 0.0) -> Curve:
    """So many minutes after the failure (negative: before it) it is this; None: nothing is sent any more."""
    return lambda since, healthy: value if since >= after else healthy


def then(first: Curve, second: Curve, after: float = 0.0) -> Curve:
    """The first until so many minutes after the failure, the second from there on."""
    return lambda since, healthy: (first if since < after else second)(since, healthy)


def between(begin: float, end: float, value: float) -> Curve:
    """This from so many minutes after the failure to so many; else healthy."""
    return lambda since, healthy: value if begin <= since < end else healthy


@dataclass(frozen=True)
class Changed:
    """A call that somebody made, so many minutes before the failure. `params` as CloudTrail writes them.

    `{instance}`, `{volume}` (the one that fails) and `{group}` (its first security group) stand for the ids.
    """

    minutes: float
    event: str
    params: Mapping[str, Any] = field(default_factory=dict)
    user: str = "kim"
    agent: str = "console.ec2.amazonaws.com"
    error: str = ""


@dataclass(frozen=True)
class Failure:
    """One way to fail. `right`: the keys of the findings that name it, the best one first. `check`: the check that fails
    (`application` and `performance` too; None: none, see `stopped`), `also`: others that fail with it.

    `curves` by the metric's name (`*agent`: all others of the agent), of volume metrics only those of `volumes` (numbers from 0),
    of disks those of `paths`. `log`: the console's text; `minutes`: how long ago it began when nobody says otherwise; `agent`,
    `kind` and `document`: what the instance must be for it (CloudWatch's agent, the type, DescribeInstances' fields; `_volume` is
    its volumes' type); `restarted`, `rebooted`: so many minutes before the failure; `stubborn`: no reboot heals it; `spells`:
    earlier failures of the check, from and to, in minutes before now.
    """

    name: str
    right: tuple[str, ...]
    log: str
    check: str | None = "instance"
    also: tuple[str, ...] = ()
    curves: Mapping[str, Curve] = field(default_factory=dict)
    volumes: tuple[int, ...] = ()
    paths: tuple[str, ...] = ("/",)
    changed: tuple[Changed, ...] = ()
    minutes: float = 11
    agent: str = "agent"
    kind: str = ""
    document: Mapping[str, Any] = field(default_factory=dict)
    restarted: float | None = None
    rebooted: float | None = None
    stopped: bool = False
    stubborn: bool = False
    spells: tuple[tuple[float, float], ...] = ()


@dataclass
class Play:
    """A failure on an instance, since when and until when; `over` is called at its end."""

    failure: Failure
    since: datetime
    until: datetime | None = None
    over: Callable[[], None] = lambda: None

    def silent_since(self, series: Measured) -> datetime | None:
        """Since when the metric has no points because of it, as it is an hour after it began; None if it has them."""
        curve = self.curve(series)
        if curve is None or self.until is not None or curve(60, 1.0) is not None:
            return None
        return self.since

    def curve(self, series: Measured) -> Curve | None:
        """What the metric does under this failure; None: what it always does."""
        failure = self.failure
        if series.namespace == "AWS/EBS" and failure.volumes and series.place not in failure.volumes:
            return None
        rest = None if series.namespace.startswith("AWS/") else failure.curves.get("*agent")
        if isinstance(series.place, str) and series.place not in failure.paths:
            return rest
        return failure.curves.get(series.name, rest)

    def end(self, at: datetime) -> None:
        """The failure ends at this moment (UTC); once ended it stays so."""
        if self.until is None:
            self.until = at
            self.over()
