"""Demo only: the runner exits once the embedded AWS has refused PATIENCE connections in a row: nothing is left to drive.

Against AWS itself this does nothing: there the runner keeps looking for as long as it takes.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from tui.operations.runner_log import log_line

LOOK_EVERY, PATIENCE = 0.25, 20
"""Seconds between two looks, and how many in a row must find nobody listening. One will do once the journal is gone as well:
while AWS answers, a journal that somebody removed is no end, here as elsewhere."""


def ends_with_it(environ: Mapping[str, str], journal: Path) -> None:
    """Start a thread that ends this process once the embedded AWS is gone; does nothing outside a demonstration."""
    if environ.get("EVAC_DEMO") == "1":
        address = urlsplit(environ.get("AWS_ENDPOINT_URL", ""))
        where = (address.hostname or "", address.port or 0)
        threading.Thread(target=_watch, args=(journal, where), name="demonstration", daemon=True).start()


def _watch(journal: Path, where: tuple[str, int]) -> None:
    missed, pause = 0, threading.Event()
    while missed < PATIENCE and not (missed and not journal.exists()):
        pause.wait(LOOK_EVERY)
        missed = 0 if _listens(where) else missed + 1
    log_line("the demonstration is over")
    os._exit(0)


def _listens(where: tuple[str, int]) -> bool:
    try:
        socket.create_connection(where, timeout=5).close()
    except ConnectionRefusedError:
        return False
    except OSError:  # slow, or odd: not known to be gone
        return True
    return True
