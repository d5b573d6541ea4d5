"""Whether a folder is on a file system that other machines share: SQLite's write-ahead log does not work there.

WAL needs shared memory (the -shm file, mapped), which all of a database's users must see: "it does not work over a network
filesystem" (sqlite.org/wal.html). A rollback journal is no way out: it stands on file locks that such file systems often only
pretend to have (sqlite.org/howtocorrupt.html). Source of the table: proc_pid_mountinfo(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from tui.domain.sanitize import SafeText, clean

MOUNTS = Path("/proc/self/mountinfo")
REMOTE = frozenset(
    {
        "nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "9p", "afs", "auristorfs", "coda", "ncpfs", "ceph", "lustre", "beegfs",
        "fhgfs", "gpfs", "pvfs2", "orangefs", "ocfs2", "gfs2", "glusterfs", "acfs", "davfs", "wekafs", "panfs", "cvfs", "drvfs",
        "vboxsf", "vmhgfs", "prl_fs",
    }
)  # fmt: skip
LOCAL_FUSE = frozenset(
    {
        "overlayfs", "overlay", "fuse-overlayfs", "unionfs", "unionfs-fuse", "mergerfs", "bindfs", "ntfs", "ntfs-3g", "exfat",
        "ext2", "fuse2fs", "gocryptfs", "encfs", "cryfs", "securefs", "ecryptfs", "squashfuse", "lxcfs", "zfs", "apfs", "erofs",
    }
)  # fmt: skip
"""Kinds of `fuse.*` that lie on a disk of this machine. All others may be anywhere, so they count as remote; so does plain
`fuse`, as Mountpoint for Amazon S3, goofys and davfs2 are listed, unless it is of a disk."""


class Mount(Struct, frozen=True):
    """A line of /proc/self/mountinfo: mount point, file system type, source, and the file system's options."""

    point: Path
    kind: str
    source: str
    options: str


def remote(path: Path, mounts: Path | None = None) -> str:
    """The kind of file system and where it is mounted, if other machines share it; empty if it is this machine's or nobody knows.

    Links are followed, and of a path that is not there yet, its nearest parent counts.
    """
    found = _away(path, mounts)
    return "" if found is None else str(clean(f"{found.kind} at {found.point}", 200))


def server(path: Path, mounts: Path | None = None) -> str:
    """The host that file system is kept on: `addr=` where the kernel tells it; else in `server:/path`, `//server/share`,
    `user@host:path`. Empty where it is this machine's, or does not say.
    """
    found = _away(path, mounts)
    if found is None:
        return ""
    if told := re.search(r"(?:^|,)addr=([^,]+)", found.options):
        return told[1]
    if found.source.startswith("//"):
        return found.source[2:].partition("/")[0].lower()
    source = (
        re.sub(r"@(tcp|o2ib)\d*:", ":", found.source) if found.kind == "lustre" else found.source
    )  # host@net:/name
    host = re.match(r"(?:[^@/]*@)?(?:\[([0-9a-fA-F:.%]+)\]|([A-Za-z0-9_.-]+)):(?!//)", source)
    return (host[1] or host[2]).lower() if host else ""


def _away(path: Path, mounts: Path | None) -> Mount | None:
    """The mount a path is on, if other machines share that kind of file system."""
    try:
        real = path.resolve()  # what is mounted when it is first looked at shows in the table afterwards
        found = _longest(real, (mounts or MOUNTS).read_bytes().splitlines())
    except (OSError, RuntimeError):  # no /proc here, or links in a circle: then using it tells
        return None
    if found is None:
        return None
    name = found.kind.removeprefix("fuse.")
    plain = found.kind == "fuse" and not found.source.startswith("/dev/")
    away = found.kind in REMOTE or plain or (found.kind != name and name not in LOCAL_FUSE)
    return found if away else None


def why_mount_unusable(path: Path, mounts: Path | None = None) -> SafeText:
    """Why no operation may begin with its journal there, and the remedy; empty if one may."""
    where = remote(path.parent, mounts)
    if not where:
        return clean("")
    return clean(
        f"the journal {path} lies on a file system that other machines share ({where}), where SQLite can't keep it whole:"
        " nothing is begun from there; set XDG_STATE_HOME to a folder on a local disk (what is unfinished there is still"
        " finished)"
    )


def _longest(path: Path, lines: list[bytes]) -> Mount | None:
    """The mount the path is on: the longest mount point above it; of two at one point the later."""
    best: Mount | None = None
    for one in _read(lines):
        above = path == one.point or one.point in path.parents
        if above and one.kind != "autofs" and (best is None or len(one.point.parts) >= len(best.point.parts)):
            best = one
    return best


def _read(lines: list[bytes]) -> Iterator[Mount]:
    """The mounts in mountinfo's text; lines of another form are left out."""
    for line in lines:
        words, _, rest = line.partition(b" - ")
        fields, kinds = words.split(b" "), rest.split(b" ")
        if len(fields) >= 6 and kinds[0]:
            point = re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found[1], 8) & 255]), fields[4])
            kind, source, options, *_ = (*(one.decode("utf-8", "replace") for one in kinds), "", "")
            yield Mount(Path(point.decode("utf-8", "surrogateescape")), kind, source, options)
