"""`evac ops`: the journal as text and JSON; what was cut off goes on, what is wanted no more is given up."""

from __future__ import annotations

from collections.abc import Sequence

import click

from tui.cli import output
from tui.cli.audit import audit_command
from tui.cli.campaign_journal import campaigns_of
from tui.cli.campaign_ops import (
    campaign_named,
    confirm_command,
    give_up_campaign,
    leave_out_command,
    pause_command,
    resume_campaign,
    resume_cut_off,
    rules_command,
    show_campaign,
)
from tui.cli.campaign_view import campaign_object, campaign_table
from tui.cli.do import carry_out
from tui.cli.follow import follow, now, open_journal, operations_of, read_operation, seen_to
from tui.cli.inspection import inspect_and_draft
from tui.cli.intended_down import meant_command
from tui.cli.locks import locks_command
from tui.cli.operation_view import operation_lines, operation_list, operation_object
from tui.cli.options import json_option, shared_options
from tui.cli.repair import repair_command
from tui.cli.session import (
    FAILED,
    GUARD,
    PARTIAL,
    READ_ONLY,
    USAGE,
    WELL,
    RefusedError,
    Session,
    Shared,
    open_session,
)
from tui.cli.this_machine import here_for
from tui.domain.actions import ActionOptions
from tui.domain.campaign.model import Campaign, CampaignState
from tui.domain.changes import Reading
from tui.domain.instance import Target, TroubleKind
from tui.domain.plurals import part_of
from tui.domain.typed_name import answers
from tui.fleet.reading import look_once
from tui.kept_output import kept_by_operation
from tui.operations.journal import Journal
from tui.operations.journal_peek import in_need
from tui.operations.model import Operation, OperationState
from tui.operations.recovery import cut_off, left_behind
from tui.operations.service import OperationsService
from tui.operations.status import JUST_STARTING, driver, status_of
from tui.operations.undo import NotUndoableError, gone_instance
from tui.paths import console_folder

SHOWN, EVERY = 100, 1_000_000
"""Operations that are listed for a person, and for a program."""
NEWEST_CAMPAIGNS = 3
"""Campaigns that have ended and are still listed above the operations."""


@click.group("ops", invoke_without_command=True)
@json_option()
@shared_options
@click.pass_context
def ops_command(ctx: click.Context, shared: Shared, as_json: bool) -> int:
    """Operations and campaigns: what was planned, what runs, how it ended. Without a command: the list."""
    ctx.obj = shared
    return _list(shared, as_json) if ctx.invoked_subcommand is None else WELL


for _one_of in (audit_command, confirm_command, pause_command, leave_out_command, rules_command):
    ops_command.add_command(_one_of)


@ops_command.command("list")
@json_option()
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help=f"The newest N. Without it all as JSON, else {SHOWN}, and how many more there are.",
    metavar="N",
)
@click.option("--campaigns", is_flag=True, help="Campaigns alone, as JSON with their members.")
@shared_options
def list_command(shared: Shared, as_json: bool, limit: int | None, campaigns: bool) -> int:
    """The newest first; above them in a line each what needs a person or has an instance down, and the campaigns."""
    return _list_campaigns(shared, as_json, limit) if campaigns else _list(shared, as_json, limit)


@ops_command.command("show")
@click.argument("ident", metavar="ID")
@json_option()
@shared_options
def show_command(shared: Shared, ident: str, as_json: bool) -> int:
    """One operation: its steps and how long each took, its calls and their request ids. Or one campaign: its members."""
    with open_session(shared) as session, open_journal(session) as journal:
        cut_off(journal, now())
        if (many := campaign_named(session, journal, ident)) is not None:
            return show_campaign(session, many[1], as_json=as_json)
        found = _one(journal, ident)
        kept = kept_by_operation(console_folder(session.environ), found.id)
        if as_json:
            output.json(
                {**operation_object(found, now()), "console_output": None if kept is None else str(kept)}
            )
        else:
            for line in operation_lines(found, session.settings, now(), kept):
                output.line(line)
    return WELL


