"""The sample fleet shows every kind of cover, read by the collector over HTTP: each verdict of each question."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.integration.collector_watch import settings, watching
from tui.demo.environment import Demo
from tui.domain.cover.answers import CoverVerdict
from tui.domain.cover.services import services_of
from tui.domain.cover.verdict import cover_of
from tui.fleet import protocol

SEEN = {
    "batch-1": ("store type", "no alarm", "none"),
    "bastion": ("auto, event", "alarm, 3m", "40d AMI"),
    "jump-old": ("switched off", "alarm, 3m", "6h Backup"),
    "payments-db-2": ("auto", "alarm, 3m", "9h36m AMI"),
    "payments-db-3": ("auto", "actions off", "9h36m AMI"),
    "ledger-1": ("alarm, 2m", "alarm, 3m", "11h Backup"),
    "ledger-3": ("auto", "wrong limit", "none"),
    "search-1": ("auto, event", "recover only", "9h snapshot"),
    "checkout-3": ("auto", "alarm blind", "none"),
    "cache-2": ("auto, event", "tells only", "none"),
    "hpc-1": ("EFA", "no alarm", "none"),
    "licence-1": ("Ded. Host", "alarm, 3m", "none"),
    "gpu-1": ("auto", "no alarm", "7h DLM"),
    "web-1": ("by its group", "by its group", "not needed"),
    "load-1": ("auto", "no alarm", "not read"),
}
"""The words of the three cells of a narrow view."""


async def test_every_verdict_is_there(demo: Demo) -> None:
    async with watching(settings("prod", "data", "staging"), demo.apply()) as eyes:
        await eyes.until(lambda: len(eyes.store.rows()) > 70)
        await eyes.until(lambda: all(row.images_at and row.type_facts for row in eyes.store.rows()))
        await eyes.link.request(protocol.ReadRequest(0, protocol.ReadKind.COVER))
        await eyes.until(lambda: all(row.cover for row in eyes.store.rows()))
        rows = eyes.store.rows()
    now = datetime.now(UTC)
    covers = {str(row.name): cover_of(row, now, timedelta(days=7)) for row in rows}
    told = [
        {one.verdict for one in answers}
        for answers in zip(*(one.answers for one in covers.values()), strict=True)
    ]
    assert told == [set(CoverVerdict) - {CoverVerdict.UNKNOWN}] * 2 + [set(CoverVerdict)]
    words = {name: tuple(one.word for one in cover.answers) for name, cover in covers.items()}
    assert {name: words[name] for name in SEEN} == SEEN
    services = {
        one.name: len(one.members) for one in services_of(rows, "tag:service", now, timedelta(days=7))
    }
    assert services == {"mail": 1, "notebooks": 5, "report": 1}
