"""Who asks for something, and how a person at an instance is told: who, since when, from where."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping
from datetime import datetime, tzinfo

from msgspec import Struct

from tui.domain.sanitize import SafeText, clean
from tui.domain.time_format import both_zones


class Requester(Struct, frozen=True):
    """Who ordered something, as journal and audit log keep it; every text is cleaned.

    `ssh_client`: `address port` of the terminal, empty on the machine itself. `caller`: the ARN that AWS calls the credentials
    by, empty until AWS was asked.
    """

    user: SafeText
    host: SafeText
    ssh_client: str = ""
    caller: str = ""


def this_requester(environ: Mapping[str, str] | None = None) -> Requester:
    """The person at this process. `environ` None: this process's own."""
    return Requester(
        clean(getpass.getuser()),
        clean(socket.gethostname()),
        ssh_client(os.environ if environ is None else environ),
    )


def ssh_client(environ: Mapping[str, str]) -> str:
    """Where the terminal comes from, `address port`; the empty text on the machine itself."""
    told = environ.get("SSH_CONNECTION") or environ.get("SSH_CLIENT") or ""
    return clean(" ".join(told.split()[:2]), 80)


def address_of_client(client: str) -> str:
    """Of `address port`, as the journal has it, the address."""
    return client.partition(" ")[0]


def who_since(user: str, host: str, client: str, since: datetime, zone: tzinfo, now: datetime) -> SafeText:
    """`kim@bastion-2 (SSH from 203.0.113.7) since Tue 03:12 UTC`; `client` may have a port behind the address."""
    via = f" (SSH from {address_of_client(client)})" if client else ""
    return clean(f"{user}@{host}{via} since {both_zones(since, zone, now)}", 400)
