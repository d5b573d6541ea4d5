"""A writer thread for the terminal: it may block on the terminal, and no caller ever blocks on it.

Textual's own has a queue of 30 texts: with the terminal stopped, or its thread ended by an error, whoever draws the 31st waits
for ever, and no signal is heard any more. Here what cannot be sent is not drawn: `behind` says so, and all is drawn anew later.
"""

from __future__ import annotations

import errno
import os
import select
import termios
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from tui.presentation.ascii import encoded

BEHIND = 128 * 1024
"""Bytes that may wait: some screens. A terminal that takes no more is drawn for no more."""
WRITE_CHUNK = 8 * 1024
"""Bytes written at once."""
LEAVE_WITHIN = 0.7
"""Seconds the terminal has to take what gives it back; then what it did not take is thrown away, and it gets as many again."""
ABORT = "\x1b\\"
"""Ends whatever sequence was cut off."""


class Writer:
    """Begun with `start`, ended with `stop`; then it drops what it is given. `lost` is told the error that ended it before."""

    def __init__(
        self, fileno: int, encoding: str, lost: Callable[[OSError], None], caught_up: Callable[[], None]
    ) -> None:
        self._fileno, self._encoding = fileno, encoding
        self._lost, self._caught_up = lost, caught_up
        self._queue: deque[str] = deque()
        self._waiting = 0
        self._ready = threading.Condition()
        self._thread: threading.Thread | None = None
        self._ended, self._hurried = False, False
        self.owes = False

    @property
    def behind(self) -> bool:
        """Whether nothing more should be drawn now. Whoever does not draw because of that sets `owes`."""
        return self._ended or self._waiting > BEHIND

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="terminal-output", daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        """Queue the text; never waits. Dropped once the thread has ended."""
        with self._ready:
            if not self._ended:
                self._queue.append(text)
                self._waiting += len(text)
                self._ready.notify()

    def flush(self) -> None:
        """Nothing to do: text is sent at once."""

    def hurry(self) -> None:
        """Drop a long queue, so that what comes from now on is sent soon: the console ends."""
        with self._ready:
            if self._waiting > WRITE_CHUNK:
                self._queue.clear()
                self._hurried = True
                self._queue.append(ABORT)
                self._ready.notify()

    def stop(self) -> None:
        """Once all was written, or the terminal did not take it for some time."""
        with self._ready:
            if self._ended:
                return
        for last in (False, True):
            if self._drained(LEAVE_WITHIN):
                break
            if not last:
                with suppress(termios.error, OSError):  # makes room, if it is a terminal that stands still
                    termios.tcflush(self._fileno, termios.TCOFLUSH)
        with self._ready:
            self._ended = True
            self._queue.clear()
            self._ready.notify_all()
        if self._thread is not None:
            self._thread.join(0.1)  # one that waits in the kernel is left there

    def _drained(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        with self._ready:
            while self._waiting and not self._ended:
                rest = deadline - time.monotonic()
                if rest <= 0:
                    return False
                self._ready.wait(rest)
        return True

    def _run(self) -> None:
        try:
            while (text := self._next()) is not None:
                self._send(encoded(text, self._encoding))
                self._done()
        except OSError as error:
            with self._ready:
                self._ended, self._waiting = True, 0
                self._queue.clear()
                self._ready.notify_all()
            self._lost(error)

    def _next(self) -> str | None:
        with self._ready:
            while not self._queue and not self._ended:
                self._ready.wait()
            if self._ended:
                return None
            text = "".join(self._queue)
            self._queue.clear()
            self._hurried = False
            return text

    def _done(self) -> None:
        with self._ready:
            self._waiting = sum(map(len, self._queue))
            self._ready.notify_all()
            caught_up = self.owes and not self._waiting and not self._ended
            self.owes = self.owes and not caught_up
        if caught_up:
            self._caught_up()

    def _send(self, data: bytes) -> None:
        view = memoryview(data)
        while view and not self._ended and not self._hurried:
            try:
                view = view[os.write(self._fileno, view[:WRITE_CHUNK]) :]
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EINTR):
                    raise
                self._wait_for_room()  # somebody else made the terminal non-blocking

    def _wait_for_room(self) -> None:
        poll = select.poll()
        poll.register(self._fileno, select.POLLOUT)
        poll.poll(500)
