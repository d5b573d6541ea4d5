"""The journal: what was planned, confirmed, sent and answered. The only link between a console and its runners.

SQLite, WAL, synchronous=FULL, mode 0600. An intent is committed before each API call and its outcome after it. Times are
ISO 8601 text in UTC, so that a person with sqlite3 can read it.
"""

from __future__ import annotations

import secrets
import socket
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from tui.domain.activity import Meant
from tui.domain.answers import NoteKind, Permission, RefusedBy
from tui.domain.instance import Instance
from tui.domain.plan import Draft
from tui.domain.sanitize import clean
from tui.domain.severity import GRAVE
from tui.operations import network_mounts
from tui.operations.conflicts import in_the_way, who_is_in_the_way
from tui.operations.database import JournalError, insert, to_text, to_time
from tui.operations.group_holds import Holding
from tui.operations.identity import this_requester
from tui.operations.model import DARK_PATIENCE, OPEN, OperationState, StepState, StoredDraft

__all__ = ["LEASE", "Journal", "JournalError"]

LEASE = timedelta(seconds=20)
"""How long a runner may be silent before another takes its operation over."""
_OPEN = f"state IN ({', '.join(repr(one.value) for one in OPEN)})"
_UNCONFIRMED = "state='planned' AND confirmed_at IS NULL"
AHEAD = timedelta(seconds=5)
"""How far a lease may seem to end too late, by clocks that are being set."""
STARTING = ":starting"
"""How the name of a runner ends that was started and has not taken its lease yet."""


