"""Rows that share what they have in common: equal to what they were, and much smaller."""

from __future__ import annotations

import enum
import typing
from datetime import UTC, datetime

import msgspec
import pytest
from msgspec.structs import replace

from tui.domain import instance as domain
from tui.domain.cover_facts import Alarm, AlarmActionKind, AlarmState, CoverFacts, CoverPart
from tui.domain.instance import (
    Checks,
    CheckStatus,
    Instance,
    InstanceState,
    PublicAddress,
    StatusCheck,
    Target,
    Volume,
)
from tui.domain.sanitize import clean
from tui.fleet import interning as module
from tui.fleet.interning import COMMON, Pool
from tui.fleet.protocol import Delta
from tui.fleet.store import Store

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
ROW = Instance(
    Target("prod", "eu-west-1"),
    clean("i-1"),
    state=InstanceState.RUNNING,
    checks=Checks(system=StatusCheck(CheckStatus.OK)),
    status_at=NOW,
    instance_type=clean("m6i.large"),
    state_reason=clean("running"),  # the same letters as the state's
    lifecycle=clean("none"),  # and as the address's kind
    public_kind=PublicAddress.NONE,
    volumes=(Volume(clean("/dev/xvda"), clean("vol-1")),),
    tags=((clean("env"), clean("prod")), (clean("Name"), clean("web-1"))),
)


def sent(row: Instance) -> Instance:
    """As it comes over the pipe: nothing in it is anybody else's."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(row), type=Instance)


def test_a_row_is_what_it_was_and_shares_what_it_can() -> None:
    pool, one, other = Pool(), sent(ROW), sent(replace(ROW, instance_id=clean("i-2")))
    pool.settle(one)
    pool.settle(other)
    assert one == ROW
    assert other == replace(ROW, instance_id=clean("i-2"))
    assert type(one.state) is InstanceState
    assert type(one.public_kind) is PublicAddress
    assert type(one.state_reason) is str
    assert one.target is other.target
    assert one.checks is other.checks
    assert one.instance_type is other.instance_type
    assert one.tags[0] is other.tags[0]
    assert one.volumes[0].device is other.volumes[0].device


@pytest.mark.parametrize("name", COMMON)
def test_what_is_exchanged_can_be_looked_up_and_is_never_an_enumeration(name: str) -> None:
    kind = typing.get_type_hints(Instance, vars(domain))[name]
    parts = typing.get_args(kind) or (kind,)
    assert not any(
        isinstance(part, type) and issubclass(part, enum.Enum | int | list | dict | set) for part in parts
    )


def test_cover_is_shared_and_is_what_it_was() -> None:
    """A group may be called as an action is: text and enumeration are not exchanged."""
    alarm = Alarm(clean("a"), AlarmState.OK, NOW, clean("AWS/EC2"), actions=(AlarmActionKind.REBOOT,))
    unknown = ((CoverPart.BACKUPS, clean("not allowed")),)
    plain, watched = CoverFacts(NOW, unknown=unknown), CoverFacts(NOW, (alarm,), unknown=unknown)
    pool, rows = Pool(), [sent(replace(ROW, cover=one)) for one in (plain, plain, watched, watched)]
    grouped = sent(replace(ROW, security_groups=(clean("reboot"),), state_reason=clean("OK")))
    for row in (*rows, grouped):
        pool.settle(row)
    assert [row.cover for row in rows] == [plain, plain, watched, watched]
    covers = [row.cover for row in rows if row.cover is not None]
    assert covers[0] is covers[1]
    assert covers[2].unknown is covers[0].unknown is covers[3].unknown
    assert covers[2].alarms[0].namespace is covers[3].alarms[0].namespace
    assert type(covers[3].alarms[0].state) is AlarmState
    assert type(covers[3].alarms[0].actions[0]) is AlarmActionKind
    assert type(grouped.security_groups[0]) is type(grouped.state_reason) is str


def test_the_store_settles_what_it_keeps() -> None:
    store = Store()
    store.apply(Delta(upserts=(sent(ROW), sent(replace(ROW, instance_id=clean("i-2"))))))
    one, other = store.rows()
    assert one.target is other.target


def test_what_is_remembered_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_INTERNED", 50)
    pool = Pool()
    for number in range(200):
        pool.settle(sent(replace(ROW, instance_type=clean(f"m{number}.large"))))
    assert len(pool._known) <= 50 + len(COMMON) + 10
