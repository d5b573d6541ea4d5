"""Runs the programs that the settings name: around a member of a campaign, and for an incident. Best effort.

An argument list, never a shell (tui.domain.placeholders). Within a time limit; what it started ends with it. Its
environment is the user's own without AWS's credentials and evac's settings; its input is empty or what it is given, its
folder `/`. Of what it prints the last line is kept, cleaned. Nothing depends on what comes of it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from msgspec import Struct

from tui.config.schema import Settings
from tui.domain.instance import Instance
from tui.domain.placeholders import filled, placeholder_words
from tui.domain.sanitize import EMPTY, SafeText, clean

PROGRAM_WITHIN = 30.0
"""Seconds; then it is told to end (SIGTERM), and KILL_AFTER seconds later it is ended (SIGKILL)."""
KILL_AFTER = 2.0
_LOOK_EVERY = 0.1
_KEPT = 4096
"""Bytes of the end of its output that are looked at."""
_LINE = 200
_NOT_ITS = ("AWS", "AMAZON", "BOTO", "EVAC")
_SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")


class ProgramEnd(Struct, frozen=True):
    """What came of it, in one line; empty where none was run. `ok`: nobody needs to be told."""

    ok: bool
    text: SafeText = EMPTY


class Programs:
    """What one process runs. `waiting` is called some ten times a second while one runs; what it raises ends the program."""

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        waiting: Callable[[], None] = lambda: None,
        within: float = PROGRAM_WITHIN,
    ) -> None:
        self._settings, self._environ = settings, environ
        self._waiting, self._within = waiting, within

    def run(self, kind: str, arguments: Sequence[str], instance: Instance) -> ProgramEnd:
        """Run it for this instance; `kind` is its word in what is told: `before`, `after`. Raises what `waiting` does."""
        profile, account = instance.target.profile, str(instance.account_id)
        if not arguments or why_no_programs(self._settings, profile, account):
            return ProgramEnd(ok=True)
        try:
            given = filled(arguments, placeholder_words(instance))
        except ValueError as error:
            return ProgramEnd(ok=False, text=clean(f"{kind}: not run: {error}", _LINE))
        end = run_program(given, without_credentials(self._environ), self._waiting, self._within)
        return ProgramEnd(end.ok, clean(f"{kind}: {end.text}", _LINE))


def why_no_programs(settings: Settings, profile: str, account: str = "") -> str:
    """Why none is run for this profile in this account; empty: they may be."""
    if settings.commands_off:
        return "the site policy allows no programs"
    return "read-only" if settings.profile_read_only(profile, account) else ""


def without_credentials(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment without what is AWS's or evac's own, or holds one of its secrets under another name.

    What a program finds in the user's home by itself (`~/.aws`) stays within its reach.
    """
    secrets = [value for name in _SECRETS if (value := environ.get(name))]
    return {
        name: value
        for name, value in environ.items()
        if not name.upper().lstrip("_").startswith(_NOT_ITS) and not any(one in value for one in secrets)
    }


_WAYS = (
    "AWS_ACCESS_KEY", "AWS_CONTAINER_", "AWS_CREDENTIAL_", "AWS_ROLE_", "AWS_WEB_IDENTITY_", "EVAC", *_SECRETS,
)  # fmt: skip
"""Beginnings of AWS's credentials, and of what leads to those of this process itself."""


