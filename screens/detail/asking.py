"""What a screen about one instance asks the collector: a fresh look, parts of the evidence, AWS's own text of what Health says.

One question of a kind at a time; what is known stays while another is on its way.
"""

from __future__ import annotations

from screens.base import EvacScreen
from screens.detail.model import Known
from screens.this_machine import here_now
from tui.domain.instance import Instance
from tui.fleet.protocol import ReadAnswer, ReadKind, ReadRequest
from tui.services import Services


class Asking(EvacScreen):
    """Holds what is known of the instance with this key (`region/id`). A subclass draws it."""

    def __init__(self, services: Services, key: str) -> None:
        super().__init__(services)
        self.key, self.known = key, Known(services, key)
        self.is_reading = False

    def redraw(self) -> None:
        """Draw the whole screen again from what is known."""
        raise NotImplementedError

    async def part_came(self, request: ReadRequest, answer: ReadAnswer) -> None:
        """A part of the evidence was answered, and is known."""

    def look(self) -> None:
        """Ask for a fresh look. One at a time."""
        row = self.known.row
        if row is None or self.services.link is None or self.is_reading:
            return
        self.is_reading = True
        self.redraw()
        self.run_worker(self._look(row), group="look")

    async def _look(self, row: Instance) -> None:
        link = self.services.link
        if link is None:
            return
        try:
            answer = await link.request(
                ReadRequest(0, ReadKind.LOOK, row.target, str(row.instance_id), here_now(self.services).names)
            )
        finally:
            self.is_reading = False
        self.known.take(answer)
        self.redraw()

    def ask_health(self) -> None:
        """Ask for AWS's own text of what Health says of it, if it says anything new."""
        if self.services.link is not None and (request := self.known.health_due()) is not None:
            self.run_worker(self._ask_health(request), group="health")

    async def _ask_health(self, request: ReadRequest) -> None:
        link = self.services.link
        if link is None:
            return
        self.known.take_health(await link.request(request))
        self.redraw()

    def gather(self, kind: ReadKind, *, hours: int = 3, resource: str = "") -> None:
        """Ask for a part of the evidence, once at a time. `hours`, `resource`: as ReadRequest has them."""
        row, known = self.known.row, self.known
        if row is None or self.services.link is None or known.gathered.is_asking(kind, resource):
            return
        known.gathered = known.gathered.begun(kind, resource)
        request = ReadRequest(0, kind, row.target, str(row.instance_id), hours=hours, resource=resource)
        self.run_worker(self._gather(request), group="gather")

    async def _gather(self, request: ReadRequest) -> None:
        link, known = self.services.link, self.known
        if link is None:
            return
        answer = await link.request(request)
        known.gathered = known.gathered.answered(request.kind, answer, self.services.now(), request.resource)
        known.plans = answer.plans or known.plans
        await self.part_came(request, answer)
