"""A login renewed in the foreground, and what it renews read again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from screens.terminal_driver import OnTerminal
from tui.domain.plurals import counted
from tui.fleet.protocol import ReadKind, ReadRequest
from tui.foreground import ForegroundError, run_in_foreground
from tui.operations.programs import in_foreground
from tui.services import Services


async def renew(
    app: OnTerminal[int], services: Services, program: Sequence[str], profiles: tuple[str, ...]
) -> None:
    """Run it with the console's terminal, and tell what came of it.

    However it ended, these profiles are read again: what it did before it failed counts.
    """
    try:
        code = await run_in_foreground(app, program, in_foreground(services.environ))
    except ForegroundError as error:
        app.say_line(f"Log in: {error}")
        return
    if services.link is not None:
        await services.link.request(ReadRequest(0, ReadKind.REFRESH, profiles=profiles))
    how = "is done" if code == 0 else f"ended with exit code {code}"
    app.say_line(f"{Path(program[0]).name} {how}: reading {counted(len(profiles), 'profile')} again")
