"""A person's mark that an instance which AWS stopped is meant to be down: audited, then written to the journal."""

from __future__ import annotations

from datetime import datetime

from tui.config.schema import Settings
from tui.domain.activity import Meant
from tui.domain.down_by_aws import why_down
from tui.domain.instance import Instance
from tui.operations import audit_log
from tui.operations.identity import this_requester
from tui.operations.journal import Journal

READ_ONLY = "read-only: an alarm is not quieted from here, for it would be for everybody"
AUDITED_AS = "meant"
"""In the audit log."""


def why_not_intendable(instance: Instance, settings: Settings, now: datetime) -> str | None:
    """Why this instance can't be marked; None if it can. Refused in read-only: the mark quiets an alarm for others too."""
    if settings.profile_read_only(instance.target.profile, instance.account_id):
        return READ_ONLY
    if why_down(instance, now) is None:
        return f"it is {instance.state}, and not by AWS: nothing is to be said of it"
    if instance.launched_at is None:
        return "its last start was not read yet: r reads it again"
    return None


def mark_intended(journal: Journal, instance: Instance, now: datetime) -> Meant:
    """Mark the instance as meant to be down. Raises JournalError, and OSError if the audit log can't be written."""
    who = this_requester()
    mark = Meant(who.user, who.host, now, instance.launched_at)
    _audit(journal, instance, now, "meant to be down, until it runs again")
    journal.set_intended_down(instance, mark, who.ssh_client)
    return mark


def take_back(journal: Journal, instance: Instance, now: datetime) -> None:
    """Remove the mark. Raises as `mark_intended`."""
    _audit(journal, instance, now, "taken back")
    journal.clear_intended_down(instance)


def _audit(journal: Journal, instance: Instance, now: datetime, result: str) -> None:
    who = audit_log.about(instance, this_requester(), action=AUDITED_AS)
    audit_log.append(audit_log.path_beside(journal.path), now, **who, step=AUDITED_AS, result=result)
