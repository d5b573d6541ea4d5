"""How an operation stands: the one reading of the journal's record and the clock that console and command line share.

What only one face can say (a key, a command) is added by that face.
"""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from tui.domain.campaign.model import Campaign, CampaignState, MemberState
from tui.domain.sanitize import clean
from tui.operations.journal import AHEAD, LEASE
from tui.operations.model import Operation, OperationState

JUST_STARTING = "a runner that is just starting"
"""Who drives what was made way for, as long as the new one's process is not known."""
HUNG = timedelta(minutes=5)
"""A runner that lives on this host may be waiting for AWS longer than its lease lasts; after this it counts as hung."""


class Standing(StrEnum):
    """In a word. The order is that of the console's list: what needs a person comes first."""

    CUT_OFF = "cut off"
    NEEDS_YOU = "needs you"
    RUNNING = "running"
    PLANNED = "planned"
    FAILED = "failed"
    REFUSED = "refused"
    SUCCEEDED = "succeeded"
    ABANDONED = "abandoned"


class InstanceDown(StrEnum):
    """Whether the operation has the instance down. MAYBE: it stopped it, or may have, and has not seen it run since."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


class OperationStatus(Struct, frozen=True):
    """One operation at one moment.

    `driver`: the process that drives it, in words; empty if nobody does or it has ended. `elapsed`: from the confirmation (or the
    plan, before it) to the end or to now. `down_line`: `down` as a sentence. `headline`: what a person must know first, empty
    if there is nothing.
    """

    standing: Standing
    down: InstanceDown
    driver: str
    elapsed: timedelta
    down_line: str
    headline: str

    @property
    def needs_person(self) -> bool:
        """Whether it goes no further by itself, or asks for somebody."""
        return self.standing in (Standing.CUT_OFF, Standing.NEEDS_YOU)

    @property
    def tells_note(self) -> bool:
        """Whether the headline holds the operation's note."""
        return self.standing in (Standing.NEEDS_YOU, Standing.FAILED, Standing.REFUSED)

    @property
    def cut_off(self) -> bool:
        """Confirmed, unfinished, and nobody drives it; not what waits for a person."""
        return self.standing is Standing.CUT_OFF

    @property
    def alarming(self) -> bool:
        """Whether nobody may overlook it: it needs a person, or has the instance down at this moment."""
        going = self.standing in (Standing.RUNNING, Standing.PLANNED)
        return self.needs_person or (going and self.down is InstanceDown.YES)


def status_of(operation: Operation, now: datetime) -> OperationStatus:
    """How it stands at this moment. Looks at the process that drives it, if that is on this host."""
    who = driver(operation, now) if operation.is_open else ""
    stands = _standing(operation, who)
    down = _down(operation)
    down_line = clean(_DOWN[down].format(operation.label))
    told: list[str] = [down_line] if down is not InstanceDown.NO else []
    note = operation.short_note if told else operation.note
    if stands is Standing.CUT_OFF:
        told.append(f"cut off at {operation.step}: NOBODY drives it")
    elif stands is Standing.NEEDS_YOU:
        told.append(note or "it needs you")
    elif stands in (Standing.FAILED, Standing.REFUSED) and note:
        told.append(note)
    elapsed = (operation.finished_at or now) - (operation.confirmed_at or operation.created_at)
    return OperationStatus(stands, down, who, elapsed, down_line, clean("; ".join(told), 400))


_DOWN = {
    InstanceDown.YES: "{} is DOWN, stopped by this operation",
    InstanceDown.MAYBE: "{} may be DOWN: this operation stopped it and has not seen it run since",
    InstanceDown.NO: "{} is not held down by this operation",
}
_ENDS = {
    OperationState.SUCCEEDED: Standing.SUCCEEDED,
    OperationState.FAILED: Standing.FAILED,
    OperationState.ABANDONED: Standing.ABANDONED,
}


def _standing(operation: Operation, who: str) -> Standing:
    if operation.refused:
        return Standing.REFUSED
    if operation.state in _ENDS:
        return _ENDS[operation.state]
    stuck = operation.state is OperationState.NEEDS_ATTENTION
    if operation.confirmed_at is not None and not stuck and not who:
        return Standing.CUT_OFF
    if operation.attention or stuck:
        return Standing.NEEDS_YOU
    return Standing.PLANNED if operation.confirmed_at is None else Standing.RUNNING


def _down(operation: Operation) -> InstanceDown:
    if operation.state is OperationState.SUCCEEDED:
        return InstanceDown.NO
    if operation.instance_down:
        return InstanceDown.YES
    return InstanceDown.MAYBE if operation.may_be_down else InstanceDown.NO


def driver(operation: Operation, now: datetime) -> str:
    """Who drives it, in words; the empty text if nobody does."""
    return holder(operation.runner, operation.lease_until, operation.id, now)


def holder(name: str, until: datetime | None, ident: str, now: datetime) -> str:
    """Who has the lease of that operation or campaign, in words; the empty text if nobody has. `name`: as the lease has it."""
    if until is None:
        return ""
    if until > now + LEASE + AHEAD:  # of a clock that was ahead: a living runner renews it in a second
        until = now - AHEAD
    host, _, rest = name.partition(":")
    process = rest.partition(":")[0]
    if not process.isdecimal():
        return JUST_STARTING if until > now else ""
    here = host == socket.gethostname()
    if here and not lives(int(process), ident):
        return ""
    if until > now or (here and until + HUNG > now):
        return f"process {process} on {host}"
    return ""


def conductor_of(campaign: Campaign, now: datetime) -> str:
    """Who conducts it, in words; the empty text if nobody does."""
    return holder(campaign.conductor, campaign.lease_until, campaign.id, now)


def needs_conductor(campaign: Campaign) -> bool:
    """Whether something of it may be begun, or is under way and has to be written down."""
    return campaign.state is CampaignState.RUNNING or bool(campaign.of(MemberState.GOING))


def lives(process: int, operation: str) -> bool:
    """Whether that process is there and is this operation's runner: process ids are used again, and the dead may linger."""
    if Path("/proc/self/cmdline").exists():
        try:
            words = Path(f"/proc/{process}/cmdline").read_bytes()
            # Empty for a zombie, but also for a moment of every exec.
            state = Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]
        except PermissionError:
            return True
        except (OSError, IndexError):
            return False
        return state not in "ZX" and (not words or operation.encode() in words.split(b"\0"))
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
