"""A login renewed in the foreground, and what it renews read again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tui.config.login import login_environ
from tui.domain.plurals import counted
from tui.fleet.protocol import ReadKind, ReadRequest
from tui.foreground import ForegroundError, run_in_foreground
from tui.services import Services


async def renew(
    app: Any, services: Services, program: Sequence[str], profiles: tuple[str, ...]
) -> tuple[str, bool]:
    """Run it with the console's terminal; the line that tells what came of it, and whether it went well.

    However it ended, these profiles are read again: what it did before it failed counts.
    """
    try:
        code = await run_in_foreground(app, program, login_environ(services.environ))
    except ForegroundError as error:
        return f"Log in: {error}", False
    if services.link is not None:
        await services.link.request(ReadRequest(0, ReadKind.REFRESH, profiles=profiles))
    name, read = Path(program[0]).name, f"reading {counted(len(profiles), 'profile')} again"
    return (f"{name} is done: {read}" if code == 0 else f"{name} ended with {code}; {read}"), code == 0
