"""A list of fault rules, matched in order; changed at run time over the control path.

A rule: `{match: {service, operation, region, key, account, instance} (globs), skip: n, times: n or absent, dry: bool,
when: before|after, then: {error: CODE, message, status} | {delay: s} | {hang: s} | {cut: bytes} | {reset: true} |
{raw: text, status}}`. `when` says whether the operation's effect happens first: `after` is *done, but the answer was lost*.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

STATUS = {
    "RequestLimitExceeded": 503, "InternalError": 500, "Unavailable": 503, "UnauthorizedOperation": 403,
    "AuthFailure": 401, "InsufficientInstanceCapacity": 500, "DryRunOperation": 412, "ExpiredToken": 403,
    "AccessDenied": 403, "InvalidClientTokenId": 403,
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
        """Put these in the place of all others. Raises TypeError on an unknown field."""
        self.rules = [Rule(**rule) for rule in rules]

    def find(self, facts: dict[str, list[str]], dry: bool) -> Rule | None:
        """The first rule that applies now."""
        return next((rule for rule in self.rules if rule.applies(facts, dry)), None)


@dataclass
class Buckets:
    """Request tokens per account, Region and API: 100, and 20 more a second (EC2 developer guide, ec2-api-throttling)."""

    size: float = 100.0
    refill: float = 20.0
    left: dict[tuple[str, str, str], tuple[float, float]] = field(default_factory=dict)

    def take(self, account: str, region: str, operation: str) -> bool:
        """One token (real time); False when there is none."""
        key, now = (account, region, operation), time.monotonic()
        tokens, at = self.left.get(key, (self.size, now))
        tokens = min(self.size, tokens + (now - at) * self.refill)
        self.left[key] = (tokens - 1 if tokens >= 1 else tokens, now)
        return tokens >= 1
