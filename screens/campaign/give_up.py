"""Giving a campaign up: asked once more, for nobody takes it up again."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Mount
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.confirm.question import Answer, Stray, YesNo
from screens.dismiss_once import Leaver
from tui.domain.campaign.model import Campaign, CampaignState, MemberState
from tui.domain.plurals import counted


class GiveUpQuestion(ModalScreen[bool], Leaver[bool]):
    """True if it is given up; anything else is no."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(False)", "Cancel", show=False)]
    DEFAULT_CSS = """
    GiveUpQuestion { align: center middle; }
    GiveUpQuestion #give-up { width: 90%; max-width: 80; height: auto; border: heavy $error; padding: 0 1; }
    GiveUpQuestion #give-up { background: $surface; }
    GiveUpQuestion Static { height: auto; }
    GiveUpQuestion ToastRack { height: 0; margin: 0; }
    """

    def __init__(self, campaign: Campaign) -> None:
        super().__init__()
        self.campaign = campaign

    def compose(self) -> ComposeResult:
        with Vertical(id="give-up") as box:
            box.border_title = "Give up"
            yield Static(Text(give_up_text(self.campaign)), id="told")
            yield YesNo("yes-no")
            yield Static(id="wrong")

    @on(Mount)
    def _put(self) -> None:
        """A key that was on its way before it stands here answers nothing."""
        question = self.query_one(YesNo)
        question.ask("Give it up?", 70)
        question.focus()

        def arm() -> None:
            from time import monotonic

            question.armed_at = monotonic()

        self.set_timer(0.3, arm)

    @on(Answer)
    def _answered(self, message: Answer) -> None:
        message.stop()
        self.dismiss(message.yes)

    @on(Stray)
    def _strayed(self, message: Stray) -> None:
        message.stop()
        self.query_one("#wrong", Static).update(Text(message.why, "yellow"))


def give_up_text(campaign: Campaign) -> str:
    """What comes of it."""
    if campaign.state is CampaignState.PLANNED:
        return "Nobody has confirmed this plan; given up, nobody can."
    waits, going = campaign.of(MemberState.WAITS), campaign.of(MemberState.GOING)
    rest = f" {counted(len(going), 'member')} that began: each goes on to its end." if going else ""
    return f"{counted(len(waits), 'member')} to come will not be begun, for good.{rest}"
