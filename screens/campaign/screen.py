"""One campaign: its plan until it is confirmed, then how it goes. What failed comes first, and what waits for whom."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Static

from screens.base import AlertLine, Go, KeyLine, bindings
from screens.campaign.acting import Acting
from screens.campaign.count import TypeCount
from screens.campaign.members import MembersContext, MemberTable
from screens.campaign.view import CampaignView, campaign_view
from screens.confirm.question import Answer, Stray
from screens.static_line import Line
from screens.visibility import seen
from tui.commands import COUNTING, VERBS, Verb
from tui.domain.campaign.model import CampaignState, Member
from tui.domain.sanitize import clean
from tui.presentation.campaign_plan_text import fitted
from tui.services import Services

ARM_COUNT_AFTER = 0.4
"""Seconds that a count must have stood there before what is typed counts."""
HINT_FOR = 15.0
"""Seconds for which it is said what came of a key."""
TABLE_LINES = 7
"""Lines that the members have at least, their titles included."""
_PLAN_KEYS = ("detail", "leave-out", "rules", "export", "copy-summary", "give-up", "operations", "help")
_RUN_KEYS = (
    "resume",
    "pause",
    "leave-out",
    "rules",
    "detail",
    "copy-summary",
    "give-up",
    "export",
    "operations",
    "help",
)


class CampaignScreen(Acting):
    """`campaign`: the id of one that is kept; else `action` on `keys` is planned, and kept as a plan."""

    CSS_PATH = "campaign.tcss"
    AUTO_FOCUS = "MemberTable"
    NAMES = (
        "back",
        "detail",
        "leave-out",
        "rules",
        "pause",
        "resume",
        "give-up",
        "copy-summary",
        "export",
        "operations",
        "help",
        "acknowledge",
        "palette",
        "quit",
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(NAMES),
        *(Binding(digit, f"digit('{digit}')", show=False, priority=True) for digit in "0123456789"),
    ]

    def __init__(
        self, services: Services, campaign: str = "", action: str = "", keys: Sequence[str] = ()
    ) -> None:
        super().__init__(services, campaign, action, keys)
        self.view: CampaignView | None = None
        self.pause_before_typing = ARM_COUNT_AFTER
        self._hint_until = 0.0

    def compose(self) -> ComposeResult:
        yield Line("head")
        yield AlertLine()
        yield Line("told")
        yield MemberTable(self.services.settings, self.services.now())
        with Horizontal(id="ask"):
            yield Static(id="prompt")
            yield TypeCount(id="count", compact=True, select_on_focus=False)
        yield Line("hint")
        yield KeyLine()

    def on_mount(self) -> None:
        """Drawn at once from what is known; kept, and looked at, after that."""
        self.begin()
        self.redraw()
        self.call_after_refresh(self.keep)

    @property
    def table(self) -> MemberTable:
        return self.query_one(MemberTable)

    @property
    def current(self) -> Member | None:
        return self.table.current

    @property
    def typing(self) -> TypeCount:
        return self.query_one(TypeCount)

    # drawing

    def fleet_changed(self) -> None:
        if self.read():
            self.redraw()

    def tick(self) -> None:
        """Times move; the journal is read only where somebody has written it."""
        if self.hint and time.monotonic() > self._hint_until:
            self.hint = ""
        self.read()
        self.redraw()

    def on_resize(self) -> None:
        """What was in sight may not be. (Textual calls the base's handler as well.)"""
        self.call_after_refresh(self.redraw)

    def redraw(self) -> None:
        """Draw what is known now."""
        if not (self.there and self.is_mounted):
            return
        services, found = self.services, self.campaign
        width = max(20, self.size.width or self.app.size.width)
        self.view = view = campaign_view(found, self.outlook, services, self.doing, width)
        self.query_one("#head", Line).paint(view.head)
        self._draw_question(view)
        told = self.query_one("#told", Line)
        bar = [Text.assemble(*view.bar)] if view.bar else []
        shown = fitted(view.lines, self._room() - len(bar))
        tall = len(bar) + sum(one.height for one in shown)
        text = Text("\n", no_wrap=True).join([*bar, *(Text(one.text, one.style) for one in shown)])
        if told.styles.height is None or told.styles.height.value != tall:
            told.styles.height = tall
        told.paint(text)
        scene = MembersContext(
            services.now(), services.settings, view.notes, view.late, found.state is CampaignState.PLANNED
        )
        self.table.show(view.members, scene, self.trouble or "It has no members.")
        self.draw_keys()

    def _room(self) -> int:
        """The lines there are for what is told of it: the members need theirs, and the question is never below the edge."""
        lines = self.size.height or self.app.size.height
        alarm = sum(one.size.height for one in self.query(AlertLine) if one.display)
        asked = 1 if self.query_one("#ask").display else 0
        return max(1, lines - 3 - alarm - asked - max(TABLE_LINES, lines // 3))

    def _draw_question(self, view: CampaignView) -> None:
        asks = bool(view.wanted) and not self.why_not_confirm
        ask = self.query_one("#ask")
        if ask.display != asks:
            ask.display = asks
        if asks:
            self._ask(view.wanted)
        elif isinstance(self.focused, Input):
            self.set_focus(self.table)
        text, style = self.hint, "bold yellow"
        if not text and self.why_not_confirm and self.campaign.state is CampaignState.PLANNED:
            text = self.why_not_confirm
        elif not text:
            text, style = view.hint, "dim"
        self.query_one("#hint", Line).paint(Text(clean(text, 300), style, no_wrap=True, overflow="ellipsis"))

    def _ask(self, wanted: str) -> None:
        """Put the question; where another count is asked for, what was typed is gone, and it has to stand there anew."""
        count = self.typing
        if count.expected == wanted and count.armed_at < float("inf"):
            return
        prompt = Text(" Type ")
        prompt.append(wanted, "bold reverse")
        prompt.append(" to begin: ")
        self.query_one("#prompt", Static).update(prompt)
        if count.expected and count.expected != wanted and count.value:
            self.hint, self._hint_until = f"the plan changed: {wanted} now", time.monotonic() + HINT_FOR
        count.ask(wanted, (wanted,))
        count.armed_at = count.open_at = float("inf")
        self.call_after_refresh(self._arm)

    def _arm(self) -> None:
        if self.there and self.typing.expected:
            self.typing.armed_at = self.typing.open_at = time.monotonic() + self.pause_before_typing

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A digit is the screen's only as long as the count is not yet being typed."""
        if action == "digit":
            return self.query_one("#ask").display and not self.typing.has_focus
        return super().check_action(action, parameters)

    def action_digit(self, digit: str) -> None:
        """A digit begins the count. What is typed right behind it, perhaps before anything was drawn, belongs to it too."""
        count = self.typing
        if time.monotonic() < count.open_at:
            self.say("not yet: what is typed before the question stands here is dropped")
            return
        self.set_focus(count)
        count.cursor_position = len(count.value)
        count.insert_text_at_cursor(digit)

    def action_members(self, by: int) -> None:
        """Move among the members while the count is typed."""
        self.table.action_move(by)

    @on(MemberTable.Highlighted)
    def _another(self) -> None:
        self.draw_keys()

    @on(Stray)
    def _strayed(self, message: Stray) -> None:
        message.stop()
        self.say(message.why)

    @on(Answer)
    def _answered(self, message: Answer) -> None:
        message.stop()
        if not message.yes:
            self.say(message.why, "warning")
        elif not seen(self, [self.query_one("#ask"), self.query_one("#prompt")]):
            self.say("the question can't be read here: make the terminal larger", "warning")
        else:
            self.confirm_count(int(self.typing.expected.split()[0]))

    def confirmed(self) -> None:
        """It runs: the keys are the members' again."""
        self.set_focus(self.table)
        self.table.at_first()

    def on_descendant_focus(self) -> None:
        self.draw_keys()

    def keys_now(self) -> list[tuple[Verb, bool]]:
        """What can be done with it as it stands; greyed where nothing may be changed."""
        if isinstance(self.focused, Input):
            return [(verb, False) for verb in COUNTING]
        planned = self.campaign.state is CampaignState.PLANNED
        names = [name for name in (_PLAN_KEYS if planned else _RUN_KEYS) if self.useful(name)]
        found = [(VERBS["back"], False), *((VERBS[name], self.why_not(name) != "") for name in names)]
        if planned:  # r, which resumes it later
            found.append((VERBS["reread"], self.services.settings.read_only))
        return found

    def say(self, line: str, severity: str = "information") -> None:
        """Below the members, where it hides nothing."""
        self.hint, self._hint_until = clean(line, 300), time.monotonic() + HINT_FOR
        self.redraw()

    # verbs

    async def verb_back(self) -> None:
        """From the count to the members; else it is left as it stands."""
        if isinstance(self.focused, Input):
            self.typing.value, self.hint = "", ""
            self.set_focus(self.table)
            self.redraw()
            return
        if self.campaign.state is CampaignState.PLANNED and self.campaign.id:
            self.notify(f"kept as a plan: {self.campaign.id}; o lists it, nothing has begun", markup=False)
        self.dismiss()

    def verb_detail(self) -> None:
        """A member's operation, or before it has one its instance."""
        one = self.current
        if one is None:
            return
        if one.operation:
            self.post_message(Go("operations", one.operation))
        else:
            self.post_message(Go("detail", one.key))

    def verb_operations(self) -> None:
        """The list; with the operation of the member under the cursor, if it has one."""
        one = self.current
        self.post_message(Go("operations", one.operation if one is not None else ""))

    def came_again(self, key: str) -> None:
        """Another one is wanted."""
        self.show_campaign(key)
        self.redraw()
