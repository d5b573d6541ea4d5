"""Frames survive the pipe, and what is none is told apart."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from tui.domain.events import ScheduledEvent
from tui.domain.facts import Facts
from tui.domain.instance import Instance, Phase, Target, TargetStatus, Trouble, TypeFacts
from tui.domain.text import clean
from tui.fleet import wire
from tui.fleet.store import Store

NOW = datetime(2026, 11, 24, 3, 0, 1, 250000, tzinfo=UTC)
EVENT = ScheduledEvent(clean("instance-stop"), not_before=NOW)
PROD = Target("prod", "eu-west-1")


def row(number: int) -> Instance:
    return Instance(PROD, clean(f"i-{number:017x}"), events=(EVENT,), status_at=NOW)


FRAMES: tuple[wire.Frame, ...] = (
    wire.Hello(wire.PROTOCOL, 42),
    wire.Note(clean("a note")),
    wire.Beat(),
    wire.Done(),
    wire.LinkState("restarting", clean("died"), 0.5),
    wire.ReadRequest(7, "look", PROD, "i-1"),
    wire.ReadAnswer(
        7,
        row(1),
        Facts(NOW, TypeFacts(True), console=(clean("line"),), unknown=(("images", clean("denied")),)),
        Trouble("denied", clean("cause"), clean("remedy")),
    ),
    wire.Delta(TargetStatus(PROD, Phase.LIVE, status_at=NOW), (row(1),), ("eu-west-1/i-2",), (PROD,), ("k",)),
)


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: type(frame).__name__)
def test_a_frame_comes_out_as_it_went_in(frame: wire.Frame) -> None:
    stream = io.BytesIO(wire.encode(frame) * 2)
    for _ in range(2):
        body = wire.read(stream)
        assert body is not None
        assert wire.decode(body) == frame
    assert wire.read(stream) is None


def test_a_cut_stream_is_its_end() -> None:
    assert wire.read(io.BytesIO(wire.encode(FRAMES[-1])[:-1])) is None


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(wire.WireError):
        wire.decode(b"Traceback")
    with pytest.raises(wire.WireError):
        wire.read(io.BytesIO(b"Traceback (most recent call last)"))


def test_a_large_delta_is_split_and_says_the_same() -> None:
    rows = tuple(row(number) for number in range(1001))
    delta = wire.Delta(
        TargetStatus(PROD, Phase.LIVE, count=1001), rows, ("gone",), keys=tuple(one.key for one in rows)
    )
    parts = wire.split(delta)
    assert max(len(part.upserts) for part in parts) <= wire.ROWS_A_FRAME
    assert [part.target is None for part in parts] == [True] * (len(parts) - 1) + [False]
    whole, split = Store(), Store()
    whole.apply(delta)
    for part in parts:
        split.apply(part)
    assert list(split.rows()) == list(whole.rows())
    assert split.targets() == whole.targets()
