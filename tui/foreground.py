"""A program in the foreground: the console gives it the terminal, waits beside it, and takes the terminal back.

Meanwhile the console's loop goes on: frames are read, what was cut off is taken up, alarms go off; nothing is drawn. The program
is a job of its own, as a shell's is: it has the terminal's foreground process group, so that ctrl+c is for it alone. Stopped by
ctrl+z it waits, the console comes back, and `bring_back` gives it the terminal again. It is told to hang up (SIGHUP) when the
console ends first.
"""

from __future__ import annotations

import asyncio
import os
import select
import shutil
import signal
import termios
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, Protocol

from tui.domain.sanitize import clean
from tui.errors import EvacError

_INTERRUPTED = 128 + signal.SIGINT
_RESET = (
    "\x1b\\"  # ends what was cut off
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l\x1b[?1004l\x1b[?2004l\x1b[?2048l\x1b[<u\x1b[>4m"
    "\x1b[?1047l\x1b7\x1b[r\x1b8\x1b[?1l\x1b>\x1b[?7h\x1b[4l\x1b(B\x0f\x1b]8;;\x1b\\\x1b[0m\x1b[?25h"
)
"""What a program may have left: mouse, paste and keyboard modes, the alternate screen, margins, character sets, colours, links.
The cursor stays where it is, so that nothing is written over what the program wrote: 1049 would move it, and so do new margins.
"""


class ForegroundError(EvacError):
    """It could not be begun: no terminal, no such program, or another one is stopped and waits."""


class LentTerminal(Protocol):
    """What a console's terminal is asked for here; `screens.terminal_driver` has it."""

    fileno: int
    output: int
    cooked: list[Any] | None
    lent: bool
    """Whether the console does without it now."""
    program: int
    """The process group that has it; 0: the console's own."""


class Lender(Protocol):
    """A console that can do without its terminal for a while: a Textual app."""

    job: ForegroundProgram | None

    @property
    def terminal(self) -> LentTerminal | None:
        """None: it has none."""

    @property
    def return_code(self) -> int | None:
        """None: it has not been told to end."""

    def suspend(self) -> AbstractContextManager[None]:
        """Leave the terminal as it was found, and take it again afterwards."""

    def say_line(self, line: str) -> None:
        """Tell the operator."""


class ForegroundProgram:
    """A program that was begun: a process group of its own, which a thread waits for."""

    def __init__(self, arguments: Sequence[str], environ: Mapping[str, str], terminal: LentTerminal) -> None:
        """Begin it. Raises ForegroundError."""
        path = shutil.which(arguments[0], path=environ.get("PATH", os.defpath))
        self.name = os.path.basename(arguments[0])
        if path is None:
            name = clean(arguments[0], 80)
            raise ForegroundError(f"{name}: there is no such program in PATH", "install it, or name another")
        self.wanted, self._loop = asyncio.Event(), asyncio.get_running_loop()
        self._states: asyncio.Queue[int] = asyncio.Queue()
        default = (
            signal.SIGINT,
            signal.SIGQUIT,
            signal.SIGTSTP,
            signal.SIGTTIN,
            signal.SIGTTOU,
            signal.SIGPIPE,
        )
        places = [
            (os.POSIX_SPAWN_DUP2, mine, its)
            for its, mine in enumerate((terminal.fileno, terminal.output, terminal.output))
        ]
        try:
            self.process = os.posix_spawn(
                path,
                list(arguments),
                dict(environ),
                file_actions=places,
                setpgroup=0,
                setsigmask=(),
                setsigdef=default,
            )
        except (OSError, ValueError) as error:
            why = clean(getattr(error, "strerror", None) or error, 80)
            raise ForegroundError(f"{clean(path, 80)}: {why}") from None
        threading.Thread(target=self._watch, name="foreground", daemon=True).start()

    def _watch(self) -> None:
        """Tell the loop of each stop, and of the end."""
        while True:
            try:
                _, state = os.waitpid(self.process, os.WUNTRACED)
            except ChildProcessError:
                state = 0
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._states.put_nowait, state)
            if not os.WIFSTOPPED(state):
                return

    async def changed(self, terminal: LentTerminal) -> int | None:
        """Its exit code once it has ended, 128 and the number of a signal that ended it; None: it was stopped."""
        while os.WIFSTOPPED(state := await self._states.get()):
            if os.WSTOPSIG(state) not in (signal.SIGTTIN, signal.SIGTTOU) or not self._has(terminal):
                return None
            self.signal(signal.SIGCONT)  # it asked for the terminal in the moment before it had it
        return _exit_code(state)

    def _has(self, terminal: LentTerminal) -> bool:
        with suppress(OSError):
            return os.tcgetpgrp(terminal.fileno) == self.process
        return False

    def signal(self, *numbers: int) -> None:
        """To all of its process group."""
        for number in numbers:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process, number)

    def go_on(self, terminal: LentTerminal) -> None:
        """It has the terminal from here on."""
        terminal.program = self.process
        hand_over(terminal.fileno, self.process)
        self.signal(signal.SIGCONT)


async def run_in_foreground(app: Lender, arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run it with the console's terminal, to its end; its exit code, as a shell gives it (128 and the signal's number).

    The caller says what `environ` holds, and has asked whether it may be run. While the program is stopped this waits, with the
    console on the screen. One at a time: raises ForegroundError where another one is stopped, or it could not be begun.
    """
    if app.terminal is None:
        raise ForegroundError("this console has no terminal to give away")
    if app.job is not None:
        raise ForegroundError(f"{app.job.name} is stopped and waits for the terminal", "C brings it back")
    job: ForegroundProgram | None = None
    code: int | None = None
    try:
        while True:
            failed: BaseException | None = None
            with app.suspend(), _lent(app.terminal):
                try:
                    if job is None:
                        job = app.job = ForegroundProgram(arguments, environ, app.terminal)
                    code = await _turn(job, app.terminal)
                except (ForegroundError, asyncio.CancelledError) as error:
                    if app.return_code is not None:  # it ends, and takes nothing again
                        raise
                    failed = error
            if failed is not None or job is None:
                raise failed or ForegroundError("it was not begun")
            if code is not None:
                return code
            app.say_line(f"{job.name} is stopped (ctrl+z): C brings it back")
            await job.wanted.wait()
            job.wanted.clear()
    finally:
        app.job = None
        if code is None and job is not None:
            job.signal(signal.SIGHUP, signal.SIGCONT)


async def _turn(job: ForegroundProgram, terminal: LentTerminal) -> int | None:
    """The program has the terminal until it ends or is stopped."""
    job.go_on(terminal)
    code = await job.changed(terminal)
    _take_back(terminal)
    if code not in (None, 0, _INTERRUPTED):
        await _until_enter(terminal, f"{job.name} ended with exit code {code}")
    return code


def bring_back(app: Lender) -> bool:
    """Give a stopped program the terminal again; False: there is none."""
    if app.job is None:
        return False
    app.job.wanted.set()
    return True


@contextmanager
def _lent(terminal: LentTerminal) -> Iterator[None]:
    """Whatever happens, the terminal is the console's afterwards, as it was."""
    terminal.lent = True
    try:
        yield
    finally:
        _take_back(terminal)
        terminal.lent = False


def _take_back(terminal: LentTerminal) -> None:
    terminal.program = 0
    if not hand_over(terminal.fileno, os.getpgrp()):
        return  # the shell's: the console waits in the background until it is fetched back
    if terminal.cooked is not None:
        with suppress(termios.error, OSError):
            termios.tcsetattr(terminal.fileno, termios.TCSANOW, terminal.cooked)
    _write(terminal, _RESET)
    with suppress(termios.error, OSError):  # what was typed was meant for the program
        termios.tcflush(terminal.fileno, termios.TCIFLUSH)


def hand_over(fileno: int, group: int) -> bool:
    """Make it the terminal's foreground process group, unless the shell that began us has the terminal: False.

    A background one may do that only where it does not hear SIGTTOU.
    """
    with suppress(OSError):
        if os.tcgetpgrp(fileno) not in (os.getpgrp(), group) and os.tcgetpgrp(fileno) == os.getpgid(
            os.getppid()
        ):
            return False
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        with suppress(OSError):  # the terminal is gone, or controls nobody
            os.tcsetpgrp(fileno, group)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return True


async def _until_enter(terminal: LentTerminal, said: str) -> None:
    """Leave what the program wrote on the screen until somebody has read it: it would be gone in a blink."""
    loop, read = asyncio.get_running_loop(), asyncio.Event()

    def typed() -> None:
        try:
            keys = os.read(terminal.fileno, 1024)
        except OSError:
            keys = b""
        if not keys or any(key in keys for key in (b"\r", b"\n", b"\x03", b"\x04")):
            read.set()

    with suppress(termios.error, OSError):
        quiet = termios.tcgetattr(terminal.fileno)
        quiet[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG)
        termios.tcsetattr(terminal.fileno, termios.TCSANOW, quiet)
    _write(terminal, f"\r\n{clean(said)}; press enter to go back to evac ")
    try:
        loop.add_reader(terminal.fileno, typed)
        await read.wait()
    except OSError:
        return
    finally:
        loop.remove_reader(terminal.fileno)
    _write(terminal, "\r\n")


def _write(terminal: LentTerminal, text: str) -> None:
    """Best effort, and never waited for."""
    poll = select.poll()
    poll.register(terminal.output, select.POLLOUT)
    with suppress(OSError):
        if poll.poll(0):
            os.write(terminal.output, text.encode("ascii", "replace"))


def _exit_code(state: int) -> int:
    code = os.waitstatus_to_exitcode(state)
    return 128 - code if code < 0 else code
