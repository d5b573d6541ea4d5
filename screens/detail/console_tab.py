"""The keys of the console tab: findings, search, and what is taken away from it: a line, the log, a picture of the screen."""

from __future__ import annotations

from asyncio import to_thread
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from screens.detail.asking import Asking
from screens.detail.log_pane import LogPane, log_text
from screens.detail.triage_tab import TRIAGE
from screens.page import Row
from tui.commands import Verb
from tui.domain.instance import Instance
from tui.domain.sanitize import clean
from tui.fleet.protocol import ReadAnswer, ReadKind, ReadRequest
from tui.kept_output import newest_kept
from tui.paths import console_folder, write_new
from tui.services import Services

CONSOLE = "console"
CONSOLE_VERBS = ("finding", "search", "copy-line", "log-file", "screenshot")
"""They are keys of that tab, and of triage, from where they lead there; `copy-line` stands for `copy` on that tab alone."""
_JPEG = b"\xff\xd8\xff"
"""How a JPEG begins (ITU-T T.81, B.1.1.3: a marker follows the start of the image)."""


class ConsoleTab(Asking):
    """Holds what is known, the tab in front, and the pane of the log. A subclass composes the pane and draws everything."""

    TYPED_WAYS_OUT: ClassVar[tuple[tuple[object, ...], ...]] = (("back",), ("palette",))

    def __init__(self, services: Services, key: str) -> None:
        super().__init__(services, key)
        self.tab = ""

    @property
    def console(self) -> LogPane:
        """The pane that shows the system log."""
        return self.query_one("#console", LogPane)

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The tab's keys are its own; while a search is typed letters are letters."""
        if action == "verb":
            here = self.tab == CONSOLE
            if here and self.query("#console") and self.console.is_searching:
                return parameters in self.TYPED_WAYS_OUT and super().check_action(action, parameters)
            if self._is_elsewhere(str(parameters[0])) or (parameters == ("copy",) and here):
                return False
        return super().check_action(action, parameters)

    def allowed(self, verb: Verb, instance: Instance | None) -> str | None:
        """Its keys are of no use on another tab."""
        if self._is_elsewhere(verb.name):
            return "only on the console tab"
        return super().allowed(verb, instance)

    def _is_elsewhere(self, name: str) -> bool:
        if name == "copy-line":
            return self.tab != CONSOLE
        return name in CONSOLE_VERBS and self.tab not in (CONSOLE, TRIAGE)

    def to_console(self) -> bool:
        """Turn to the tab; whether its log is there, else it is said."""
        if self.tab != CONSOLE:
            self.turn_to(CONSOLE)
        if self.console.shown is None:
            self.say("no system log is read yet")
        return self.console.shown is not None

    def turn_to(self, tab: str) -> None:
        """Put that tab in front."""
        raise NotImplementedError

    def keys_now(self) -> list[tuple[Verb, bool]]:
        """Those that do something on this tab, or in its search."""
        if self.tab == CONSOLE and self.query("#console") and self.console.is_searching:
            from tui.commands import SEARCHING

            return [(verb, False) for verb in SEARCHING]
        known = super().keys_now()
        if self.tab != CONSOLE:
            others = CONSOLE_VERBS[1:] if self.tab == TRIAGE else CONSOLE_VERBS
            return [one for one in known if one[0].name not in others]
        first = ("back", *CONSOLE_VERBS)  # what the others do is told on every tab
        return [
            *(one for one in known if one[0].name in first),
            *(one for one in known if one[0].name not in (*first, "copy")),
        ]

    async def find_kept(self) -> None:
        """Whether evac kept an output before it stopped or rebooted it: AWS's own goes with the next boot."""
        row, services = self.known.row, self.services
        if row is None:
            return
        folder = console_folder(services.environ)
        self.console.kept = await to_thread(newest_kept, folder, str(row.instance_id), services.now())
        self.redraw()

    def verb_finding(self) -> None:
        """Go to the log's next finding, after the last to the first; from triage the console tab opens for it."""
        if self.to_console() and (why := self.console.next_finding()) is not None:
            self.say(why)

    async def verb_search(self) -> None:
        """Search the log; the line has the focus before the next key is handled."""
        if not self.to_console():
            return
        await self.console.begin_search()
        self.draw_keys()

    def action_hit(self, by: int) -> None:
        """The next line that has what is searched for."""
        self.console.hit(by)

    def action_leave_search(self) -> None:
        """The keys are the tab's again; the log stays where it is."""
        self.console.end_search()
        self.draw_keys()

    def verb_copy_line(self) -> None:
        """The line that a finding or a search has gone to."""
        found = self.console.line_to_copy()
        if found is None:
            self.say("no line is chosen: f goes to a finding, / searches", "warning")
            return
        number, line = found
        self.copy(str(line), f"line {number}")

    def verb_log_file(self) -> None:
        """A new file in this folder, for the user alone."""
        if not self.to_console():
            return
        log, row = self.console.shown, self.known.instance
        if log is None or row is None:
            return
        taken = log.at or self.services.now()
        path = self._written(
            "log", f"evac-{row.instance_id}-console-{_stamp(taken)}", ".log", log_text(log).encode()
        )
        if path is not None:
            self.say(f"wrote {len(log.lines)} lines to {path}")

    def _written(self, what: str, stem: str, suffix: str, body: bytes) -> str | None:
        """The path; None where it could not be, which has been said."""
        try:
            return clean(write_new(Path.cwd(), stem, suffix, body))
        except OSError as error:
            place = error.filename or "this folder"
            self.say(
                f"{what}: not written: {place}: {error.strerror}; start evac in a folder you may write to",
                "warning",
            )
            return None

    def verb_screenshot(self) -> None:
        """Ask AWS for a picture of its screen; nothing is sent to the guest."""
        if self.tab != CONSOLE:
            self.turn_to(CONSOLE)
        row, link, known = self.known.row, self.services.link, self.known
        if row is None or link is None:
            self.say("screenshot: no collector to ask", "warning")
            return
        if known.gathered.is_asking(ReadKind.SCREENSHOT):
            self.say("screenshot: asked already, no answer yet")
            return
        known.gathered = known.gathered.begun(ReadKind.SCREENSHOT)
        self._picture("asking AWS …", well=True)
        request = ReadRequest(0, ReadKind.SCREENSHOT, row.target, str(row.instance_id))

        async def ask() -> None:
            answer = await link.request(request)
            known.gathered = known.gathered.answered(ReadKind.SCREENSHOT, answer, self.services.now())
            if self.there:
                self._take_picture(str(row.instance_id), answer)

        self.run_worker(ask(), group="screenshot")

    def _take_picture(self, instance_id: str, answer: ReadAnswer) -> None:
        if not answer.image:
            why = (
                self.known.gathered.why_unread(ReadKind.SCREENSHOT)
                or "AWS sent no picture, and did not say why"
            )
            self._picture(f"none: {why}", well=False)
            return
        if not answer.image.startswith(_JPEG):
            self._picture("not written: what AWS sent is no JPEG; g asks again", well=False)
            return
        stem = f"evac-{instance_id}-screen-{_stamp(self.services.now())}"
        path = self._written("screenshot", stem, ".jpg", answer.image)
        if path is None:
            self._picture("not written: this folder takes no file", well=False)
        else:
            self._picture(f"written to {path} ({len(answer.image):,} bytes, JPEG, {self._now()})", well=True)

    def _picture(self, text: str, *, well: bool) -> None:
        self.console.picture = [Row(clean(text), "screenshot", "" if well else "bold magenta")]
        self.redraw()

    def _now(self) -> str:
        return f"{self.services.now().astimezone(self.services.zone):%H:%M %Z}"


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
