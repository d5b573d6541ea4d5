"""Reading for the commands, by a collector process: everything once, or one instance afresh."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from tui.cli.session import Session
from tui.domain import identifiers
from tui.domain.facts import Facts
from tui.domain.instance import EVERYWHERE, Instance, TargetStatus
from tui.domain.listing import failures
from tui.fleet import protocol, reading
from tui.fleet.store import Store

MAX_LISTED = 20
"""Instances that are listed where a name is that of several."""


class Fleet(Struct, frozen=True):
    """What one read brought."""

    rows: Sequence[Instance]
    targets: Sequence[TargetStatus]

    @property
    def complete(self) -> bool:
        """Whether every target answered with all that was asked."""
        return not any(status.trouble or status.partial for status in self.targets)


class FoundInstance(Struct, frozen=True):
    """An instance looked at just now, or a line that says why there is none. `unread`: it may be where nobody answered.

    `rows`: what else was read on the way. `answers`: to what else was asked of it.
    """

    instance: Instance | None = None
    facts: Facts | None = None
    why: str = ""
    unread: bool = False
    rows: Sequence[Instance] = ()
    answers: Sequence[protocol.ReadAnswer] = ()


def read_fleet(
    session: Session,
    *,
    problems_only: bool,
    timeout: float,
    cover: bool = False,
    meanwhile: Callable[[Sequence[Instance]], None] = lambda rows: None,
    collectors: int = 1,
) -> Fleet:
    """Read every target once, with `cover` who covers its instances as well. `meanwhile` and `collectors` as in `read_once`.

    A target that has not answered after `timeout` seconds carries its trouble.
    """
    store = reading.read_once(
        session.settings,
        session.environ,
        problems_only=problems_only,
        cover=cover,
        timeout=timeout,
        meanwhile=meanwhile,
        collectors=collectors,
    )
    return _fleet(store)


def _fleet(store: Store) -> Fleet:
    return Fleet(tuple(store.rows()), tuple(store.targets()))


def find_instance(
    session: Session,
    wanted: str,
    timeout: float,
    *,
    hosts: tuple[str, ...] = (),
    more: Callable[[Instance], Sequence[protocol.ReadRequest]] = lambda row: (),
) -> FoundInstance:
    """The one instance of that id, ARN, DNS name, address or name (`tui.domain.identifiers`); of several, which there are.

    What states an id is looked for among the troubled first; whether another has the same name only all can tell.
    `hosts`: names whose addresses are looked up with it. `more`: what else is asked of it, side by side with the look.
    """
    fleet: Fleet | None = None
    for problems_only in (True, False) if identifiers.id_of(wanted) else (False,):
        with reading.FleetReading(
            session.settings, session.environ, problems_only=problems_only, timeout=timeout
        ) as readers:
            fleet = _fleet(readers.store)
            matches = identifiers.find_rows(fleet.rows, wanted)
            if len(matches) > 1:
                places = ", ".join(
                    f"{row.label} {row.instance_id} in {row.target.key}" for row in matches[:MAX_LISTED]
                )
                left = f" and {len(matches) - MAX_LISTED} more" if len(matches) > MAX_LISTED else ""
                return FoundInstance(
                    why=f"{wanted} names {len(matches)} instances: {places}{left}; give the id"
                )
            if matches:
                look, *answers = readers.ask(_look(matches[0], hosts), *more(matches[0]))
                return msgspec.structs.replace(_found(look), rows=fleet.rows, answers=tuple(answers))
    assert fleet is not None
    missing = [
        one.target.profile if one.target.region == EVERYWHERE else one.target.key
        for one in failures(fleet.targets)
    ]
    why = f"no instance {wanted} in what could be read"
    return FoundInstance(
        why=f"{why}; not read: {', '.join(missing)}" if missing else why, unread=not fleet.complete
    )


def look_at(session: Session, row: Instance, hosts: tuple[str, ...] = ()) -> FoundInstance:
    """A fresh look at it."""
    return look_at_all(session, (row,), hosts)[0]


def look_at_all(
    session: Session, rows: Sequence[Instance], hosts: tuple[str, ...] = ()
) -> list[FoundInstance]:
    """A fresh look at each, side by side."""
    asked = [_look(row, hosts) for row in rows]
    return [_found(one) for one in reading.ask_once(session.settings, session.environ, *asked)]


def _look(row: Instance, hosts: tuple[str, ...]) -> protocol.ReadRequest:
    return protocol.ReadRequest(0, protocol.ReadKind.LOOK, row.target, str(row.instance_id), hosts)


def _found(answer: protocol.ReadAnswer) -> FoundInstance:
    if answer.instance is None:
        return FoundInstance(why=answer.trouble.line if answer.trouble else "no answer", unread=True)
    return FoundInstance(answer.instance, answer.facts)
