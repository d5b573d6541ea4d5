"""What a campaign's plan is drawn from beside the rows: this journal, these settings, this machine. The same for both faces."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tui.config.schema import Settings
from tui.domain.campaign.durations import usual
from tui.domain.campaign.planning import Outlook
from tui.domain.this_machine import NOWHERE, Here
from tui.operations import conflicts
from tui.operations.journal import Journal

BUSY = "busy"
"""The code of a member at which another operation is."""
_MEMINFO = Path("/proc/meminfo")


def outlook_of(
    journal: Journal | None, settings: Settings, action: str, now: datetime, here: Here = NOWHERE
) -> Outlook:
    """Usual durations, who is busy, which profiles are production, the memory there is. Raises JournalError.

    `journal`: None where there is none yet, or none that can be read.
    """
    unfinished = () if journal is None else journal.unfinished()
    busy = {
        f"{one.region}/{one.instance_id}": (BUSY, str(conflicts.who_is_in_the_way(one, settings.zone(), now)))
        for one in unfinished
        if conflicts.in_the_way((one,), action, one.region, one.instance_id)
    }
    return Outlook(
        usual=usual(() if journal is None else journal.ran()),
        here=here,
        refused=busy,
        label_of=lambda row: production_label(settings, row.target.profile, str(row.account_id)),
        memory_free_mb=memory_free_mb(),
    )


def production_label(settings: Settings, profile: str, account_id: str) -> str:
    """The label of a profile that is production, else empty."""
    return settings.label(profile) if settings.profile_production(profile, account_id) else ""


def memory_free_mb() -> int | None:
    """Of this machine, in MB: what programs may still take (proc(5), MemAvailable). None where nobody tells."""
    try:
        for line in _MEMINFO.read_text(encoding="ascii", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name == "MemAvailable":
                return int(value.split()[0]) // 1024
    except (OSError, ValueError, IndexError):
        pass
    return None
