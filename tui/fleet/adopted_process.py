"""A process that was begun before there was a loop, as asyncio's own look.

What the console draws with takes a third of a second to load. The collector's start needs as long, and another core.
"""

from __future__ import annotations

import asyncio
from asyncio.streams import FlowControlMixin
from subprocess import Popen
from typing import IO


class Early:
    """As much of asyncio's Process as `link` uses."""

    def __init__(
        self,
        process: Popen[bytes],
        stdin: asyncio.StreamWriter,
        stdout: asyncio.StreamReader,
        stderr: asyncio.StreamReader,
    ) -> None:
        self._process = process
        self.stdin, self.stdout, self.stderr = stdin, stdout, stderr
        self.pid = process.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    async def wait(self) -> int:
        """Until it has ended."""
        return await asyncio.to_thread(self._process.wait)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()


async def adopt(process: Popen[bytes]) -> Early:
    """Its pipes become the running loop's. It was begun with all three of them."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.connect_write_pipe(lambda: FlowControlMixin(loop), process.stdin)
    stdin = asyncio.StreamWriter(transport, protocol, None, loop)
    return Early(process, stdin, await _reader(process.stdout), await _reader(process.stderr))


async def _reader(pipe: IO[bytes]) -> asyncio.StreamReader:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(loop=loop)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader, loop=loop), pipe)
    return reader
