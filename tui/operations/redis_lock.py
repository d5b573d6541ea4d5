"""The lock of one instance in a Redis that several machines share: take, renew, release, and who holds it.

A script checks and then does `SET` with an expiry, so that exactly one gets it; a dead holder's lock expires. Each
taking draws a number that only grows (the fencing token): whoever finds its key gone and the number unchanged knows that
nobody had it meanwhile. A Redis that forgot everything is known by its epoch (`lock_scripts`). What is read from Redis was
written by others: bounded, validated, cleaned.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Annotated, Any, NoReturn

import msgspec
from msgspec import Meta, Struct

from tui.config.schema import Settings
from tui.config.sections import LockSettings
from tui.domain.sanitize import SafeText, clean
from tui.domain.time_format import span
from tui.errors import EvacError
from tui.operations.identity import who_since
from tui.operations.redis_scripts import EPOCH, EPOCH_SCRIPT, LOCK_VALUE_LIMIT, RELEASE, RENEW, TAKE

REDIS_WITHIN = 2.0
"""Seconds for Redis to connect, and to answer."""
FENCE_KEPT = timedelta(days=7)
"""How long an instance's number is remembered after its last lock: longer than any operation is silent."""
_PREFIX, _FENCE = "evac:lock:", "evac:fence:"

_FENCE_MS = int(FENCE_KEPT.total_seconds() * 1000)
_TEXTS = ("operation", "action", "step", "user", "host", "client", "runner", "epoch")
_Short = Annotated[str, Meta(max_length=256)]


class Holder(msgspec.Struct, frozen=True):
    """Who holds a lock, as written in its value. `since` is UTC, `client` the SSH client's address, `epoch` Redis's."""

    operation: Annotated[str, Meta(min_length=1, max_length=64)]
    action: _Short
    step: _Short
    user: _Short
    host: _Short
    client: _Short
    runner: _Short
    since: Annotated[datetime, Meta(tz=True)]
    epoch: _Short = ""

    def line(self, zone: tzinfo, now: datetime) -> SafeText:
        """`locked by kim@bastion-2 (SSH from 203.0.113.7) since Tue 03:12 UTC: reboot at wait-checks (op-…)`."""
        who = who_since(self.user, self.host, self.client, self.since, zone, now)
        return clean(f"locked by {who}: {self.action} at {self.step} ({self.operation})")


class Held(Struct, frozen=True):
    """The lock is held by this operation."""

    token: int


class Refused(Struct, frozen=True):
    """Somebody else has it, or had it meanwhile. `by` None: its value can't be read. `left` None: it never expires."""

    by: Holder | None
    left: timedelta | None

    def line(self, zone: tzinfo, now: datetime) -> SafeText:
        """Who, since when, from where; and when it expires if it is not renewed."""
        who = "locked by somebody this evac can't read" if self.by is None else self.by.line(zone, now)
        return clean(f"{who}; {self._end()}")

    def _end(self) -> str:
        if self.left is None:
            return "it never ends by itself"
        return f"unless renewed it ends in {span(self.left + timedelta(seconds=1))}"


class Away(Struct, frozen=True):
    """The lock service can't be used, so who holds the lock is unknown: one line, and the remedy."""

    why: SafeText
    remedy: str


class Young(Away, frozen=True):
    """Redis restarted empty: nothing is taken until every living holder has had `lock.ttl` to renew."""

    left: timedelta = timedelta()

    @classmethod
    def of(cls, url: str, milliseconds: int) -> Young:
        """That state, with so much of the waiting time left."""
        left = timedelta(milliseconds=max(milliseconds, 0))
        until = span(left + timedelta(seconds=1))
        why = (
            f"the lock service at {redacted_url(url)} is new, or was emptied or restarted: "
            f"who held a lock shows it within {until}"
        )
        return cls(clean(why), f"try again in {until}", left)


def redacted_url(url: str) -> SafeText:
    """A Redis URL without user, password and query."""
    return clean(re.sub(r"//.*@", "//", url.partition("?")[0]), 200)


class UnusableError(EvacError):
    """Redis can't be asked; `away` says why, as a value."""

    def __init__(self, why: str, remedy: str) -> None:
        self.away = Away(clean(f"the lock service can't be used: {why}", 400), remedy)
        super().__init__(self.away.why, remedy)


