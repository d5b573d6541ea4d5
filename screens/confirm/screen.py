"""What would happen, and the question."""

from __future__ import annotations

from screens.base import EvacScreen
from tui.services import Services


class ConfirmScreen(EvacScreen):
    """Of an action on the instance with this key (`region/id`), as it was when the key was pressed."""

    def __init__(self, services: Services, action: str, key: str) -> None:
        super().__init__(services)
        self.action, self.key = action, key
