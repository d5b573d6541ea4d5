"""The last state on disk: what the first frame shows, marked with its age, until the collector has answered.

`$XDG_CACHE_HOME/evac/snapshot.mpk`, mode 0600 in a 0700 folder: names and addresses of a fleet are nobody else's business.
What is in trouble comes first in it, and is all that the first frame waits for; the rest lies behind it in pieces.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tui.config.schema import Settings
from tui.domain.instance import Instance, Phase, Target, TargetStatus
from tui.domain.sanitize import clean
from tui.domain.triage import urgency
from tui.errors import EvacError
from tui.fleet.protocol import Delta
from tui.fleet.scope import Reads, key, reads, within
from tui.fleet.start_mark import Opening
from tui.paths import default_snapshot_path, write_atomically

FORMAT = 2
NARROW_KEPT = 8
"""Snapshots of narrowed runs."""
ROWS_PER_DELTA = 500
"""Rows that are packed at once: a few milliseconds, in which no key is answered."""


class SnapshotError(EvacError):
    """What lies there can't be used: a reason in a few words."""


_Kind = TypeVar("_Kind")


class _Version(Struct):
    format: int


class _Saved(Struct):
    format: int
    saved_at: datetime
    targets: list[TargetStatus]
    trouble: list[Instance]
    rest: list[bytes]
    count: int
    scope: str = ""


class SavedSnapshot(Struct, frozen=True):
    """What was saved, and when (UTC): deltas with the targets and what is in trouble, and `count` more rows in pieces.

    `scope` is that of the run that saved it. `moved`, of what was narrowed since: what each target is now, None: left out.
    """

    saved_at: datetime
    deltas: list[Delta]
    count: int
    pieces: list[bytes]
    scope: str = ""
    moved: dict[Target, TargetStatus | None] | None = None

    def rest(self) -> Iterator[list[Instance]]:
        """The other rows, piece by piece. A piece that is damaged is left out: all is read anew anyway."""
        for piece in self.pieces:
            try:
                rows = msgspec.msgpack.decode(piece, type=list[Instance])
                yield rows if self.moved is None else list(_moved(rows, self.moved))
            except (RecursionError, UnicodeDecodeError, msgspec.MsgspecError):
                continue


def _moved(rows: Iterable[Instance], moved: Mapping[Target, TargetStatus | None]) -> Iterator[Instance]:
    """Those of targets that are left, under the profile that reads them now."""
    for row in rows:
        status = moved.get(row.target)
        if status is not None:
            yield replace(row, target=status.target, profiles=status.profiles)


def narrowed(kept: SavedSnapshot, read: Reads) -> SavedSnapshot:
    """What of it this run reads. The rest is not lost: it stays in its file."""
    saved = [delta.target for delta in kept.deltas if delta.target is not None]
    moved = {status.target: within(status, read) for status in saved}
    trouble = tuple(_moved([row for delta in kept.deltas for row in delta.upserts], moved))
    left = [status for status in moved.values() if status is not None]
    deltas = [*(Delta(target=status) for status in left), Delta(upserts=trouble)]
    count = max(0, sum(status.count or 0 for status in left) - len(trouble))
    return SavedSnapshot(kept.saved_at, deltas, count, kept.pieces, kept.scope, moved)


