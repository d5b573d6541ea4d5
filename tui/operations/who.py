"""Who is at an instance, since when, from where: one sentence for a journal's operation and for a lock's holder alike."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo

from tui.domain.text import SafeText, clean
from tui.domain.when import both_zones


def ssh_client(environ: Mapping[str, str]) -> SafeText:
    """The address the operator's SSH session comes from (sshd's SSH_CONNECTION); empty if there is none."""
    words = (environ.get("SSH_CONNECTION") or environ.get("SSH_CLIENT") or "").split()
    return clean(words[0] if words else "", 64)


def told(user: str, host: str, client: str, since: datetime, zone: tzinfo, now: datetime) -> SafeText:
    """`kim@bastion-2 (SSH from 203.0.113.7) since Tue 03:12 UTC`."""
    via = f" (SSH from {client})" if client else ""
    return clean(f"{user}@{host}{via} since {both_zones(since, zone, now)}", 400)
