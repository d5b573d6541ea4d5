"""Starts a runner in a session of its own, and never waits for it.

Under systemd with KillUserProcesses=yes a log-out would kill it all the same: there it goes into a scope of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tui.operations.database import default_path
from tui.settings import Settings, encode


class ReadOnlyError(Exception):
    """Nothing may be changed, so no hands are started. One line."""


def _scope(environ: Mapping[str, str]) -> list[str]:
    """The prefix for a scope of its own, where a user manager of systemd runs."""
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if shutil.which("systemd-run") and runtime and Path(runtime, "systemd", "private").exists():
        return ["systemd-run", "--user", "--scope", "--quiet", "--collect", "--"]
    return []


def start(operation: str, profile: str, settings: Settings, environ: Mapping[str, str]) -> int:
    """Start hands for the operation; their process id. Raises ReadOnlyError."""
    if settings.profile_read_only(profile):
        raise ReadOnlyError(f"read-only: no changes through profile {profile}; see `evac config show`")
    folder = default_path(environ).parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = os.open(folder / "runner.log", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    command = [
        *_scope(environ),
        sys.executable,
        "-P",
        "-m",
        "tui.operations.runner",
        "--operation",
        operation,
    ]
    try:
        process = subprocess.Popen(  # noqa: S603 - our own module, an id of our own making
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            close_fds=True,
            cwd="/",
            env={**environ, "EVAC_SETTINGS": encode(settings).decode()},
        )
    finally:
        os.close(log)
    # Not waited for: it outlives us. Python would complain at exit of a child it was never asked to reap.
    process.returncode = 0
    return process.pid
