"""Which operations were cut off, and a new runner for them. The console asks every few seconds, `evac ops` when called.

Two runners never drive one operation: the journal's lease has one holder, and an intent is only written by it. A holder on
this host that is dead is found out at once; on another host by its silence.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime

from tui.config.schema import Settings
from tui.domain.campaign.model import Campaign, MemberState
from tui.operations.campaign_journal import CampaignJournal
from tui.operations.journal import STARTING, Journal, JournalError
from tui.operations.model import ABANDONED, Operation, OperationState
from tui.operations.spawn import LaunchError, ReadOnlyError, start, start_conductor
from tui.operations.status import (
    InstanceDown,
    conductor_of,
    driver,
    lives,
    needs_conductor,
    status_of,
)


def cut_off(journal: Journal, now: datetime) -> list[Operation]:
    """Confirmed, unfinished, and nobody drives them; the oldest first. Not those that wait for a person.

    Abandons on the way what was never confirmed and has nobody who would. Raises JournalError.
    """
    journal.expire_unconfirmed(now)
    return [one for one in journal.unfinished() if status_of(one, now).cut_off]


def why_not_resumable(operation: Operation, now: datetime) -> str | None:
    """None if it can be resumed, else why not."""
    if not operation.is_open:
        return f"it has ended: {operation.state}"
    if operation.confirmed_at is None:
        return "it was never confirmed"
    who = driver(operation, now)
    return f"{who} drives it" if who else None


def resume(
    journal: Journal, operation: Operation, settings: Settings, environ: Mapping[str, str], now: datetime
) -> str | None:
    """Start a runner for it; None if one was started, else why not. Raises JournalError."""
    if settings.profile_read_only(operation.profile, operation.account_id):
        return f"read-only: no changes through profile {operation.profile}; see `evac config show`"
    if (why := why_not_resumable(operation, now)) is not None:
        return why
    if not journal.reopen(operation.id, operation.runner, now):
        return "somebody else resumed it, or ended it, at this moment"
    try:
        process = start(operation.id, operation.profile, settings, environ)
    except (LaunchError, ReadOnlyError) as error:
        journal.release(operation.id, "")
        return str(error)
    started(journal, operation.id, process, now)
    return None


def started(journal: Journal, operation: str, process: int, now: datetime) -> None:
    """Write down which process it is that was started for it, so that its death is seen also before it has its lease."""
    if lives(process, operation):
        with suppress(JournalError):  # it lives all the same
            journal.set_starting_process(operation, process, now)


def cut_off_campaigns(campaigns: CampaignJournal, now: datetime) -> list[Campaign]:
    """Those of which something may be begun or is under way, and nobody conducts them; the oldest first. Raises JournalError."""
    return [one for one in campaigns.unfinished() if needs_conductor(one) and not conductor_of(one, now)]


def conduct(
    campaigns: CampaignJournal, campaign: Campaign, launch: Callable[[str], int], now: datetime
) -> bool:
    """Start a conductor for it, unless it has one; False if it has. Raises JournalError, LaunchError, ReadOnlyError."""
    if conductor_of(campaign, now) or not campaigns.make_way(campaign.id, campaign.conductor, now):
        return False
    try:
        process = launch(campaign.id)
    except (LaunchError, ReadOnlyError):
        campaigns.release(campaign.id, "")
        raise
    if lives(process, campaign.id):
        with suppress(JournalError):  # it lives all the same
            name = f"{socket.gethostname()}:{process}{STARTING}"
            campaigns.set_starting(campaign.id, name, now)
    return True


def conduct_on(
    journal: Journal, campaign: str, settings: Settings, environ: Mapping[str, str], now: datetime
) -> None:
    """A conductor for this campaign, if it needs one and has none: what each of its runners sees to at its own end. So it goes on
    without a console, and one that failed and is back is told of as back, though the campaign is paused or has ended.
    Never raises for the journal: whoever looks next does it."""
    with suppress(JournalError, LaunchError, ReadOnlyError):
        campaigns = CampaignJournal(journal)
        found = campaigns.get(campaign)
        if found is not None and (needs_conductor(found) or back_after_all(journal, found)):
            conduct(campaigns, found, lambda name: start_conductor(name, settings, environ), now)


def back_after_all(journal: Journal, campaign: Campaign) -> bool:
    """Whether a member stands there as failed whose operation has succeeded since."""
    ended = (journal.get(one.operation) for one in campaign.of(MemberState.FAILED) if one.operation)
    return any(one is not None and one.state is OperationState.SUCCEEDED for one in ended)


def give_up(
    journal: Journal, operation: Operation, settings: Settings, environ: Mapping[str, str], now: datetime
) -> tuple[bool, str]:
    """Give it up: whether that was possible, and what to tell of it. Raises JournalError.

    What it took out of service is first returned there, by a runner; asked again meanwhile, it is left as it is.
    """
    if journal.begin_rollback(operation.id, ABANDONED, now, given_up=True):
        current = journal.get(operation.id) or operation
        why = None if driver(current, now) else resume(journal, current, settings, environ, now)
        told = f"{operation.instance_name or operation.instance_id} is returned to service first"
        return True, f"{told}, but no runner could be started for that: {why}" if why else told
    why = ABANDONED + (": the instance was left down" if operation.may_be_down else "")
    done = journal.abandon(operation.id, why, now)
    return done, still_out(operation) if done else "it ended meanwhile"


def still_out(operation: Operation) -> str:
    """What stays out of service once this is abandoned, and what returns it; empty if nothing does."""
    order = operation.kept.order
    if "exit-standby" in operation.pending_rollback:
        command = f"aws autoscaling exit-standby --instance-ids {order.instance_id}"
        return f"it STAYS in Standby; once it runs: {command} --auto-scaling-group-name {order.group}"
    if "register" in operation.pending_rollback:
        names = ", ".join(one.name for one in order.places)
        return f"it STAYS out of {names}: register it there again"
    return ""


def left_behind(operation: Operation, now: datetime) -> tuple[str, bool]:
    """What abandoning it leaves, and whether a server stays down or out of service by it."""
    name, out = operation.label, still_out(operation)
    more = f" And {out}" if out else ""
    down = status_of(operation, now).down
    if down is InstanceDown.YES:
        return f"{name} is STOPPED and STAYS stopped: start it yourself (s, evac do start).{more}", True
    if down is InstanceDown.MAYBE:
        told = f"{name} may be stopped, and then STAYS stopped: evac will not start it. Look at it."
        return f"{told}{more}", True
    if out and not operation.rolling_back:
        return f"{name} is out of service: it is returned there first, then nothing more is done.", False
    if out:
        return f"{name}: {out}", True
    return "The instance is left as it is now. Calls that AWS has accepted already go on.", False
