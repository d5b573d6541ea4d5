"""Textual's driver, for a terminal that may end, stand still, or belong to somebody else for a while.

A terminal that is gone (input at its end, an error of output, a hang-up, also one that only a wrapper was told of) ends the
console; one that does not take what is drawn keeps nobody waiting; and whoever was told to end ends within `END_WITHIN`
seconds, whatever its loop is doing then.
"""

from __future__ import annotations

import asyncio
import errno
import os
import select
import signal
import sys
import termios
import threading
import time
from codecs import getincrementaldecoder
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from textual.app import ReturnType
from textual.drivers.linux_driver import LinuxDriver

from screens.terminal_writer import Writer
from screens.textual_compat import HookedApp, KeyParser, key_parser
from tui.domain.sanitize import clean

if TYPE_CHECKING:  # few ever give the terminal away
    from tui.foreground import ForegroundProgram

END_WITHIN = 4.0
"""Seconds after which a console that was told to end, and has not, is ended by force."""
WATCH_EVERY = 0.5
"""Seconds between two looks at whether the terminal is still there."""
HUNG_UP = 128 + signal.SIGHUP
"""Exit code of a console whose terminal has gone, as if the hang-up had reached it."""
LEAVE = b"\x1b\\\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
END_OF_INPUT = b"\x04"
"""What script(1) types when its own terminal is gone; its own way of being told so."""
_GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL


