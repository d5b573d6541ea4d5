"""A question on its stage: what it shows, whether an answer would count, and what was confirmed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from textual.widgets import Static

from screens.base import Go
from screens.confirm import ConfirmScreen
from screens.confirm.question import TypeName
from tests.screens.fake_runner import Hands, acting
from tests.screens.fake_services import Stage, StandIn
from tui.services import Services


def shown(screen: Any) -> str:
    """Everything that is displayed, as text."""
    parts = []
    for widget in screen.query(Static):
        if all(node.display for node in widget.ancestors_with_self if hasattr(node, "display")):
            parts.append(
                str(widget.render()) if not hasattr(widget.content, "columns") else grid(widget.content)
            )
        if hasattr(widget.content, "renderables"):
            parts += [grid(one) for one in widget.content.renderables if widget.display]
    return "\n".join(parts)


def grid(table: Any) -> str:
    return "\n".join(
        " ".join(str(cell) for cell in row)
        for row in zip(*(column._cells for column in table.columns), strict=True)
    )


def ready(screen: ConfirmScreen) -> bool:
    """Whether an answer would count."""
    return screen.armed and screen.query_one(TypeName).armed_at <= time.monotonic()


class Case:
    """A screen on a stage."""

    def __init__(
        self,
        folder: Path,
        action: str,
        name: str,
        says: str = "yes",
        pause: float = 0.0,
        **changes: Any,
    ) -> None:
        self.services: Services
        self.hands: Hands
        self.services, self.hands, self.key = acting(folder, name, says, **changes)
        self.screen = ConfirmScreen(self.services, action, self.key)
        self.screen.pause = pause
        self.app = Stage(self.screen)
        assert self.services.journal is not None
        self.journal = self.services.journal

    def confirmed(self) -> list[str]:
        return [one.id for one in self.journal.list() if one.confirmed_at is not None]

    def went(self) -> list[str]:
        return [one.key for one in self.app.asked if isinstance(one, Go) and one.place == "operations"]

    def link(self) -> StandIn:
        assert isinstance(self.services.link, StandIn)
        return self.services.link
