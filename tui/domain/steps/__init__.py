"""One small class a step: the calls it may send, and what it decides."""

from __future__ import annotations

from tui.domain.steps.base import (
    GRACE,
    OPERATION_TAG,
    Attempt,
    Call,
    Decision,
    Done,
    Moot,
    Order,
    Seen,
    Send,
    Step,
    StepHistory,
    Stuck,
    TargetRegistration,
    TargetSeen,
    Wait,
)
from tui.domain.steps.checks import VerifyEvent, WaitChecks
from tui.domain.steps.membership import Drain, EnterStandby, ExitStandby, Members, Register, WaitHealthy
from tui.domain.steps.power import DRY_RUN, Preflight, Start, Stop, WaitRunning, WaitStopped
from tui.domain.steps.work import MakeImage, Reboot, Reschedule

__all__ = [
    "BACK",
    "DRY_RUN",
    "GRACE",
    "OPERATION_TAG",
    "STEPS",
    "Attempt",
    "Call",
    "Decision",
    "Done",
    "Drain",
    "EnterStandby",
    "ExitStandby",
    "MakeImage",
    "Members",
    "Moot",
    "Order",
    "Preflight",
    "Reboot",
    "Register",
    "Reschedule",
    "Seen",
    "Send",
    "Start",
    "Step",
    "StepHistory",
    "Stop",
    "Stuck",
    "TargetRegistration",
    "TargetSeen",
    "VerifyEvent",
    "Wait",
    "WaitChecks",
    "WaitHealthy",
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
        EnterStandby(),
        ExitStandby(),
        Drain(),
        Register(),
        WaitHealthy(),
        VerifyEvent(),
    )
}
"""All that a plan may hold, besides the preflight. What they may send is all that the hands may send."""
BACK: dict[str, str] = {"enter-standby": "exit-standby", "drain": "register"}
"""What takes an instance out of service, and the step that undoes it."""
