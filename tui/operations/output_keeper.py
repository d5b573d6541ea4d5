"""Keeps an instance's console output before the runner's own stop or reboot puts it out of reach. Best effort.

It is a question to AWS and a file: at most `WITHIN` seconds in all, in a thread that is left behind where they are over. What
went wrong is a remark of the operation; the call that follows depends on none of it. The output itself goes to no journal, no
audit log and no cache.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from tui.domain.console_output import console_lines
from tui.domain.sanitize import clean
from tui.domain.steps.base import Call, Decision, Seen, Send
from tui.kept_output import KeptOutput, keep_output
from tui.operations.model import Operation

WITHIN = 5.0
"""Seconds, AWS's answer and the file together."""
_FRESH = timedelta(minutes=1)
"""What was kept or tried so short ago is not tried again: between it and the call lies no more than another look."""
_DESTROYS = frozenset({"StopInstances", "RebootInstances"})


class ConsoleReader(Protocol):
    """What is used of the gateway."""

    def console_output(self, instance_id: str) -> tuple[str, datetime | None, bool]:
        """The output, when AWS took it, and whether it is of that moment. Raises what went wrong."""
        ...

    def trouble(self, error: Exception) -> Seen:
        """Why it can't be read, in words."""
        ...


class OutputKeeper:
    """For one runner. `remark`: why the last output was not kept; empty if it was, or there is none."""

    def __init__(self, folder: Path, reader: ConsoleReader, within: float = WITHIN) -> None:
        self._folder, self._reader, self._within = folder, reader, within
        self._tried_at: datetime | None = None
        self.remark = ""

    def due(self, decision: Decision, now: datetime) -> bool:
        """Whether this is about to be sent, and nothing was kept just now."""
        if not isinstance(decision, Send) or decision.dry_run or decision.call.operation not in _DESTROYS:
            return False
        return self._tried_at is None or not timedelta(0) <= now - self._tried_at < _FRESH

    def keep(self, operation: Operation, call: Call, now: datetime) -> None:
        """Keep the instance's console output in a file before this call. Never raises; `remark` says why it was not kept."""
        self._tried_at = now
        told: list[str] = []
        given_up = threading.Event()

        def work() -> None:
            try:
                text, taken_at, latest = self._reader.console_output(operation.instance_id)
            except Exception as error:
                told.append(self._reader.trouble(error).unread)
                return
            try:
                if text and not given_up.is_set():
                    keep_output(self._folder, _output(operation, call, now, text, taken_at, latest))
            except Exception as error:
                told.append(clean(f"{type(error).__name__}: {error}", 200))
            else:
                told.append("")

        thread = threading.Thread(target=work, daemon=True, name="keep-output")
        try:
            thread.start()
        except RuntimeError as error:  # no room for a thread
            told.append(clean(error, 200))
        else:
            thread.join(self._within)
        given_up.set()
        why = told[0] if told else f"not done within {self._within:g} s"
        self.remark = f"the console output before {call.operation} was not kept: {why}" if why else ""


def _output(
    operation: Operation, call: Call, now: datetime, text: str, taken_at: datetime | None, latest: bool
) -> KeptOutput:
    return KeptOutput(
        instance_id=clean(operation.instance_id),
        account_id=clean(operation.account_id),
        region=clean(operation.region),
        operation=clean(operation.id),
        before=clean(call.operation),
        kept_at=now,
        taken_at=taken_at,
        latest=latest,
        lines=console_lines(text),
    )
