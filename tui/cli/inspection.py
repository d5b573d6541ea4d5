"""What `evac do` plans for: the instance as it was looked at just now, and what is in its way here and elsewhere."""

from __future__ import annotations

from msgspec.structs import replace

from tui.cli import output
from tui.cli.fleet_reader import find_instance
from tui.cli.follow import now, open_journal
from tui.cli.new_start import with_start
from tui.cli.session import PARTIAL, USAGE, RefusedError, Session
from tui.cli.this_machine import here_for
from tui.config.schema import policy
from tui.domain.actions import ACTIONS, ActionOptions
from tui.domain.changes import Reading
from tui.domain.facts import Facts
from tui.domain.instance import Instance
from tui.domain.plan import Draft, draft
from tui.domain.this_machine import Here
from tui.operations import conflicts
from tui.operations.group_turn import known
from tui.paths import default_journal_path


def first(
    session: Session,
    action: str,
    wanted: str,
    timeout: float,
    options: ActionOptions,
    *,
    only_next: bool = False,
) -> Reading:
    """A fresh look and the draft of it, to which an event's new start is proposed where `options` has none.

    `only_next`: it is to be an hour of maintenance or nothing.
    Raises RefusedError if there is nothing to look at.
    """
    output.say(f"looking for {wanted}…")
    found = find_instance(session, wanted, timeout, hosts=here_for(session).names)
    if found.instance is None:
        raise RefusedError(found.why, PARTIAL if found.unread else USAGE)
    if ACTIONS[action].moves_event:
        options = with_start(session, found.instance, found.facts, found.rows, options, only_next=only_next)
    return inspect_and_draft(session, action, found.instance, found.facts, options, here_for(session, found))


def inspect_and_draft(
    session: Session, action: str, instance: Instance, facts: Facts | None, options: ActionOptions, here: Here
) -> Reading:
    """The draft of what was looked at just now, on this machine."""
    rules = policy(session.settings, instance.target.profile, instance.account_id)
    facts = _with_holds(session, instance, facts)
    made = draft(action, instance, facts, options, rules, now(), here)
    return Reading(_in_nobodys_way(session, made), instance, facts, here)


def _with_holds(session: Session, instance: Instance, facts: Facts | None) -> Facts | None:
    """The facts with what others hold down. A journal that can't be read is refused later on."""
    if facts is None:
        return None
    try:
        with open_journal(session) as journal:
            account, region = str(instance.account_id), instance.target.region
            return replace(facts, holds=known(journal, session.settings, account, region, now()))
    except RefusedError:
        return facts


def _in_nobodys_way(session: Session, plan: Draft) -> Draft:
    """Blocked if another operation of this journal is at that instance. One that can't be read is refused later on."""
    if not default_journal_path(session.environ).exists():
        return plan
    remedy = "look with evac ops show {id}, then resume or abandon it"
    try:
        with open_journal(session) as journal:
            return conflicts.checked(plan, journal.unfinished(), session.settings.zone(), now(), remedy)
    except RefusedError:
        return plan
