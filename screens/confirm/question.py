"""The question itself: `y` or no, or the name typed. A key that was on its way before it was put counts for nothing."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widgets import Static

from screens.typed import Typed

PASSED = ("r", "o", "question_mark")
"""Keys that are no answer: look again, operations, help."""


class Answer(Message):
    """The operator's word: `yes`, or else `why` not (empty: plainly no)."""

    def __init__(self, yes: bool, why: str = "") -> None:
        super().__init__()
        self.yes, self.why = yes, why


class YesNo(Static, can_focus=True):
    """`y` is yes. Enter, and any other character, is no; all but the keys in PASSED."""

    armed_at = float("inf")

    def ask(self, words: str) -> None:
        """Put the question."""
        text = Text(words, "bold")
        text.append("   y ", "bold reverse")
        text.append(" yes   ")
        text.append("any other key: no", "dim")
        self.update(text)

    def on_key(self, event: events.Key) -> None:
        """One key decides, if it was pressed while the question stood there."""
        if not (event.is_printable or event.key == "enter") or event.key in PASSED:
            return
        event.stop()
        event.prevent_default()
        if event.time < self.armed_at:
            return
        self.post_message(Answer(event.key == "y"))


class TypeName(Typed):
    """The name, exactly. What was typed or pasted before the question was there is dropped."""

    armed_at = float("inf")
    expected = ""

    def ask(self, expected: str) -> None:
        """Begin with an empty line."""
        self.expected = expected
        self.value = ""

    def on_key(self, event: events.Key) -> None:
        """Textual goes on to Input's own handler unless it is prevented."""
        if event.time < self.armed_at and (event.is_printable or event.key == "enter"):
            event.stop()
            event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """The same for what is pasted."""
        if event.time < self.armed_at:
            event.stop()
            event.prevent_default()

    async def action_submit(self) -> None:
        """The exact text is yes; another says so and stays."""
        if self.value == self.expected and self.expected:
            self.post_message(Answer(True))
        elif self.value:
            self.post_message(Answer(False, f"that is not {self.expected}: nothing was sent"))
