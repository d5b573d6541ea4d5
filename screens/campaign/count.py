"""Where the count is typed that confirms a campaign."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from screens.confirm.question import Answer, TypeName
from tui.domain.campaign.typed_count import confirms


class TypeCount(TypeName):
    """How many go, and the label of a production. What is typed before it stood there is dropped, as of every question."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, f"screen.members({by})", show=False)
        for key, by in (("up", -1), ("down", 1), ("pageup", -10), ("pagedown", 10))
    ]

    async def action_submit(self) -> None:
        """The count is yes; another says so and stays."""
        if self.armed_at == float("inf"):
            return
        if confirms(self.value, self.expected):
            self.post_message(Answer(True))
        elif self.value:
            self.post_message(Answer(False, f"that is not {self.expected}: nothing begins"))