class ConsoleDriver(LinuxDriver):
    """The driver of an `OnTerminal` app, its `terminal`. Textual's own output thread stays idle."""

    def __init__(self, app: OnTerminal[Any], **more: Any) -> None:
        self._console = app
        self._running = asyncio.get_running_loop()
        self._own: Writer | None = None
        self._reader: threading.Thread | None = None
        self._stop_reading = threading.Event()
        self._takes = self._up = False
        self._stopped_outside = False
        self.cooked: list[Any] | None = None
        self.lent, self.program = False, 0
        super().__init__(app, **more)
        signal.signal(signal.SIGCONT, self._continued)
        # 2>log: what is drawn is for the terminal
        self._drawn_on = sys.__stderr__ if sys.__stderr__ and sys.__stderr__.isatty() else sys.__stdout__
        self.output = 1 if self._drawn_on is None else self._drawn_on.fileno()
        self.guard = TerminalWatch(self)
        app.terminal = self

    # output

    @property
    def quiet(self) -> bool:
        """Whether nothing may be drawn now: suspended, gone, or it takes no more. It is drawn anew once it does."""
        if self._own is None or self.guard.gone or self.guard.away:
            return True
        if self._own.behind:
            self._own.owes = True
            return True
        return False

    def write(self, data: str) -> None:
        """Queue the text for the terminal; dropped where it is gone or takes nothing."""
        if self._takes:  # the first that Textual writes, once it may
            self._takes = False
            encoding = getattr(self._drawn_on, "encoding", None) or "utf-8"
            self._own = Writer(self.output, encoding, self.gone, self.caught_up)
            self._own.start()
        if self._own is not None:
            self._own.write(data)

    def close(self) -> None:
        super().close()
        self._takes = False
        if self._own is not None:
            self._own.stop()

    def caught_up(self) -> None:
        """The terminal takes output again: have the whole screen drawn."""
        self.call_in_loop(self._console.caught_up)

    # taking the terminal and giving it back

    def start_application_mode(self) -> None:
        self._takes = True
        super().start_application_mode()  # type: ignore[no-untyped-call] # Textual's own lacks the type
        self._up = not (self._takes or self._own is None or self._own.behind)
        self._takes = False
        self.guard.away = _elsewhere(self.fileno)
        if self._up and self._stopped_outside:
            self._stopped_outside = False
            self.call_in_loop(self._console.post_message, self.SignalResume())
        if self.attrs_before is not None:
            # After a stop from outside it may be as we left it: that is not what it shall be given back as.
            raw = not self.attrs_before[3] & termios.ICANON
            self.cooked = self.attrs_before = self.cooked if raw and self.cooked else self.attrs_before

    def stop_application_mode(self) -> None:
        """As Textual's, but what was still to be drawn is not waited for."""
        self._up = False
        if self._own is not None:
            self._own.hurry()
        super().stop_application_mode()

    def disable_input(self) -> None:
        """As Textual's; a reader that waits for a key somebody else got is left there."""
        self._stop_reading.set()
        if self._reader is not None and self._reader is not threading.current_thread():
            self._reader.join(1.0)
        self._reader = None
        super().disable_input()

    def _continued(self, *_: Any) -> None:
        """Stopped by its own key it has given the terminal back; stopped from outside it has not."""
        if self.lent:
            from tui.foreground import hand_over

            if self.program:  # which gets it again from whoever took it meanwhile
                hand_over(self.fileno, self.program)
            return
        if self._up:
            self._stopped_outside = True
            self.suspend_application_mode()
        self.resume_application_mode()

    # input

    def run_input_thread(self) -> None:
        """Textual's thread: it begins ours, which may be left behind, and ends."""
        parser = key_parser()
        if parser is None:
            super().run_input_thread()
            return
        self._stop_reading = threading.Event()
        reader = threading.Thread(
            target=self._read, args=(self._stop_reading, parser), name="terminal-input", daemon=True
        )
        reader.start()
        self._reader = reader

    def _read(self, stop: threading.Event, parser: KeyParser) -> None:
        try:
            self._read_keys(stop, parser)
        except Exception as error:  # no traceback over the terminal: the report has it
            self.call_in_loop(self._console.end_by_fault, error)

    def _read_keys(self, stop: threading.Event, parser: KeyParser) -> None:
        decode = getincrementaldecoder("utf-8")("replace").decode
        poll = select.poll()
        poll.register(self.fileno, select.POLLIN)
        while not stop.is_set():
            if poll.poll(100):
                data = self._taken()
                if stop.is_set():
                    return
                if data is None:
                    stop.wait(WATCH_EVERY)
                    continue
                if not data or (data.endswith(END_OF_INPUT) and _wrapper_hung_up()):
                    self.gone(OSError(errno.EIO, "end of input"))
                    return
                for event in parser.feed(decode(data)):
                    self.process_message(event)
            for event in parser.tick():
                self.process_message(event)

    def _taken(self) -> bytes | None:
        """What was typed; nothing at the end; None if the terminal is there, but not ours at this moment."""
        try:
            return os.read(self.fileno, 4096)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EINTR):
                return None
            return b"" if _hung_up(self.fileno) or not _elsewhere(self.fileno) else None

    # lent to a program

    def call_out(self, sequence: str) -> bool:
        """Send a bell or a notification, which draws nothing and moves no cursor, also while a program has the terminal. False:
        the terminal takes nothing now."""
        if self.lent:
            return not self.guard.gone and _sent_beside(self.output, sequence)
        if self.quiet:
            return False
        self.write(sequence)
        return True

    # the end

    def gone(self, error: OSError) -> None:
        """The terminal is no more: from any thread, as often as anybody notices."""
        if not self.guard.gone:
            self.guard.gone = True
            self.end_by(HUNG_UP)
            self.call_in_loop(self._console.hung_up, error)

    def end_by(self, code: int, within: float = END_WITHIN) -> None:
        """End this process within so many seconds, by force if need be."""
        self.guard.end_by(code, within)

    def call_in_loop(self, work: Callable[..., object], *arguments: object) -> None:
        """Call the function in the app's event loop, if that still runs."""
        with suppress(RuntimeError):
            self._running.call_soon_threadsafe(work, *arguments)


class TerminalWatch(threading.Thread):
    """A daemon thread that watches the terminal, also while nothing reads it, and enforces `end_by`."""

    def __init__(self, driver: ConsoleDriver) -> None:
        super().__init__(name="terminal-guard", daemon=True)
        self._driver = driver
        self._deadline: float | None = None
        self._code = 0
        self._over = threading.Event()
        self.gone, self.away = False, False
        self.start()

    def end_by(self, code: int, within: float) -> None:
        """Set the deadline, in seconds from now; the earliest one counts."""
        deadline = time.monotonic() + within
        if self._deadline is None or deadline < self._deadline:
            self._code, self._deadline = code, deadline

    def over(self) -> None:
        """Stop watching: the console has ended."""
        self._over.set()

    def run(self) -> None:
        """Watch until `over` or the deadline."""
        while not self._over.wait(WATCH_EVERY):
            if not self.gone and _hung_up(self._driver.fileno):
                self._driver.gone(OSError(errno.EIO, "hang-up"))
            away = _elsewhere(self._driver.fileno)
            if self.away and not away:
                self._driver.caught_up()
            self.away = (
                away  # whoever began us has ended: the terminal is another's, and nothing is drawn over that
            )
            if self._deadline is not None and time.monotonic() > self._deadline:
                self._by_force()

    def _by_force(self) -> None:
        """End the process without the loop, giving the terminal back as well as possible; the collector ends with it."""
        if self._driver.program:
            with suppress(OSError):
                os.killpg(self._driver.program, signal.SIGHUP)
        if not self.gone:
            threading.Thread(target=self._give_back, daemon=True).start()
            time.sleep(WATCH_EVERY)
        os._exit(self._code)

    def _give_back(self) -> None:
        driver = self._driver
        with suppress(termios.error, OSError):
            if driver.cooked is not None:
                termios.tcsetattr(driver.fileno, termios.TCSANOW, driver.cooked)
        with suppress(termios.error, OSError):
            termios.tcflush(driver.fileno, termios.TCOFLUSH)
        with suppress(OSError):
            os.write(driver.output, LEAVE)


