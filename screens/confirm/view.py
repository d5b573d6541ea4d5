"""The board on which a plan is shown: whose instance, what is sent, what it costs, AWS's answer, the question.

Whose it is stands above and the question below, at every size; plan and costs scroll between them. Where there is no room
for that, it says how much is needed, and nothing can be answered.
"""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.color import Color, ColorParseError
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Static

from screens.confirm import plan_text
from screens.confirm.inspection import Looking
from screens.confirm.question import TypeName, YesNo
from screens.static_line import Line
from screens.visibility import height, seen
from tui.domain.actions import ACTIONS
from tui.domain.plan import Draft, GuardKind
from tui.domain.plurals import counted
from tui.domain.sanitize import clean
from tui.domain.time_format import clock
from tui.domain.triage import Level
from tui.operations.service import Answered
from tui.presentation.symbols import LEVELS
from tui.services import Services

ROOMY = 32
"""From so many lines on, each step has its own."""
MIN_BOARD_HEIGHT = 20
"""Below so many lines there is no border, and whose it is takes one line."""
LEAST = 2
"""Lines of the plan that must be seen, to be read by scrolling."""
NARROW = 40
"""Columns that whose it is needs at least."""


class Plan(VerticalScroll):
    """Scrolls, and says so."""

    class Moved(Message):
        """There is more or less of it in sight."""

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Moved())

    def on_resize(self) -> None:
        """There is more or less room."""
        self.post_message(self.Moved())


