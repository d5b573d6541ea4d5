"""What would happen, and the question."""

from __future__ import annotations

import time
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Input

from screens.base import AlertLine, Go, KeyLine, bindings
from screens.confirm import plan_text
from screens.confirm.choices import Choices, Cycle, Toggle
from screens.confirm.inspection import Looking
from screens.confirm.question import PASSED, WORD, Alone, Answer, LoneKeys, Stray, TypeName, YesNo
from screens.confirm.view import Board, Plan
from tui.commands import ACTION_VERBS, VERBS, Verb
from tui.domain.actions import ActionOptions
from tui.domain.instance import Instance
from tui.domain.plan import GuardKind
from tui.domain.sanitize import clean
from tui.operations.service import Answered
from tui.services import Services

ARM_AFTER = 0.4
"""Seconds the question must have stood there before a key can be an answer to it."""
POLL = 0.25
"""Seconds between two looks into the journal for AWS's answer."""
_KEYS_OF: tuple[tuple[type[Widget], tuple[str, ...]], ...] = (
    (TypeName, ("go-on", "cancel")),
    (Input, ("ask", "cancel")),
    (YesNo, ("yes", "no")),
    (Toggle, ("change", "cancel")),
    (Cycle, ("turn", "cancel")),
)
"""What can be pressed where the focus is; the first that it is."""
_PASSING = (Answered.YES, Answered.SILENT, Answered.ASKING)


class Room(Vertical):
    """What is left for the board. It tells its screen when that is more or less."""

    def on_resize(self) -> None:
        """The alarm came or went, or the terminal is another."""
        if isinstance(self.screen, ConfirmScreen):
            self.screen.room_changed()


