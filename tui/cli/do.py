"""`evac do`: the plan, the guard, and the runner. The same draft, question and journal as the console's."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import Any

import click

from tui.cli import output, plan_view, streams
from tui.cli.action_options import check_options, start_given
from tui.cli.do_campaign import do_many, is_many, rules_of
from tui.cli.filtering import parsed_filter
from tui.cli.follow import (
    LOOK_EVERY,
    exit_code,
    follow,
    now,
    open_journal,
    operations_of,
    read_operation,
)
from tui.cli.inspection import first, inspect_and_draft
from tui.cli.new_start import NEXT, as_proposed
from tui.cli.operation_view import operation_object
from tui.cli.options import accept_option, json_option, rules_options, shared_options, timeout_option
from tui.cli.session import (
    FAILED,
    GUARD,
    INTERRUPTED,
    PARTIAL,
    READ_ONLY,
    WELL,
    RefusedError,
    Session,
    Shared,
    open_session,
)
from tui.cli.shell_words import shell_ids
from tui.domain.actions import ACTIONS, ON_INSTANCES, OVERRIDES, ActionOptions
from tui.domain.alarm_plan import MOST_MINUTES
from tui.domain.answers import NoteKind
from tui.domain.changes import HURTS_NOBODY, Reading, differences, worse
from tui.domain.instance import InstanceState, TroubleKind
from tui.domain.plan import Draft, GuardKind
from tui.fleet import reading
from tui.operations.journal import Journal
from tui.operations.model import Operation, OperationState
from tui.operations.recovery import resume
from tui.operations.service import (
    Answered,
    DryRunAnswer,
    OperationsService,
    blocked_line,
    dry_run_answer,
)
from tui.operations.status import driver, status_of
from tui.paths import runner_log_path

PERMISSION_WITHIN = 60.0
"""Seconds to wait for AWS's answer to the dry run; after that it is unknown, and the question is put all the same."""
_TAKEN_WITHIN = 15.0
_MOST_LOOKS = 5
"""What changes at each of so many looks is not waited for: the runner looks for itself before each step."""

_NAMES = list(ON_INSTANCES)


@click.command(
    "do",
    help=f"Act on one instance, or on many as a campaign: {', '.join(_NAMES[:-1])} or {_NAMES[-1]}, guarded as in the console.",
)
@click.argument("action", type=click.Choice(_NAMES), metavar="ACTION")
@click.argument("instances", metavar="INSTANCE_ID|NAME...", nargs=-1, shell_complete=shell_ids)
@click.option(
    "--filter",
    "wanted",
    default="",
    metavar="TERMS",
    help="All that match, in the console's filter language, instead of those named.",
)
@click.option(
    "--confirm",
    metavar="NAME|COUNT",
    help="Answer the question: the instance's name (or its id); of a campaign the count.",
)
@click.option("--dry-run", is_flag=True, help="Only show the plan and whether it could be confirmed.")
@rules_options
@accept_option
@click.option("--wait", is_flag=True, help="Follow to the end, a line a step.")
@json_option("One JSON object a line.")
@click.option(
    "--no-reboot", is_flag=True, help="Make the AMI without the reboot: files may be caught half-written."
)
@click.option("--image-first", is_flag=True, help="Make an AMI before the stop.")
@click.option(
    "--standby/--no-standby",
    default=None,
    help="Put a member of an Auto Scaling group in Standby first (default: where its minimum allows).",
)
@click.option(
    "--drain/--no-drain",
    default=None,
    help="Drain its target groups first (default: where it is in no Auto Scaling group).",
)
@click.option(
    "--override", "overrides", multiple=True, type=click.Choice(list(OVERRIDES)),
    help=f"Lift a block that is yours to lift, this one and no other: {', '.join(OVERRIDES)}. Repeat it for each.",
)  # fmt: skip
@click.option(
    "--if-held",
    type=click.Choice(("wait", "refuse")),
    default="wait",
    show_default=True,
    help="While other operations hold so many of its group down that too few would be left.",
)
@click.option("--image-name", metavar="N", default="", help="The AMI's name instead of the proposed one.")
@click.option(
    "--event-id",
    metavar="E",
    default="",
    help="The event to move, or whose stop to wait for, if there are several.",
)
@click.option(
    "--at", "not_before", metavar="WHEN", callback=plan_view.parse_at,
    help="The event's new start: ISO 8601, in UTC unless it says otherwise, a duration from now such as 36h, or `next`: the next "
    "hour of [maintenance] hours. Without it one is proposed.",
)  # fmt: skip
@click.option(
    "--minutes", type=click.IntRange(1, MOST_MINUTES), metavar="N",
    help="How long its check fails before the alarm acts (default: 2 to recover, 3 to reboot, more where it boots slowly).",
)  # fmt: skip
@click.option("--off", "switch_off", is_flag=True, help="Switch automatic recovery off instead of on.")
@timeout_option()
@shared_options
def do_command(
    shared: Shared, action: str, instances: tuple[str, ...], wanted: str, confirm: str | None, dry_run: bool, wait: bool,
    as_json: bool, timeout: float, rules: dict[str, Any], accept: tuple[str, ...], **given: Any,
) -> int:  # fmt: skip
    """The command; its help is above."""
    changed = {**rules, "accept": accept}
    many = is_many(action, instances, wanted, changed, given)
    with open_session(shared) as session:
        only_next, confirmed = given["not_before"] == NEXT, confirm is not None
        given["not_before"] = start_given(action, given["not_before"], many=many, confirmed=confirmed)
        check_options(action, given, bool(session.settings.actions.require_image))
        options = plan_view.options_of(session.settings, **given)
        if many:
            chosen = parsed_filter(wanted, session.settings.actions.image_max_age) if wanted else None
            return do_many(
                session, action, instances, chosen, options, rules_of(session, changed),
                confirm=confirm, dry_run=dry_run, wait=wait, as_json=as_json, timeout=timeout,
            )  # fmt: skip
        found = first(session, action, instances[0], timeout, options, only_next=only_next)
        return carry_out(
            session,
            found,
            as_proposed(found.draft, options),
            confirm=confirm,
            dry_run=dry_run,
            wait=wait,
            as_json=as_json,
        )


