"""What `evac doctor` says of operations: the journal, the audit log, what needs a person, whether runners outlive a log-out."""

from __future__ import annotations

import getpass
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from tui.cli.doctor_setup import BAD, WELL, DoctorLine, bad, doubt, well
from tui.domain.plurals import counted
from tui.domain.time_format import ago
from tui.operations import audit_log, network_mounts
from tui.operations.journal import Journal, JournalError
from tui.operations.model import Operation, OperationState
from tui.operations.spawn import scope
from tui.operations.status import status_of
from tui.paths import default_journal_path

FILESYSTEM_ROOT = Path("/")
_NEWEST = 500
"""Operations among which a timer's last is looked for."""


def doctor_operations(environ: Mapping[str, str], root: Path = FILESYSTEM_ROOT) -> Iterator[DoctorLine]:
    """Everything about acting that can be told without asking AWS."""
    yield from journal(default_journal_path(environ))
    yield logout(environ, root)


def journal(path: Path) -> Iterator[DoctorLine]:
    """Whether it can be used, whether the audit log is whole, and who waits for a person."""
    if where := network_mounts.remote(path.parent):
        why = f"{path} lies on {where}, which other machines share: SQLite can't keep it whole there, nothing is begun"
        yield bad("journal", why, "set XDG_STATE_HOME to a folder on a local disk")
    if not path.exists():
        yield well("journal", "none yet")
    else:
        yield from _kept(path)
    try:
        verdict = audit_log.check(audit_log.path_beside(path))
    except OSError as error:
        yield bad("audit", f"can't be read: {error}", "mend its permissions: without it nothing is done")
        return
    if verdict.broken_at:
        why = f"broken at line {verdict.broken_at} of {verdict.lines}: {verdict.why}"
        yield bad("audit", why, "find out who changed it; keep a copy, then move it and audit.head away")
    else:
        yield well("audit", "; ".join((f"intact, {counted(verdict.lines, 'line')}", *verdict.remarks)))


def _kept(path: Path) -> Iterator[DoctorLine]:
    now = datetime.now(UTC)
    try:
        with closing(Journal(path)) as opened:
            unfinished = [(one, status_of(one, now)) for one in opened.unfinished()]
            newest = opened.list(_NEWEST, confirmed=True)
            opened.probe()
    except JournalError as error:
        yield bad("journal", str(error), "until then nothing can be done, only looked at")
        return
    yield well("journal", f"{path} can be written")
    yield from timer(newest, now)
    for one, status in unfinished:
        if status.alarming:
            need = f"needs you: {status.headline}" if status.needs_person else status.headline
            yield bad("operation", f"{one.id} {need}", f"evac ops show {one.id}")


def timer(newest: Sequence[Operation], now: datetime) -> Iterator[DoctorLine]:
    """What `evac backup` did last on this machine: one that rings no more is nowhere else seen. Nothing if it never did."""
    copies = [one for one in newest if one.kept.order.backup is not None]
    last = next((one for one in copies if one.state is OperationState.SUCCEEDED), None)
    if last is not None:
        made = ago(last.finished_at or last.created_at, now)
        yield well(
            "backup", f"the last AMI by a timer of this machine was made {made}: of {last.label} ({last.id})"
        )
    if copies and copies[0].state is OperationState.FAILED:
        yield doubt("backup", f"{copies[0].label}: {copies[0].note}", f"evac ops show {copies[0].id}")


def logout(environ: Mapping[str, str], root: Path = FILESYSTEM_ROOT) -> DoctorLine:
    """Whether a runner lives on when its operator logs out: systemd may kill all that a session leaves."""
    subject = "log-out"
    if not (root / "run/systemd/system").exists():
        return well(subject, "no systemd here: runners live on after a log-out")
    killing = kills_user_processes(root)
    user = environ.get("USER") or getpass.getuser()
    if (root / "var/lib/systemd/linger" / user).exists():
        granted = (
            "in a scope of their own"
            if scope(environ)
            else "in the session: KillUserProcesses " + _word(killing)
        )
        fine = not killing or bool(scope(environ))
        return DoctorLine(
            WELL if fine else BAD, subject, f"{user} lingers; runners start {granted}", _REMEDY * (not fine)
        )
    if not killing:
        return well(subject, "KillUserProcesses is off: runners live on after a log-out")
    if scope(environ):
        why = f"runners start in a scope of {user}'s manager, which ends with {user}'s last session"
        return doubt(subject, f"KillUserProcesses is on; {why}", f"loginctl enable-linger {user}")
    tool = shutil.which("systemd-run", path=environ.get("PATH"))
    why = "systemd-run --user does not work here" if tool else "systemd-run is not here"
    return bad(
        subject, f"KillUserProcesses is on and {why}: a log-out kills runners", f"{_REMEDY} for {user}"
    )


_REMEDY = "loginctl enable-linger, log in anew so that systemd-run --user works"


def _word(on: bool) -> str:
    return "is on" if on else "is off"


def kills_user_processes(root: Path = FILESYSTEM_ROOT) -> bool:
    """logind's setting: the last file that names it wins (logind.conf(5)); off where none does, as distributions build it."""
    folders = [root / place / "systemd/logind.conf.d" for place in ("usr/lib", "run", "etc")]
    drop_ins: dict[str, Path] = {}
    for folder in folders:  # of the same name, the one in /etc wins
        drop_ins.update({one.name: one for one in folder.glob("*.conf")})
    on = False
    for file in (root / "etc/systemd/logind.conf", *(drop_ins[name] for name in sorted(drop_ins))):
        try:
            text = file.read_text(errors="replace")
        except OSError:
            continue
        for value in re.findall(r"^\s*KillUserProcesses\s*=\s*(\w+)", text, re.MULTILINE):
            on = value.lower() in ("yes", "true", "on", "1")
    return on
