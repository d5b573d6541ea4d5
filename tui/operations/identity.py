"""Who is at an instance, since when, from where: one sentence for a journal's operation and for a lock's holder alike."""

from __future__ import annotations

from datetime import datetime, tzinfo

from tui.domain.sanitize import SafeText, clean
from tui.domain.time_format import both_zones


def address_of_client(client: str) -> str:
    """Of `address port`, as the journal has it, the address."""
    return client.partition(" ")[0]


def who_since(user: str, host: str, client: str, since: datetime, zone: tzinfo, now: datetime) -> SafeText:
    """`kim@bastion-2 (SSH from 203.0.113.7) since Tue 03:12 UTC`; `client` may have a port behind the address."""
    via = f" (SSH from {address_of_client(client)})" if client else ""
    return clean(f"{user}@{host}{via} since {both_zones(since, zone, now)}", 400)