def carry_out(
    session: Session,
    found: Reading,
    options: ActionOptions,
    *,
    confirm: str | None,
    dry_run: bool,
    wait: bool,
    as_json: bool,
) -> int:
    """Print the plan that was read, and carry it out as it is confirmed; the exit code. Raises RefusedError."""
    plan = found.draft
    if as_json:
        output.json_line({"kind": "plan", **plan_view.draft_object(plan)})
    else:
        plan_view.print_plan(plan, session.settings)
    if dry_run:
        return _verdict(session, plan)
    with open_journal(session, plan) as journal:
        # The embedded AWS of --demo ends with this command: there it is always followed.
        wait = wait or session.settings.demo
        return _Order(session, journal, found, options, confirm, wait, as_json).carry_out()


def _blocked(session: Session, plan: Draft) -> tuple[str, int] | None:
    """Why it can't be confirmed at all, and the exit code of that; None if it can."""
    if plan.guard.kind is not GuardKind.BLOCKED:
        return None
    read_only = session.settings.profile_read_only(plan.target.profile, plan.account_id)
    start = ACTIONS[plan.action].stops and plan.state is InstanceState.STOPPED
    hint = f"; to bring it back: evac do start {plan.instance_id}" if start else ""
    return blocked_line(plan) + hint, READ_ONLY if read_only else GUARD


def _verdict(session: Session, plan: Draft) -> int:
    blocked = _blocked(session, plan)
    if blocked is not None:
        raise RefusedError(*blocked)
    asked = (
        f"to be confirmed by typing {plan.guard.expected}"
        if plan.guard.expected
        else "to be confirmed with y"
    )
    output.say(f"{asked}, or with --confirm {plan.guard.expected or plan.label}; nothing was sent")
    return WELL


