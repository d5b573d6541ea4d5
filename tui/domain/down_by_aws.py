"""Whether a stopped instance is down unintentionally: AWS stopped it, or a start of it failed.

Sources: botocore model, StateReason (the codes; those of a *launch* are also what a start ends with that was accepted and
fell back to stopped: AWS knowledge centre, kms-iam-ec2-permission) and InstanceStatusEvent; user guide, instance-retirement.
What says that a person stopped it is believed over everything else.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum

from msgspec import Struct

from tui.domain.events import EventCode, EventState, ScheduledEvent
from tui.domain.instance import Instance, InstanceState
from tui.domain.sanitize import EMPTY, SafeText, clean

START_FAILED = (
    "Server.InsufficientInstanceCapacity",
    "Server.InternalError",
    "Client.InternalError",
    "Client.VolumeLimitExceeded",
    "Client.InvalidSnapshot.NotFound",
    "Client.Invalid*",
    "Client.*LimitExceeded",
)
"""Codes of a launch that AWS could not carry out: of a stopped instance, somebody started it and it fell back."""
MEANT = ("Client.UserInitiated", "Client.InstanceInitiated", "Client.InstanceTerminated")
"""How codes begin of what a person did, or the instance's own system: all others of the client's are of starts that failed."""
REASON_CODES = (
    "Server.*",
    "Server.ScheduledStop",
    "Server.SpotInstanceShutdown",
    "Server.SpotInstanceTermination",
    *START_FAILED,
)
"""Values for DescribeInstances' filter `state-reason-code`. It takes wildcards (user guide, Using_Filtering); beside it the
documented codes, for who answers as AWS does and knows no wildcard there."""
STOP_EVENTS = (EventCode.INSTANCE_STOP, EventCode.INSTANCE_RETIREMENT)
"""Events in which AWS stops an instance and leaves it stopped."""
STOPPED = (InstanceState.STOPPED, InstanceState.STOPPING)


class Cause(StrEnum):
    """What stopped the instance."""

    AWS = "aws"
    START = "start"


class Down(Struct, frozen=True):
    """An instance that is down unintentionally. `code` is AWS's reason, or the event's; `since` is UTC, None: not known.

    `stopping`: it is not stopped yet. `spot`: AWS took a spot instance back, and only AWS starts it again (user guide,
    how-spot-instances-work).
    """

    cause: Cause
    code: SafeText
    since: datetime | None
    stopping: bool = False
    spot: bool = False

    @property
    def word(self) -> str:
        """A word for a cell of the list."""
        return "start failed" if self.cause is Cause.START else "down by AWS"

    @property
    def line(self) -> str:
        """A sentence without its full stop, the same everywhere."""
        code = f" ({self.code})" if self.code else ""
        if self.cause is Cause.START:
            return f"It was started and fell back to stopped{code}"
        return f"AWS {'is stopping' if self.stopping else 'stopped'} it{code}"


_CODE = re.compile(r"\s*((?:Server|Client)\.[A-Za-z.]*[A-Za-z])")
_USER = re.compile(r"\s*user[ -]initiated", re.IGNORECASE)
_MOMENT = re.compile(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:GMT|UTC)\)")


def start_failed(code: str) -> bool:
    """Whether the code is AWS's for a start that could not be carried out."""
    return code in START_FAILED or (code.startswith("Client.") and not code.startswith(MEANT))


def code_of(*texts: str) -> SafeText:
    """The first code in AWS's own words for a state: StateReason's code and message, StateTransitionReason. Empty: none."""
    for text in texts:
        if found := _CODE.match(text):
            return clean(found[1])
        if _USER.match(text):  # "User initiated (2026-11-24 03:00:00 GMT)"
            return SafeText("Client.UserInitiatedShutdown")
    return EMPTY


def moment_of(text: str) -> datetime | None:
    """The time in a StateTransitionReason, in UTC."""
    found = _MOMENT.search(text)
    if found is None:
        return None
    try:
        return datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def why_down(instance: Instance, now: datetime) -> Down | None:
    """Why the instance is down unintentionally; None: it is not stopped, a person stopped it, or the cause is unknown."""
    if instance.state not in STOPPED:
        return None
    stopping = instance.state is InstanceState.STOPPING
    code = instance.reason_code or code_of(instance.state_reason)
    if start_failed(code) and not stopping:
        return Down(Cause.START, code, instance.state_since)
    if code.startswith("Server."):
        return Down(Cause.AWS, code, instance.state_since, stopping, spot="Spot" in code)
    if code:
        return None
    event = stopped_by(instance, now)
    if event is None:
        return None
    return Down(Cause.AWS, event.code_text, instance.state_since or event.not_before, stopping)


def stopped_by(instance: Instance, now: datetime) -> ScheduledEvent | None:
    """The stop or retirement that was completed since its last start: what took it down, if nothing else says so.

    One whose time is still to come was cleared by somebody's own stop and start. While such an event is still open AWS may
    not have come to it: that is told as an event that is due.
    """
    known = (*instance.events, instance.last_stop) if instance.last_stop else instance.events
    found = [event for event in known if _took_it_down(event, instance.launched_at, now)]
    return max(found, key=lambda event: event.not_before or now, default=None)


def _took_it_down(event: ScheduledEvent, launched: datetime | None, now: datetime) -> bool:
    if event.code not in STOP_EVENTS or event.state(now) is not EventState.COMPLETED:
        return False
    if event.not_before is None:
        return True
    return event.not_before <= now and (launched is None or event.not_before >= launched)
