"""What every command shares: its options, its settings, its environment, and the documented exit codes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from tui.cli import streams
from tui.config import loader
from tui.config.schema import Settings
from tui.errors import EvacError

WELL, FAILED, USAGE, PARTIAL, READ_ONLY, GUARD, FOUND, UNCOVERED = range(8)
"""0 well · 1 an operation failed · 2 usage or config · 3 some targets unread · 4 refused: read-only · 5 refused: a guard.

6 `diagnose` found something · 7 `coverage`: something is not covered."""
INTERRUPTED = 130


class RefusedError(EvacError):
    """Why a command went no further, and its exit code."""

    def __init__(self, line: str, exit_code: int) -> None:
        super().__init__(line, exit_code=exit_code)


class Shared(Struct, frozen=True):
    """The options every command takes, as given."""

    demo: bool = False
    config: Path | None = None
    profiles: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    read_only: bool = False

    def under(self, outer: Shared | None) -> Shared:
        """Options before the command (`evac --demo status`) count as well."""
        if outer is None:
            return self
        return Shared(
            demo=self.demo or outer.demo,
            config=self.config or outer.config,
            profiles=self.profiles or outer.profiles,
            regions=self.regions or outer.regions,
            read_only=self.read_only or outer.read_only,
        )


class Session(Struct, frozen=True):
    """What a command runs with: the merged settings and the environment its child processes get."""

    settings: Settings
    loaded: loader.Loaded
    environ: dict[str, str]


@contextmanager
def open_session(shared: Shared) -> Iterator[Session]:
    """Settings and environment; with --demo the embedded AWS runs until the end of the block. Raises ConfigError."""
    if not shared.demo:
        yield _session(shared, dict(os.environ))
        return
    from tui.demo import environment

    demo = environment.start()
    kept = dict(os.environ)
    try:
        environ = demo.apply()
        # This process too (doctor asks AWS itself), so that nothing can reach a real account while it demonstrates.
        os.environ.clear()
        os.environ.update(environ)
        yield _session(shared, environ)
    finally:
        os.environ.clear()
        os.environ.update(kept)
        demo.stop()


def _session(shared: Shared, environ: dict[str, str]) -> Session:
    loaded = loader.load_settings(
        shared.config,
        profiles=shared.profiles,
        regions=shared.regions,
        read_only=shared.read_only,
        environ=environ,
        demo=shared.demo,
    )
    streams.draws_ascii(loaded.settings.ascii)
    return Session(loaded.settings, loaded, environ)
