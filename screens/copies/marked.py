"""What can be copied of several instances at once: of those that are marked."""

from __future__ import annotations

from contextlib import suppress

from rich.text import Text

from screens.copies.base import Copies
from screens.copies.entries import Copyable, copyables_of_many
from screens.detail.model import Known
from screens.detail.view_model import TriageView
from screens.render_errors import UNSHOWN, drawn_or
from tui.domain.plurals import counted
from tui.fleet.protocol import LinkPhase, ReadKind, ReadRequest
from tui.operations.database import JournalError
from tui.services import Services


class MarkedCopiesScreen(Copies):
    """Of the instances with these keys, in their order. Why they fail is not asked: that is for who looks at one."""

    def __init__(self, services: Services, key: str, keys: tuple[str, ...]) -> None:
        super().__init__(services)
        self.keys = tuple(dict.fromkeys((*keys, *([key] if key else ()))))
        self._of: object = None
        self._found: list[Copyable] = []

    def on_mount(self) -> None:
        self.redraw()

    @property
    def file_stem(self) -> str:
        return f"{len(self.keys)}-instances"

    def redraw(self) -> None:
        """Put together anew only where something is other than it was, or a minute has passed."""
        if not self.there or not self.query("#text"):
            return
        revision: int | None = None
        store, now, journal = self.services.store, self.services.now(), self.services.journal
        rows = tuple(store.get(key) for key in self.keys)
        with suppress(JournalError):
            revision = None if journal is None else journal.revision()
        known = (rows, now.replace(second=0, microsecond=0), revision)
        if known != self._of:
            self._of = known
            unshown = [Copyable("all", why=f"{UNSHOWN}: it could not be put together")]
            self._found = drawn_or(self, "copies of the marked", self._put_together, unshown)
        gone = sum(row is None for row in rows)
        head = Text(f" copy of {counted(len(rows), 'marked instance')}", "bold")
        if gone:
            head.append(f"  {gone} no longer in the list, left out", "bold yellow")
        self.show(head, self._found)

    def _put_together(self) -> list[Copyable]:
        scenes = []
        for key in self.keys:
            known = Known(self.services, key)
            known.read_history()
            if (scene := known.scene(reading=False, wide=False, triage=TriageView())) is not None:
                scenes.append(scene)
        return copyables_of_many(scenes)

    def verb_refresh(self) -> None:
        """Read everything again."""
        link = self.services.link
        if link is None or link.state.state is not LinkPhase.LIVE:
            self.say("the collector is not running yet: it reads everything when it is", "warning")
            return
        self.run_worker(link.request(ReadRequest(0, ReadKind.REFRESH)), group="refresh")
        self.say("reading everything again")