class Journal(Holding):
    """The journal, opened. Raises JournalError where it can't be used."""

    def _set(self, operation: str, where: str = "1", /, **columns: Any) -> bool:
        with self._write() as db:
            return _update(db, operation, where, **columns)

    # the console's side

    def create(self, draft: Draft, now: datetime) -> str:
        """Keep a draft as *planned*; the new operation's id, which sorts by time.

        Not where other machines share the file's disk: there it can't be kept whole. Raises JournalError.
        """
        if why := network_mounts.why_mount_unusable(self.path):
            raise JournalError(f"{why}; nothing was sent")
        with self._write() as db:
            return insert_draft(db, draft, now)

    def confirm(self, operation: str, now: datetime) -> bool:
        """The operator said yes; False if it is no longer waiting for that, or another that is in its way was quicker."""
        with self._write() as db:
            row = next(iter(self._read("SELECT * FROM operation WHERE id=?", (operation,))), None)
            if row is None:
                return False
            other = in_the_way(self.unfinished(), row["action"], row["region"], row["instance_id"])
            if other is not None and other.id != operation:
                why = who_is_in_the_way(other, UTC, now)
                failed = {"state": OperationState.FAILED, "refused_by": RefusedBy.OPERATION}
                _update(db, operation, _UNCONFIRMED, **failed, note=why, finished_at=to_text(now))
                return False
            return _update(db, operation, _UNCONFIRMED, confirmed_at=to_text(now))

    def abandon(self, operation: str, why: str, now: datetime) -> bool:
        """Give it up; False if it has ended already."""
        ended = {"state": OperationState.ABANDONED, "finished_at": to_text(now)}
        return self._set(operation, _OPEN, **ended, note=clean(why), attention=False)

    def begin_rollback(self, operation: str, why: str, now: datetime, *, given_up: bool = False) -> bool:
        """Leave out all that is not done, but for what returns the instance to service; False if there is nothing to return.

        `given_up`: a person abandons it, and so it ends as abandoned, not as failed.
        In one transaction, so that no runner sends a step that has just been left out.
        """
        with self._write() as db:
            found = self.get(operation)
            if found is None or not found.is_open or found.rolling_back or not found.pending_rollback:
                return False
            rows = [(clean(why), to_text(now), operation, row.name) for row in found.skippable]
            db.executemany(
                "UPDATE step SET state='skipped', note=?, ended_at=? WHERE operation=? AND name=?", rows
            )
            return _update(db, operation, "1", given_up=given_up)

    def expire_unconfirmed(self, now: datetime) -> None:
        """What was never confirmed and has no runner that would give it up is abandoned here. Writes only if there is any."""
        late = self._read(
            "SELECT id FROM operation WHERE state='planned' AND confirmed_at IS NULL AND created_at<?"
            " AND (lease_until IS NULL OR lease_until<?)",
            (to_text(now - DARK_PATIENCE), to_text(now)),
        )
        for row in late:
            ended = {"state": OperationState.ABANDONED, "finished_at": to_text(now)}
            self._set(row["id"], _UNCONFIRMED, **ended, note="not confirmed")

    def reopen(self, operation: str, runner: str, now: datetime) -> bool:
        """Make way for a new runner in the place of one that is gone; False if somebody else did, or it has ended.

        `runner` is who held it when it was found to be gone. For the length of a lease nobody holds it: time to start one.
        """
        with self._write() as db:
            done = db.execute(
                "UPDATE operation SET runner='', lease_until=?, state=CASE state WHEN 'planned' THEN state ELSE 'running' END,"
                " attention=0, remedy='' WHERE id=? AND runner=? AND confirmed_at IS NOT NULL"
                " AND state IN ('planned','running','needs-attention')",
                (to_text(now + LEASE), operation, runner),
            )
            return done.rowcount == 1

    def set_intended_down(self, instance: Instance, mark: Meant, ssh: str) -> None:
        """A person says that it is meant to be down."""
        values = {
            "region": instance.target.region,
            "instance_id": instance.instance_id,
            "account_id": instance.account_id,
            "instance_name": instance.name,
            "launched_at": to_text(mark.launched_at),
            "user": mark.user,
            "host": mark.host,
            "ssh_client": ssh,
            "at": to_text(mark.at),
        }
        with self._write() as db:
            insert(db, "meant", values, "OR REPLACE")

    def clear_intended_down(self, instance: Instance) -> None:
        """It is not."""
        with self._write() as db:
            values = (instance.target.region, instance.instance_id)
            db.execute("DELETE FROM meant WHERE region=? AND instance_id=?", values)

    # the runner's side

    def lease(self, operation: str, runner: str, now: datetime) -> bool:
        """Take it or keep it; False while another runner's lease lasts, or once it has ended.

        A lease that ends later than any that is given now is of a clock that was ahead, and counts for nothing.
        """
        with self._write() as db:
            done = db.execute(
                "UPDATE operation SET runner=?, lease_until=? WHERE id=? AND state IN ('planned','running','needs-attention')"
                " AND (runner IN (?, '') OR runner LIKE ? OR lease_until IS NULL OR lease_until<? OR lease_until>?)",
                (
                    runner,
                    to_text(now + LEASE),
                    operation,
                    runner,
                    f"%{STARTING}",
                    to_text(now),
                    to_text(now + LEASE + AHEAD),
                ),
            )
            return done.rowcount == 1

    def set_starting_process(self, operation: str, process: int, now: datetime) -> None:
        """The new runner is this process, which has yet to take its lease: if it dies before, that is seen at once."""
        name = f"{socket.gethostname()}:{process}{STARTING}"
        self._set(operation, "runner=''", runner=name, lease_until=to_text(now + LEASE))

    def release(self, operation: str, runner: str) -> None:
        """Clear the lease; `runner` keeps the name of the last holder."""
        with self._write() as db:
            db.execute("UPDATE operation SET lease_until=NULL WHERE id=? AND runner=?", (operation, runner))

    def set_state(
        self,
        operation: str,
        state: OperationState,
        now: datetime,
        note: str = "",
        remedy: str = "",
        *,
        refused_by: RefusedBy | None = None,
        kind: NoteKind = NoteKind.PLAIN,
    ) -> None:
        """Where it stands; an end gets its time. What has ended stays as it ended. `kind`: of the note."""
        self._set(
            operation,
            _OPEN,
            state=state,
            note=clean(note),
            remedy=clean(remedy),
            finished_at=None if state in OPEN else to_text(now),
            attention=state is OperationState.NEEDS_ATTENTION,
            refused_by=refused_by or "",
            note_kind=kind,
        )

    def set_progress(
        self,
        operation: str,
        note: str,
        *,
        attention: bool,
        down: bool,
        remedy: str = "",
        kind: NoteKind = NoteKind.PLAIN,
    ) -> None:
        """What it is waiting for, whether a person should know and what to do, and whether the instance is down by it."""
        told = {"note": clean(note), "note_kind": kind, "remedy": clean(remedy)}
        self._set(operation, **told, attention=attention, instance_down=down)

    def add_remark(self, operation: str, text: str, *, too: bool = False) -> None:
        """What a reader of this operation should know besides; the first one stays, or (`too`) has this one behind it."""
        with self._write() as db:
            db.execute(
                "UPDATE operation SET remark=CASE remark WHEN '' THEN ? ELSE remark || '; ' || ? END"
                " WHERE id=? AND (remark='' OR ?)",
                (clean(text), clean(text), operation, int(too)),
            )

    def set_caller(self, operation: str, arn: str) -> None:
        """Whom AWS sees in the credentials."""
        self._set(operation, caller=clean(arn))

    def set_permission(
        self, operation: str, answer: Permission, reason: str = "", refused_by: RefusedBy | None = None
    ) -> None:
        """What came of the question; where it is no, why and who said so."""
        self._set(operation, permission=answer, permission_reason=clean(reason), refused_by=refused_by or "")

    def begin_step(self, operation: str, step: str, now: datetime) -> datetime:
        """Mark it running; when it began. One that was stuck begins afresh: somebody mended what held it."""
        with self._write() as db:
            db.execute(
                "UPDATE step SET began_at=CASE WHEN state='stuck' THEN ? ELSE COALESCE(began_at, ?) END,"
                " state='running', note='', ended_at=NULL WHERE operation=? AND name=? AND state<>'skipped'",
                (to_text(now), to_text(now), operation, step),
            )
            row = db.execute(
                "SELECT began_at FROM step WHERE operation=? AND name=?", (operation, step)
            ).fetchone()
        return to_time(row[0]) or now

    def end_step(self, operation: str, step: str, state: StepState, note: str, now: datetime) -> None:
        """Done or stuck; one that was left out meanwhile stays so."""
        with self._write() as db:
            db.execute(
                "UPDATE step SET state=?, note=?, ended_at=? WHERE operation=? AND name=? AND state<>'skipped'",
                (state.value, clean(note), to_text(now), operation, step),
            )

    def intent(
        self,
        operation: str,
        step: str,
        service: str,
        name: str,
        now: datetime,
        *,
        dry_run: bool,
        runner: str,
        launched: datetime | None = None,
    ) -> int | None:
        """Committed before the call is sent; its number. None if the operation is no longer this runner's: don't send.

        Nor if the step was left out of the plan at this moment. `launched`: the LaunchTime that was read right before.

        A runner that was frozen (suspended laptop, stopped process) may wake long after another took its place.
        """
        with self._write() as db:
            row = db.execute(
                "INSERT INTO call (operation, step, service, name, intent_at, dry_run, launched_at)"
                " SELECT ?,?,?,?,?,?,? WHERE EXISTS"
                " (SELECT 1 FROM operation WHERE id=? AND runner=? AND state IN ('planned','running','needs-attention'))"
                " AND NOT EXISTS (SELECT 1 FROM step WHERE operation=? AND name=? AND state='skipped')",
                (
                    operation,
                    step,
                    service,
                    name,
                    to_text(now),
                    int(dry_run),
                    to_text(launched),
                    operation,
                    runner,
                    operation,
                    step,
                ),
            )
            return int(row.lastrowid or 0) if row.rowcount == 1 else None

    def outcome(
        self, call: int, now: datetime, *, ok: bool | None, code: str, message: str, request_id: str
    ) -> None:
        """What came of it. `ok` None: nobody knows."""
        with self._write() as db:
            db.execute(
                "UPDATE call SET outcome_at=?, ok=?, code=?, message=?, request_id=? WHERE id=?",
                (
                    to_text(now),
                    None if ok is None else int(ok),
                    clean(code),
                    clean(message, 300),
                    clean(request_id),
                    call,
                ),
            )


