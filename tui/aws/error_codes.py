"""AWS's error codes that more than one place must know."""

from __future__ import annotations

DISABLED_OR_BAD = frozenset(
    {"AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException", "RegionDisabledException"}
)
"""AWS says the same of a bad key and of a region that is not enabled: who reads asks DescribeRegions which it is.

STS says RegionDisabledException where an account has switched it off for that region (STS API, AssumeRole, errors)."""
