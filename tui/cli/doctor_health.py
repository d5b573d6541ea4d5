"""Which accounts AWS Health answers: asked by the process the console reads with. Without it evac lacks a bonus, no more."""

from __future__ import annotations

from collections.abc import Iterator

from tui.cli.doctor_setup import DoctorLine, doubt, well
from tui.cli.fleet_reader import Fleet
from tui.cli.session import Session
from tui.domain.health_notices import of_place
from tui.domain.instance import EVERYWHERE, TargetStatus
from tui.domain.plurals import counted
from tui.fleet import reading
from tui.fleet.protocol import ReadAnswer, ReadKind, ReadRequest

GAIN = "recoveries AWS made and trouble of a zone are not told"


def health(session: Session, fleet: Fleet) -> Iterator[DoctorLine]:
    """A line an account that answers."""
    if not session.settings.health.enabled:
        yield well("health", f"AWS Health is not asked ([health] enabled = false): {GAIN}")
        return
    accounts: dict[str, TargetStatus] = {}
    for status in fleet.targets:
        if status.trouble is None and status.account_id and status.target.region != EVERYWHERE:
            accounts.setdefault(str(status.account_id), status)
    asked = [ReadRequest(0, ReadKind.HEALTH, one.target) for one in accounts.values()]
    answers = reading.ask_once(session.settings, session.environ, *asked) if asked else []
    for account, answer in zip(accounts, answers, strict=True):
        yield _line(account, answer)


def _line(account: str, answer: ReadAnswer) -> DoctorLine:
    if answer.trouble is not None:
        return doubt("health", f"account {account}: {answer.trouble.cause}: {GAIN}", answer.trouble.remedy)
    if answer.health is None or answer.health.no_plan:
        return well("health", f"account {account}: no AWS Health here (its support plan has no API): {GAIN}")
    issues = len(of_place(answer.health.events))
    trouble = f", which tells of {counted(issues, 'issue')} of its own here" if issues else ""
    return well("health", f"account {account}: AWS Health answers{trouble}")