@dataclass
class _Order:
    """One order on its way from the plan to its runner."""

    session: Session
    journal: Journal
    reading: Reading
    options: ActionOptions
    confirm: str | None
    wait: bool
    as_json: bool
    operations: OperationsService = field(init=False)
    ident: str = ""

    def __post_init__(self) -> None:
        self.operations = operations_of(self.session, self.journal)

    @property
    def plan(self) -> Draft:
        """Of the newest look."""
        return self.reading.draft

    def carry_out(self) -> int:
        """Refuse, or journal, ask AWS, ask the operator, confirm; the exit code."""
        self._refuse_early()
        try:
            self._begin()
            self._permission()
            ok, why = plan_view.agreed(self.plan, self.confirm)
            for _ in range(_MOST_LOOKS):
                if not ok or not (before := self._once_more()):
                    break
                ok, why = self._agreed_again(before)
        except KeyboardInterrupt:
            self._withdraw("cancelled")
            output.say("cancelled; nothing was sent")
            return INTERRUPTED
        if not ok:
            self._withdraw(why)
            raise RefusedError(f"{why}; nothing was sent", GUARD)
        if why := self.operations.confirm(self.plan, self.ident):
            raise RefusedError(f"{why}; nothing was sent", GUARD)
        return self._confirmed()

    def _once_more(self) -> Reading | None:
        """Look again, right before the yes is handed on: what was agreed to, if that is no longer so; else None."""
        output.say("looking once more…")
        before, plan = self.reading, self.plan
        answer = reading.look_once(
            self.session.settings, self.session.environ, plan.target, str(plan.instance_id),
            hosts=before.here.names,
        )  # fmt: skip
        if answer.instance is None:
            why = answer.trouble.line if answer.trouble else "AWS told nothing of it"
            gone = answer.trouble is not None and answer.trouble.kind is TroubleKind.GONE
            if gone and ACTIONS[plan.action].of_operation:
                return None  # an alarm outlives its instance: the runner looks for it
            if plan.action in HURTS_NOBODY and not gone:
                output.say(f"it can't be read now ({why}); a start hurts nobody: it goes on")
                return None
            self._withdraw("the instance could not be read")
            raise RefusedError(f"it can't be read once more: {why}; nothing was sent", PARTIAL)
        self.reading = inspect_and_draft(
            self.session, plan.action, answer.instance, answer.facts, self.options, before.here
        )
        changed = differences(before, self.reading)
        if not changed:
            return None
        if self.as_json:
            output.json_line({"kind": "changed", "operation": self.ident, "changes": list(changed)})
        for one in changed:
            output.say(f"changed: {one}")
        return before

    def _agreed_again(self, before: Reading) -> tuple[bool, str]:
        """Whether it is agreed to as it is now. A name given in advance agrees to nothing that is worse."""
        plan = self.plan
        if plan.guard.kind is GuardKind.BLOCKED:
            return False, "; ".join(plan.guard.unblock)
        if self.confirm is not None and worse(before, self.reading):
            return False, "it is not as it was when the plan was made"
        self._withdraw("planned anew")
        self._begin()
        self._permission()
        known = before.draft.guard
        if self.confirm is not None or (known.kind, known.expected) != (plan.guard.kind, plan.guard.expected):
            return plan_view.agreed(plan, self.confirm)
        return (output.ask("Go on all the same? [y/N]") or "").lower() in ("y", "yes"), "not confirmed"

    def _refuse_early(self) -> None:
        """What is refused whatever AWS says: then AWS is not even asked."""
        refusal = _blocked(self.session, self.plan)
        audited = blocked_line(self.plan)
        if refusal is None and (self.confirm is not None or not streams.is_terminal(sys.stdin)):
            ok, audited = plan_view.agreed(self.plan, self.confirm)
            refusal = None if ok else (audited, GUARD)
        if refusal is not None:
            self.operations.refuse(self.plan, audited)
            raise RefusedError(f"{refusal[0]}; nothing was sent", refusal[1])

    def _begin(self) -> None:
        self.ident = self.operations.propose(self.plan)

    def _permission(self) -> None:
        """AWS's answer to the dry run, told. Raises RefusedError on a no, and if there is no runner to ask."""
        output.say("asking AWS for permission (dry run)…")
        found, answer = self._answered()
        if answer.answered is Answered.OVER and found.is_open:
            self._withdraw("the runner ended")
            raise RefusedError(f"{answer.text}; see {runner_log_path(self.session.environ)}", FAILED)
        if self.as_json:
            permission = {"permission": found.permission_text, "unasked": list(self.plan.unasked)}
            output.json_line({"kind": "permission", "operation": self.ident, **permission})
        if answer.answered is Answered.NO:
            self._withdraw(answer.text)
            remedy = f"; {answer.remedy}" if answer.remedy else ""
            raise RefusedError(f"{answer.text}{remedy}; nothing was sent", GUARD)
        if answer.answered is Answered.OVER:
            raise RefusedError(f"{answer.text}; {answer.remedy or 'nothing was sent'}", FAILED)
        if not self.as_json:
            late = f"permission: AWS did not say within {PERMISSION_WITHIN:.0f} s"
            output.line(f"  {answer.text if answer.may_confirm else late}")

    def _answered(self) -> tuple[Operation, DryRunAnswer]:
        """Once the dry run is over, or is not waited for any longer. After a no the runner has yet to write the remedy."""
        until = time.monotonic() + PERMISSION_WITHIN
        while True:
            found = read_operation(self.journal, self.ident)
            answer = dry_run_answer(found, now())
            denied = answer.answered is Answered.NO and found.is_open and driver(found, now())
            if not (denied or answer.answered is Answered.ASKING) or time.monotonic() > until:
                return found, answer
            time.sleep(LOOK_EVERY)

    def _withdraw(self, why: str) -> None:
        ident, self.ident = self.ident, ""
        if ident:
            self.operations.withdraw(self.plan, ident, why)

    def _confirmed(self) -> int:
        if self.wait:
            return follow(self.session, self.journal, self.ident, as_json=self.as_json)
        found = self._taken()
        if self.as_json:
            output.json_line({"kind": "operation", **operation_object(found, now())})
        else:
            if found.note_kind is NoteKind.WAITS:
                output.line(f"{self.ident} {found.note}")
            output.line(f"{self.ident} {found.state}; follow it with: evac ops show {self.ident}")
        return exit_code(found)

    def _taken(self) -> Operation:
        """Once a runner has it; one that was killed in between is replaced."""
        until = time.monotonic() + _TAKEN_WITHIN
        while True:
            found = read_operation(self.journal, self.ident)
            if found.state is not OperationState.PLANNED or time.monotonic() > until:
                return found
            if status_of(found, now()).cut_off:
                resume(self.journal, found, self.session.settings, self.session.environ, now())
            time.sleep(LOOK_EVERY)
