"""What calls answered, for a while: in memory, or in a Redis that a team shares, so that one console asks and all read.

Keys are account, region and call; values are the domain's shapes without a profile (names of profiles are everybody's
own). What another process wrote is checked when read: its types by msgspec, its texts by `clean`. A cache that
fails is no reason not to read: it is left alone for a while, and said once.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from aiocache import Cache as Caches
from aiocache.serializers import NullSerializer

from tui.domain.text import clean
from tui.settings import CacheSettings

T = TypeVar("T")
VERSION = 1
WITHIN = 2.0
"""Seconds a cache may take."""
REST = 60.0
"""Seconds it is left alone after a failure."""


class Cache:
    """Belongs to one event loop."""

    def __init__(self, settings: CacheSettings, failed: Callable[[str], None]) -> None:
        self._shared = bool(settings.url)
        self._failed = failed
        self._resting_until = 0.0
        made: Any = Caches.from_url(settings.url) if self._shared else Caches(Caches.MEMORY)
        made.serializer = NullSerializer()
        made.timeout = WITHIN
        self._cache = made

    async def get(
        self,
        key: tuple[str, ...],
        kind: type[T],
        seconds: float,
        fetch: Callable[[], Awaitable[T]],
        *,
        fresh: bool = False,
    ) -> T:
        """The kept value, or what `fetch` brings, kept for `seconds`. `fresh` does not look first. Raises what fetch raises."""
        name = ":".join(("evac", str(VERSION), *key))
        if not fresh:
            kept = await self._ask("get", name)
            if kept is not None:
                value = self._checked(kept, kind)
                if value is not None:
                    return value
        value = await fetch()
        await self._ask("set", name, msgspec.msgpack.encode(value), ttl=max(1, int(seconds)))
        return value

    def _checked(self, kept: Any, kind: type[T]) -> T | None:
        try:
            body = kept if isinstance(kept, bytes) else bytes(kept)
            if self._shared and not _is_clean(msgspec.msgpack.decode(body)):
                return None
            return msgspec.msgpack.decode(body, type=kind)
        except (TypeError, ValueError, msgspec.MsgspecError):
            return None

    async def _ask(self, verb: str, *arguments: Any, **options: Any) -> Any:
        if time.monotonic() < self._resting_until:
            return None
        try:
            return await getattr(self._cache, verb)(*arguments, **options)
        except Exception as error:  # a library of any kind may be behind it
            self._resting_until = time.monotonic() + REST
            self._failed(f"the cache does not answer ({type(error).__name__}): reading without it")
            return None


def _is_clean(value: Any) -> bool:
    if isinstance(value, str):
        return clean(value) == value
    if isinstance(value, dict):
        return all(_is_clean(key) and _is_clean(one) for key, one in value.items())
    return all(map(_is_clean, value)) if isinstance(value, list) else True
