"""What `evac doctor` says of the programs that `C` would begin: whether they are there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping

from tui.cli.doctor_setup import DoctorLine, doubt, well
from tui.config.schema import Settings
from tui.domain.sanitize import clean

_PLUGIN = "session-manager-plugin"


def connecting(settings: Settings, environ: Mapping[str, str]) -> Iterator[DoctorLine]:
    """Of the program that the settings name, or of those evac knows."""
    if settings.commands_off:
        yield well("connect", "the site policy allows no programs: C begins none")
        return

    def is_there(program: str) -> bool:
        return shutil.which(program, path=environ.get("PATH")) is not None

    if own := settings.connect.command:
        name = clean(own[0], 80)
        if is_there(own[0]):
            yield well("connect", f"C begins {name}")
        else:
            yield doubt(
                "connect", f"{name} is not in PATH: C begins nothing", "install it, or mend connect.command"
            )
        return
    lacking = [program for program in ("aws", _PLUGIN) if not is_there(program)]
    ways = [*([] if lacking else ["Session Manager"]), *(["ssh"] if is_there("ssh") else [])]
    if lacking:
        told = f"C goes by {ways[0]} alone" if ways else "C begins nothing"
        yield doubt(
            "connect", f"{' and '.join(lacking)} not in PATH: {told}", "install them for Session Manager"
        )
    else:
        yield well("connect", f"C goes by {' or '.join(ways)}")