class Board(Vertical):
    """Draws what it is shown; decides nothing but what there is room for."""

    def __init__(self, services: Services, action: str, key: str) -> None:
        super().__init__(id="dialog")
        self.services, self.action, self.key = services, action, key
        self.border_title = ACTIONS[action].title
        # Of these what is chosen is most of the plan.
        wanted = ACTIONS[action]
        self.options_first = (
            wanted.images or wanted.moves_event or bool(wanted.takes & {"minutes", "switch_off"})
        )
        self.cramped = False

    def compose(self) -> ComposeResult:
        yield Static(id="whose")
        with Plan(id="plan", can_focus=False):
            yield Static(id="state")
            yield Static(id="verdict")  # why it can't be done is seen without scrolling
            yield Static(id="answer")
            if self.options_first:
                yield Vertical(id="options")
            yield Static(id="steps")
            yield Static(id="hazards")
            if not self.options_first:
                yield Vertical(id="options")
        yield Line("more")
        with Vertical(id="ask"):
            yield Static(id="permission")
            yield YesNo("yes-no")
            yield Static(id="prompt")
            yield TypeName(id="name", compact=True, select_on_focus=False)
            yield Static(id="wrong")
            yield Static(id="needs")

    def on_mount(self) -> None:
        self._colour()

    def _colour(self) -> None:
        """Production looks different."""
        row = self.services.store.get(self.key)
        name = self.services.settings.profile(row.target.profile).color if row is not None else ""
        try:
            color = Color.parse(name) if name else None
        except ColorParseError:
            color = None
        if self.has_class("-bare"):
            self.styles.border = ("none", "black")
        elif color is not None:
            self.styles.border = ("heavy", color)
        else:
            self.styles.border = ("round", self.app.theme_variables["primary"])

    # what there is room for

    @property
    def inside(self) -> int:
        """Columns of text."""
        around = 2 if self.has_class("-bare") else 4
        return max(1, min(self.app.size.width, 116) - around)

    def seen(self) -> bool:
        """Whether whose it is, the question and what is typed are on screen now, whole."""
        if not self.whole:
            return False
        asked = [
            self.query_one("#whose"),
            *(one for one in self.query("#yes-no, #prompt, #name") if one.display),
        ]
        return not self.cramped and len(asked) > 1 and seen(self.screen, asked)

    def _shape(self, lines: int) -> None:
        bare = lines < MIN_BOARD_HEIGHT
        if bare != self.has_class("-bare"):
            self.set_class(bare, "-bare")
            self._colour()
        self.set_class(lines >= ROOMY, "-tall")

    @property
    def whole(self) -> bool:
        """Whether all its parts are there: what was put off until after a refresh may find that they have gone already."""
        return self.is_mounted and self.is_attached and bool(self.query("#more"))

    def _room(self) -> int:
        """Lines between what stands above the board and what stands below."""
        return max(0, self.screen.query_one("#room").size.height - (0 if self.has_class("-bare") else 2))

    def _lines(self, *names: str) -> int:
        """Of those that are displayed."""
        found = [self.query_one(f"#{name}") for name in names]
        return sum(height(one, self.inside) for one in found if one.display)

    # drawing

    def draw(self, shown: Looking) -> None:
        self._shape(self.app.size.height)
        self.draw_state(shown)
        self._draw_plan(shown)
        self._draw_answer(shown)
        self.call_after_refresh(self.mark)

    def draw_state(self, shown: Looking) -> None:
        """Whose it is, and its state: how old that reading is grows by itself."""
        settings, now = self.services.settings, self.services.now()
        whose, state = self.query_one("#whose", Static), self.query_one("#state", Static)
        if shown.instance is None:
            whose.update(Text(clean(self.key), "bold"))
        else:
            status = self.services.store.target(shown.instance.target)
            short = self.has_class("-bare")
            whose.update(
                plan_text.whose_instance(shown.instance, status, settings, self.inside, one_line=short)
            )
        text = Text()
        bad = LEVELS[Level.FAILING]
        if shown.looking:
            again = (
                "looking once more before anything is sent …"
                if shown.answered
                else "reading the instance again …"
            )
            text.append(again, "dim")
        elif shown.trouble is not None and shown.old and shown.instance is not None:
            text.append(f"{bad.symbol} it could not be read now: {shown.trouble.line}", bad.style)
            text.append(
                f"\nA start hurts nobody: it is planned on what was read before ({shown.instance.state})."
            )
        elif shown.trouble is not None:
            text.append(f"{bad.symbol} it could not be read, so nothing can be done: ", bad.style)
            text.append(f"{shown.trouble.line} (r tries again)")
        elif shown.instance is not None:
            text = plan_text.state_line(
                shown.instance, shown.read_at, now, clock(shown.read_at, self.services.zone)
            )
        if shown.note:
            text.append(f"\n{shown.note}", "not bold")
        for change in shown.changed:
            text.append(f"\nchanged: {change}", "bold yellow")
        state.update(text)

    def _draw_plan(self, shown: Looking) -> None:
        made = shown.draft
        readable = shown.trouble is None or shown.old
        there = made is not None and readable and not (shown.looking and not shown.answered)
        for name in ("#steps", "#hazards", "#options"):
            self.query_one(name).display = there
        if made is None or not there:
            return
        blocked = made.guard.kind is GuardKind.BLOCKED
        denied = shown.permission is not None and shown.permission.answered is Answered.NO
        action = ACTIONS[self.action]
        another = (
            any(one.override for one in made.hazards) or action.moves_event or "switch_off" in action.takes
        )
        self.query_one("#options").display = not denied and (not blocked or another)
        short = self.app.size.height < ROOMY
        self.query_one("#steps", Static).update(plan_text.step_grid(made, short))
        self.query_one("#hazards", Static).update(plan_text.consequences(made.hazards, blocked=blocked))

    def _draw_answer(self, shown: Looking) -> None:
        made = shown.draft
        readable = shown.trouble is None or shown.old
        ready = made is not None and readable and (not shown.looking or shown.answered)
        kind = made.guard.kind if made is not None and ready else None
        line = plan_text.answer_line(shown.permission) if shown.permission is not None else None
        if shown.desk.trouble:
            line = Text(shown.desk.trouble, "bold red")
        elif not shown.desk.operation and line is None:
            line = Text("enter in the field: AWS is asked for permission", "dim")
        verdict = self.query_one("#verdict", Static)
        verdict.display = kind is GuardKind.BLOCKED and not shown.wrong_choice
        if made is not None and verdict.display:
            verdict.update(plan_text.blocked(made))
        asks = ready and kind is not GuardKind.BLOCKED and not shown.wrong_choice
        self._draw_question(made if (shown.armed or shown.answered) and asks else None, shown)
        self._fit(line if asks else None)

    def _draw_question(self, made: Draft | None, shown: Looking) -> None:
        kind = made.guard.kind if made is not None else None
        yes_no, prompt, name = (
            self.query_one(YesNo),
            self.query_one("#prompt", Static),
            self.query_one(TypeName),
        )
        yes_no.display = kind is GuardKind.YES_NO
        prompt.display = name.display = kind is GuardKind.TYPE_NAME
        said = shown.wrong or shown.hint
        wrong = self.query_one("#wrong", Static)
        wrong.display = bool(said)
        wrong.update(Text(said, "bold red" if shown.wrong else "yellow"))
        if made is None:
            return
        if kind is GuardKind.YES_NO:
            yes_no.ask(f"{plan_text.titled(made, self.inside)}?", self.inside)
        elif kind is GuardKind.TYPE_NAME:
            prompt.update(plan_text.prompt(made, bare=self.has_class("-bare")))
            name.ask(made.guard.expected, made.guard.accepts)

    def _fit(self, permission: Text | None) -> None:
        """Share the room out. What AWS said stands by the question, and in the plan where there is no room for it."""
        beside, above, needs = (
            self.query_one(f"#{name}", Static) for name in ("permission", "answer", "needs")
        )
        plan, more = self.query_one(Plan), self.query_one("#more")
        asked = self.query_one(YesNo).display or self.query_one(TypeName).display
        beside.update(permission or "")
        above.update(permission or "")
        beside.display, above.display = permission is not None, False
        needs.display, more.display, self.cramped = False, True, False
        self.query_one("#whose").display = True
        room = self._room()
        fixed = ("whose", "yes-no", "prompt", "name", "wrong")
        if permission is not None and room - self._lines(*fixed, "permission") - 1 < 2 * LEAST:
            beside.display, above.display = False, True
        left = room - self._lines(*fixed, "permission") - 1
        narrow = self.app.size.width < NARROW
        if asked and room and (left < LEAST or narrow):
            self.cramped = True
            self._say_needed(LEAST - left, narrow)
            self.query_one("#whose").display = room >= self._lines("whose", "needs")
            left = room - self._lines("whose", "needs")
        plan.styles.max_height = max(0, left)

    def _say_needed(self, lines: int, narrow: bool) -> None:
        """How large it must be; and nothing is put that can't be answered."""
        parts = [f"{NARROW} columns"] if narrow else []
        parts += [counted(self.app.size.height + lines, "line")] if lines > 0 else []
        for name in ("#permission", "#yes-no", "#prompt", "#name", "#wrong", "#more"):
            self.query_one(name).display = False
        needs = self.query_one("#needs", Static)
        needs.display = True
        needs.update(Text(f"this needs {' and '.join(parts)}: nothing is asked"))

    def mark(self) -> None:
        """Where there is more of the plan than is in sight."""
        if not self.whole:
            return
        plan = self.query_one(Plan)
        above, below = int(plan.scroll_y), max(0, int(plan.max_scroll_y - plan.scroll_y))
        parts = [f"{counted(below, 'more line')} below"] if below else []
        parts += [f"{above} above"] if above else []
        text = Text(no_wrap=True)
        text.append("─" * 2)
        if parts:
            text.append(f" {', '.join(parts)}: ↑↓ pgup pgdn ", "bold yellow")
        text.append("─" * max(0, self.inside - text.cell_len))
        text.truncate(self.inside)
        self.query_one("#more", Line).paint(text)
