"""A person says that a server which AWS stopped is meant to be down, or takes that back: audited, then written in the journal."""

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
ACTION = "meant"
"""In the audit log."""


def why_not_intendable(instance: Instance, settings: Settings, now: datetime) -> str | None:
    """None if it may be said of this instance; else why not. It quiets an alarm for everybody on this journal: no looking on."""
    if settings.profile_read_only(instance.target.profile, instance.account_id):
        return READ_ONLY
    if why_down(instance, now) is None:
        return f"it is {instance.state}, and not by AWS: nothing is to be said of it"
    if instance.launched_at is None:
        return "its last start was not read yet: r reads it again"
    return None


def mark_intended(journal: Journal, instance: Instance, now: datetime) -> Meant:
    """It is meant to be down. Raises JournalError, and OSError where the audit log can't be written: then nothing is said."""
    who = this_requester()
    mark = Meant(who.user, who.host, now, instance.launched_at)
    _audit(journal, instance, now, "meant to be down, until it runs again")
    journal.set_intended_down(instance, mark, who.ssh_client)
    return mark


def take_back(journal: Journal, instance: Instance, now: datetime) -> None:
    """It is not. Raises as `say` does."""
    _audit(journal, instance, now, "taken back")
    journal.clear_intended_down(instance)


def _audit(journal: Journal, instance: Instance, now: datetime, result: str) -> None:
    who = audit_log.about(instance, this_requester(), action=ACTION)
    audit_log.append(audit_log.path_beside(journal.path), now, **who, step=ACTION, result=result)
