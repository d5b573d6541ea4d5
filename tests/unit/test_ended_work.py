"""After an operation has ended its target's cover is read anew, and only where it is read at all."""

from __future__ import annotations

from datetime import UTC, datetime

from tui.domain.activity import NO_ACTIVITY, Own, Work
from tui.domain.cover_facts import CoverFacts
from tui.domain.instance import Instance, Target
from tui.domain.sanitize import EMPTY, clean
from tui.fleet.ended_work import EndedWork
from tui.fleet.protocol import Delta, ReadKind, ReadRequest
from tui.fleet.store import Store

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
HERE, THERE = Target("prod", "eu-west-1"), Target("prod", "us-east-1")
WORK = Work("op-1", "recover-alarm", "running", "set-alarm", EMPTY, EMPTY, NOW)


def test_what_ended_is_read_anew_once_where_its_cover_is_read() -> None:
    store, ended = Store(), EndedWork()
    read, unread = Instance(HERE, clean("i-1"), cover=CoverFacts(NOW)), Instance(THERE, clean("i-2"))
    store.apply(Delta(upserts=(read, unread)))
    assert ended.requests(Own({read.key: WORK, unread.key: WORK, "eu-west-1/i-gone": WORK}), store) == []
    assert ended.requests(Own({read.key: WORK}), store) == [], "nobody asked who covers the other"
    assert ended.requests(NO_ACTIVITY, store) == [ReadRequest(0, ReadKind.COVER, HERE)]
    assert ended.requests(NO_ACTIVITY, store) == []


def test_one_that_began_and_ended_between_two_looks_is_not_missed() -> None:
    store, ended = Store(), EndedWork()
    row = Instance(HERE, clean("i-1"), cover=CoverFacts(NOW))
    store.apply(Delta(upserts=(row,)))
    assert ended.requests(NO_ACTIVITY, store) == []
    over = Own(ended=frozenset({("op-1", row.key)}))
    assert ended.requests(over, store) == [ReadRequest(0, ReadKind.COVER, HERE)]
    assert ended.requests(over, store) == []
