"""Frames survive the pipe, and what is none is told apart."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from tui.domain.events import ScheduledEvent
from tui.domain.facts import Facts
from tui.domain.instance import Instance, Phase, Target, TargetStatus, Trouble, TroubleKind, TypeFacts
from tui.domain.sanitize import clean
from tui.fleet import protocol
from tui.fleet.store import Store

NOW = datetime(2026, 11, 24, 3, 0, 1, 250000, tzinfo=UTC)
EVENT = ScheduledEvent(clean("instance-stop"), not_before=NOW)
PROD = Target("prod", "eu-west-1")


def row(number: int) -> Instance:
    return Instance(PROD, clean(f"i-{number:017x}"), events=(EVENT,), status_at=NOW)


FRAMES: tuple[protocol.Frame, ...] = (
    protocol.Hello(protocol.PROTOCOL, 42),
    protocol.Note(clean("a note")),
    protocol.Beat(),
    protocol.Done(),
    protocol.LinkState(protocol.LinkPhase.RESTARTING, clean("died"), 0.5),
    protocol.ReadRequest(7, protocol.ReadKind.LOOK, PROD, "i-1"),
    protocol.ReadAnswer(
        7,
        row(1),
        Facts(NOW, TypeFacts(True), unknown=(("images", clean("denied")),)),
        Trouble(TroubleKind.DENIED, clean("cause"), clean("remedy")),
    ),
    protocol.Delta(
        TargetStatus(PROD, Phase.LIVE, status_at=NOW), (row(1),), ("eu-west-1/i-2",), (PROD,), ("k",)
    ),
)


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: type(frame).__name__)
def test_a_frame_comes_out_as_it_went_in(frame: protocol.Frame) -> None:
    stream = io.BytesIO(protocol.encode_frame(frame) * 2)
    for _ in range(2):
        body = protocol.read_body(stream)
        assert body is not None
        assert protocol.decode_frame(body) == frame
    assert protocol.read_body(stream) is None


def test_a_cut_stream_is_its_end() -> None:
    assert protocol.read_body(io.BytesIO(protocol.encode_frame(FRAMES[-1])[:-1])) is None


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(protocol.WireError):
        protocol.decode_frame(b"Traceback")
    with pytest.raises(protocol.WireError):
        protocol.read_body(io.BytesIO(b"Traceback (most recent call last)"))


def test_a_large_delta_is_split_and_says_the_same() -> None:
    rows = tuple(row(number) for number in range(1001))
    delta = protocol.Delta(
        TargetStatus(PROD, Phase.LIVE, count=1001), rows, ("gone",), keys=tuple(one.key for one in rows)
    )
    parts = protocol.split(delta)
    assert max(len(part.upserts) for part in parts) <= protocol.ROWS_A_FRAME
    assert [part.target is None for part in parts] == [True] * (len(parts) - 1) + [False]
    whole, split = Store(), Store()
    whole.apply(delta)
    for part in parts:
        split.apply(part)
    assert list(split.rows()) == list(whole.rows())
    assert split.targets() == whole.targets()
