"""The frames that console and collector speak over the collector's stdin and stdout.

A frame is its length (4 bytes, big-endian) and that many bytes: the settings as JSON for the first one in, MessagePack for
all others. Domain values travel as they are; times are UTC.
"""

from __future__ import annotations

import struct
from enum import StrEnum
from functools import cache
from typing import Any, BinaryIO

import msgspec

from tui.domain.copy_plans import CopyPlans
from tui.domain.diagnosis.evidence import Evidence
from tui.domain.facts import Facts
from tui.domain.groups import BalancerGroups
from tui.domain.health import HealthReport
from tui.domain.instance import Instance, Target, TargetStatus, Trouble
from tui.domain.logins import ProfileLogin
from tui.domain.owned_images import OwnedImages
from tui.domain.sanitize import EMPTY, SafeText, clean
from tui.errors import EvacError

PROTOCOL = 1
"""Both ends come from one installation; this catches an upgrade under a running console."""
FRAME_LIMIT = 64 * 1024 * 1024
"""A longer frame is not one of ours."""
ROWS_A_FRAME = 250
"""More instances than this are sent in several frames, so that decoding never holds the screen for long."""


class WireError(EvacError):
    """What came over the pipe is not a frame."""


class _Frame(msgspec.Struct, frozen=True, tag=True):
    pass


class Delta(_Frame, frozen=True):
    """What changed since the last one. `removed` holds instance keys, `dropped` targets that are read no more.

    `keys`, where given, are all the instances of `target`: its other rows go. A new collector, which knows no
    differences, says so once with its first inventory.
    `profiles`, where given, are all that are read, and `regions` (a profile's name, and where it is read) all of one: what
    was known of others from an earlier run goes.
    """

    target: TargetStatus | None = None
    upserts: tuple[Instance, ...] = ()
    removed: tuple[str, ...] = ()
    dropped: tuple[Target, ...] = ()
    keys: tuple[str, ...] | None = None
    profiles: tuple[str, ...] | None = None
    regions: tuple[str, tuple[str, ...]] | None = None


class ReadKind(StrEnum):
    """What is asked of the collector: an instance and its facts read anew, or all again; one part of the evidence why it fails;
    or who covers the instances of a target (of all, without one), which from then on is kept read; or what AWS Health says of it;
    by which plans an instance is copied; or which AMIs of evac's a target holds; or which logins there are; or to read further
    profiles from now on; or who is registered with its load balancers.
    """

    LOOK = "look"
    REFRESH = "refresh"
    METRICS = "metrics"
    AGENT_METRICS = "agent-metrics"
    LOG = "log"
    CHANGES = "changes"
    SCREENSHOT = "screenshot"
    COVER = "cover"
    HEALTH = "health"
    PLANS = "plans"
    OWN_IMAGES = "own-images"
    LOGINS = "logins"
    ADD = "add"
    THROUGH = "through"
    GROUPS = "groups"


class ReadRequest(_Frame, frozen=True):
    """A question. A refresh without a target is for all of them; without an instance, for the whole target; with `profiles`, for
    all that these read, with their logins looked at anew.

    `hosts`: names whose addresses a look should bring along. `hours`: how far back metrics go (3, 24 or 72). `resource`: whose
    changes are asked for, where it is not the instance: a volume's or a security group's id. `entities`: what else of it Health
    may name (tui.domain.health_notices.entities_of). `keep`: how many AMIs of an instance stay.
    """

    id: int
    kind: ReadKind
    target: Target | None = None
    instance_id: str = ""
    hosts: tuple[str, ...] = ()
    hours: int = 3
    resource: str = ""
    entities: tuple[str, ...] = ()
    keep: int = 1
    profiles: tuple[str, ...] = ()


class ReadAnswer(_Frame, frozen=True):
    """The answer to a ReadRequest. `trouble` says why `instance` is None; facts carry their own gaps.

    `evidence` holds the part that was asked for. `image`: the bytes of a screenshot, a JPEG.
    """

    id: int
    instance: Instance | None = None
    facts: Facts | None = None
    trouble: Trouble | None = None
    evidence: Evidence | None = None
    image: bytes = b""
    health: HealthReport | None = None
    plans: CopyPlans | None = None
    own_images: OwnedImages | None = None
    logins: tuple[ProfileLogin, ...] = ()
    groups: BalancerGroups | None = None


class Hello(_Frame, frozen=True):
    """The first frame out."""

    version: int
    pid: int


class Note(_Frame, frozen=True):
    """Something worth a line to the operator."""

    text: SafeText


class Beat(_Frame, frozen=True):
    """The collector is alive, with nothing to say. `link` keeps these to itself."""


class Done(_Frame, frozen=True):
    """A collector that was to read once has read everything. To it: it shall send what it has, and say the same."""


class LinkPhase(StrEnum):
    """Where the collector's process stands, as its console sees it."""

    STARTING = "starting"
    LIVE = "live"
    RESTARTING = "restarting"
    DEAD = "dead"


class LinkState(_Frame, frozen=True):
    """The state of the collector's process, as its console sees it. `retry_in`: seconds until the next start."""

    state: LinkPhase
    why: SafeText = EMPTY
    retry_in: float = 0.0


Frame = Delta | ReadRequest | ReadAnswer | Hello | Note | Beat | Done | LinkState

_encoder = msgspec.msgpack.Encoder()


@cache
def _decoder() -> msgspec.msgpack.Decoder[Any]:
    """Made when the first frame comes: it takes milliseconds, and the console draws before."""
    return msgspec.msgpack.Decoder(Frame)


def encode_frame(frame: Frame) -> bytes:
    """A frame with its length in front."""
    return wrap(_encoder.encode(frame))


def wrap(body: bytes) -> bytes:
    """Any bytes with their length in front."""
    return struct.pack(">I", len(body)) + body


def decode_frame(body: bytes) -> Frame:
    """The frame of a body. Raises WireError."""
    try:
        frame: Frame = _decoder().decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(clean(f"not a frame: {error}")) from None
    return frame


def length(header: bytes) -> int:
    """The length in a frame's first 4 bytes. Raises WireError."""
    (size,) = struct.unpack(">I", header)
    if size > FRAME_LIMIT:
        raise WireError(f"a frame of {size} bytes")
    return int(size)


def read_body(stream: BinaryIO) -> bytes | None:
    """The next body of a blocking stream; None at its end, however it came. Raises WireError."""
    header = stream.read(4)
    if len(header) < 4:
        return None
    size = length(header)
    body = stream.read(size)
    return body if len(body) == size else None


def split(delta: Delta) -> list[Delta]:
    """The same in frames of at most ROWS_A_FRAME rows. The status goes last: when it arrives its rows have."""
    rows = delta.upserts
    if len(rows) <= ROWS_A_FRAME:
        return [delta]
    parts = [rows[start : start + ROWS_A_FRAME] for start in range(0, len(rows), ROWS_A_FRAME)]
    first = Delta(upserts=parts[0], removed=delta.removed)
    last = Delta(delta.target, parts[-1], dropped=delta.dropped, keys=delta.keys)
    return [first, *(Delta(upserts=part) for part in parts[1:-1]), last]
