"""The console's side of the collector: starts it, yields its frames, restarts it with back-off, and says so.

Nothing here imports the collector or boto3: it is a process, reached by its pipe.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import random
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Mapping

import msgspec
from msgspec.structs import replace

from tui.config.schema import Settings, encode_settings
from tui.domain.instance import Trouble, TroubleKind
from tui.domain.retry import RetryPolicy
from tui.domain.sanitize import EMPTY, SafeText, clean
from tui.fleet import protocol
from tui.fleet.adopted_process import Early, adopt

COMMAND = (sys.executable, "-P", "-m", "tui.fleet.collector")
"""-P: a stray `tui.py` in the current folder must never run with credentials."""
SILENCE = 45.0
"""Seconds without a frame after which a collector counts as hung; it beats every 5."""
ANSWER_WITHIN = 60.0
"""Seconds a request may take: longer than the collector's own limits, so that its reason is the one shown."""
_RESTARTS = RetryPolicy(0.5, 30.0)
"""Seconds between a collector's end and the next one's start."""


class Link:
    """One collector after another. Use: `await start()`, iterate `frames()`, `await request(...)`, `await stop()`."""

    def __init__(self, settings: Settings, environ: Mapping[str, str], *arguments: str) -> None:
        self._settings = settings
        self._environ = dict(environ)
        self._arguments = arguments
        self._frames: asyncio.Queue[protocol.Frame | None] = asyncio.Queue(maxsize=256)
        self._pending: dict[int, asyncio.Future[protocol.ReadAnswer]] = {}
        self._numbers = 0
        self._process: Process | Early | None = None
        self._early: subprocess.Popen[bytes] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._live = asyncio.Event()
        self.state = protocol.LinkState(protocol.LinkPhase.STARTING)

    @property
    def pid(self) -> int | None:
        """The process id of the running collector, None if there is none."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    def remember(self, settings: Settings) -> None:
        """Should this collector die, the next one begins with these settings."""
        self._settings = settings

    def begin(self) -> None:
        """Have the first collector load and read already, while what the console draws with is loaded. Harmless if it can't."""
        if self._early is not None or self._keeper is not None:
            return
        with contextlib.suppress(OSError):  # start() tries again, and says what is wrong
            process = subprocess.Popen(  # noqa: S603 - COMMAND is ours
                [*COMMAND, *self._arguments], stdin=PIPE, stdout=PIPE, stderr=PIPE, env=self._environ
            )
            assert process.stdin is not None
            process.stdin.write(protocol.wrap(encode_settings(self._settings)))
            process.stdin.flush()
            self._early = process

    async def start(self) -> None:
        """Start the first collector; frames() tells how it goes."""
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep(), name="collector link")

    async def stop(self) -> None:
        """End the collector and the iteration. Harmless when repeated."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None
        await self._end()
        if self._early is not None:  # nobody took it over
            with self._early as begun:
                begun.kill()
            self._early = None
        self.state = protocol.LinkState(protocol.LinkPhase.DEAD, clean("stopped"))
        if self._frames.full():
            self._frames.get_nowait()
        self._frames.put_nowait(None)

    def finish(self) -> None:
        """Ask a collector that reads once for what it has so far; its Done follows."""
        process = self._process
        if process is not None and process.stdin is not None:
            process.stdin.write(protocol.encode_frame(protocol.Done()))

    async def frames(self) -> AsyncIterator[protocol.Frame]:
        """Deltas, notes and the link's own states, until stop()."""
        while (frame := await self._frames.get()) is not None:
            yield frame

    async def request(self, request: protocol.ReadRequest) -> protocol.ReadAnswer:
        """Ask the collector. Never raises: what went wrong is the answer's trouble. The id is given here.

        In a context of its own: a time limit stays in the loop's list until it is over, with all that whoever asks knows of,
        which is a whole screen.
        """
        return await asyncio.create_task(self._request(request), context=contextvars.Context())

    async def _request(self, request: protocol.ReadRequest) -> protocol.ReadAnswer:
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await self._live.wait()
                process = self._process
                if process is None or process.stdin is None:
                    return _lost(request.id)
                self._numbers += 1
                number = self._numbers
                answer = self._pending[number] = asyncio.get_running_loop().create_future()
                try:
                    process.stdin.write(protocol.encode_frame(msgspec.structs.replace(request, id=number)))
                    await process.stdin.drain()
                    given: protocol.ReadAnswer = replace(await answer, id=request.id)
                    return given
                finally:
                    self._pending.pop(number, None)
        except TimeoutError:
            why, remedy = clean(f"no answer within {ANSWER_WITHIN:.0f} s"), clean("try again")
            return protocol.ReadAnswer(request.id, trouble=Trouble(TroubleKind.NETWORK, why, remedy))
        except OSError:
            return _lost(request.id)

    async def _keep(self) -> None:
        failures = 0
        await self._say(protocol.LinkState(protocol.LinkPhase.STARTING))
        while True:
            why, well = await self._run_once()
            failures = 1 if well else failures + 1
            pause = _RESTARTS.interval(failures) * random.uniform(0.7, 1.0)  # noqa: S311 - spreads restarts, is no secret
            await self._say(protocol.LinkState(protocol.LinkPhase.RESTARTING, why, pause))
            await asyncio.sleep(pause)

    async def _run_once(self) -> tuple[SafeText, bool]:
        """Run one collector to its end: why it ended, and whether it had sent anything."""
        begun, self._early = self._early, None
        process: Process | Early
        try:
            if begun is not None:
                process = await adopt(begun)
            else:
                process = await asyncio.create_subprocess_exec(
                    *COMMAND, *self._arguments, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=self._environ
                )
        except OSError as error:
            return clean(f"the collector cannot be started: {error.strerror}"), False
        self._process = process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        said: deque[str] = deque(maxlen=20)
        listener = asyncio.create_task(_listen(process.stderr, said))
        worked, why = False, EMPTY
        try:
            if begun is None:
                process.stdin.write(protocol.wrap(encode_settings(self._settings)))
            while True:
                async with asyncio.timeout(SILENCE):
                    header = await process.stdout.readexactly(4)
                    frame = protocol.decode_frame(await process.stdout.readexactly(protocol.length(header)))
                if isinstance(frame, protocol.Hello):
                    if frame.version != protocol.PROTOCOL:
                        return clean("the collector is of another version: restart evac"), False
                    self._live.set()
                    await self._say(protocol.LinkState(protocol.LinkPhase.LIVE))
                elif isinstance(frame, protocol.ReadAnswer):
                    waiting = self._pending.get(frame.id)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(frame)
                elif not isinstance(frame, protocol.Beat):
                    worked = True
                    await self._frames.put(frame)
        except TimeoutError:
            why = clean(f"the collector said nothing for {SILENCE:.0f} s")
        except protocol.WireError as error:
            why = clean(f"the collector could not be understood: {error}")
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            await self._end()
            await asyncio.gather(listener, return_exceptions=True)
        return why or _epitaph(process.returncode, said), worked

    async def _end(self) -> None:
        self._live.clear()
        process, self._process = self._process, None
        for waiting in self._pending.values():
            if not waiting.done():
                waiting.set_result(_lost(0))
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(2):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _say(self, state: protocol.LinkState) -> None:
        self.state = state
        await self._frames.put(state)


async def _listen(stream: asyncio.StreamReader, said: deque[str]) -> None:
    """Keep the last lines of stderr; in chunks, since a line may be longer than the reader's limit."""
    rest = ""
    while chunk := await stream.read(4096):
        *lines, rest = (rest + chunk.decode("utf-8", "replace")).split("\n")
        said.extend(line for line in lines if line.strip())
        rest = rest[-4096:]
    if rest.strip():
        said.append(rest)


def _epitaph(code: int | None, said: deque[str]) -> SafeText:
    """How the collector died, in one line; a traceback's last line is its cause."""
    how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
    last = f": {said[-1].strip()}" if said else ""
    return clean(f"the collector died ({how}){last}", 300)


def _lost(number: int) -> protocol.ReadAnswer:
    trouble = Trouble(
        TroubleKind.INTERNAL, clean("the collector died"), clean("it is being restarted; try again")
    )
    return protocol.ReadAnswer(number, trouble=trouble)
