"""Whether a folder lies on a file system that other machines share: there SQLite's write-ahead log does not work.

WAL needs shared memory (the -shm file, mapped), which all of a database's users must see: "it does not work over a network
filesystem" (sqlite.org/wal.html). A rollback journal is no way out: it stands on file locks that such file systems often only
pretend to have (sqlite.org/howtocorrupt.html). Source of the table: proc_pid_mountinfo(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tui.domain.text import SafeText, clean

MOUNTS = Path("/proc/self/mountinfo")
REMOTE = frozenset(
    {
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "coda", "ncpfs", "ceph", "lustre", "beegfs", "gpfs", "pvfs2",
        "orangefs", "ocfs2", "gfs2", "glusterfs", "acfs", "davfs",
    }
)  # fmt: skip
LOCAL_FUSE = frozenset(
    {
        "overlayfs", "overlay", "fuse-overlayfs", "unionfs", "unionfs-fuse", "mergerfs", "bindfs", "ntfs", "ntfs-3g", "exfat",
        "ext2", "fuse2fs", "gocryptfs", "encfs", "cryfs", "securefs", "ecryptfs", "squashfuse", "lxcfs", "zfs", "apfs", "erofs",
    }
)  # fmt: skip
"""Kinds of `fuse.*` that lie on a disk of this machine. All others may be anywhere, so they count as remote."""


def remote(path: Path, mounts: Path | None = None) -> str:
    """The kind of file system and where it is mounted, if other machines share it; empty if it is this machine's or nobody knows.

    Links are followed, and of a path that is not there yet, its nearest parent counts.
    """
    try:
        lines = (mounts or MOUNTS).read_bytes().splitlines()
        found = _longest(path.resolve(), lines)
    except (OSError, RuntimeError):  # no /proc here, or links in a circle: then using it tells
        return ""
    if found is None:
        return ""
    point, kind = found
    name = kind.removeprefix("fuse.")
    away = kind in REMOTE or (kind != name and name not in LOCAL_FUSE)
    return str(clean(f"{kind} at {point}", 200)) if away else ""


def why_not(path: Path, mounts: Path | None = None) -> SafeText:
    """Why nothing may be begun with a journal there, and what to do; empty if it may."""
    where = remote(path.parent, mounts)
    if not where:
        return clean("")
    return clean(
        f"the journal {path} lies on a file system that other machines share ({where}), where SQLite can't keep it whole:"
        " nothing is begun from there; set XDG_STATE_HOME to a folder on a local disk (what is unfinished there is still"
        " finished)"
    )


def _longest(path: Path, lines: list[bytes]) -> tuple[Path, str] | None:
    """Of the mount points above the path the nearest; where one lies upon another, the later one."""
    best: tuple[Path, str] | None = None
    for point, kind in _read(lines):
        above = path == point or point in path.parents
        if above and kind != "autofs" and (best is None or len(point.parts) >= len(best[0].parts)):
            best = point, kind
    return best


def _read(lines: list[bytes]) -> Iterator[tuple[Path, str]]:
    """Mount point and kind of each line that is one."""
    for line in lines:
        words, _, rest = line.partition(b" - ")
        fields, kinds = words.split(b" "), rest.split(b" ")
        if len(fields) >= 6 and kinds[0]:
            point = re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found[1], 8) & 255]), fields[4])
            yield Path(point.decode("utf-8", "surrogateescape")), kinds[0].decode("ascii", "replace")
