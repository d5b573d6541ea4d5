"""A key that stands for several actions asks which: what each does, why one cannot be, and what covers the instance now.

Nothing is sent from here: the answer opens the question of that action.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.dismiss_once import Leaver
from screens.visibility import height, seen
from tui.commands import INPUT_MODE, VERBS, why_action_blocked
from tui.config.schema import policy
from tui.domain.actions import ACTIONS, Action, alike
from tui.domain.cover.remembered import remembered_cover
from tui.domain.instance import Instance
from tui.domain.settable import setting_of
from tui.presentation.cover_text import QUESTIONS, answer_cell
from tui.presentation.width import middle
from tui.services import Services

FOOT = "An alarm costs what one of CloudWatch's costs a month. Each can be taken back: u in operations."


class Candidate(Struct, frozen=True):
    """One of the actions; `reason`: why it cannot be chosen, else empty. `told`: how it stands, or what its plan will find in
    the way, where the row tells.
    """

    action: Action
    reason: str = ""
    told: str = ""


def action_question(verb: str, instance: Instance, services: Services) -> ActionQuestion:
    """Of the actions with that verb's key, about this instance."""
    settings = services.settings
    rules = policy(settings, instance.target.profile, instance.account_id)
    found = [
        Candidate(
            ACTIONS[name],
            why_action_blocked(name, instance, settings.actions_off) or "",
            setting_of(name, instance, rules, services.now()).told,
        )
        for name in alike(verb)
    ]
    return ActionQuestion(f"{VERBS[verb].title}: {instance.label}", found, cover_now(instance, services))


def action_question_for_many(verb: str, number: int, services: Services) -> ActionQuestion:
    """Of the actions with that verb's key, about so many instances: the plan says of each what stands in the way."""
    off = services.settings.actions_off
    found = [
        Candidate(ACTIONS[name], f"the site policy has switched {name} off" if name in off else "")
        for name in alike(verb)
    ]
    return ActionQuestion(f"{VERBS[verb].title}: {number} marked", found, Text(f"{number} are marked", "dim"))


def cover_now(instance: Instance, services: Services) -> Text:
    """Who acts now, in a line; or that it is not read."""
    text = Text("now  ", "dim")
    if instance.cover is None:
        return text.append("who acts is not read yet: the plan reads what it changes", "dim")
    cover = remembered_cover(instance, services.now(), services.settings.actions.image_max_age)
    for question, answer in zip(QUESTIONS[:2], cover.answers, strict=False):
        told, style = answer_cell(answer)
        text.append(f"{question} ", "dim").append(f"{told}   ", style)
    return text


class ActionQuestion(ModalScreen[str], Leaver[str]):
    """Ends with the name of an action; empty: none. `now`: how it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss('')", "Cancel", show=False),
        *(Binding(str(number), f"choose({number})", show=False) for number in range(1, 10)),
    ]
    DEFAULT_CSS = """
    ActionQuestion { align: center middle; }
    ActionQuestion #which { width: 90%; max-width: 96; height: auto; max-height: 100%; }
    ActionQuestion #which { border: heavy $warning; padding: 0 1; background: $surface; }
    ActionQuestion Static { height: auto; }
    ActionQuestion ToastRack { height: 0; margin: 0; }
    """

    def __init__(self, title: str, candidates: Sequence[Candidate], now: Text) -> None:
        super().__init__()
        self.asked, self.candidates, self.now = title, tuple(candidates), now

    def compose(self) -> ComposeResult:
        with Vertical(id="which") as box:
            box.border_title = Text(self.asked)
            yield Static(id="now")
            for number, one in enumerate(self.candidates, 1):
                yield Static(self._told(number, one), classes="choice")
            yield Static(Text(FOOT, "dim"), id="foot")
            yield Static(
                Text("a number shows what would happen; esc cancels (default)", "dim"),
                id="leave",
            )
            yield Static(id="wrong")

    @staticmethod
    def _told(number: int, one: Candidate) -> Table:
        grid = Table.grid(padding=(0, 1, 0, 0), expand=True)
        grid.add_column(width=3)
        grid.add_column(ratio=1, overflow="fold")
        text = Text(one.action.title, "dim strike" if one.reason else "bold")
        if one.reason or one.told:
            text.append(
                f"  {f'not now: {one.reason}' if one.reason else one.told}", "not bold not strike yellow"
            )
        text.append(f"\n{one.action.help}", "dim" if one.reason else "not bold")
        grid.add_row(Text(f" {number} ", "dim" if one.reason else "bold reverse"), text)
        return grid

    def on_mount(self) -> None:
        self.on_resize()

    def on_resize(self) -> None:
        """The answers come first: how it is now and what holds for all gives way."""
        width, lines = self.app.size
        inside = max(1, min(int(width * 0.9), 96) - 4)
        self.query_one("#which", Vertical).border_title = Text(middle(self.asked, inside))
        choices = list(self.query(".choice").results(Static))
        now, foot = self.query_one("#now", Static), self.query_one("#foot", Static)
        now.update(self.now)
        for one in choices:
            one.display = True
        now.display = foot.display = True
        needed = 4 + sum(height(one, inside) for one in choices)
        for part in (now, foot):
            if part.display and needed + height(part, inside) > lines:
                part.display = False
            needed += height(part, inside) if part.display else 0
        if needed > lines:
            for one in choices:
                one.display = False
            now.display = True
            now.update(Text(f"this needs {needed} lines: nothing is asked", "bold yellow"))

    def action_choose(self, number: int) -> None:
        """Only what can be read can be chosen."""
        if number > len(self.candidates):
            self._only()
            return
        one = self.candidates[number - 1]
        if one.reason:
            self._wrong(f"{one.action.title}: {one.reason}")
        elif seen(self, [list(self.query(".choice"))[number - 1]]):
            self.dismiss(one.action.name)

    def on_key(self, event: Key) -> None:
        """A key that nothing took."""
        if event.is_printable and not (event.character or "").isdigit():
            self._only(f"; {INPUT_MODE}" if event.character and not event.character.isascii() else "")

    def _only(self, odd: str = "") -> None:
        numbers = ", ".join(str(number) for number in range(1, len(self.candidates) + 1))
        self._wrong(f"only {numbers} and esc answer{odd}")

    def _wrong(self, text: str) -> None:
        self.query_one("#wrong", Static).update(Text(text, "yellow"))