def _update(db: sqlite3.Connection, operation: str, where: str, /, **columns: Any) -> bool:
    """Write these columns of an operation; False if there is none of that id, or `where` (SQL of ours) does not hold."""
    names = ", ".join(f"{name}=?" for name in columns)
    query = f"UPDATE operation SET {names} WHERE id=? AND {where}"  # noqa: S608 - our own names
    return db.execute(query, (*columns.values(), operation)).rowcount == 1


def insert_draft(db: sqlite3.Connection, draft: Draft, now: datetime, **columns: Any) -> str:
    """Write a draft down as *planned*, with these columns besides; the new operation's id. Raises sqlite3.Error."""
    who = this_requester()
    name = f"op-{now.astimezone(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    kept = StoredDraft(
        replace(draft.order, operation_id=name),
        draft.options,
        tuple(step.name for step in draft.steps),
        tuple(call.text for call in draft.calls),
        tuple(f"{hazard.gravity}: {hazard.text}" for hazard in draft.hazards),
        tuple(hazard.code for hazard in draft.hazards if hazard.gravity in GRAVE),
    )
    values = {
        "id": name,
        "action": draft.action,
        "title": draft.title,
        "state": OperationState.PLANNED,
        "profile": draft.target.profile,
        "account_id": draft.account_id,
        "region": draft.target.region,
        "instance_id": draft.instance_id,
        "instance_name": draft.instance_name,
        "user": who.user,
        "host": who.host,
        "ssh_client": who.ssh_client,
        "created_at": to_text(now),
        "kept": msgspec.json.encode(kept).decode(),
    }
    insert(db, "operation", values | columns)
    for position, step in enumerate(kept.steps):
        insert(db, "step", {"operation": name, "position": position, "name": step})
    return name
