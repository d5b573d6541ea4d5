"""One instance: where it breaks, what that means, what to do."""

from __future__ import annotations

from screens.base import EvacScreen
from tui.services import Services


class DetailScreen(EvacScreen):
    """Of the instance with this key (`region/id`)."""

    def __init__(self, services: Services, key: str) -> None:
        super().__init__(services)
        self.key = key
