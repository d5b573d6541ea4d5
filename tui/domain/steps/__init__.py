"""One small class a step: the calls it may send, and what it decides."""

from __future__ import annotations

from tui.domain.steps.base import (
    GRACE,
    OPERATION_TAG,
    Attempt,
    Call,
    Decision,
    Done,
    Order,
    Said,
    Seen,
    Send,
    Step,
    Stuck,
    Wait,
)
from tui.domain.steps.look import VerifyEvent, WaitChecks
from tui.domain.steps.power import Preflight, Start, Stop, WaitRunning, WaitStopped
from tui.domain.steps.work import MakeImage, Reboot, Reschedule

__all__ = [
    "GRACE",
    "OPERATION_TAG",
    "STEPS",
    "Attempt",
    "Call",
    "Decision",
    "Done",
    "MakeImage",
    "Order",
    "Preflight",
    "Reboot",
    "Reschedule",
    "Said",
    "Seen",
    "Send",
    "Start",
    "Step",
    "Stop",
    "Stuck",
    "VerifyEvent",
    "Wait",
    "WaitChecks",
    "WaitRunning",
    "WaitStopped",
]

STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        MakeImage(),
        Stop(),
        WaitStopped(),
        Start(),
        WaitRunning(),
        WaitChecks(),
        Reboot(),
        Reschedule(),
        VerifyEvent(),
    )
}
"""All that a plan may hold, besides the preflight. What they may send is all that the hands may send."""