@ops_command.command("resume")
@click.argument("ident", metavar="ID", required=False)
@click.option("--wait", is_flag=True, help="Follow to the end, a line a step.")
@json_option()
@shared_options
def resume_command(shared: Shared, ident: str | None, wait: bool, as_json: bool) -> int:
    """Finish what was cut off or needed a person: this operation, or without ID all of them. A paused campaign goes on."""
    with open_session(shared) as session, open_journal(session) as journal:
        if session.settings.read_only:
            raise RefusedError("read-only: nothing is resumed", READ_ONLY)
        if ident is not None and (many := campaign_named(session, journal, ident)) is not None:
            return resume_campaign(session, *many, wait=wait, as_json=as_json)
        if ident is not None:
            return _resume(session, journal, [_one(journal, ident)], wait, as_json)
        cut_off(journal, now())
        waiting = [
            one
            for one in journal.unfinished()
            if one.state is OperationState.NEEDS_ATTENTION or driver(one, now()) in ("", JUST_STARTING)
        ]
        code, campaigns = resume_cut_off(session, journal)
        if not waiting and not campaigns:
            output.say("nothing was cut off")
        return max(code, _resume(session, journal, waiting, wait, as_json))


@ops_command.command("undo")
@click.argument("ident", metavar="ID")
@click.option("--confirm", metavar="NAME", help="Answer the question: the instance's name (or its id).")
@click.option("--dry-run", is_flag=True, help="Only show the plan and whether it could be confirmed.")
@click.option("--wait", is_flag=True, help="Follow to the end, a line a step.")
@json_option("One JSON object a line.")
@shared_options
def undo_command(
    shared: Shared, ident: str, confirm: str | None, dry_run: bool, wait: bool, as_json: bool
) -> int:
    """Put back what it set: the alarm as it was or none, automatic recovery as it was; asked and guarded as every action."""
    with open_session(shared) as session:
        with open_journal(session) as journal:
            found = _one(journal, ident)
            try:
                options = operations_of(session, journal).undo(found)
            except NotUndoableError as error:
                raise RefusedError(str(error), GUARD) from None
        reading = _look_for_undo(session, found, options)
        return carry_out(
            session, reading, options, confirm=confirm, dry_run=dry_run, wait=wait, as_json=as_json
        )


def _look_for_undo(session: Session, found: Operation, options: ActionOptions) -> Reading:
    """The instance as it is now, and the plan. Raises RefusedError where it can't be read; one that is gone is no reason."""
    output.say(f"looking for {found.label}…")
    here = here_for(session)
    target = Target(found.profile, found.region)
    answer = look_once(session.settings, session.environ, target, found.instance_id, hosts=here.names)
    row = answer.instance
    if row is None and answer.trouble is not None and answer.trouble.kind is TroubleKind.GONE:
        row = gone_instance(found)
    if row is None:
        raise RefusedError(answer.trouble.line if answer.trouble else "AWS told nothing of it", PARTIAL)
    if found.account_id and row.account_id and row.account_id != found.account_id:
        raise RefusedError(f"profile {found.profile} is of another account now: nothing was sent", GUARD)
    return inspect_and_draft(session, "undo", row, answer.facts, options, here)


@ops_command.command("abandon")
@click.argument("ident", metavar="ID")
@click.option(
    "--confirm",
    metavar="NAME",
    help="Answer the question: the instance's name (or its id); of a campaign its id.",
)
@json_option()
@shared_options
def abandon_command(shared: Shared, ident: str, confirm: str | None, as_json: bool) -> int:
    """Give an operation up; the instance stays as it is now, stopped if it is stopped. A campaign begins nothing more."""
    with open_session(shared) as session, open_journal(session) as journal:
        if (many := campaign_named(session, journal, ident)) is not None:
            if session.settings.read_only:
                raise RefusedError("read-only: nothing is given up", READ_ONLY)
            return give_up_campaign(*many, confirm, as_json=as_json)
        found = _one(journal, ident)
        if session.settings.profile_read_only(found.profile, found.account_id):
            raise RefusedError("read-only: nothing is given up", READ_ONLY)
        if not found.is_open:
            raise RefusedError(f"{found.id} has ended: {found.state}", GUARD)
        operations = operations_of(session, journal)
        _sure(operations, found, confirm)
        given_up, told = operations.abandon(found)
        if not given_up:
            raise RefusedError(
                f"{found.id} has ended meanwhile: {read_operation(journal, found.id).state}", GUARD
            )
        left = read_operation(journal, found.id)
        if as_json:
            output.json(operation_object(left, now()))
        else:
            output.line(f"{left.id} is abandoned" + (f": {told}" if told else ""))
        if left.may_be_down and not left.is_open:
            output.say(
                f"! {status_of(left, now()).down_line}, and nothing will start it now: evac do start {left.instance_id}"
            )
    return WELL