class OnTerminal(HookedApp[ReturnType]):
    """An app on a terminal that may go away, or stand still."""

    terminal: ConsoleDriver | None = None
    """None: it has not begun, or runs without one."""
    terminal_lost = False
    job: ForegroundProgram | None = None
    """A program that has the terminal, or is stopped and waits for it."""

    def __init__(self) -> None:
        super().__init__(driver_class=ConsoleDriver)

    def bell(self) -> None:
        """As App's, also while a program has the terminal."""
        if self.terminal is None:
            super().bell()
        elif not self.terminal.call_out("\a"):
            self.terminal.write("\a")  # for later

    def call_out(self, sequence: str) -> bool:
        """Send the terminal what calls somebody and draws nothing; False: it takes nothing now. Without one it is dropped."""
        return self.is_headless or (self.terminal is not None and self.terminal.call_out(sequence))

    def say_line(self, line: str) -> None:
        """Tell the operator, in a line that is never parsed as markup."""
        self.notify(clean(line), markup=False)

    def before_display(self, update: RenderableType | None) -> RenderableType | None:
        """Nothing while the terminal takes nothing."""
        quiet = self.terminal is not None and self.terminal.quiet
        return None if quiet else super().before_display(update)

    def caught_up(self) -> None:
        """The terminal takes what is drawn again: draw it."""
        self.refresh(layout=True)

    def hung_up(self, error: OSError) -> None:
        """The terminal is gone. What runs elsewhere goes on."""
        self.terminal_lost = True
        self.exit(return_code=HUNG_UP)

    def told_to_end(self, number: int) -> None:
        """By a signal; in the main thread, between two of its steps."""
        if self.terminal is not None:
            self.terminal.end_by(128 + number)
            self.terminal.call_in_loop(lambda: self.exit(return_code=128 + number))

    def run(self, *arguments: Any, **more: Any) -> ReturnType | None:
        """As App's. Nobody is told of errors of a terminal that is gone."""
        try:
            return super().run(*arguments, **more)
        except Exception:
            if not self.terminal_lost:
                raise
            return None
        finally:
            if self.terminal is not None:
                self.terminal.guard.over()


def _hung_up(fileno: int) -> bool:
    poll = select.poll()
    poll.register(fileno, 0)
    try:
        return any(event & _GONE for _, event in poll.poll(0)) or not os.isatty(fileno)
    except OSError:
        return True


def _sent_beside(fileno: int, text: str) -> bool:
    """Whether the terminal, which is another program's now, took it. Never waits, nor stops for `stty tostop`."""
    poll = select.poll()
    poll.register(fileno, select.POLLOUT)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        if not poll.poll(0):
            return False
        os.write(fileno, text.encode("utf-8", "replace"))
    except OSError:
        return False
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return True


def _elsewhere(fileno: int) -> bool:
    """Whether the terminal is there, and another group of processes has it."""
    try:
        return os.tcgetpgrp(fileno) != os.getpgrp()
    except OSError:
        return False


def _wrapper_hung_up() -> bool:
    """Whether a process that began us stands on a terminal that is no more (Linux's /proc; elsewhere nobody knows)."""
    process = os.getppid()
    with suppress(OSError, ValueError):
        while process > 1:
            terminal = os.readlink(f"/proc/{process}/fd/0")
            if terminal.startswith("/dev/pts/") and terminal.endswith("(deleted)"):
                return True
            with open(f"/proc/{process}/stat") as told:
                process = int(told.read().rpartition(")")[2].split()[1])
    return False
