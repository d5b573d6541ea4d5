"""When the tab of cover asks: at its opening and at `r`, for the instance's target, which is kept read from then on.

By which plans AWS copies the instance is asked with it, of this instance alone.
"""

from __future__ import annotations

from screens.base import EvacScreen
from screens.detail.model import Known
from tui.fleet.protocol import ReadKind, ReadRequest

COVER = "cover"


class CoverTab(EvacScreen):
    """The part of the detail screen that knows of it."""

    tab: str
    known: Known

    def redraw(self) -> None:
        """Draw what is known; the detail screen has it."""
        raise NotImplementedError

    def gather(self, kind: ReadKind) -> None:
        """Ask for a part of what is known of the instance, once at a time; the detail screen has it."""
        raise NotImplementedError

    def ask_cover(self, *, again: bool = False) -> None:
        """Ask, unless it is read, or asked for already; `again`: in any case."""
        if again or not self.known.gathered.was_asked(ReadKind.PLANS):
            self.gather(ReadKind.PLANS)
        row, link, known = self.known.row, self.services.link, self.known
        if row is None or link is None or known.gathered.is_asking(ReadKind.COVER):
            return
        if not again and (row.cover is not None or known.gathered.was_asked(ReadKind.COVER)):
            return
        known.gathered = known.gathered.begun(ReadKind.COVER)
        request = ReadRequest(0, ReadKind.COVER, row.target)

        async def ask() -> None:
            answer = await link.request(request)
            known.gathered = known.gathered.answered(ReadKind.COVER, answer, self.services.now())
            self.redraw()

        self.run_worker(ask(), group="cover")
