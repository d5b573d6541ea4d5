"""Name look-ups with a deadline of a second, so that a name server that hangs holds nothing up."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Sequence

LOOKUP_WITHIN = 1.0
"""Seconds for all of them together."""
MAX_NAMES = 32
Hosts = tuple[tuple[str, tuple[str, ...]], ...]


async def look_up(names: Sequence[str], within: float = LOOKUP_WITHIN) -> Hosts:
    """The addresses of each name; names without an answer in time are left out. Never raises."""
    loop = asyncio.get_running_loop()
    waiting = {name: loop.create_future() for name in names[:MAX_NAMES]}
    for name, answer in waiting.items():
        # Daemons: getaddrinfo can't be called off, and one that hangs must not hold up the collector's end either.
        threading.Thread(target=_ask, args=(name, answer, loop), name=f"name {name}", daemon=True).start()
    if waiting:
        await asyncio.wait(waiting.values(), timeout=within)
    return tuple(
        (name, answer.result()) for name, answer in waiting.items() if answer.done() and answer.result()
    )


def _ask(name: str, answer: asyncio.Future[tuple[str, ...]], loop: asyncio.AbstractEventLoop) -> None:
    try:
        told = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        found = tuple(dict.fromkeys(str(one[4][0]) for one in told))
    except (OSError, UnicodeError):  # unknown, or no name at all
        found = ()

    def tell() -> None:
        if not answer.done():
            answer.set_result(found)

    try:
        loop.call_soon_threadsafe(tell)
    except RuntimeError:
        pass  # the loop has ended meanwhile
