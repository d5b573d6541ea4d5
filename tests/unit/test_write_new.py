"""A new file of the user's: for nobody else, over no other, through no link, whole or not at all."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tui.paths import write_new

TOO_LARGE = """
import resource, sys
from pathlib import Path
from tui.paths import write_new
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
write_new(Path(sys.argv[1]), "log", ".log", b"x" * 1000)
"""


def test_it_is_new_each_time_and_for_the_user_alone(tmp_path: Path) -> None:
    (tmp_path / "log.log").symlink_to(tmp_path / "elsewhere")
    first, second = (write_new(tmp_path, "log", ".log", body) for body in (b"one", b"two"))
    assert (first.name, second.name) == ("log-1.log", "log-2.log")
    assert (first.read_bytes(), second.read_bytes()) == (b"one", b"two")
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert not (tmp_path / "elsewhere").exists()


def test_what_cannot_be_written_whole_is_taken_away(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", TOO_LARGE, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert "File too large" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_full_of_that_name_is_said(tmp_path: Path) -> None:
    for number in range(100):
        (tmp_path / (f"log-{number}.log" if number else "log.log")).touch()
    with pytest.raises(FileExistsError):
        write_new(tmp_path, "log", ".log", b"")
