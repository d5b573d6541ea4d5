"""A marker that tells whether the last start died while it drew the snapshot: such a snapshot is not shown again.

A marker lies beside the snapshot from before the first frame until all of the snapshot was drawn once. Its lock tells a
console that is just starting from one that died there: the kernel takes a lock away with its process.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

_BEGUN = b"opening"


class Opening:
    """The marker of one start. Never raises: where no file can be made, there is no marker."""

    def __init__(self, snapshot: Path) -> None:
        self._path = snapshot.with_name(f"{snapshot.name}.opening")
        self._handle: int | None = None

    def begin(self) -> bool:
        """Write the marker; True if the last start left one behind, so it died."""
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            died = os.read(handle, len(_BEGUN)) == _BEGUN
            os.pwrite(handle, _BEGUN, 0)
        except OSError:  # another console is just starting, or the file system has no locks
            os.close(handle)
            return False
        self._handle = handle
        return died

    def done(self) -> None:
        """Remove the marker: all was drawn, or the console was asked to end. May be repeated."""
        if self._handle is None:
            return
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            pass
        finally:
            os.close(self._handle)
            self._handle = None