class ConfirmScreen(Looking):
    """Of an action on the instance with this key (`region/id`), as it was when the key was pressed.

    `note` says what is marked beside it, or instead: what is not meant is named as well. `options`, `instance`: as Act has them.
    """

    CSS_PATH = "confirm.tcss"
    AUTO_FOCUS = ""
    NAMES = ("back", "reread", "operations", "help", "palette")
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(NAMES),
        Binding("up,k", "more(-1)", show=False),
        Binding("down,j", "more(1)", show=False),
        Binding("pageup", "more(-5)", show=False),
        Binding("pagedown", "more(5)", show=False),
    ]

    def __init__(
        self,
        services: Services,
        action: str,
        key: str,
        note: str = "",
        options: ActionOptions | None = None,
        instance: Instance | None = None,
    ) -> None:
        super().__init__(services, action, key, options, instance)
        self.note = note
        self.pause = ARM_AFTER
        self._keys = LoneKeys(self, lambda key: self.post_message(Alone(PASSED[key])))

    def compose(self) -> ComposeResult:
        yield AlertLine()
        with Room(id="room"):
            yield Board(self.services, self.action, self.key)
        yield KeyLine()

    def on_mount(self) -> None:
        """Read it again before anything is said of it."""
        self.set_interval(POLL, self._poll)
        self._look()

    def on_unmount(self) -> None:
        """However it was left: without a yes nothing comes of it."""
        self.desk.withdraw("cancelled")

    @property
    def board(self) -> Board:
        return self.query_one(Board)

    # the question

    def _poll(self) -> None:
        """Read what the runner has written to the journal."""
        if self.looking or not self.desk.operation:
            return
        answer = self.desk.answer()
        if answer is None:
            if self.desk.trouble:
                self._disarm()
                self._draw()
            return
        if answer != self.permission:
            self.permission = answer
            self._draw()
        if answer.may_confirm and not self.armed:
            self.armed = True
            self._draw()
        if answer.may_confirm and self.query_one(TypeName).armed_at == float("inf"):
            self.call_after_refresh(self._arm)
        elif not answer.may_confirm and self.armed:
            self._disarm()
            self._draw()

    def _arm(self) -> None:
        """The question stands there: keys that come from a moment later on are answers."""
        if not self.armed or self.draft is None or self.looking or not self.there:
            return
        if not self.board.seen():
            self._wait()
            return
        at = time.monotonic() + self.pause
        name = self.query_one(TypeName)
        self.query_one(YesNo).armed_at = name.armed_at = at
        name.open_at = min(name.open_at, at)
        self._focus_question()
        self.draw_keys()

    def _focus_question(self) -> None:
        """Unless the operator is busy with a choice."""
        if self.armed and self.draft is not None and self.focused is None and not self.board.cramped:
            typed = self.draft.guard.kind is GuardKind.TYPE_NAME
            self.set_focus(self.query_one(TypeName) if typed else self.query_one(YesNo))

    def _hold(self) -> None:
        """Nothing counts for now; what was typed stays."""
        self._wait()
        self.query_one(TypeName).open_at = float("inf")
        self.wrong = self.hint = ""

    def _wait(self) -> None:
        """No answer counts until the question has stood there anew; typing goes on."""
        self.query_one(TypeName).armed_at = self.query_one(YesNo).armed_at = float("inf")

    def _disarm(self) -> None:
        """Nothing can be answered until it is asked again."""
        self.armed, self.permission = False, None
        self._hold()
        if isinstance(self.focused, TypeName | YesNo):
            self.set_focus(None)

    def room_changed(self) -> None:
        """What is in sight is something else: nothing counts until it has stood there."""
        if not self.is_mounted or not self.query(Board):
            return
        self._wait()
        if self.board.cramped and isinstance(self.focused, TypeName | YesNo):
            self.set_focus(None)
        self._draw()
        self.call_after_refresh(self._arm)

    @on(Answer)
    def _answer(self, message: Answer) -> None:
        """Yes, no, or a wrong name."""
        message.stop()
        if self._left:  # by esc, right after
            return
        if not message.yes:
            self.wrong, self.hint = message.why, ""
            self._draw()
            if not message.why:
                self.verb_back()
            return
        self._poll()
        if not self.armed or self.draft is None or self.looking:
            return
        if not self.board.seen():
            self.room_changed()
            return
        self._look(answered=True)

    @on(Stray)
    def _strayed(self, message: Stray) -> None:
        """A key or a paste that answers nothing."""
        message.stop()
        if not self.looking:
            self._hint(message.why)

    @on(Alone)
    async def _alone(self, message: Alone) -> None:
        """A verb, pressed while the question has the keys."""
        message.stop()
        await self.action_verb(message.verb)

    def _send(self) -> None:
        """Confirmed: the runner goes on, and this console follows it."""
        self.answered = False
        operation = self.desk.confirm()
        if not operation:
            self._disarm()
            self.wrong = f"{self.desk.trouble}: press r to plan it again; nothing was sent"
            self._draw()
            return
        self._left = True
        self.dismiss()
        self.app.post_message(Go("operations", operation))

    # keys

    @property
    def naming(self) -> bool:
        """Whether a name is asked for, or may be soon: letters are letters then, wherever the focus is."""
        if self.trouble is not None and not self.old:
            return False
        if self.draft is None or self.looking:
            return True
        waits = self.permission is None or self.permission.answered in _PASSING
        slow = self.permission is not None and self.permission.slow
        asks = bool(self.desk.operation) and waits and not slow
        return asks and self.draft.guard.kind is GuardKind.TYPE_NAME

    def on_key(self, event: events.Key) -> None:
        """A letter that nothing took: while a name is asked for it goes there, and is never a verb."""
        if not event.is_printable or not self.naming:
            if event.key in PASSED:  # where nothing can be answered, too, a name may be typed
                event.stop().prevent_default()
            if event.is_printable and self._keys.follows(event) > WORD and event.key in PASSED:
                self._keys.wait(event.key)
            self.other_letters(event)
            return
        event.stop().prevent_default()
        name = self.query_one(TypeName)
        if self.armed and name.display and event.time >= name.open_at and event.character is not None:
            name.focus()
            name.cursor_position = len(name.value)
            name.insert_text_at_cursor(event.character)
        elif not self.looking or self.answered:
            self._hint("not yet: what is typed before the question stands here is dropped")

    def keys_now(self) -> list[tuple[Verb, bool]]:
        focus = self.focused
        names = next((names for kind, names in _KEYS_OF if isinstance(focus, kind)), ())
        if not names or (isinstance(focus, YesNo) and not self.armed):
            names = ("cancel",)
        found = [ACTION_VERBS[name] for name in names]
        shown = self.query_one("#options").display
        if shown and any(one.focusable for one in self.query("Choices Input, Choices Toggle, Choices Cycle")):
            found.append(ACTION_VERBS["choices"])
        if self.is_mounted and self.query_one(Plan).max_scroll_y > 0:
            found.append(ACTION_VERBS["read-on"])
        if not isinstance(focus, Input) and not self.naming:
            found += [VERBS[name] for name in ("reread", "operations", "help")]
        return [(verb, False) for verb in found]

    def on_descendant_focus(self) -> None:
        self.draw_keys()

    def on_descendant_blur(self) -> None:
        self.draw_keys()

    @on(Plan.Moved)
    def _moved(self) -> None:
        self.board.mark()
        self.draw_keys()

    # drawing

    def say(self, line: str, severity: str = "information") -> None:
        """Beside the question, not over it."""
        self._hint(clean(line))

    def _hint(self, line: str) -> None:
        self.hint = line
        self._draw()
        self.call_after_refresh(self._still_seen)

    def _still_seen(self) -> None:
        """A line more may be one too many."""
        if self.there and self.armed and not self.looking and not self.board.seen():
            self._wait()
            self._draw()
            self.call_after_refresh(self._arm)

    def tick(self) -> None:
        for choices in self.query(Choices):
            choices.at(self.services.now())
        self.board.draw_state(self)

    def on_resize(self) -> None:
        """What was in sight may not be. (Textual calls the base's handler as well.)"""
        self.room_changed()

    def _draw(self) -> None:
        if not (self.there and self.is_mounted):
            return
        self.board.draw(self)
        self.draw_keys()

    # verbs

    def verb_back(self) -> None:
        """Cancel: the default. Where one lands it is said that nothing came of it."""
        if not self._left:
            self._left = True  # a field that loses its focus by this settles nothing
            self.desk.withdraw("cancelled")
            about = self.action if self.draft is None else plan_text.titled(self.draft, 80)
            self.notify(f"nothing was sent: {about}", markup=False)
        self.dismiss()

    def verb_reread(self) -> None:
        """From the start: what was handed in is withdrawn."""
        if not self.looking:
            self._disarm()
            self.changed = []
            self.desk.withdraw("planned anew")
            self._look()

    def action_more(self, by: int) -> None:
        self.query_one(Plan).scroll_relative(y=by, animate=False)
