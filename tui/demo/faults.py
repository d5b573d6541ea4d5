"""A list of fault rules, matched in order; changed at run time over the control path.

A rule: `{match: {service, operation, region, key, account, instance} (globs), skip: n, times: n or absent, dry: bool,
when: before|after, then: {error: CODE, message, status} | {delay: s} | {hang: s} | {cut: bytes} | {reset: true} |
{raw: text, status} | {bounce: CODE, message} | {forbidden: [glob over namespace/metric]}}`. `when` says whether the operation's
effect happens first: `after` is *done, but the answer was lost*. `bounce`, of StartInstances: it is accepted, and falls from
pending back to stopped with this StateReason. `forbidden`, of GetMetricData: those metrics are answered with the status
Forbidden, the others as ever.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from tui.demo.request import READS

STATUS = {
    "RequestLimitExceeded": 503, "InternalError": 500, "Unavailable": 503, "UnauthorizedOperation": 403,
    "AuthFailure": 401, "InsufficientInstanceCapacity": 500, "DryRunOperation": 412, "ExpiredToken": 403,
    "AccessDenied": 403, "InvalidClientTokenId": 403, "AccessDeniedException": 400, "ThrottlingException": 400,
}  # fmt: skip


@dataclass
class Rule:
    """One rule and how often it has matched."""

    match: dict[str, str]
    then: dict[str, Any]
    skip: int = 0
    times: int | None = None
    dry: bool | None = None
    when: str = "before"
    hits: int = 0

    def applies(self, facts: dict[str, list[str]], dry: bool) -> bool:
        """Whether it concerns this request; counts the match."""
        if self.dry is not None and self.dry != dry:
            return False
        for name, pattern in self.match.items():
            if not any(fnmatchcase(value, pattern) for value in facts.get(name, [])):
                return False
        self.hits += 1
        return self.hits > self.skip and (self.times is None or self.hits <= self.skip + self.times)


@dataclass
class Faults:
    """The rules in force."""

    rules: list[Rule] = field(default_factory=list)

    def replace(self, rules: list[dict[str, Any]]) -> None:
        """Replace all rules by these. Raises TypeError on an unknown field."""
        self.rules = [Rule(**rule) for rule in rules]

    def find(self, facts: dict[str, list[str]], dry: bool) -> Rule | None:
        """The first rule that applies now."""
        return next((rule for rule in self.rules if rule.applies(facts, dry)), None)


BUCKETS = {
    "StartInstances": (5.0, 2.0), "RunInstances": (5.0, 2.0), "LookupEvents": (2.0, 2.0), "ListMetrics": (25.0, 25.0),
    "GetMetricData": (50.0, 50.0), "GetMetricStatistics": (400.0, 400.0), "DescribeAlarms": (9.0, 9.0),
    "PutMetricAlarm": (3.0, 3.0), "DescribeAlarmsForMetric": (9.0, 9.0), "DeleteAlarms": (3.0, 3.0),
    "DescribeAlarmHistory": (20.0, 20.0), "SetAlarmState": (3.0, 3.0),
}  # fmt: skip
"""Size, and tokens a second, where an API has its own (cloudtrail model, LookupEvents; user guide, cloudwatch_limits)."""
MUTATING, READING = (50.0, 5.0), (100.0, 20.0)
RESOURCES = {"StartInstances": (1000.0, 2.0), "RunInstances": (1000.0, 2.0), "StopInstances": (1000.0, 20.0)}
"""Instances that may be started or stopped at once, and more a second, whatever the number of calls (the same page)."""


@dataclass
class Buckets:
    """Request tokens per account, Region and API, of AWS's sizes (EC2 developer guide, ec2-api-throttling).

    100 and 20 a second for what reads, 50 and 5 for what changes something, 5 and 2 for StartInstances.
    """

    left: dict[tuple[str, str, str], tuple[float, float]] = field(default_factory=dict)

    def take(
        self, account: str, region: str, operation: str, now: float | None = None, instances: int = 1
    ) -> bool:
        """One token, and one for each instance; False when there is none. `now` in seconds, of the world's clock (else real
        time)."""
        now = time.monotonic() if now is None else now
        usual = READING if operation.startswith(READS) else MUTATING
        if not self._spend((account, region, operation), BUCKETS.get(operation, usual), 1, now):
            return False
        held = RESOURCES.get(operation)
        return held is None or self._spend((account, region, f"{operation} instances"), held, instances, now)

    def _spend(self, key: tuple[str, str, str], bucket: tuple[float, float], count: int, now: float) -> bool:
        size, refill = bucket
        tokens, at = self.left.get(key, (size, now))
        tokens = min(size, tokens + max(0.0, now - at) * refill)
        self.left[key] = (tokens - count if tokens >= count else tokens, now)
        return tokens >= count