def write_snapshot(
    targets: list[TargetStatus], rows: Sequence[Instance], path: Path, now: datetime, scope: str = ""
) -> None:
    """Write it whole or not at all, with the `scope` of the run that read it. Touches no store, so a thread may call it.

    `now` is UTC. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.parent.chmod(0o700)
    trouble, calm = list[Instance](), list[Instance]()
    for row in map(_uncovered, rows):
        (trouble if urgency(row, now).is_trouble else calm).append(row)
    pack = msgspec.msgpack.encode
    pieces = [pack(calm[at : at + ROWS_PER_DELTA]) for at in range(0, len(calm), ROWS_PER_DELTA)]
    targets = [replace(status, cover_at=None, health=()) for status in targets]
    body = pack(_Saved(FORMAT, now, targets, trouble, pieces, len(calm), scope))
    # Not durable: what a crash of the machine takes is read anew, and a console that ends must not wait for the disk.
    write_atomically(path, body, durable=False)
    if scope:
        tidy(path)


def _uncovered(row: Instance) -> Instance:
    """Without who covers it: a run tells that only once somebody asks it, and reads it then. Nor what AWS Health says: that is of
    now, and a run reads it anew."""
    return row if row.cover is None and not row.health else replace(row, cover=None, health=())


def load_snapshot(path: Path) -> SavedSnapshot | None:
    """What was saved; None: nothing there. Raises SnapshotError.

    Its texts were cleaned before they were saved; so a file that somebody else could have written is not read.
    """
    try:
        saved = _decoded(_own(path), _Saved)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SnapshotError(error.strerror or type(error).__name__) from None
    # No target is live before this run has read it, whatever it was when it was saved.
    waiting = [replace(status, phase=Phase.WAITING, trouble=None, partial=()) for status in saved.targets]
    deltas = [Delta(target=status) for status in waiting]
    deltas.append(Delta(upserts=tuple(saved.trouble)))
    return SavedSnapshot(saved.saved_at, deltas, saved.count, saved.rest, saved.scope)


def _own(path: Path) -> bytes:
    """What a file holds that nobody else could have written. Raises OSError, SnapshotError."""
    with path.open("rb") as file:
        found = os.fstat(file.fileno())
        if found.st_uid != os.getuid() or found.st_mode & 0o022:
            raise SnapshotError("somebody else could have written it")
        return file.read()


def _decoded(body: bytes, kind: type[_Kind]) -> _Kind:
    """Raises SnapshotError."""
    try:
        version = msgspec.msgpack.decode(body, type=_Version).format
        if version != FORMAT:
            raise SnapshotError(f"{'an older' if version < FORMAT else 'a newer'} evac wrote it")
        return msgspec.msgpack.decode(body, type=kind)
    except (RecursionError, UnicodeDecodeError, msgspec.MsgspecError):
        raise SnapshotError("it is damaged") from None


class KnownRow(Struct):
    """Of a saved row what a shell may be told of it."""

    instance_id: str
    target: Target
    profiles: tuple[str, ...] = ()


class _KnownRows(Struct):
    format: int
    trouble: list[KnownRow]
    rest: list[bytes]


def last_rows(environ: Mapping[str, str]) -> list[KnownRow]:
    """Of every instance of the newest snapshot; empty where there is none, or none that can be used. Changes nothing on disk."""
    folder = default_snapshot_path(environ).parent
    try:
        found = max(folder.glob("snapshot*.mpk"), key=lambda one: one.stat().st_mtime)
        saved = _decoded(_own(found), _KnownRows)
        pieces = [msgspec.msgpack.decode(piece, type=list[KnownRow]) for piece in saved.rest]
    except (
        OSError,
        ValueError,
        RecursionError,
        SnapshotError,
        msgspec.MsgspecError,
    ):  # ValueError: there is none
        return []
    return [*saved.trouble, *(row for piece in pieces for row in piece)]


class StartSnapshot(Struct, frozen=True):
    """What a start shows first, and where this run saves; `said` is what there is to say of it."""

    path: Path
    kept: SavedSnapshot | None
    said: str
    opening: Opening


def find_snapshot(environ: Mapping[str, str], settings: Settings) -> StartSnapshot:
    """The newest snapshot that this run may show.

    A run that leaves something out has a file of its own beside the wider one, and takes what is newer: so neither shows what
    it does not read, nor loses what the other has.
    """
    wide, scope = default_snapshot_path(environ), key(settings)
    opening = Opening(wide)
    kept, said = restore(wide, opening)
    if kept is None or not scope or kept.scope == scope:
        return StartSnapshot(wide, kept, said, opening)
    path = path_of(wide, scope)
    own_opening = Opening(path)
    own, why = restore(path, own_opening)
    if own is not None and own.saved_at >= kept.saved_at:
        opening.done()
        return StartSnapshot(path, own, said or why, own_opening)
    own_opening.done()
    return StartSnapshot(path, narrowed(kept, reads(settings)), said or why, opening)


def path_of(beside: Path, scope: str) -> Path:
    """The file of a scope, in the folder of another's: where a run saves that has come to read more than it began with."""
    return beside.with_name(f"snapshot-{scope}.mpk" if scope else "snapshot.mpk")


def tidy(path: Path) -> None:
    """Of the narrowed ones only the newest are kept: they hold names and addresses too."""
    found = path.parent.glob("snapshot-*.mpk")
    with suppress(OSError):
        for old in sorted(found, key=lambda one: one.stat().st_mtime, reverse=True)[NARROW_KEPT:]:
            old.unlink(missing_ok=True)


def restore(path: Path, opening: Opening | None = None) -> tuple[SavedSnapshot | None, str]:
    """As `load`; what can't be used is set aside beside it, and the second answer is the line that says so.

    `opening` is begun where there is something to show: a snapshot whose last start died of it is not shown again.
    """
    try:
        kept = load_snapshot(path)
        if kept is None or opening is None:
            return kept, ""
        if opening.begin():
            opening.done()
            raise SnapshotError("the last start ended while it was drawn")
        return kept, ""
    except SnapshotError as error:
        aside = path.with_name(f"{path.name}.aside")
        where = f", set aside as {aside}"
        try:
            path.replace(aside)
        except OSError:  # a folder stands there, or the folder is not ours: it is only not believed
            where = ""
        line = f"the last state on disk could not be used: {error}{where}; it is read anew"
        return None, clean(line, 300)
