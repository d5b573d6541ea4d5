"""Whether what `C` would begin is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.cli.doctor_connect import connecting
from tui.cli.doctor_setup import DOUBT, WELL
from tui.config.reach import ConnectSettings
from tui.config.schema import Settings

OWN = Settings(connect=ConnectSettings(command=("my-ssh", "{id}")))


@pytest.mark.parametrize(
    ("programs", "settings", "mark", "told"),
    [
        ("aws session-manager-plugin ssh", Settings(), WELL, "C goes by Session Manager or ssh"),
        ("aws ssh", Settings(), DOUBT, "session-manager-plugin not in PATH: C goes by ssh alone"),
        ("", Settings(), DOUBT, "aws and session-manager-plugin not in PATH: C begins nothing"),
        ("my-ssh", OWN, WELL, "C begins my-ssh"),
        ("ssh", OWN, DOUBT, "my-ssh is not in PATH: C begins nothing"),
        ("", Settings(commands_off=True), WELL, "the site policy allows no programs: C begins none"),
    ],
)
def test_the_programs_are_looked_for(
    tmp_path: Path, programs: str, settings: Settings, mark: str, told: str
) -> None:
    for name in programs.split():
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    (line,) = connecting(settings, {"PATH": str(tmp_path)})
    assert (line.mark, line.said) == (mark, told)
