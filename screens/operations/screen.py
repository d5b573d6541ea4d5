"""Running and past operations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from screens.base import Act, AlertLine, EvacScreen, Go, KeyLine, bindings
from screens.operation_status import SIGNS, in_order
from screens.operations.abandon import AbandonQuestion
from screens.operations.lines import detail
from screens.operations.table import OperationTable, listed_in_order
from screens.static_line import Line
from tui.commands import GUARDED, VERBS, Verb
from tui.domain.campaign.model import Campaign
from tui.domain.instance import Instance
from tui.kept_output import kept_by_operation
from tui.operations.journal import JournalError
from tui.operations.model import Operation
from tui.operations.operation_text import operation_summary
from tui.operations.recovery import left_behind, why_not_resumable
from tui.operations.service import UnauditedError
from tui.operations.status import Standing, status_of
from tui.operations.undo import NotUndoableError, gone_instance, why_not_undoable
from tui.paths import console_folder
from tui.presentation.campaign_text import campaign_summary
from tui.services import Services

_KEYS = [VERBS[name].key for name in GUARDED]
NO_OPERATIONS = (
    f"Nothing has been done yet. Choose an instance and press {', '.join(_KEYS[:-1])} or {_KEYS[-1]}: what you confirm there"
    " shows here, step by step, and goes on without this console."
)
_CHANGING = ("resume", "abandon", "undo")
_OF_ONE = (*_CHANGING, "detail", "copy-summary", "more-copies")
"""Verbs about the operation that is chosen, and those of them that change something."""


class OperationsScreen(EvacScreen):
    """All operations that were confirmed; the one of `follow` is selected and shown to its end."""

    CSS_PATH = "operations.tcss"
    AUTO_FOCUS = "OperationTable"
    NAMES = (
        "back",
        "detail",
        "resume",
        "abandon",
        "undo",
        "copy-summary",
        "more-copies",
        "acknowledge",
        "profiles",
        "help",
        "palette",
        "quit",
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(NAMES)]

    def __init__(self, services: Services, follow: str = "") -> None:
        super().__init__(services)
        self.follow = follow
        self._seen: int | None = None
        self._rows: list[Operation] = []
        self._campaigns: Sequence[Campaign] = ()
        self._older = 0
        self._trouble = ""

    def compose(self) -> ComposeResult:
        yield AlertLine()
        yield Line("head")
        yield OperationTable(self.services.settings, self.services.now())
        with VerticalScroll(id="detail"):
            yield Static(id="told")
        yield KeyLine()

    def on_mount(self) -> None:
        """The one to follow is selected from the start."""
        self._read(force=True)
        if self.follow:
            self.query_one(OperationTable).hold(self.follow)
            self._draw()

    @property
    def current(self) -> Operation | None:
        found = self.query_one(OperationTable).current
        return found if isinstance(found, Operation) else None

    @property
    def campaign(self) -> Campaign | None:
        """The campaign under the cursor."""
        found = self.query_one(OperationTable).current
        return found if isinstance(found, Campaign) else None

    def fleet_changed(self) -> None:
        self._read()

    def tick(self) -> None:
        """Times grow while something runs; the journal is read only where another process has changed it."""
        if not self._read() and any(one.is_open for one in self._rows):
            self._rows = in_order(self._rows, self.services.now())
            self._draw()

    def _read(self, *, force: bool = False) -> bool:
        """Look into the journal; whether there was anything to draw."""
        journal = self.services.journal
        self._trouble = "" if journal is not None else self.services.journal_trouble
        if journal is not None:
            try:
                revision = journal.revision()
                if not force and revision == self._seen:
                    return False
                self._seen = revision
                found = list(journal.list(confirmed=True))  # questions that were left push nothing out
                self._older = journal.count(confirmed=True) - len(found)
                known = {one.id for one in found}
                if self.follow and self.follow not in known and (one := journal.get(self.follow)) is not None:
                    found.append(one)
                    known.add(one.id)
                found += [one for one in journal.unfinished() if one.id not in known]
                self._rows = in_order(found, self.services.now())
                campaigns = self.services.campaigns
                self._campaigns = campaigns.list() if campaigns is not None else ()
            except JournalError as error:
                self._trouble = str(error)
        self._draw()
        return True

    def _draw(self) -> None:
        if not self.there:
            return
        now, settings = self.services.now(), self.services.settings
        table = self.query_one(OperationTable)
        listed = listed_in_order(self._rows, self._campaigns, now)
        table.show(listed, now, self._trouble or NO_OPERATIONS)
        self.query_one("#head", Line).paint(self._head())
        one = self.current
        pane = self.query_one("#detail")
        pane.display = bool(listed)
        if (campaign := self.campaign) is not None:
            told = Text("\n".join(campaign_summary(campaign, self.services.zone, now)), overflow="fold")
            self.query_one("#told", Static).update(told)
        if one is not None:
            self.query_one("#told", Static).update(
                detail(one, settings, self.services.zone, now, self._kept(one))
            )
        self.draw_keys()

    def _kept(self, one: Operation) -> Path | None:
        """The file with the console output that it kept before its stop or reboot."""
        folder = console_folder(self.services.environ)
        return kept_by_operation(folder, one.id) if one.interrupted else None

    def _head(self) -> Text:
        counts = Counter(status_of(one, self.services.now()).standing for one in self._rows)
        text = Text("operations", "bold", overflow="ellipsis", no_wrap=True)
        for stands in Standing:
            if counts[stands]:
                sign = SIGNS[stands]
                text.append(f"   {sign.symbol} {counts[stands]} {sign.word}", sign.style)
        if self._older > 0:
            text.append(f"   {self._older} older: evac ops list --json has all", "dim")
        if self._trouble and self._rows:
            text.append(f"   {self._trouble}", "bold red")
        return text

    @on(OperationTable.Highlighted)
    def _another(self) -> None:
        self.query_one("#detail").scroll_home(animate=False)
        self._draw()

    # verbs

    def verb_detail(self) -> None:
        """The instance it is about; a campaign is opened."""
        one = self.current
        if self.campaign is not None:
            self.post_message(Go("campaign", self.campaign.id))
        if one is not None:
            self.post_message(Go("detail", f"{one.region}/{one.instance_id}"))

    def verb_resume(self) -> None:
        """A new runner for what nobody drives; else why not."""
        one, operations = self.current, self.services.operations
        if one is None or operations is None:
            return
        try:
            why = operations.resume(one)
        except (JournalError, OSError) as error:
            why = str(error)
        if why is None:
            self.say(f"{one.label}: resumed")
        else:
            self.say(f"{one.label}: can't be resumed, {why}", "warning")
        self._read(force=True)

    def verb_abandon(self) -> None:
        """Only with the name typed."""
        one = self.current
        if one is None:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self._abandon(one)
                return
            if self.services.operations is not None:
                with suppress(UnauditedError):  # nothing was done: a full disk is no news here
                    self.services.operations.keep(one)
            self.say(f"{one.label}: not abandoned, nothing was changed")

        self.app.push_screen(AbandonQuestion(one, self.services.now()), answered)

    def _abandon(self, one: Operation) -> None:
        operations = self.services.operations
        if operations is None:
            return
        try:
            current = operations.journal.get(one.id) or one
            left, down = left_behind(current, self.services.now())
            done, told = operations.abandon(current)
        except (JournalError, UnauditedError) as error:
            self.say(str(error), "warning")
            return
        if done:
            self.say(f"{one.label}: abandoned. {left}", "warning" if down or told else "information")
        else:
            self.say(f"{one.label}: {told}", "warning")
        self._read(force=True)

    def verb_undo(self) -> None:
        """Put back what it set: planned, shown and asked as every action."""
        one, operations = self.current, self.services.operations
        if one is None or operations is None:
            return
        try:
            options = operations.undo(one)
        except (NotUndoableError, UnauditedError, JournalError) as error:
            self.say(f"Undo: {error}", "warning")
            return
        self.post_message(Act("undo", f"{one.region}/{one.instance_id}", options, gone_instance(one)))

    def came_again(self, key: str) -> None:
        """To the operation that was just ordered from here."""
        self.follow = key
        self._read(force=True)
        self.query_one(OperationTable).hold(key)
        self._draw()

    def _why_idle(self, name: str) -> str:
        """Why that verb does nothing for the operation that is chosen; empty: it does."""
        if name not in _OF_ONE:
            return ""
        one = self.current
        if one is None and self.campaign is not None:
            own = name in ("detail", "copy-summary")
            return "" if own else "enter opens the campaign: pause, resume and give up are there"
        if one is None:
            return "no operation is chosen"
        why: str | None = ""
        if name == "resume":
            why = why_not_resumable(one, self.services.now())
        elif name == "abandon" and not one.is_open:
            why = f"it has ended: {one.state}"
        elif name == "undo":
            why = why_not_undoable(one)
        return f"{one.label}: {why}" if why else ""

    def allowed(self, verb: Verb, instance: Instance | None) -> str | None:
        """As of every screen, and of what is chosen here: what has ended is neither resumed nor abandoned."""
        if why := self._why_idle(verb.name):
            return why
        one = self.current
        if one is not None and verb.name in _CHANGING and self.profile_read_only(one.profile, one.account_id):
            return f"read-only: no changes through profile {one.profile}"
        return super().allowed(verb, instance)

    def keys_now(self) -> list[tuple[Verb, bool]]:
        """Those that do something for what is chosen; greyed where nothing may be changed."""
        return [
            (verb, self.allowed(verb, None) is not None)
            for verb, _ in super().keys_now()
            if not self._why_idle(verb.name)
        ]

    def verb_more_copies(self) -> None:
        """Of the instance that it is about."""
        if (one := self.current) is not None:
            self.post_message(Go("copies", f"{one.region}/{one.instance_id}"))

    def verb_copy_summary(self) -> None:
        """To paste into a ticket."""
        one, services = self.current, self.services
        if (campaign := self.campaign) is not None:
            told = "\n".join(campaign_summary(campaign, services.zone, services.now()))
            self.copy(told, f"summary of campaign {campaign.id}")
        if one is not None:
            label = services.settings.label(one.profile)
            told = "\n".join(operation_summary(one, label, services.zone, services.now()))
            self.copy(told, f"summary of {one.label}")