def in_foreground(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a program that the user sits at, a login or a session: without AWS's credentials and what holds one.

    Where AWS's files are, and by which endpoints, it has to know.
    """
    secrets = [value for name in _SECRETS if (value := environ.get(name))]
    return {
        name: value
        for name, value in environ.items()
        if not name.upper().startswith(_WAYS) and not any(one in value for one in secrets)
    }


def run_program(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    waiting: Callable[[], None] = lambda: None,
    within: float = PROGRAM_WITHIN,
    given: bytes = b"",
) -> ProgramEnd:
    """Run it to its end, or for so many seconds; `given` stands on its input, whether it reads that or not.

    Raises what `waiting` does, after it has ended the program.
    """
    program = shutil.which(arguments[0], path=environ.get("PATH", os.defpath))
    if program is None:
        return ProgramEnd(ok=False, text=clean(f"{arguments[0]}: there is no such program", _LINE))
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own settings name it; a list, never a shell
            [*_ended_in_time(within), program, *arguments[1:]], env=dict(environ), cwd="/",
            stdin=subprocess.PIPE if given else subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        return ProgramEnd(ok=False, text=clean(f"{arguments[0]}: {getattr(error, 'strerror', error)}", _LINE))
    output, own_input = _Output(process), _Input(process, given)
    try:
        code = _waited(process, output, own_input, waiting, within)
    finally:
        own_input.close()
        _end(process)
        output.take()
        output.close()
    name = os.path.basename(arguments[0])
    told = f": {output.last}" if output.last else ""
    if code is None:
        return ProgramEnd(ok=False, text=clean(f"{name} was ended after {within:g} s{told}", _LINE))
    if code == 0:
        return ProgramEnd(ok=True, text=clean(f"{name} ended well{told}", _LINE))
    how = f"exit code {code}" if code > 0 else f"signal {-code}"
    return ProgramEnd(ok=False, text=clean(f"{name}: {how}{told}", _LINE))


def _ended_in_time(within: float) -> list[str]:
    """`timeout`, where it is there: then the program ends even if this process is killed meanwhile."""
    tool = shutil.which("timeout")
    return [tool, "-s", "KILL", f"{within + KILL_AFTER + 1:g}"] if tool else []


def _waited(
    process: subprocess.Popen[bytes],
    output: _Output,
    own_input: _Input,
    waiting: Callable[[], None],
    within: float,
) -> int | None:
    """Its exit code; None: it was still there after so many seconds."""
    until = time.monotonic() + within
    while (left := until - time.monotonic()) > 0:
        own_input.give()
        with suppress(subprocess.TimeoutExpired):
            return process.wait(min(_LOOK_EVERY, left))
        output.take()
        waiting()
    return process.poll()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End whatever is left of it and of what it started; one that does not listen is ended the hard way."""
    if process.poll() is None:
        _signal(process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(KILL_AFTER)
    _signal(process, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(KILL_AFTER)


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # all of them are gone
        os.killpg(process.pid, number)


class _Input:
    """What it is given, and then its end. A program that does not read it is never waited for."""

    def __init__(self, process: subprocess.Popen[bytes], given: bytes) -> None:
        self._pipe, self._left = process.stdin, memoryview(given)
        if self._pipe is not None:
            os.set_blocking(self._pipe.fileno(), False)

    def give(self) -> None:
        """As much as it takes now."""
        try:
            while self._pipe is not None and self._left:
                self._left = self._left[os.write(self._pipe.fileno(), self._left) :]
        except BlockingIOError:
            return
        except OSError:  # it has closed its input, or ended
            self._left = self._left[:0]
        self.close()

    def close(self) -> None:
        """Nothing more comes."""
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None


class _Output:
    """The end of what it prints. A child of it that went its own way may keep the pipe open: it is never waited for."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        self._pipe, self._kept = process.stdout, b""
        os.set_blocking(self._pipe.fileno(), False)

    def take(self) -> None:
        """Read what is there, so that the program does not wait for it; no more than a little at a time."""
        for _ in range(64):
            try:
                found = os.read(self._pipe.fileno(), 65536)
            except BlockingIOError:
                return
            if not found:
                return
            self._kept = (self._kept + found)[-_KEPT:]

    @property
    def last(self) -> SafeText:
        """Its last line that is not empty."""
        lines = self._kept.decode("utf-8", "replace").replace("\r", "\n").splitlines()
        return next((text for line in reversed(lines) if (text := clean(line.strip(), _LINE))), EMPTY)

    def close(self) -> None:
        """Let go of the pipe."""
        self._pipe.close()
