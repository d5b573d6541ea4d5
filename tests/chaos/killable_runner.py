"""The real runner in a real process, that dies by SIGKILL at a chosen boundary. The program itself knows nothing of this.

A boundary is the moment before and after each commit of the journal, before and after each line of the audit log, and, for
each request to AWS, before it is sent, after it was sent but before its answer is read, and after the answer. Time is the
embedded AWS's: to sleep is to move its clock ahead, so that an hour of waiting takes a moment.
"""

from __future__ import annotations

import functools
import http.client
import json
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs

import urllib3.connection
from botocore.httpsession import URLLib3Session

from tests.chaos import trial_conditions
from tui.aws import sessions
from tui.aws.model_loader import SharedLoader
from tui.config.schema import Settings
from tui.operations import audit_files, audit_log, process, runner
from tui.operations.database import Database

CONFIRMATION_POLL = 0.2
LOADER = SharedLoader(lean=False)
"""AWS's models, parsed once before the runners are forked: what a runner does is not changed by where it found them."""


def logins() -> sessions.Sessions:
    """New ones, with the models that are loaded already."""
    made = sessions.Sessions(Settings())
    made._loader = LOADER
    return made


def warm() -> None:
    """Fill the loader, in the process that will fork runners."""
    made = logins()
    for service in ("ec2", "autoscaling", "elbv2", "elb", "cloudwatch"):
        for mutating in (True, False):
            made.client("prod", service, "ap-northeast-2", mutating=mutating)
    made.client("prod", "sts", "ap-northeast-2")


_WRITE, _APPEND, _WRITE_HEAD = Database._write, audit_log.append, audit_files.write_head
_SEND, _GETRESPONSE = URLLib3Session.send, urllib3.connection.HTTPConnection.getresponse
"""As the program has them: a runner that is forked from a mortal console must not die the console's death."""
_JOURNALS = ("operations/journal.py", "operations/campaign_journal.py")


class Clock:
    """The embedded AWS's time."""

    def __init__(self, url: str) -> None:
        self._address = url.removeprefix("http://")
        self._at, self._read = datetime.now(UTC), 0.0
        self.plight: Plight | None = None
        self.advance(0)

    def now(self) -> datetime:
        return self._at + timedelta(seconds=time.monotonic() - self._read)

    def advance(self, seconds: float) -> None:
        connection = http.client.HTTPConnection(self._address, timeout=30)
        connection.request("POST", "/_evac/advance", json.dumps({"seconds": seconds}))
        answer = json.loads(connection.getresponse().read())
        connection.close()
        self._at, self._read = datetime.fromisoformat(answer["now"]), time.monotonic()

    def ticks(self) -> float:
        """Seconds that nobody sets: of the same clock, since there is no other in a trial."""
        return self.now().timestamp()

    def sleep(self, seconds: float) -> None:
        if seconds == CONFIRMATION_POLL:  # the console confirms in real time: don't run away from it
            select.select([], [], [], 0.005)
            seconds = 1.0
        self.advance(seconds)
        if self.plight is not None:
            self.plight.slept(seconds)


class Plight(Protocol):
    """What comes over this process at its boundaries, and passes."""

    def at(self, step: str) -> None: ...

    def slept(self, seconds: float) -> None: ...


class Death:
    """Counts boundaries, writes each down, and kills this process at the chosen one: its number, or the first of its name."""

    def __init__(
        self, who: str, chosen: int | str | None, record: Path, plight: Plight | None = None
    ) -> None:
        self.who, self.chosen, self.count, self.step = who, chosen, 0, ""
        self._plight = plight
        self._record = os.open(record, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)

    def at(self, kind: str, what: str) -> None:
        self.count += 1
        name = f"{self.who}/{self.step}/{kind}/{what}"
        dies = self.chosen in (self.count, name)
        os.write(self._record, f"{'DIED ' if dies else ''}{name}\n".encode())
        if self._plight is not None:
            self._plight.at(self.step)
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)


def _caller() -> str:
    """Which of the journal's methods writes."""
    frame = sys._getframe(2)
    while frame.f_back is not None and not frame.f_code.co_filename.endswith(_JOURNALS):
        frame = frame.f_back
    return frame.f_code.co_name


def watch_journal(death: Death) -> None:
    """A boundary before and after each commit."""
    write = _WRITE

    @contextmanager
    def mortal(self: Database) -> Iterator[Any]:
        what = _caller()
        with write(self) as db:
            yield db
            death.at("before commit", what)
        death.at("after commit", what)

    Database._write = mortal  # type: ignore[method-assign] # this process only, and it is about to die


def watch_audit(death: Death) -> None:
    """A boundary before each line, before the end is noted, and after."""

    def mortal(*args: Any, **fields: Any) -> None:
        death.at("before audit", str(fields.get("step")))
        _APPEND(*args, **fields)
        death.at("after audit", str(fields.get("step")))

    def mortal_head(*args: Any) -> None:
        death.at("audit line written", "")
        _WRITE_HEAD(*args)

    audit_log.append = mortal
    audit_files.write_head = mortal_head  # type: ignore[assignment] # takes whatever the real one takes


def watch_requests(death: Death) -> None:
    """Three boundaries a request."""
    current: list[str] = []

    def mortal(self: Any, request: Any) -> Any:
        body = request.body.decode() if isinstance(request.body, bytes) else str(request.body or "")
        form, target = parse_qs(body), request.headers.get("X-Amz-Target", b"?")
        named = (target if isinstance(target, str) else target.decode()).rpartition(".")[2]
        what = form.get("Action", [named])[0] + " (dry run)" * ("DryRun" in form)
        death.at("before send", what)
        current.append(what)
        try:
            answer = _SEND(self, request)
        finally:
            current.pop()
        death.at("answered", what)
        return answer

    def mortal_answer(self: Any) -> Any:
        if current:
            death.at("sent", current[-1])
        return _GETRESPONSE(self)

    URLLib3Session.send = mortal  # type: ignore[method-assign] # as above
    urllib3.connection.HTTPConnection.getresponse = mortal_answer  # type: ignore[method-assign] # as above


def watch_steps(death: Death) -> None:
    """So that a boundary's name says at which step it is."""
    ask = runner.Runner._ask

    def named(self: Any, step: Any, current: Any) -> Any:
        death.step = step.name
        return ask(self, step, current)

    runner.Runner._ask = named  # type: ignore[method-assign] # as above


def run(
    operation: str,
    url: str,
    chosen: int | str | None,
    record: Path,
    suffers: str = "",
    plight: Plight | None = None,
) -> int:
    """Be the runner of this operation, and die where it was chosen."""
    clock, death = Clock(url), Death("runner", chosen, record, plight)
    clock.plight = plight
    now = trial_conditions.wrong(clock.now, suffers)
    trial_conditions.sign_by(now)
    for watch in (watch_journal, watch_audit, watch_requests, watch_steps):
        watch(death)
    process._now, process.ticks, runner.TICK = now, clock.ticks, 30.0  # type: ignore[attr-defined] # where it looks them up
    process.Runner = functools.partial(runner.Runner, sleep=clock.sleep)  # type: ignore[attr-defined,assignment] # as above
    time.sleep = clock.sleep  # type: ignore[assignment] # as above, and for botocore's pauses between its attempts to read
    sessions.READ_WITHIN = 0.7  # type: ignore[assignment] # seconds; the server hangs for longer
    sessions.SharedLoader = lambda lean: LOADER  # type: ignore[attr-defined,assignment] # as above
    os.environ.setdefault("EVAC_SETTINGS", "{}")
    return process.main(["--operation", operation])