ops_command.add_command(locks_command)
ops_command.add_command(meant_command)
ops_command.add_command(repair_command)


def _list(shared: Shared, as_json: bool, limit: int | None = None) -> int:
    with open_session(shared) as session, open_journal(session) as journal:
        cut_off(journal, now())
        wanted = limit or (EVERY if as_json else SHOWN)
        every = {one.id: one for one in (*journal.list(wanted), *journal.unfinished())}
        if (total := journal.count()) > len(every):
            output.say(f"evac: {part_of(len(every), total, 'operation')}; --limit {total} shows all")
        campaigns = () if as_json else _campaigns(session, journal)
        newest = [every[name] for name in sorted(every, reverse=True)]
        if as_json:
            output.json([operation_object(one, now()) for one in newest])
            return WELL
        loud, headers, rows = operation_list(newest, session.settings, now())
        louder, heads, lines = campaign_table(campaigns, now())
        for line in (*loud, *louder):
            output.line(line)
        if lines:
            output.table(heads, lines)
            output.line("")
        if rows:
            output.table(headers, rows)
        else:
            output.say("no operations yet")
    return WELL


def _campaigns(session: Session, journal: Journal) -> list[Campaign]:
    """Those that have not ended, and the newest that have."""
    found = campaigns_of(session, journal).list(EVERY)
    ended = [one for one in found if one.state is CampaignState.ENDED][:NEWEST_CAMPAIGNS]
    return [one for one in found if one.state is not CampaignState.ENDED or one in ended]


def _list_campaigns(shared: Shared, as_json: bool, limit: int | None) -> int:
    with open_session(shared) as session, open_journal(session) as journal:
        found = campaigns_of(session, journal).list(limit or (EVERY if as_json else SHOWN))
        if as_json:
            output.json([campaign_object(one, now()) for one in found])
            return WELL
        loud, headers, rows = campaign_table(found, now())
        for line in loud:
            output.line(line)
        if rows:
            output.table(headers, rows)
        else:
            output.say("no campaigns yet")
    return WELL


def _one(journal: Journal, ident: str) -> Operation:
    """The operation of that id, or the only one whose id ends so. Raises RefusedError."""
    found = journal.get(ident)
    if found is not None:
        return found
    ending = journal.ending(ident) if ident else ()
    if len(ending) == 1:
        return ending[0]
    why = "several operations' ids end" if ending else "no operation's or campaign's id is or ends"
    raise RefusedError(f"{why} in {ident}: see evac ops list", USAGE)


def _resume(
    session: Session, journal: Journal, wanted: Sequence[Operation], wait: bool, as_json: bool
) -> int:
    """Start a runner for each; then, if asked, follow them one after the other. The worst exit code."""
    started, worst = [], WELL
    for one in wanted:
        why, code = seen_to(session, journal, one)
        worst = max(worst, code)
        if not why:
            started.append(one)
            output.say(f"{one.id} ({one.title}) goes on")
        else:
            output.say(f"evac: {one.id} is not resumed: {why}")
            if one.may_be_down and one.is_open:
                output.say(f"! {status_of(one, now()).down_line}; {in_need(one)}")
    for one in started:
        # The embedded AWS of --demo ends with this command: there it is always followed.
        if wait or session.settings.demo:
            code = follow(session, journal, one.id, as_json=as_json)
            if code > FAILED:
                return code
            worst = max(worst, code)
        elif as_json:
            output.json_line(
                {"kind": "operation", **operation_object(read_operation(journal, one.id), now())}
            )
        else:
            output.line(
                f"{one.id} {read_operation(journal, one.id).state}; follow it with: evac ops show {one.id}"
            )
    return worst


def _sure(operations: OperationsService, found: Operation, given: str | None) -> None:
    """The name or the id must be typed or given. Raises RefusedError."""
    names = (found.label, found.instance_id)
    if given is None:
        output.say(f"{found.title}: {status_of(found, now()).standing}")
        left, down = left_behind(found, now())
        output.say(f"! {left} To bring it back use evac ops resume {found.id}" if down else left)
        given = output.ask(f"Type {found.label} to give it up:")
        if given is None:
            raise RefusedError(f"nobody can be asked here; confirm with --confirm {found.label}", GUARD)
    if not answers(given, names):
        operations.keep(found)
        raise RefusedError(
            f"{given or 'nothing'} is not {' or '.join(dict.fromkeys(names))}; nothing was given up", GUARD
        )
