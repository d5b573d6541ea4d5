"""What a line of the profiles reads like, and what is told of it below the list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from rich.text import Text

from tui.config.schema import Settings
from tui.domain.login_lines import LineKind, ScopeLine
from tui.domain.plurals import counted
from tui.domain.sanitize import SafeText, clean
from tui.domain.time_format import ago
from tui.domain.triage import Level
from tui.fleet.scope import Scope
from tui.presentation.accounts import account_number
from tui.presentation.instance_text import short_target
from tui.presentation.shell_line import shell_line
from tui.presentation.symbols import ASKING, LEVELS, NO_VALUE, READ_SIGN

_SHARED = ("sso", "login")
COUNTED = (Level.FAILING, Level.DUE, Level.SCHEDULED, Level.UNKNOWN)
"""The levels whose numbers are shown."""
_NAMED = 6
_WORDS = 16
"""Columns for what alone is shown."""


def title(line: ScopeLine, settings: Settings) -> SafeText:
    """What it is called: a login by its SSO session or its profile, an account by its alias or profile."""
    if line.kind is LineKind.REGIONS:
        return clean("by region")
    if line.kind is LineKind.REGION:
        return clean(line.region)
    labels = [settings.label(name) for name in line.profiles]
    more = f" +{len(labels) - 1}" if len(labels) > 1 else ""
    if line.kind is LineKind.LOGIN and more and line.logins and line.logins[0].kind in _SHARED:
        return clean(f"{_session(line.logins[0].name)}, {counted(len(labels), 'profile')}")
    return clean(f"{labels[0] if labels else NO_VALUE}{more}")


def _session(name: str) -> str:
    """An SSO session by its name, one that has only an address by its host's first label."""
    host = urlsplit(name).hostname if "://" in name else None
    return host.partition(".")[0] if host else name


def account_cell(line: ScopeLine) -> str:
    """Its account's number, or how many it has."""
    if line.account_id:
        return account_number(line.account_id)
    return counted(line.accounts, "account") if line.accounts > 1 else ""


def sign(line: ScopeLine) -> tuple[str, str]:
    """Symbol and style: how its reading goes, and where that is well the gravest of its instances."""
    unknown = LEVELS[Level.UNKNOWN]
    if not line.is_read:
        return NO_VALUE, "dim"
    if line.reading.failures or line.reading.partial:
        return unknown.symbol, unknown.style
    if line.reading.unread or not line.reading.targets:
        return ASKING, unknown.style
    worst = next((LEVELS[level] for level in COUNTED[:2] if line.reading.levels.get(level)), READ_SIGN)
    return worst.symbol, worst.style


def levels_pieces(line: ScopeLine) -> tuple[tuple[str, str], ...]:
    """`✖3 ▲2 `: those there are. Where something is not read that is told instead: the numbers are of before."""
    if line.reading.failures and line.profiles:
        return ()
    found = [(LEVELS[one], line.reading.levels.get(one, 0)) for one in COUNTED]
    return tuple((f"{sign.symbol}{number} ", sign.style) for sign, number in found if number)


def state(line: ScopeLine, now: datetime) -> tuple[str, str]:
    """How its reading goes, in a few words, and their style."""
    reading, unknown = line.reading, LEVELS[Level.UNKNOWN].style
    if not line.is_read:
        return "not read in this run", "dim"
    if reading.failures and line.profiles:
        trouble = reading.failures[0].trouble
        more = f", and {len(reading.failures) - 1} more" if len(reading.failures) > 1 else ""
        return f"{trouble.cause if trouble is not None else ''}{more}", unknown
    if reading.unread or not reading.targets:
        places = max(reading.targets, reading.unread)
        return (f"{reading.unread} of {places} unread" if places else "being read"), unknown
    if reading.partial:
        return f"in part: {reading.partial[0].placed}", "yellow"
    return (f"read {ago(reading.read_at, now)}" if reading.read_at is not None else ""), ""


def scope_of(line: ScopeLine, settings: Settings) -> Scope:
    """To show only this."""
    regions = frozenset({line.region} if line.region else ())
    words = str(title(line, settings))
    if line.kind is LineKind.REGION and line.profiles:
        words = short_target(settings, line.profiles[0], line.region, _WORDS)
    if line.account_id and line.kind in (LineKind.ACCOUNT, LineKind.REGION):
        return Scope(accounts=frozenset({line.account_id}), regions=regions, words=clean(words))
    profiles = frozenset(str(clean(name)) for name in line.profiles)
    return Scope(profiles=profiles, regions=regions, words=clean(words))


def line_told(
    line: ScopeLine, settings: Settings, now: datetime, login: Sequence[str], why_not: str
) -> tuple[str, Text]:
    """Title and text for the pane: what is wrong and what mends it, or how it is; and what its keys would do."""
    text, reading = Text(overflow="ellipsis"), line.reading
    for failure in reading.failures[:1] if line.profiles else ():
        if failure.trouble is not None:
            text.append(f"{failure.trouble.placed}\n", LEVELS[Level.UNKNOWN].style)
            text.append(f"Do: {failure.trouble.remedy}\n")
    for one in reading.partial[: 0 if reading.failures else 1]:
        text.append(f"{one.placed}: {one.remedy}\n", "yellow")
    if login and not why_not:
        text.append("L", "bold")
        text.append(f" runs {shell_line(login)}\n")
    elif why_not and line.logins and reading.failures:
        text.append(f"L: {why_not}\n", "dim")
    if not line.is_read:
        text.append(
            "Nobody asked for it, or the file hides it: w reads it from now on, enter also shows only it.\n"
        )
    elif line.kind is LineKind.REGIONS:
        text.append("All accounts in one region: space unfolds the regions, enter shows only one.\n")
    else:
        some = "" if reading.count is None else f", {counted(reading.count, 'instance')} as last read"
        text.append(f"enter shows only this: {counted(reading.targets, 'target')}{some}.\n")
    if len(line.profiles) > 1 or line.kind is not LineKind.LOGIN:
        names = ", ".join(str(clean(name)) for name in line.profiles[:_NAMED])
        more = f" and {len(line.profiles) - _NAMED} more" if len(line.profiles) > _NAMED else ""
        text.append(f"Profiles: {names}{more}\n" if names else "", "dim")
    return str(title(line, settings)), text
