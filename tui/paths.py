"""Where evac's files lie on this machine, and how one is replaced as a whole.

Folders follow the XDG base directory specification: a variable that is empty or no absolute path counts as not set. Where they
are not set, a macOS keeps the state where its programs do; configuration and cache lie as everywhere else.
"""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path


def default_config_path(environ: Mapping[str, str]) -> Path:
    """`$XDG_CONFIG_HOME/evac/config.toml`."""
    return _folder(environ, "XDG_CONFIG_HOME", ".config") / "config.toml"


def state_folder(environ: Mapping[str, str]) -> Path:
    """`$XDG_STATE_HOME/evac`: journal, audit log, log of the runners, reports of crashes. It may not exist yet."""
    mac = sys.platform == "darwin"
    return _folder(environ, "XDG_STATE_HOME", "Library/Application Support" if mac else ".local/state")


def default_journal_path(environ: Mapping[str, str]) -> Path:
    """`$XDG_STATE_HOME/evac/journal.sqlite3`; the audit log lies beside it."""
    return state_folder(environ) / "journal.sqlite3"


def runner_log_path(environ: Mapping[str, str]) -> Path:
    """`$XDG_STATE_HOME/evac/runner.log`: what runners wrote to stderr."""
    return state_folder(environ) / "runner.log"


def console_folder(environ: Mapping[str, str]) -> Path:
    """`$XDG_STATE_HOME/evac/console`: console output that runners kept before they stopped or rebooted an instance."""
    return state_folder(environ) / "console"


def default_snapshot_path(environ: Mapping[str, str]) -> Path:
    """`$XDG_CACHE_HOME/evac/snapshot.mpk`."""
    return _folder(environ, "XDG_CACHE_HOME", ".cache") / "snapshot.mpk"


def _folder(environ: Mapping[str, str], name: str, below_home: str) -> Path:
    base = Path(environ.get(name, ""))
    if not base.is_absolute():
        base = Path(environ.get("HOME") or "~").expanduser() / below_home
    return base / "evac"


def write_atomically(path: Path, body: bytes, *, mode: int = 0o600, durable: bool = True) -> None:
    """Put `body` in the file's place, whole or not at all: a reader finds the old file or the new one. Raises OSError.

    A missing folder is made for us alone; a link is replaced, not followed. `durable`: it is on the disk when this returns.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    fresh = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(body)
            if durable:
                file.flush()
                os.fsync(descriptor)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def write_new(folder: Path, stem: str, suffix: str, body: bytes) -> Path:
    """The path of a new file of that name (or with `-1`, `-2` … behind its stem), mode 0600. Raises OSError.

    None is ever overwritten, and no link followed. What could not be written whole is taken away again.
    """
    for number in range(100):
        path = folder / (f"{stem}-{number}{suffix}" if number else f"{stem}{suffix}")
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            continue
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(descriptor, 0o600)
                file.write(body)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return path
    raise FileExistsError(errno.EEXIST, "there are a hundred of that name", str(folder))
