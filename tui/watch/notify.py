"""Telling systemd how the service is (sd_notify(3)): a datagram to the socket it names. Without one, nothing is told.

A service that has stopped looking sends no WATCHDOG=1 and is started anew (systemd.service(5), WatchdogSec).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

from tui.domain.sanitize import clean

VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
"""What systemd gives the service in its environment, and what none of its children is to have."""


class Notifier:
    """Of one service. `every`: seconds after which it has to be heard from again; None: nobody waits for that."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        name = environ.get("NOTIFY_SOCKET", "")
        self._address = f"\0{name[1:]}" if name.startswith("@") else name
        self.every = _half(environ) if self._address else None

    def ready(self, status: str) -> None:
        """It does what it is for."""
        self._send(f"READY=1\nSTATUS={clean(status, 200)}")

    def alive(self, status: str) -> None:
        """It goes on doing it."""
        self._send(f"WATCHDOG=1\nSTATUS={clean(status, 200)}")

    def stopping(self) -> None:
        """It was told to end, and does."""
        self._send("STOPPING=1")

    def _send(self, text: str) -> None:
        if not self._address.startswith(("/", "\0")):
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
            wire.setblocking(False)  # whoever does not listen keeps nobody waiting
            wire.sendto(text.encode(), self._address)


def _half(environ: Mapping[str, str]) -> float | None:
    """Half of the time systemd waits, as it advises (sd_watchdog_enabled(3))."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    told = environ.get("WATCHDOG_USEC", "")
    return int(told) / 2e6 if told.isascii() and told.isdecimal() and int(told) else None
