"""What a watch keeps of incidents on disk: a restart begins none a second time, and misses none.

What is to be told is written down before it is told, and struck off after: a process that is killed between the two tells it
again, byte for byte the same line.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from msgspec import Struct

from tui.domain.incidents import NO_INCIDENTS, IncidentChange, Incidents
from tui.operations.incident_file import IncidentFile

STATE_VERSION = 1


class WatchState(Struct, frozen=True):
    """`untold`: changes that may not have been told yet. `uncalled`: those for which [alarm] command may not have been run.

    `past`: the latest changes, the oldest first, for who asks what
    happened (`read_watched`). `began_at`: when the last watch began, `kept_at`: when this was written (UTC)."""

    incidents: Incidents = NO_INCIDENTS
    untold: tuple[IncidentChange, ...] = ()
    uncalled: tuple[IncidentChange, ...] = ()
    past: tuple[IncidentChange, ...] = ()
    began_at: datetime | None = None
    kept_at: datetime | None = None
    version: int = STATE_VERSION


def read_watched(folder: Path) -> tuple[WatchState, ...]:
    """What the watches of this state folder have kept, one for each scope; of one that can't be read nothing."""
    found = [StateFile(path).read() for path in sorted(folder.glob("watch*.json"))]
    return tuple(one for one in found if one.kept_at is not None)


class StateFile(IncidentFile[WatchState]):
    """The state of one watch."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, WatchState())
