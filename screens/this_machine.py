"""The machine this console runs on, among the rows: found once, and looked at by its key from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.domain.instance import Instance
from tui.domain.triage import Level
from tui.presentation.symbols import LEVELS
from tui.services import Services

if TYPE_CHECKING:  # the first frame does without
    from tui.domain.this_machine import Here


def own_row(services: Services) -> Instance | None:
    """Its row, if the fleet that is read has it. A look by key for each region, whatever the number of rows."""
    here = services.here
    if here is None or not here.instance_id:
        return None
    regions = dict.fromkeys(status.target.region for status in services.store.every_target())
    found = (services.store.get(f"{region}/{here.instance_id}") for region in regions)
    return next((row for row in found if row is not None), None)


def here_now(services: Services) -> Here:
    """All that is known of it now."""
    from tui.domain.this_machine import NOWHERE

    return (services.here or NOWHERE).seen(own_row(services))


def own_alarm(services: Services) -> str:
    """What AWS is to do to the machine this console runs on; the empty text where nothing is announced."""
    row = own_row(services)
    if row is None or not row.events:
        return ""
    from tui.domain.hazards.this_machine import threat, threatens

    now = services.now()
    event = threat(here_now(services), now)
    if event is None:
        return ""
    sign = LEVELS[Level.DUE].symbol
    return f"{sign} this machine ({row.label}) {threatens(event, now)}"
