"""A cache of answers, in memory or in a Redis that a team shares, so that one console asks AWS and all read.

Keys are account, region and call; values are the domain's shapes without a profile (names of profiles are everybody's
own), with the time they were read at. What another process wrote is checked when read: its types by msgspec, its texts
by `clean`. A cache that fails is no reason not to read: it is left alone for a while, and said once. So is why an entry was
not believed; what is read instead takes its place.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from tui.config.sections import CacheSettings
from tui.domain.sanitize import clean

_T = TypeVar("_T")
VERSION = 3
CACHE_WITHIN = 2.0
"""Seconds a cache may take."""
REST = 60.0
"""Seconds it is left alone after a failure."""
CLAIM = 10.0
"""Seconds that consoles which share a cache leave a call to the first of them, before they ask for themselves."""
LOOK_AGAIN = 0.1
_CLAIM = ":asking"
_TAKEN = object()
_SKEW = timedelta(seconds=5)
"""How far another machine's clock may be ahead."""


class Cache:
    """The cache of one collector; belongs to one event loop."""

    def __init__(self, settings: CacheSettings, failed: Callable[[str], None]) -> None:
        self._failed = failed
        self._resting_until = 0.0
        self._said = False
        self._doubted: set[str] = set()
        self._shared = bool(settings.url)
        self._cache: Any = None
        if self._shared:
            try:
                self._cache = _redis(settings.url)
            except Exception as error:  # the extra is missing, or the address is none; it may hold a password
                why = (
                    "install evac[redis]" if isinstance(error, ImportError | AttributeError) else "cache.url"
                )
                self._tell(f"the cache cannot be used ({type(error).__name__}: {why})")
                self._shared = False
        if self._cache is None:
            self._cache = _memory()

    async def get(
        self,
        key: tuple[str, ...],
        kind: type[_T],
        seconds: float,
        fetch: Callable[[], Awaitable[_T]],
        *,
        fresh: bool = False,
        claim: float = CLAIM,
    ) -> tuple[_T, datetime]:
        """The kept value or what `fetch` brings, kept for `seconds`, and when it was read (UTC).

        `fresh` does not look first. `claim`: seconds that other consoles leave the call to this one. Raises what fetch raises.
        """
        name = ":".join(("evac", str(VERSION), *key))
        if not fresh and (found := await self._kept(name, kind, seconds)) is not None:
            return found
        if fresh or not self._shared:
            return await self._fetched(name, seconds, fetch)
        if not await self._claimed(name, claim):
            found = await self._of_another(name, kind, seconds, claim)
            if found is not None:
                return found
        try:
            # Between the look and the claim another may have asked, been answered, and let go.
            found = await self._kept(name, kind, seconds)
            return found or await self._fetched(name, seconds, fetch)
        finally:
            await self._ask("delete", name + _CLAIM)

    async def _fetched(
        self, name: str, seconds: float, fetch: Callable[[], Awaitable[_T]]
    ) -> tuple[_T, datetime]:
        at = datetime.now(UTC)  # when it was asked: an answer is never newer than its question
        value = await fetch()
        # In memory the value itself is kept: its rows are held anyway, and writing them down would only cost.
        kept = msgspec.msgpack.encode((at, value)) if self._shared else (at, value)
        await self._ask("set", name, kept, ttl=float(seconds))
        return value, at

    async def _kept(self, name: str, kind: type[_T], seconds: float) -> tuple[_T, datetime] | None:
        kept = await self._ask("get", name)
        found = None if kept is None else self._checked(kept, kind, seconds)
        if isinstance(found, str):
            self._doubt(found)
            return None
        return found

    async def _claimed(self, name: str, claim: float) -> bool:
        """Whether this process shall ask AWS: no other console is asking, or Redis can't say."""
        answer = await self._ask("add", name + _CLAIM, b"", ttl=claim)
        return answer is not _TAKEN

    async def _of_another(
        self, name: str, kind: type[_T], seconds: float, claim: float
    ) -> tuple[_T, datetime] | None:
        """Wait for the value of the console that is asking now; None if that failed or takes too long."""
        until = time.monotonic() + claim
        while time.monotonic() < until:
            await asyncio.sleep(LOOK_AGAIN)
            if (found := await self._kept(name, kind, seconds)) is not None:
                return found
            if await self._claimed(name, claim):
                break
        return None

    def _checked(self, kept: Any, kind: type[_T], seconds: float) -> tuple[_T, datetime] | str | None:
        """What was kept, if it is what it should be and clean, else why not; None if it is older than it may be."""
        try:
            if not self._shared:
                at, value = kept
            elif not isinstance(kept, bytes):
                return "not one of evac's"
            elif not _is_clean(msgspec.msgpack.decode(kept)):
                return "its text is not clean"
            else:
                at, value = msgspec.msgpack.decode(kept, type=tuple[datetime, kind])  # type: ignore[valid-type]  # a type at run time
            age = datetime.now(UTC) - at
        except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
            return "damaged, or another version's"
        if age < -_SKEW:
            return "from the future: whose clock is wrong?"
        return None if age > timedelta(seconds=max(1.0, seconds)) + _SKEW else (value, at)

    def _doubt(self, why: str) -> None:
        """Report an invalid entry once; the caller reads anew and replaces it."""
        if why not in self._doubted:
            self._doubted.add(why)
            self._failed(f"an entry of the cache could not be used ({why}): read anew")

    async def _ask(self, verb: str, *arguments: Any, **options: Any) -> Any:
        if time.monotonic() < self._resting_until:
            return None
        try:
            answer = await getattr(self._cache, verb)(*arguments, **options)
        except Exception as error:  # a library of any kind may be behind it
            if verb == "add" and type(error) is ValueError:  # aiocache's word for a key that is there already
                return _TAKEN
            self._resting_until = time.monotonic() + REST
            self._tell(f"the cache does not answer ({type(error).__name__})")
            return None
        self._said = False
        return answer

    def _tell(self, what: str) -> None:
        if not self._said:
            self._said = True
            self._failed(f"{what}: reading without it")


def _redis(url: str) -> Any:
    """aiocache's Redis, its client made from the whole address: aiocache itself knows no rediss and unix."""
    import redis.asyncio
    from aiocache.backends.redis import RedisCache
    from aiocache.serializers import NullSerializer

    client = redis.asyncio.Redis.from_url(
        url, socket_connect_timeout=CACHE_WITHIN, socket_timeout=CACHE_WITHIN, decode_responses=False
    )
    # Without an encoding bytes stay bytes; with the default one Redis's answers would be decoded as UTF-8.
    made: Any = RedisCache(serializer=NullSerializer(encoding=None))
    made.client = client
    made.timeout = CACHE_WITHIN
    return made


def _memory() -> Any:
    """aiocache's own. Its package imports every store that is installed, and Redis's client costs a start a third."""
    absent = [name for name in ("redis", "aiomcache") if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None: an import of it finds nothing
    try:
        from aiocache.backends.memory import SimpleMemoryCache
        from aiocache.serializers import NullSerializer
    finally:
        for name in absent:
            sys.modules.pop(name, None)
    made: Any = SimpleMemoryCache(serializer=NullSerializer(encoding=None))
    made.timeout = None  # there is nothing to wait for, and a timer costs more than the answer
    return made


def _is_clean(value: Any) -> bool:
    if isinstance(value, str):
        return clean(value) == value
    if isinstance(value, dict):
        return all(_is_clean(key) and _is_clean(one) for key, one in value.items())
    return all(map(_is_clean, value)) if isinstance(value, list) else True
