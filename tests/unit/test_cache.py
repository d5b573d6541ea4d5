"""The collector's cache: kept, let go, and never believed blindly."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from tui.config.sections import CacheSettings
from tui.domain.sanitize import SafeText
from tui.fleet.collector import cache as module
from tui.fleet.collector.cache import VERSION, Cache

KEY = ("111122223333", "eu-west-1", "status")
NAME = f"evac:{VERSION}:" + ":".join(KEY)


class Backend:
    """Stands for a Redis: what others wrote is in `held`, `broken` makes it fail."""

    def __init__(self) -> None:
        self.held: dict[str, Any] = {}
        self.broken = False
        self.asked = 0

    async def get(self, name: str) -> Any:
        self.asked += 1
        if self.broken:
            raise ConnectionError("password=secret")
        return self.held.get(name)

    async def set(self, name: str, value: Any, ttl: float) -> None:
        self.asked += 1
        if self.broken:
            raise ConnectionError("password=secret")
        self.held[name] = value

    async def add(self, name: str, value: Any, ttl: float) -> None:
        if self.broken:
            raise ConnectionError("password=secret")
        if name in self.held:
            raise ValueError(name)
        self.held[name] = value

    async def delete(self, name: str) -> None:
        self.held.pop(name, None)


class Source:
    def __init__(self, *values: list[SafeText]) -> None:
        self.values, self.calls = list(values), 0

    def __call__(self) -> Awaitable[list[SafeText]]:
        self.calls += 1

        async def fetched() -> list[SafeText]:
            return self.values[min(self.calls, len(self.values)) - 1]

        return fetched()


A, B = [SafeText("a")], [SafeText("b")]
Kind = list[SafeText]


def made(backend: Backend | None = None) -> tuple[Cache, list[str]]:
    said: list[str] = []
    cache = Cache(CacheSettings(), said.append)
    if backend is not None:
        cache._cache, cache._shared = backend, True
    return cache, said


async def test_a_kept_value_is_read_again_with_the_time_it_was_read_at() -> None:
    cache, said = made()
    source = Source(A, B)
    value, at = await cache.get(KEY, Kind, 60, source)
    assert value == A
    assert (datetime.now(UTC) - at).total_seconds() < 30
    assert await cache.get(KEY, Kind, 60, source) == (A, at)
    assert source.calls == 1
    assert said == []


async def test_keys_keep_calls_regions_and_accounts_apart() -> None:
    cache, _ = made()
    source = Source(A)
    for key in (KEY, (*KEY[:2], "inventory"), ("444455556666", *KEY[1:])):
        await cache.get(key, Kind, 60, source)
    assert source.calls == 3


async def test_fresh_does_not_look_but_keeps() -> None:
    cache, _ = made()
    source = Source(A, B)
    await cache.get(KEY, Kind, 60, source)
    assert (await cache.get(KEY, Kind, 60, source, fresh=True))[0] == B
    assert (await cache.get(KEY, Kind, 60, source))[0] == B
    assert source.calls == 2


async def test_what_fetch_raises_is_raised_and_nothing_is_kept() -> None:
    cache, _ = made()

    async def refused() -> Kind:
        raise PermissionError("no")

    with pytest.raises(PermissionError):
        await cache.get(KEY, Kind, 60, refused)
    assert (await cache.get(KEY, Kind, 60, Source(A)))[0] == A


def kept(value: Any, age: float = 0) -> bytes:
    return msgspec.msgpack.encode((datetime.now(UTC) - timedelta(seconds=age), value))


DEEP = b"\x91" * 100_000 + b"\x90"
HOSTILE: dict[str, Any] = {
    "not msgpack": b"\xc1\xc1",
    "cut": kept(["a"])[:-1],
    "another type": kept({"a": 1}),
    "a number in it": kept([7]),
    "without a time": msgspec.msgpack.encode(["a"]),
    "nested for ever": DEEP,
    "a control character": kept(["\x1b]0;owned\x07"]),
    "an invisible character": kept(["a\u202eb"]),
    "a text": "evil",
    "a number": 10**12,
    "older than it may be": kept(["a"], 1000),
    "from the future": kept(["a"], -1000),
}


REASONS = {
    "a control character": "its text is not clean", "an invisible character": "its text is not clean",
    "a text": "not one of evac's", "a number": "not one of evac's", "from the future": "from the future: whose clock is wrong?",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
async def test_what_another_process_wrote_is_not_believed_said_once_and_replaced(name: str) -> None:
    backend = Backend()
    cache, said = made(backend)
    for _ in range(2):
        backend.held[NAME] = HOSTILE[name]
        assert (await cache.get(KEY, Kind, 60, Source(B)))[0] == B
        assert (await cache.get(KEY, Kind, 60, Source(A)))[0] == B, "what was fetched took its place"
    reason = REASONS.get(name, "damaged, or another version's")
    told = (
        []
        if name == "older than it may be"
        else [f"an entry of the cache could not be used ({reason}): read anew"]
    )
    assert said == told


async def test_what_another_console_read_is_taken() -> None:
    backend = Backend()
    source = Source(A)
    first = await made(backend)[0].get(KEY, Kind, 60, source)
    assert await made(backend)[0].get(KEY, Kind, 60, source) == first
    assert source.calls == 1


async def test_a_cache_that_fails_is_left_alone_and_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    backend = Backend()
    backend.broken = True
    cache, said = made(backend)
    for _ in range(3):
        assert (await cache.get(KEY, Kind, 60, Source(A)))[0] == A
    assert backend.asked == 1
    assert said == ["the cache does not answer (ConnectionError): reading without it"]
    now += module.REST + 1
    await cache.get(KEY, Kind, 60, Source(A))
    assert len(said) == 1, "still the same trouble"
    backend.broken = False
    now += module.REST + 1
    await cache.get(KEY, Kind, 60, Source(A))
    assert backend.held
    backend.broken = True
    await cache.get(KEY, Kind, 60, Source(A))
    assert len(said) == 2, "it had come back in between"


@pytest.mark.parametrize(
    "url", ["redis://:hunter2@127.0.0.1:1/0", "rediss://127.0.0.1:1", "unix:///nowhere/redis.sock"]
)
async def test_a_redis_that_is_not_there_is_a_note_without_its_password(url: str) -> None:
    said: list[str] = []
    cache = Cache(CacheSettings(url=url), said.append)
    assert (await cache.get(KEY, Kind, 60, Source(A)))[0] == A
    assert len(said) == 1
    assert "reading without it" in said[0]
    assert "hunter2" not in said[0]
    await cache._cache.client.aclose()


async def test_an_address_that_is_none_or_a_missing_library_is_a_note(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    cache = Cache(CacheSettings(url="redis://host:port/x"), said.append)
    assert (await cache.get(KEY, Kind, 60, Source(A)))[0] == A

    def missing(url: str) -> Callable[[], None]:
        raise ModuleNotFoundError("No module named 'redis'")

    monkeypatch.setattr(module, "_redis", missing)
    Cache(CacheSettings(url="redis://host"), said.append)
    assert len(said) == 2
    assert "cache.url" in said[0]
    assert "evac[redis]" in said[1]


def test_memory_lets_go_after_its_time() -> None:
    cache, _ = made()
    now = datetime.now(UTC)
    assert cache._checked((now - timedelta(seconds=59), A), Kind, 60) is not None
    assert cache._checked((now - timedelta(seconds=70), A), Kind, 60) is None


async def test_consoles_that_begin_together_ask_once() -> None:
    backend = Backend()
    caches = [made(backend)[0] for _ in range(5)]
    asked, go = [], asyncio.Event()

    async def slow() -> Kind:
        asked.append(1)
        await go.wait()
        return A

    async with asyncio.TaskGroup() as group:
        found = [group.create_task(cache.get(KEY, Kind, 60, slow)) for cache in caches]
        group.create_task(_soon(go, backend))
    assert len(asked) == 1
    assert len({one.result()[1] for one in found}) == 1, "all tell its real age"
    assert [name for name in backend.held if "asking" in name] == []


async def _soon(go: asyncio.Event, backend: Backend) -> None:
    """Let them go on once the others have looked in vain."""
    while backend.asked < 12:  # noqa: ASYNC110 - a stand-in tells nobody when it was asked
        await asyncio.sleep(0.01)
    go.set()


async def test_what_the_first_console_could_not_get_the_next_one_asks_for() -> None:
    backend = Backend()
    (one, _), (other, _) = made(backend), made(backend)

    async def refused() -> Kind:
        await asyncio.sleep(0)
        raise PermissionError("no")

    first = asyncio.create_task(one.get(KEY, Kind, 60, refused))
    second = asyncio.create_task(other.get(KEY, Kind, 60, Source(A)))
    with pytest.raises(PermissionError):
        await first
    assert (await second)[0] == A


async def test_what_another_brought_between_the_look_and_the_claim_is_not_asked_for_again() -> None:
    backend = Backend()
    (one, _), (other, _) = made(backend), made(backend)
    brought = Source(A)

    async def late(name: str, value: Any, ttl: float) -> None:
        backend.add = Backend.add.__get__(backend)  # type: ignore[method-assign]  # only the first claim comes late
        await one.get(KEY, Kind, 60, brought)
        await backend.add(name, value, ttl)

    backend.add = late  # type: ignore[method-assign]  # a stand-in: so slow was the way to the claim
    found, _ = await other.get(KEY, Kind, 60, asked := Source(B))
    assert (found, brought.calls, asked.calls) == (A, 1, 0)
    assert [name for name in backend.held if "asking" in name] == []
