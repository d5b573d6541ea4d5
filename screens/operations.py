"""Running and past operations."""

from __future__ import annotations

from screens.base import EvacScreen
from tui.services import Services


class OperationsScreen(EvacScreen):
    """All operations; the one of `follow` is selected."""

    def __init__(self, services: Services, follow: str = "") -> None:
        super().__init__(services)
        self.follow = follow