def _connect(url: str) -> Any:
    """Connect without redis-py's retries: a repeated script would meet the effect of its first run. Raises UnusableError."""
    try:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ImportError:
        raise UnusableError("redis-py is not installed", "install evac[redis]") from None
    try:
        return redis.Redis.from_url(
            url, socket_connect_timeout=REDIS_WITHIN, socket_timeout=REDIS_WITHIN, retry=Retry(NoBackoff(), 0),
            decode_responses=False,
        )  # fmt: skip
    except ValueError:  # its text may hold the password
        raise UnusableError("lock.url is not an address", "write it as redis://host:port/db") from None


class LockService:
    """The Redis of the settings, connected when first asked."""

    def __init__(
        self, settings: LockSettings, required: bool, connect: Callable[[str], Any] = _connect
    ) -> None:
        self.settings, self.required, self._connect = settings, required, connect
        self._client: Any = None

    @classmethod
    def of(cls, settings: Settings) -> LockService:
        """The service of these settings. A demonstration takes no locks: its instances are nobody else's."""
        return cls(LockSettings(), False) if settings.demo else cls(settings.lock, settings.lock_required)

    @property
    def asked_for(self) -> bool:
        """Whether operations take a lock at all."""
        return bool(self.settings.url) or self.required

    def run(self, ask: Callable[[Any], Any]) -> Any:
        """The answer of one command. Raises UnusableError."""
        if not self.settings.url:
            raise UnusableError("the site policy asks for it and lock.url is empty", "set lock.url")
        try:
            if self._client is None:
                self._client = self._connect(self.settings.url)
            return ask(self._client)
        except UnusableError:
            raise
        except Exception as error:  # redis-py raises its own, the socket's and the resolver's
            self._fail(error)

    def _fail(self, error: Exception) -> NoReturn:
        where = redacted_url(self.settings.url)
        why = f"{where}: {type(error).__name__}: {clean(error, 160)}"
        raise UnusableError(why, "mend it; what lock.unreachable may do meanwhile: docs/locks.md") from None

    def check(self) -> Away | str:
        """For `evac doctor`: where the service is, or why it can't be used. A text that begins with `!` is a warning."""
        try:
            self.run(lambda client: client.ping())
            young = self.young()
            memory = self.run(lambda client: client.info("memory"))
        except UnusableError as error:
            return error.away
        if young is not None:
            return f"{redacted_url(self.settings.url)}! {young.why}"
        kept = str(memory.get("maxmemory_policy", "noeviction"))
        doubt = f"! it may throw locks away when its memory is full ({clean(kept, 40)})"
        return redacted_url(self.settings.url) + (
            "" if kept == "noeviction" or not memory.get("maxmemory") else doubt
        )

    def young(self) -> Young | None:
        """Young if Redis restarted empty less than `lock.ttl` ago, else None. Raises UnusableError."""
        new = secrets.token_hex(8)
        _, age = self.run(lambda client: client.eval(EPOCH_SCRIPT, 1, EPOCH, new))
        left = int(self.settings.ttl * 1000) - int(age)
        return Young.of(self.settings.url, left) if left > 0 else None

    def every(self) -> Sequence[tuple[SafeText, Refused]] | Away:
        """All locks that are held, by `account:region:instance`; at most a thousand."""
        try:
            return list(self.run(lambda client: list(self._every(client))))
        except UnusableError as error:
            return error.away

    def _every(self, client: Any) -> Iterator[tuple[SafeText, Refused]]:
        for count, key in enumerate(client.scan_iter(match=f"{_PREFIX}*", count=500)):
            if count >= 1000:
                return
            name = clean(key.decode("utf-8", "replace").removeprefix(_PREFIX).strip("{}"), 200)
            if (found := _look(client, key)) is not None:
                yield name, found

    def lock(self, account: str, region: str, instance: str, mine: Holder) -> Lock:
        """The lock of one instance, for one operation."""
        return Lock(self, f"{{{account}:{region}:{instance}}}", mine)


