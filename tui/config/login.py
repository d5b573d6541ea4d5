"""Which program renews a login: what the settings name for one of its profiles, or the AWS CLI's own command."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence

from tui.config.schema import Settings
from tui.domain.logins import ProfileLogin
from tui.domain.placeholders import filled
from tui.domain.sanitize import clean


def login_program(settings: Settings, logins: Sequence[ProfileLogin]) -> tuple[str, ...]:
    """The program and its arguments; none where nobody named one and the AWS CLI has none. Raises ValueError for a profile whose
    name cannot be put in."""
    for one in logins:
        if own := settings.profile(one.profile).login:
            return tuple(filled(own, {"profile": one.profile}))
    return next((one.command for one in logins if one.command), ())


def why_no_login(
    settings: Settings, logins: Sequence[ProfileLogin], program: Sequence[str], environ: Mapping[str, str]
) -> str:
    """Why it is not run here, with what to do instead; empty: it may be. Read-only allows it: it changes nothing in AWS."""
    if not program:
        named = clean(logins[0].profile, 60) if logins else "NAME"
        return (
            f"no program renews this login: name one, login = [...] under [profiles.{named}] in config.toml"
        )
    if settings.commands_off:
        return "the site policy allows no programs: log in from another terminal, and r reads again"
    if shutil.which(program[0], path=environ.get("PATH")) is None:
        what = clean(program[0], 60)
        return f"{what} is not in PATH: install it, or log in from where it is; r reads again"
    return ""
