"""What `evac doctor` says of the machine it runs on: which it is, what AWS does to it, and what its runners depend on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from tui.cli.doctor_setup import DoctorLine, bad, doubt, well
from tui.dns import look_up
from tui.domain.hazards.this_machine import threat, threatens
from tui.domain.instance import Instance
from tui.domain.this_machine import Here, matches

_UNSEEN = "what can't be seen from here: a VPN appliance on the way, the host of your logins, what a credential_process asks"


def cloudshell(environ: Mapping[str, str]) -> Iterator[DoctorLine]:
    """AWS CloudShell ends idle sessions, and with them every process."""
    if environ.get("AWS_EXECUTION_ENV") == "CloudShell":
        yield doubt(
            "here",
            "AWS CloudShell: it ends an idle session with all its processes, runners included",
            "act from a machine that stays, or keep the session busy until they are through",
        )


def machine(place: Here, rows: Sequence[Instance]) -> Iterator[DoctorLine]:
    """The lines; none on a machine that is not on EC2 and goes through none of these instances."""
    named = place.looked_up(asyncio.run(look_up(place.names)))
    own = next((row for row in rows if place.is_row(row)), None)
    named = named.seen(own)
    if place.instance_id:
        yield from _own(named)
    elif not place.known:
        yield doubt(
            "here",
            f"{place.why}: evac can't tell whether an action is about this very machine",
            "look for its id before you stop one (the EC2 console, or its private address)",
        )
    yield from _ways(named, rows)
    if place.on_ec2:
        yield well("ways", _UNSEEN)


def _own(place: Here) -> Iterator[DoctorLine]:
    row, now = place.row, datetime.now(UTC)
    if row is None:
        yield well("here", f"this machine is {place.instance_id} ({place.source}), not among what was read")
        return
    label = f"{row.name}, " if row.name else ""
    yield well("here", f"this machine is {place.instance_id} ({label}{row.target.key}; {place.source})")
    event = threat(place, now)
    if event is not None:
        why = f"this machine {threatens(event, now)}: operations under way would be cut off"
        yield bad("here", why, "act from another machine, or move this one first")


def _ways(place: Here, rows: Sequence[Instance]) -> Iterator[DoctorLine]:
    for row in rows:
        if place.is_row(row):
            continue
        for one in matches(place, row):
            be = "is" if one.sure else "may be"
            name = f"{row.name} {row.instance_id}" if row.name else str(row.instance_id)
            yield doubt(
                "ways",
                f"{one.way.what} at {one.by} {be} {name} in {row.target.key}",
                "do not stop that one from here" if one.way.need else "",
            )
