"""The rules of a campaign, and before it is confirmed which dangers are ticked and how the action is done."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from msgspec.structs import replace
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from screens.confirm.choices import Toggle
from screens.dismiss_once import Leaver
from screens.safe_input import SafeInput
from tui.domain.actions import ACTIONS, ActionOptions
from tui.domain.campaign.durations import Usual
from tui.domain.campaign.kept_plan import kept_plan
from tui.domain.campaign.model import Campaign, CampaignRules, CampaignState
from tui.domain.campaign.planning import why_not_rules
from tui.domain.time_format import iso_utc, parse_moment
from tui.presentation.campaign_plan_text import danger_words
from tui.services import Services

_FIELDS = {
    "at-once": ("at once", "members under way at a time, 1 to 20"),
    "max-failures": ("stop after", "failures after which nothing new begins"),
    "hours": ("hours", "Sat,Sun 00:00-06:00 Asia/Seoul; empty: at any time"),
    "not-before": ("new start", "2026-11-24T06:00:00Z, or 36h from now"),
}
_OPTIONS = {
    "image-first": "make an AMI of each first",
    "no-reboot": "no reboot for the AMI: crash-consistent",
}


class RulesForm(
    ModalScreen[tuple[CampaignRules, ActionOptions]], Leaver[tuple[CampaignRules, ActionOptions]]
):
    """Ends with the rules and options that are to hold; with nothing where it was left. Enter takes them."""

    CSS_PATH = "campaign.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", show=False),
        Binding("enter", "take", "Take these", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(self, campaign: Campaign, services: Services) -> None:
        super().__init__()
        self.campaign, self.services = campaign, services
        self.planned = campaign.state is CampaignState.PLANNED

    def compose(self) -> ComposeResult:
        rules, options = self.campaign.rules, self.campaign.options
        with Vertical(id="form") as box:
            box.border_title = "Rules"
            yield from self._field("at-once", str(rules.at_once))
            yield from self._field("max-failures", str(rules.max_failures))
            yield from self._field("hours", rules.hours)
            if self.planned and ACTIONS[self.campaign.action].moves_event:
                yield from self._field(
                    "not-before", iso_utc(options.not_before) if options.not_before else ""
                )
            with VerticalScroll(id="ticks", can_focus=False):
                for name in self._offered():
                    on = options.image_first if name == "image-first" else options.no_reboot
                    yield Toggle(_OPTIONS[name], on, name)
                for code, words, ticked in self._dangers():
                    yield Toggle(words, ticked, f"tick-{code}")
            yield Static(id="wrong")
            yield Static(
                Text("⏎ takes these   tab the next   esc leaves them as they are", "dim"), id="leave"
            )

    def _field(self, name: str, value: str) -> ComposeResult:
        word, hint = _FIELDS[name]
        with Horizontal(classes="field"):
            yield Static(word, classes="label")
            yield SafeInput(value, placeholder=hint, id=name, compact=True, select_on_focus=False)

    def _offered(self) -> list[str]:
        """The options that mean something for this action, while it is a plan."""
        action = ACTIONS[self.campaign.action]
        if not self.planned:
            return []
        return ["image-first"] * ("image_first" in action.takes) + ["no-reboot"] * action.images

    def _dangers(self) -> list[tuple[str, str, bool]]:
        """Each danger that members have: its code, its words with their number, whether it is ticked."""
        if not self.planned:
            return []
        plan = kept_plan(self.campaign, Usual(), self.services.now(), lambda _: "")
        return [
            (one.code, f"take {one.count} along, {danger_words(one)}", one.ticked)
            for one in plan.kinds
            if one.tickable
        ]

    def on_mount(self) -> None:
        self.query_one("#at-once").focus()

    @on(Input.Submitted)
    def action_take(self) -> None:
        """Take them if they can be kept; else it says what is wrong."""
        why, rules = self._rules()
        moment, wrong = self._moment()
        if why := why or wrong:
            self.query_one("#wrong", Static).update(Text(why, "bold yellow"))
            return
        own = {name: self.query_one(f"#{name}", Toggle).on for name in self._offered()}
        options = replace(
            self.campaign.options,
            image_first=own.get("image-first", self.campaign.options.image_first),
            no_reboot=own.get("no-reboot", self.campaign.options.no_reboot),
            not_before=moment,
        )
        self.dismiss((rules, options))

    def _rules(self) -> tuple[str, CampaignRules]:
        """What is wrong, else nothing, and the rules."""
        before = self.campaign.rules
        typed = {
            name: self.query_one(f"#{name}", Input).value.strip() for name in ("at-once", "max-failures")
        }
        for name, value in typed.items():
            if not (value.isdecimal() and value.isascii() and len(value) < 6):
                return f"{_FIELDS[name][0]}: {value or 'nothing'!r} is no number", before
        shown = [code for code, _, _ in self._dangers()]
        kept = [code for code in before.accept if code not in shown]
        ticked = [code for code in shown if self.query_one(f"#tick-{code}", Toggle).on]
        rules = replace(
            before,
            at_once=int(typed["at-once"]),
            max_failures=int(typed["max-failures"]),
            hours=self.query_one("#hours", Input).value.strip(),
            accept=(*kept, *ticked),
        )
        return why_not_rules(rules), rules

    def _moment(self) -> tuple[datetime | None, str]:
        """The new start of a reschedule, and what is wrong with it."""
        before = self.campaign.options.not_before
        found = self.query("#not-before").results(Input)
        value = next((one.value.strip() for one in found), None)
        if value is None or (before is not None and value == iso_utc(before)):
            return before, ""
        if not value:
            return None, ""
        try:
            return parse_moment(value, self.services.now(), self.services.zone), ""
        except ValueError as error:
            return before, str(error)