class Lock:
    """The lock of one instance, for one operation. No method raises for what Redis does or says: it answers `Away` instead."""

    def __init__(self, service: LockService, name: str, mine: Holder) -> None:
        self.service, self.mine = service, mine
        self._keys = (_PREFIX + name, _FENCE + name, EPOCH)
        self._value, self._token, self._epoch = b"", 0, ""

    def holder(self) -> Refused | Away | None:
        """Who else has it; None if it is free, or this operation's."""
        try:
            found: Refused | None = self.service.run(lambda client: _look(client, self._keys[0]))
            young = self.service.young()
        except UnusableError as error:
            return error.away
        if found is None:
            return young
        ours = found.by is not None and found.by.operation == self.mine.operation
        return None if ours else found

    def take(self, step: str) -> Held | Refused | Away:
        """Take the lock, also from an earlier runner of the same operation, whose next call then finds it lost."""
        try:
            won, value, left = self._take(b"", step)
            if not won and (by := decode_lock(value)) is not None and by.operation == self.mine.operation:
                won, value, left = self._take(value, step)
        except UnusableError as error:
            return error.away
        if won == 2:
            return Young.of(self.service.settings.url, left)
        return self._got(value) if won else _refused(value, left)

    def renew(self, step: str) -> Held | Refused | Away:
        """Renew the lock. Expired or forgotten by Redis, it is taken again if nobody had it since; else it is lost."""
        words = (
            *self._keys, self._value, self._body(step), self._ttl(), self._token, self._epoch, secrets.token_hex(8),
            _FENCE_MS,
        )  # fmt: skip
        try:
            won, value, left = self.service.run(lambda client: _outcome(*client.eval(RENEW, 3, *words)))
        except UnusableError as error:
            return error.away
        by = decode_lock(value)
        same = by is not None and by.runner == self.mine.runner
        return self._got(value) if won or same else _refused(value, left)

    def release(self) -> None:
        """Release the lock if it is still this operation's. Where Redis does not answer it expires."""
        try:
            self.service.run(lambda client: client.eval(RELEASE, 1, self._keys[0], self._value))
        except UnusableError:
            pass

    def _take(self, expected: bytes, step: str) -> tuple[int, bytes, int]:
        words = (*self._keys, expected, self._body(step), self._ttl(), _FENCE_MS, secrets.token_hex(8))
        got: tuple[int, bytes, int] = self.service.run(lambda client: _outcome(*client.eval(TAKE, 3, *words)))
        return got

    def _got(self, value: bytes) -> Held:
        """Held. After a lost answer Redis may hold another step's value: what is stored there is what counts."""
        self._value, self._token = value, int(value.partition(b" ")[0])
        found = decode_lock(value)
        self._epoch = "" if found is None else found.epoch
        return Held(self._token)

    def _body(self, step: str) -> bytes:
        return msgspec.json.encode(msgspec.structs.replace(self.mine, step=step, epoch="@"))

    def _ttl(self) -> int:
        return int(self.service.settings.ttl * 1000)


def _outcome(won: int, value: bytes, left: int) -> tuple[int, bytes, int]:
    return int(won), bytes(value), int(left)


def _look(client: Any, key: str | bytes) -> Refused | None:
    """Who has it, None: nobody. A key of another type counts as held by an unknown holder."""
    import redis

    try:
        value = client.getrange(key, 0, LOCK_VALUE_LIMIT)
    except redis.ResponseError:
        value = b"?"
    left = client.pttl(key)
    return None if left == -2 else _refused(value, left)


def _refused(value: bytes, left: int) -> Refused:
    return Refused(decode_lock(value), None if left == -1 else timedelta(milliseconds=max(left, 0)))


def decode_lock(value: bytes) -> Holder | None:
    """The holder in a lock's value, its texts cleaned; None if it is not one of evac's."""
    token, _, body = value.partition(b" ")
    if not re.fullmatch(rb"[0-9]{1,15}", token) or len(value) > LOCK_VALUE_LIMIT:
        return None
    try:
        found = msgspec.json.decode(body, type=Holder)
        if not 2000 < found.since.year < 2200:  # zones are applied to it
            return None
    except (msgspec.MsgspecError, UnicodeError):
        return None
    texts = {key: clean(getattr(found, key), 256) for key in _TEXTS}
    return msgspec.structs.replace(found, **texts)
