"""What calls answered, for a while: in memory, or in a Redis that a team shares, so that one console asks and all read.

Keys are account, region and call; values are the domain's shapes without a profile (names of profiles are everybody's
own), with the time they were read at. What another process wrote is checked when read: its types by msgspec, its texts
by `clean`. A cache that fails is no reason not to read: it is left alone for a while, and said once. So is why an entry was
not believed; what is read instead takes its place.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec
from aiocache import Cache as Caches
from aiocache.serializers import NullSerializer

from tui.domain.text import clean
from tui.settings import CacheSettings

T = TypeVar("T")
VERSION = 2
WITHIN = 2.0
"""Seconds a cache may take."""
REST = 60.0
"""Seconds it is left alone after a failure."""
_SKEW = timedelta(seconds=5)
"""How far another machine's clock may be ahead."""


class Cache:
    """Belongs to one event loop."""

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
            self._cache = Caches(Caches.MEMORY)
        # Without an encoding bytes stay bytes; with the default one Redis's answers would be decoded as UTF-8.
        self._cache.serializer = NullSerializer(encoding=None)
        self._cache.timeout = WITHIN

    async def get(
        self,
        key: tuple[str, ...],
        kind: type[T],
        seconds: float,
        fetch: Callable[[], Awaitable[T]],
        *,
        fresh: bool = False,
    ) -> tuple[T, datetime]:
        """The kept value or what `fetch` brings, kept for `seconds`, and when it was read (UTC).

        `fresh` does not look first. Raises what fetch raises.
        """
        name = ":".join(("evac", str(VERSION), *key))
        if not fresh:
            kept = await self._ask("get", name)
            found = None if kept is None else self._checked(kept, kind, seconds)
            if isinstance(found, str):
                self._doubt(found)
            elif found is not None:
                return found
        at = datetime.now(UTC)  # when it was asked: an answer is never newer than its question
        value = await fetch()
        body = msgspec.msgpack.encode((at, value))
        await self._ask("set", name, body, ttl=float(seconds))
        return value, at

    def _checked(self, kept: Any, kind: type[T], seconds: float) -> tuple[T, datetime] | str | None:
        """What was kept, if it is what it should be and clean, else why not; None if it is older than it may be."""
        if not isinstance(kept, bytes):
            return "not one of evac's"
        try:
            if self._shared and not _is_clean(msgspec.msgpack.decode(kept)):
                return "its text is not clean"
            at, value = msgspec.msgpack.decode(kept, type=tuple[datetime, kind])  # type: ignore[valid-type]  # a type at run time
            age = datetime.now(UTC) - at
        except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
            return "damaged, or another version's"
        if age < -_SKEW:
            return "from the future: whose clock is wrong?"
        return None if age > timedelta(seconds=max(1.0, seconds)) + _SKEW else (value, at)

    def _doubt(self, why: str) -> None:
        """An entry that is not believed. What is read anew takes its place."""
        if why not in self._doubted:
            self._doubted.add(why)
            self._failed(f"an entry of the cache could not be used ({why}): read anew")

    async def _ask(self, verb: str, *arguments: Any, **options: Any) -> Any:
        if time.monotonic() < self._resting_until:
            return None
        try:
            answer = await getattr(self._cache, verb)(*arguments, **options)
        except Exception as error:  # a library of any kind may be behind it
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

    made: Any = Caches(Caches.REDIS)
    made.client = redis.asyncio.Redis.from_url(
        url, socket_connect_timeout=WITHIN, socket_timeout=WITHIN, decode_responses=False
    )
    return made


def _is_clean(value: Any) -> bool:
    if isinstance(value, str):
        return clean(value) == value
    if isinstance(value, dict):
        return all(_is_clean(key) and _is_clean(one) for key, one in value.items())
    return all(map(_is_clean, value)) if isinstance(value, list) else True
