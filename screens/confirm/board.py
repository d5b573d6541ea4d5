"""The board on which a plan is shown: whose instance, what is sent, what it costs, AWS's answer, the question."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from rich.text import Text
from textual.app import ComposeResult
from textual.color import Color, ColorParseError
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from screens.confirm import paint
from screens.confirm.question import TypeName, YesNo
from screens.signs import LEVELS
from tui.domain.actions import ACTIONS
from tui.domain.instance import Instance, Trouble
from tui.domain.plan import Draft, GuardKind
from tui.domain.text import clean
from tui.domain.urgency import Level
from tui.domain.when import clock
from tui.services import Services

ROOMY = 32
"""From so many lines on, each step has its own."""


class Shown(Struct, frozen=True):
    """Everything the board draws. `hindrance`: why nothing can be handed in; `armed`: the question is put."""

    instance: Instance | None
    read_at: datetime
    looking: bool
    trouble: Trouble | None
    changed: tuple[str, ...]
    draft: Draft | None
    answered: bool
    permission: paint.Permission | None
    armed: bool
    wrong: str
    handed_in: bool
    hindrance: str
    wrong_choice: bool


class Board(Vertical):
    """Draws what it is shown; decides nothing."""

    def __init__(self, services: Services, action: str, key: str) -> None:
        super().__init__(id="dialog")
        self.services, self.action, self.key = services, action, key
        self.border_title = ACTIONS[action].title

    def compose(self) -> ComposeResult:
        """From the gravest question, whose it is, down to the answer."""
        yield Static(id="whose")
        yield Static(id="state")
        yield Static(id="steps")
        with VerticalScroll(id="costs", can_focus=False):
            yield Static(id="hazards")
        yield Vertical(id="options")
        yield Static(id="permission")
        yield Static(id="verdict")
        yield YesNo(id="yes-no")
        yield Static(id="prompt")
        yield TypeName(id="name", compact=True)
        yield Static(id="wrong")

    def on_mount(self) -> None:
        """The border is the profile's."""
        self._colour()

    def _colour(self) -> None:
        """Production looks different."""
        row = self.services.store.get(self.key)
        name = self.services.settings.profile(row.target.profile).color if row is not None else ""
        try:
            color = Color.parse(name) if name else None
        except ColorParseError:
            color = None
        if color is not None:
            self.styles.border = ("heavy", color)

    def draw(self, shown: Shown) -> None:
        """All of it."""
        self.draw_state(shown)
        self._draw_plan(shown)
        self._draw_answer(shown)

    def draw_state(self, shown: Shown) -> None:
        """Whose it is, and its state: how old that reading is grows by itself."""
        settings, now = self.services.settings, self.services.now()
        whose, state = self.query_one("#whose", Static), self.query_one("#state", Static)
        if shown.instance is None:
            whose.update(Text(clean(self.key), "bold"))
        else:
            whose.update(
                paint.whose(shown.instance, self.services.store.target(shown.instance.target), settings)
            )
        text = Text()
        if shown.looking:
            text.append(
                "reading the instance again …" if not settings.ascii else "reading the instance again ...",
                "dim",
            )
        elif shown.trouble is not None:
            bad = LEVELS[Level.FAILING]
            text.append(
                f"{bad.mark(settings.ascii)} it could not be read, so nothing can be done: ", bad.style
            )
            text.append(f"{shown.trouble.line} (r tries again)")
        elif shown.instance is not None:
            text = paint.state_line(
                shown.instance, shown.read_at, now, clock(shown.read_at, self.services.zone)
            )
            for change in shown.changed:
                text.append(f"\nchanged: {change}", "bold yellow")
        state.update(text)

    def _draw_plan(self, shown: Shown) -> None:
        made, plain = shown.draft, self.services.settings.ascii
        there = made is not None and shown.trouble is None and not (shown.looking and not shown.answered)
        for name in ("#steps", "#costs", "#options"):
            self.query_one(name).display = there
        if made is None or not there:
            return
        blocked = made.guard.kind is GuardKind.BLOCKED
        denied = shown.permission is not None and shown.permission.answered is paint.Answered.NO
        lifts = any(one.override for one in made.hazards)
        self.query_one("#options").display = not denied and (
            not blocked or lifts or self.action == "reschedule"
        )
        self.query_one("#steps", Static).update(paint.steps_of(made, plain, self.app.size.height < ROOMY))
        self.query_one("#hazards", Static).update(paint.consequences(made.hazards, plain, blocked=blocked))

    def _draw_answer(self, shown: Shown) -> None:
        made, plain = shown.draft, self.services.settings.ascii
        ready = made is not None and not shown.looking and shown.trouble is None
        kind = made.guard.kind if made is not None and ready else None
        line = shown.permission.line if shown.permission is not None else None
        if shown.hindrance:
            line = Text(shown.hindrance, "bold red")
        elif not shown.handed_in and line is None:
            line = Text("enter in the field: AWS is asked for permission", "dim")
        permission, verdict = self.query_one("#permission", Static), self.query_one("#verdict", Static)
        permission.display = (
            ready and line is not None and kind is not GuardKind.BLOCKED and not shown.wrong_choice
        )
        permission.update(line or "")
        verdict.display = kind is GuardKind.BLOCKED and not shown.wrong_choice
        if made is not None and verdict.display:
            verdict.update(paint.blocked(made, plain))
        self._draw_question(made if shown.armed and ready else None, shown.wrong)

    def _draw_question(self, made: Draft | None, why: str) -> None:
        kind = made.guard.kind if made is not None else None
        yes_no, prompt, name = (
            self.query_one(YesNo),
            self.query_one("#prompt", Static),
            self.query_one(TypeName),
        )
        yes_no.display = kind is GuardKind.YES_NO
        prompt.display = name.display = kind is GuardKind.TYPE_NAME
        wrong = self.query_one("#wrong", Static)
        wrong.display = bool(why)
        wrong.update(Text(why, "bold red"))
        if made is None:
            return
        if kind is GuardKind.YES_NO:
            yes_no.ask(f"{made.title}?")
        elif kind is GuardKind.TYPE_NAME:
            what = "id" if made.guard.expected == made.instance_id and made.instance_name else "name"
            text = Text(f"Type the {what} to go on: ")
            text.append(made.guard.expected, "bold")
            text.append("   esc cancels (default)", "dim")
            prompt.update(text)
            name.expected = made.guard.expected
