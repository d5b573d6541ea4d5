"""When the triage tab asks for evidence, and its keys. CloudWatch is paid by the metric: nothing is asked that nobody looks at.

All parts at the tab's opening and at `r`; the metrics also at another range, and once a minute while the tab is in front.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from msgspec.structs import replace

from screens.base import EvacScreen
from screens.detail.changes import other_resources
from screens.detail.model import Known
from screens.detail.view_model import TriageView, range_word
from screens.terminal_driver import OnTerminal
from tui.commands import Verb
from tui.domain.instance import Instance
from tui.fleet.protocol import ReadAnswer, ReadKind, ReadRequest
from tui.services import Services

TRIAGE = "triage"
TRIAGE_VERBS = ("longer", "shorter", "zoom", "more-changes")
_ASK_EVERY = timedelta(minutes=1)
"""Time between two questions for metrics that nobody pressed a key for."""
DWELL = 0.25
"""Seconds on the tab after which somebody is looking."""
METRICS = (ReadKind.METRICS, ReadKind.AGENT_METRICS)


class TriageTab(EvacScreen):
    """The part of the detail screen that knows of it."""

    tab: str
    known: Known

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.triage = TriageView()
        self._asked_at: datetime | None = None

    def gather(self, kind: ReadKind, *, hours: int = 3, resource: str = "") -> None:
        """Ask for a part of the evidence."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw what is known; the detail screen has it."""
        raise NotImplementedError

    @staticmethod
    def first_tab(row: Instance | None, calm: str) -> str:
        """The tab that is shown first: why it fails, if it does."""
        return TRIAGE if row is not None and row.checks.impaired() else calm

    def measure(self, width: int, *, wide: bool) -> None:
        """Note how many columns its page has in a terminal of that width: frame, padding and scroll bar are not the page's."""
        room = width - min(64, ceil(width * 0.38)) - 5 if wide else width - 3
        if room != self.triage.width:
            self.triage = replace(self.triage, width=room)

    def ask_evidence(self) -> None:
        """Ask for all of it."""
        self.ask_metrics()
        self.gather(ReadKind.LOG)
        self.gather(ReadKind.CHANGES)

    def ask_metrics(self) -> None:
        """Ask for the metrics of the range that is looked at."""
        self._asked_at = self.services.now()
        for kind in METRICS:
            self.gather(kind, hours=self.triage.hours)

    def ask_soon(self) -> None:
        """Ask for what is due, unless the tab is only passed on the way to another."""
        if self.tab == TRIAGE:
            self.set_timer(DWELL, self.ask_due)

    def ask_due(self) -> None:
        """Ask for what is due, if the tab is in front of somebody."""
        if self.tab != TRIAGE or not self.is_active or self._is_away():
            return
        if self._asked_at is None:
            self.ask_evidence()
        elif not timedelta() <= self.services.now() - self._asked_at < _ASK_EVERY:  # a clock may be set back
            self.ask_metrics()

    def _is_away(self) -> bool:
        """Whether the terminal is another program's now."""
        terminal = self.app.terminal if isinstance(self.app, OnTerminal) else None
        return terminal is not None and terminal.guard.away

    def take_part(self, request: ReadRequest, answer: ReadAnswer) -> None:
        """A part came: of which range it is, and whether another is wanted by now."""
        if request.kind not in METRICS:
            return
        if answer.evidence is not None and answer.evidence.metrics is not None:
            others = (one for one in self.triage.ranges if one[0] is not request.kind)
            self.triage = replace(self.triage, ranges=(*others, (request.kind, request.hours)))
        if request.hours != self.triage.hours and self.tab == TRIAGE:
            self.gather(request.kind, hours=self.triage.hours)

    def _to_range(self, key: str) -> None:
        hours = self.triage.other_ranges.get(key)
        if hours is None:
            self.say(
                f"{range_word(self.triage.hours)} is the {'longest' if key == '+' else 'shortest'} range"
            )
            return
        self.triage = replace(self.triage, hours=hours)
        self.ask_metrics()
        self.redraw()

    def verb_longer(self) -> None:
        """24 h, then 3 days."""
        self._to_range("+")

    def verb_shorter(self) -> None:
        """24 h, then 3 h."""
        self._to_range("-")

    def verb_zoom(self) -> None:
        """Six lines a metric, or one."""
        self.triage = replace(self.triage, zoomed=not self.triage.zoomed)
        self.redraw()

    def verb_more_changes(self) -> None:
        """Of its volumes and security groups; r asks for the instance's own alone."""
        for resource in self._others():
            self.gather(ReadKind.CHANGES, resource=resource)
        self.redraw()

    def _others(self) -> tuple[str, ...]:
        row = self.known.instance
        return () if row is None else other_resources(row)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enter means something else on another tab."""
        if action == "verb" and parameters == ("more-changes",) and self.tab != TRIAGE:
            return False
        return super().check_action(action, parameters)

    def allowed(self, verb: Verb, instance: Instance | None) -> str | None:
        """Its keys are of no use on another tab."""
        if verb.name in TRIAGE_VERBS and self.tab != TRIAGE:
            return "only on the triage tab"
        return super().allowed(verb, instance)

    def keys_now(self) -> list[tuple[Verb, bool]]:
        """The key line names its keys where they do something, and says which range each leads to."""
        return [
            (replace(verb, footer=word, short=word) if word else verb, blocked)
            for verb, blocked in super().keys_now()
            if (word := self._key_word(verb)) is not None
        ]

    def _key_word(self, verb: Verb) -> str | None:
        """Empty: its own word. None: it does nothing here."""
        if verb.name not in TRIAGE_VERBS:
            return ""
        if self.tab != TRIAGE:
            return None
        if verb.name == "zoom":
            return "one line" if self.triage.zoomed else ""
        if verb.name == "more-changes":
            return "" if self._others() else None
        hours = self.triage.other_ranges.get(verb.key)
        return None if hours is None else range_word(hours)
