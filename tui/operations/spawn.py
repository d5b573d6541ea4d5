"""Starts a runner in a session of its own, and never waits for it.

Under systemd with KillUserProcesses=yes a log-out would kill it all the same: there it goes into a scope of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tui.config.schema import Settings, encode_settings
from tui.errors import EvacError
from tui.operations.start_priority import start_behind
from tui.paths import runner_log_path, state_folder


class ReadOnlyError(EvacError):
    """Nothing may be changed through this profile, so no runner is started."""

    exit_code = 4


class LaunchError(EvacError):
    """The runner could not be started, so nothing was sent."""


LOG_LIMIT = 1_000_000
"""Bytes of the runners' log after which it makes room: it and one older one are kept."""
_PROBE_WITHIN = 3.0


def scope(environ: Mapping[str, str]) -> list[str]:
    """The prefix for a scope of its own, where a user manager of systemd runs and grants one; asked with a dry `true`."""
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    tool = shutil.which("systemd-run", path=environ.get("PATH"))
    if not tool or not runtime or not Path(runtime, "systemd", "private").exists():
        return []
    prefix = [tool, "--user", "--scope", "--quiet", "--collect", "--"]
    try:
        probe = subprocess.run(  # noqa: S603 - systemd's own tool, words of our own
            [*prefix, "true"], env=dict(environ), capture_output=True, timeout=_PROBE_WITHIN, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return prefix if probe.returncode == 0 else []


def _log(path: Path) -> int:
    """runner.log opened to append, or /dev/null where the disk refuses: what matters is in the journal."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(OSError):
            if path.stat().st_size > LOG_LIMIT:
                path.replace(path.with_name("runner.log.1"))
        return os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK, 0o600)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)


def _folder() -> str:
    """The current folder, since AWS files, helpers or bundles may be named relative to it; `/` if it is gone."""
    try:
        return os.getcwd()
    except OSError:
        return "/"


def start(
    operation: str, profile: str, settings: Settings, environ: Mapping[str, str], *, behind: bool = False
) -> int:
    """Start a runner for the operation; its process id. `behind` whoever types, as of many that begin one after the other.

    Raises ReadOnlyError, LaunchError.
    """
    if settings.profile_read_only(profile):
        raise ReadOnlyError(f"read-only: no changes through profile {profile}; see `evac config show`")
    return _launch(["tui.operations.process", "--operation", operation], settings, environ, behind)


def start_conductor(campaign: str, settings: Settings, environ: Mapping[str, str]) -> int:
    """Start a conductor for the campaign; its process id. Raises ReadOnlyError, LaunchError."""
    if settings.read_only:
        raise ReadOnlyError("read-only: no changes; see `evac config show`")
    return _launch(["tui.operations.conductor", "--campaign", campaign], settings, environ, behind=True)


def _launch(words: list[str], settings: Settings, environ: Mapping[str, str], behind: bool) -> int:
    runner = [sys.executable, "-P", "-m", *words]
    try:
        log = _log(runner_log_path(environ))
        try:
            process = subprocess.Popen(  # noqa: S603 - our own module, an id of our own making
                [*scope(environ), *runner],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                close_fds=True,
                cwd=_folder(),
                env={**environ, "EVAC_SETTINGS": encode_settings(settings).decode()},
            )
        finally:
            os.close(log)
    except OSError as error:
        raise LaunchError(
            f"the runner could not be started ({error}), log in {state_folder(environ)}: nothing was sent; mend it and try again"
        ) from error
    if behind:
        start_behind(process.pid)
    # It outlives us. While we live, somebody must collect it when it ends, or a dead runner would look alive.
    threading.Thread(target=process.wait, name=f"runner {process.pid}", daemon=True).start()
    return process.pid
