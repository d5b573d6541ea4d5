"""By which `[[probe]]` of the settings an instance is asked whether it serves again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from tui.domain.instance import Instance
from tui.domain.probe import Probe, ProbeRule
from tui.domain.query import Query, QueryError, parse_query


def probe_of(instance: Instance, rules: Iterable[ProbeRule], now: datetime) -> Probe | None:
    """What is asked of it: by the first rule whose filter it matches. None: there is none."""
    for rule in rules:
        read = _read(rule.when)
        if isinstance(read, Query) and read.matches(instance, now):
            ipv6 = (str(one) for interface in instance.interfaces for one in interface.ipv6)
            private = str(instance.private_ip) or next(ipv6, "")
            return Probe(rule.port, rule.path, rule.within, private)
    return None


@lru_cache(maxsize=64)
def _read(when: str) -> Query | QueryError:
    """Kept, for a plan of many asks it of each."""
    return parse_query(when)
