"""A disk of a few megabytes that can be filled: a tmpfs, where one may be mounted."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path
from types import TracebackType


class NotMounted(Exception):  # noqa: N818 - says what is missing
    """Nothing may be mounted here, and why."""


class SmallDisk:
    """Mounted over `folder` while in its block. Raises NotMounted where nothing may be."""

    def __init__(self, folder: Path, size: str = "6m") -> None:
        self.folder, self._size = folder, size

    def __enter__(self) -> SmallDisk:
        self.folder.mkdir(parents=True, exist_ok=True)
        options = f"size={self._size},mode=700"
        command = ["mount", "-t", "tmpfs", "-o", options, "evac-small-disk", str(self.folder)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError as error:
            raise NotMounted(f"no mount here: {error}") from None
        if done.returncode:
            raise NotMounted(f"a tmpfs can't be mounted here: {done.stderr.strip()}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        subprocess.run(["umount", "--lazy", str(self.folder)], check=False)

    def fill(self) -> None:
        """Not a byte is left, in no file's last block either."""
        with (self.folder / "ballast").open("ab", buffering=0) as file:
            for size in (1 << 16, 1 << 12, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
        assert os.statvfs(self.folder).f_bavail == 0

    def free(self) -> None:
        """As before."""
        (self.folder / "ballast").unlink(missing_ok=True)
