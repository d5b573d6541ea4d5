"""Group holds in the lock service, for all machines: the journal's rule, on one value replaced by compare-and-set.

One value for an account's region holds all of them, so that an operation gets all of its groups or none. What a machine
that died leaves there expires; what can't be read counts as held, by an unknown holder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct

from tui.domain.groups import Asked, Hold, HoldState, Keep, Short, lacking
from tui.domain.sanitize import clean
from tui.operations.model import Operation
from tui.operations.redis_lock import Away, LockService, UnusableError
from tui.operations.redis_scripts import READ_SCRIPT, SWAP

PREFIX = "evac:hold:"
HOLDS_VALUE_LIMIT = 262_144
"""Bytes of the value: more than a thousand holds."""
SWAP_TRIES = 40
"""How often it is decided anew because somebody else was quicker."""
HOLD_TTL_MS = 15_000
"""Milliseconds for which a place in the line is kept for who does not ask again."""


class _Row(Struct, frozen=True):
    """A hold as stored: until when (Redis's clock, ms since 1970), and by which runner."""

    hold: Hold
    until: int
    runner: str


class SharedHolds:
    """The holds of one operation. No method raises for what Redis does or says: it answers `Away` instead."""

    def __init__(
        self, service: LockService, account: str, region: str, operation: Operation, runner: str
    ) -> None:
        self._service, self._operation, self._runner = service, operation, runner
        self._key = f"{PREFIX}{{{account}:{region}}}"
        self._asked: Sequence[Asked] = ()
        self._state: HoldState | None = None

    def claim(self, asked: Sequence[Asked], keep: Sequence[Keep], *, force: bool) -> tuple[Short, ...] | Away:
        """Hold all of the groups or none; the answer is what stands in the way."""
        self._asked = asked

        def decide(rows: list[_Row], now: int) -> tuple[Short, ...]:
            own, number = self._own(rows)
            had = bool(own) and all(row.hold.state is not HoldState.WAITING for row in own)
            mine = self._hold(asked[0], number, HoldState.WAITING)
            why = () if force or had else lacking(asked, [row.hold for row in rows], mine, keep, going=False)
            going = any(row.hold.state is HoldState.GOING for row in own)
            self._state = HoldState.WAITING if why else HoldState.GOING if going else HoldState.HELD
            self._put(
                rows,
                number,
                now + (HOLD_TTL_MS if why else self._ttl),
                reserves=bool(why) and all(one.by for one in why),
            )
            return why

        return self._change(decide)

    def go(self, asked: Sequence[Asked], keep: Sequence[Keep], *, force: bool) -> tuple[Short, ...] | Away:
        """Mark the member as going down, right before it does; the answer is what forbids it now."""

        def decide(rows: list[_Row], now: int) -> tuple[Short, ...]:
            own, number = self._own(rows)
            mine = self._hold(asked[0], number, HoldState.HELD)
            gone = any(row.hold.state is HoldState.GOING for row in own)
            why = () if force or gone else lacking(asked, [row.hold for row in rows], mine, keep, going=True)
            if not why:
                self._state, self._asked = HoldState.GOING, asked
                self._put(rows, number, now + self._ttl)
            return why

        return self._change(decide)

    def keep(self) -> None:
        """Renew the hold; write it again if Redis has forgotten it, since the member may be down."""
        if self._state not in (HoldState.HELD, HoldState.GOING):
            return

        def decide(rows: list[_Row], now: int) -> tuple[Short, ...]:
            _, number = self._own(rows)
            self._put(rows, number, now + self._ttl)
            return ()

        self._change(decide)

    def free(self) -> None:
        """Release the hold; where Redis does not answer it expires."""
        if not self._state:
            return
        self._state = None

        def decide(rows: list[_Row], _now: int) -> tuple[Short, ...]:
            rows[:] = [
                row for row in rows if row.hold.operation != self._operation.id or row.runner != self._runner
            ]
            return ()

        self._change(decide)

    def _own(self, rows: Sequence[_Row]) -> tuple[list[_Row], int]:
        """Those of this operation, and its number in the line: the next one if it has none."""
        own = [row for row in rows if row.hold.operation == self._operation.id]
        return own, own[0].hold.number if own else max((row.hold.number for row in rows), default=0) + 1

    def _put(self, rows: list[_Row], number: int, until: int, *, reserves: bool = False) -> None:
        """Replace those of this operation by what it holds now."""
        others = [row for row in rows if row.hold.operation != self._operation.id]
        own = (self._hold(one, number, self._state or HoldState.WAITING, reserves) for one in self._asked)
        rows[:] = [*others, *(_Row(one, until, self._runner) for one in own)]

    @property
    def _ttl(self) -> int:
        return int(self._service.settings.ttl * 1000)

    def _hold(self, one: Asked, number: int, state: HoldState, reserves: bool = False) -> Hold:
        by = self._operation
        since = by.confirmed_at or by.created_at
        return Hold(
            by.id, one.place, str(one.group.text), one.group.member, by.label[:256], by.user[:256], by.host[:256],
            since, number, state, reserves,
        )  # fmt: skip

    def _change(self, decide: Callable[[list[_Row], int], tuple[Short, ...]]) -> tuple[Short, ...] | Away:
        try:
            for _ in range(SWAP_TRIES):
                value, now = self._service.run(lambda client: client.eval(READ_SCRIPT, 1, self._key))
                rows = [row for row in decode_holds(bytes(value)) if row.until > int(now)]
                why = decide(rows, int(now))
                ends = max((row.until for row in rows), default=0) - int(now)
                new = msgspec.json.encode(rows) if rows else b""
                if self._swap(bytes(value), new, ends):
                    return why
        except UnusableError as error:
            return error.away
        except (msgspec.MsgspecError, UnicodeError, ValueError) as error:
            return spoilt(self._key, error)
        return spoilt(self._key, "it changes all the time")

    def _swap(self, old: bytes, new: bytes, ends: int) -> bool:
        done: int = self._service.run(lambda client: client.eval(SWAP, 1, self._key, old, new, max(ends, 1)))
        return done == 1


def every(service: LockService, account: str, region: str) -> Sequence[Hold] | Away:
    """All holds in this account and region now."""
    key = f"{PREFIX}{{{account}:{region}}}"
    try:
        value, now = service.run(lambda client: client.eval(READ_SCRIPT, 1, key))
        return [row.hold for row in decode_holds(bytes(value)) if row.until > int(now)]
    except UnusableError as error:
        return error.away
    except (msgspec.MsgspecError, UnicodeError, ValueError) as error:
        return spoilt(key, error)


def all_groups(service: LockService) -> Sequence[Hold] | Away:
    """All holds of every account and region; at most a thousand values are read."""
    try:
        keys = service.run(lambda client: list(islice(client.scan_iter(match=f"{PREFIX}*", count=500), 1000)))
    except UnusableError as error:
        return error.away
    found: list[Hold] = []
    for key in keys:
        account, _, region = key.decode("utf-8", "replace").removeprefix(PREFIX).strip("{}").partition(":")
        some = every(service, account, region)
        if isinstance(some, Away):
            return some
        found += some
    return found


def spoilt(key: str, error: object) -> Away:
    """What to say of a value that evac did not write."""
    why = clean(f"the lock service can't be used: what stands in {key} is not evac's: {error}", 400)
    return Away(why, f"find out who wrote it, then redis-cli DEL '{key}'")


def decode_holds(value: bytes) -> list[_Row]:
    """The holds in a value, their texts cleaned. Raises msgspec.MsgspecError or ValueError where evac did not write it."""
    if not value:
        return []
    if len(value) > HOLDS_VALUE_LIMIT:
        raise ValueError("too long")
    return [_cleaned(row) for row in msgspec.json.decode(value, type=list[_Row])]


def _cleaned(row: _Row) -> _Row:
    texts: dict[str, Any] = {
        name: clean(getattr(row.hold, name), 256) for name in ("operation", "text", "label", "user", "host")
    }
    return msgspec.structs.replace(row, hold=msgspec.structs.replace(row.hold, stands="", **texts))
