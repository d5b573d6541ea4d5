"""A target that is not read: why, what that means for what is on screen, and the command that mends it."""

from __future__ import annotations

import re
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.dismiss_once import Leaver
from tui.domain.instance import TargetStatus
from tui.domain.plurals import counted
from tui.domain.time_format import ago
from tui.domain.triage import Level
from tui.presentation.symbols import LEVELS
from tui.services import Services

_COMMAND = re.compile(r"\baws (?:sso login|login|configure)\b(?: (?:'[^']*'|[^\s,;:]+))*")


def command(status: TargetStatus) -> str:
    """What can be pasted into a shell to mend it; empty if it is no command."""
    found = _COMMAND.search(str(status.trouble.remedy)) if status.trouble is not None else None
    return found[0].split(" and ")[0].split(" or ")[0] if found else ""


def trouble_line(status: TargetStatus) -> str:
    """Its trouble in one line, for whoever is asked for help."""
    return str(status.trouble.line) if status.trouble is not None else str(status.target.key)


class TroubleSheet(ModalScreen[str], Leaver[str]):
    """Ends with what is to be done: "copy", "refresh", "profiles", or nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss('')", show=False),
        Binding("y", "dismiss('copy')", show=False),
        Binding("r", "dismiss('refresh')", show=False),
        Binding("p", "dismiss('profiles')", show=False),
        Binding("up,k", "more(-1)", show=False),
        Binding("down,j", "more(1)", show=False),
    ]
    DEFAULT_CSS = """
    TroubleSheet { align: center middle; }
    TroubleSheet #sheet { width: 90%; max-width: 100; height: auto; max-height: 100%; }
    TroubleSheet #sheet { border: round $panel-lighten-2; padding: 0 1; background: $surface; scrollbar-size-vertical: 1; }
    TroubleSheet Static { height: auto; }
    """

    def __init__(self, status: TargetStatus, services: Services) -> None:
        super().__init__()
        self.status, self.services = status, services

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="sheet", can_focus=False) as sheet:
            sheet.border_title = Text(str(self.status.target.key))
            yield Static(self._text())

    def _text(self) -> Text:
        status, now = self.status, self.services.now()
        sign, text = LEVELS[Level.UNKNOWN], Text()
        if status.trouble is not None:
            text.append(f"{sign.symbol} {status.trouble.placed}\n", sign.style)
            since = (
                f"Its instances are shown as they were {ago(status.status_at, now)}"
                if status.status_at is not None
                else "It was not read in this run"
            )
            text.append(f"{since}; what is broken there now is not known.\n\n")
            text.append(f"Do: {status.trouble.remedy}\n")
            if status.trouble.code:
                text.append(f"AWS or the reader said: {status.trouble.code}\n", "dim")
        elif status.status_at is not None:
            text.append(f"{counted(status.count or 0, 'instance')}, read {ago(status.status_at, now)}.\n")
        else:
            text.append("It is being read for the first time.\n")
        for one in status.partial:
            text.append(f"{one.placed}: {one.remedy}\n", "yellow")
        if len(status.profiles) > 1:
            text.append(f"Profiles of this account: {', '.join(status.profiles)}\n", "dim")
        what = command(status) or "this line"
        text.append("\ny", "bold")
        text.append(f" copies: {what}   ")
        text.append("r", "bold")
        text.append(" reads again   ")
        text.append("p", "bold")
        text.append(" its login   ")
        text.append("esc", "bold")
        text.append(" back")
        return text

    def action_more(self, by: int) -> None:
        self.query_one("#sheet", VerticalScroll).scroll_relative(y=by, animate=False)
