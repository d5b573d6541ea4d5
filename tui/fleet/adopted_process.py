"""A subprocess started before the event loop exists, with the interface of asyncio's own.

Loading Textual takes the console a third of a second. The collector starts meanwhile, on another core.
"""

from __future__ import annotations

import asyncio
from subprocess import Popen
from typing import IO


class Early:
    """The part of `asyncio.subprocess.Process` that `collector_client` uses."""

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
        """The exit code; None while it runs."""
        return self._process.poll()

    async def wait(self) -> int:
        """Wait for its end; the exit code."""
        return await asyncio.to_thread(self._process.wait)

    def kill(self) -> None:
        """Send SIGKILL."""
        self._process.kill()


async def adopt(process: Popen[bytes]) -> Early:
    """Connect the process's three pipes to the running loop."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    loop = asyncio.get_running_loop()
    # A protocol that knows how to wait until there is room; that it could read as well is not used.
    writing = asyncio.StreamReaderProtocol(asyncio.StreamReader(loop=loop), loop=loop)
    transport, protocol = await loop.connect_write_pipe(lambda: writing, process.stdin)
    stdin = asyncio.StreamWriter(transport, protocol, None, loop)
    return Early(process, stdin, await _reader(process.stdout), await _reader(process.stderr))


async def _reader(pipe: IO[bytes]) -> asyncio.StreamReader:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(loop=loop)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader, loop=loop), pipe)
    return reader
