"""The machine a command runs on, as it is in AWS now."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from tui.cli.fleet_reader import FoundInstance, look_at
from tui.cli.session import Session
from tui.domain.instance import Instance
from tui.domain.this_machine import Here
from tui.operations import this_machine
from tui.paths import state_folder


def here_among(session: Session, rows: Sequence[Instance]) -> Here:
    """Which it is, and its row if it is one of these."""
    found = this_machine.read_this_machine(session.environ, session.settings, state_folder(session.environ))
    return found.seen(next((row for row in rows if found.is_row(row)), None))


def here_for(session: Session, beside: FoundInstance | None = None) -> Here:
    """Which it is. `beside`: an instance somebody acts on; then also its row, looked for where that one is."""
    found = this_machine.read_this_machine(session.environ, session.settings, state_folder(session.environ))
    if beside is None or beside.instance is None or not found.instance_id or found.is_row(beside.instance):
        return found
    row = next((one for one in beside.rows if found.is_row(one)), None)
    if (
        row is None or not row.vpc_id
    ):  # not among those that were read: in the same VPC it is where the other one is
        row = look_at(session, replace(beside.instance, instance_id=found.instance_id)).instance
    return found.seen(row)
