"""The process: `python -P -m tui.fleet.collector [--once [--problems | --cover] [--share=N/OF] | --idle]`.

The settings are the first frame on stdin, requests the others; deltas leave on stdout as each target answers. Ends when
stdin does, which is when its parent ends, however that happened.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import sys
import threading
from typing import BinaryIO

from tui import garbage_pace
from tui.config.schema import Settings, decode_settings
from tui.fleet import protocol
from tui.fleet.collector.collector import Collector


def _writer(stream: BinaryIO, frames: queue.SimpleQueue[protocol.Frame]) -> None:
    """The only one that writes, so that a console that does not read holds nobody."""
    try:
        while True:
            stream.write(protocol.encode_frame(frames.get()))
            if frames.empty():
                stream.flush()
    except OSError:
        os._exit(0)


async def _serve(settings: Settings, source: BinaryIO, frames: queue.SimpleQueue[protocol.Frame]) -> None:
    collector = Collector(settings, frames.put, sys.argv[1:])
    loop = asyncio.get_running_loop()

    def listen() -> None:
        with contextlib.suppress(protocol.WireError):
            while (body := protocol.read_body(source)) is not None:
                request = protocol.decode_frame(body)
                if isinstance(request, protocol.ReadRequest):
                    loop.call_soon_threadsafe(collector.take, request)
                elif isinstance(request, protocol.Done):
                    loop.call_soon_threadsafe(collector.finish)
        os._exit(0)  # readers may be waiting for a network: nobody is left to wait for them

    threading.Thread(target=listen, name="requests", daemon=True).start()
    await collector.run()


def main() -> None:
    """Read the settings, say hello, collect."""
    garbage_pace.begin_work()
    sys.setswitchinterval(
        0.001
    )  # what has come from the network is short work: it shall not wait for long work
    source = sys.stdin.buffer
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is not a frame
    first = protocol.read_body(source)
    if first is None:
        return
    settings = decode_settings(first)
    frames: queue.SimpleQueue[protocol.Frame] = queue.SimpleQueue()
    threading.Thread(target=_writer, args=(out, frames), name="frames", daemon=True).start()
    frames.put(protocol.Hello(protocol.PROTOCOL, os.getpid()))
    asyncio.run(_serve(settings, source, frames))


if __name__ == "__main__":
    main()
