"""The question itself: `y` or `n`, or the name typed. A key that was on its way before it was put counts for nothing."""

from __future__ import annotations

from collections.abc import Callable

from rich.text import Text
from textual import events
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from screens.safe_input import SafeInput
from tui.commands import INPUT_MODE
from tui.domain.typed_name import answers, typed_hint

PASSED = {"r": "reread", "o": "operations", "question_mark": "help"}
"""Keys that are no answer, and what they do, if pressed by themselves."""
BURST = 0.06
"""Seconds within which no person presses two keys: what comes so fast was pasted, and a paste answers nothing."""
WORD = 0.4
"""Seconds within which the letters of a word follow each other: somebody who types a name means none of its letters alone, nor
its first or its last one."""


_ANSWERS = "   y  yes   n or esc: no"


EARLY = "the question has only just come to stand here so: press it again"
"""Said of an answer that came before it could have been read: silence would look like a console that hangs."""


class Answer(Message):
    """The operator's answer: `yes`, or `why` not (empty: plainly no)."""

    def __init__(self, yes: bool, why: str = "") -> None:
        super().__init__()
        self.yes, self.why = yes, why


class Stray(Message):
    """A key or a paste that answers nothing, and what would."""

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why


class Alone(Message):
    """One of PASSED was pressed, and by itself: the verb that it is."""

    def __init__(self, verb: str) -> None:
        super().__init__()
        self.verb = verb


class LoneKeys:
    """Tells a key that is meant by itself from a letter of a word that is typed or pasted. `pressed` is given the former."""

    def __init__(self, place: Widget, pressed: Callable[[str], object]) -> None:
        self._place, self._pressed = place, pressed
        self._last, self._key, self._lone = float("-inf"), "", False
        self._waits: Timer | None = None

    def follows(self, event: events.Key) -> float:
        """Seconds since another key, which with this one was no lone one; to be told every key that can be typed.

        A lone one may be pressed again, as the impatient do, or be followed by enter.
        """
        since = event.time - self._last
        self._last = event.time
        if self._lone and since > BURST and event.key in (self._key, "enter"):
            return float("inf")
        self._key, self._lone = event.key, since > WORD
        self._stop()
        return since

    def wait(self, key: str) -> None:
        """It is meant by itself unless another follows."""
        self._stop()
        self._waits = self._place.set_timer(WORD, lambda: self._done(key))

    @property
    def waiting(self) -> bool:
        """Whether a key still has to show that it is meant."""
        return self._waits is not None

    def _stop(self) -> None:
        if self._waits is not None:
            self._waits.stop()
            self._waits = None

    def _done(self, key: str) -> None:
        self._waits = None
        self._pressed(key)


class YesNo(Static, can_focus=True):
    """`y` is yes and `n` is no, each pressed by itself. No other key answers; those in PASSED are handed on."""

    armed_at = float("inf")

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._keys = LoneKeys(self, self._pressed)
        self._at = float("-inf")

    def ask(self, words: str, width: int) -> None:
        """Put the question; the answers have a line of their own where there is no room for both in one."""
        text = Text(words, "bold")
        text.append("\n" if text.cell_len + len(_ANSWERS) > width else "  ")
        text.append(" y ", "bold reverse")
        text.append(" yes   ")
        text.append("n or esc: no", "dim")
        self.update(text)

    def on_key(self, event: events.Key) -> None:
        """One key decides, if it was pressed while the question stood there, and no other came with it."""
        if not (event.is_printable or event.key == "enter") or event.key in ("j", "k"):
            return  # what scrolls is harmless
        event.stop().prevent_default()
        since = self._keys.follows(event)
        answer = event.key in ("y", "n")
        if since <= BURST:
            self._stray("what is pasted answers nothing: y answers yes, n or esc no")
        elif since <= WORD and (answer or event.key in PASSED):
            self._stray("a letter of a word answers nothing: press it again, by itself")
        elif event.key in PASSED:
            self._keys.wait(event.key)
        elif answer and event.time >= self.armed_at:
            self._at = event.time
            self._keys.wait(event.key)
        elif answer:
            self.post_message(Stray(EARLY))
        elif event.key == "enter" and self._keys.waiting:
            return
        elif event.time >= self.armed_at:
            said = event.character or event.key
            odd = f"; {INPUT_MODE}" if not said.isascii() else ""
            self._stray(f"only y answers yes, and n or esc no{odd}")

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._stray("what is pasted answers nothing: y answers yes, n or esc no")

    def _stray(self, why: str) -> None:
        if self.armed_at < float("inf"):
            self.post_message(Stray(why))

    def _pressed(self, key: str) -> None:
        if key in PASSED:
            self.post_message(Alone(PASSED[key]))
        elif self._at >= self.armed_at:  # it still stands there as it stood when the key was pressed
            self.post_message(Answer(key == "y"))
        elif key == "n":
            self.post_message(Answer(False))  # a no needs no question that stands still
        else:
            self.post_message(Stray(EARLY))


class TypeName(SafeInput):
    """The name or the id. What was typed or pasted before `open_at` is dropped; enter counts from `armed_at` on."""

    armed_at = open_at = float("inf")
    expected = ""
    accepts: tuple[str, ...] = ()

    def ask(self, expected: str, accepts: tuple[str, ...]) -> None:
        """Ask for this text; what was typed for another question is cleared."""
        if expected != self.expected:
            self.value = ""
        self.expected, self.accepts = expected, accepts

    def on_key(self, event: events.Key) -> None:
        """Textual goes on to Input's own handler unless it is prevented."""
        early = event.time < (self.armed_at if event.key == "enter" else self.open_at)
        if early and (event.is_printable or event.key in _EDITS):
            event.stop().prevent_default()
            if event.key == "enter" and self.value:
                self.post_message(Stray(EARLY))

    def on_paste(self, event: events.Paste) -> None:
        if event.time < self.open_at:
            event.stop().prevent_default()

    async def action_submit(self) -> None:
        """The name or the id is yes; another says so and stays."""
        if self.armed_at == float("inf"):
            return
        if answers(self.value, self.accepts):
            self.post_message(Answer(True))
        elif self.value:
            odd = typed_hint(self.value, self.expected)
            self.post_message(
                Answer(False, f"that is not {self.expected}{f' ({odd})' if odd else ''}: nothing was sent")
            )


_EDITS = ("enter", "backspace", "delete")
