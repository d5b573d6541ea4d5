"""The audit log: one JSON line for everything about to be done, its outcome, and every refusal. Never a credential.

Each line holds the hash of the line before, so that an edited or removed one is found. How many lines there are, and the
last one's hash, stand in a small file beside it (the head), so that a removed *end* is found too. Where a line is written and
the head is missing, spoilt or of another end, the line says so: what was found once is found for ever. A log that was rotated
goes on in a new file, whose first line names what it continues (`audit_files`). Who can write both files can forge both: where
that matters, ship the lines elsewhere.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from msgspec import Struct

from tui.domain.arns import partition_of
from tui.domain.instance import Instance
from tui.domain.plan import Draft
from tui.domain.plurals import counted
from tui.domain.sanitize import clean
from tui.operations import audit_files as files
from tui.operations.audit_files import START, Head, head_path
from tui.operations.identity import Requester
from tui.operations.model import Operation


def about(
    subject: Draft | Operation | Instance | None,
    who: Requester,
    *,
    action: str = "",
    operation: str = "",
    campaign: str = "",
) -> dict[str, str]:
    """The fields every line has: who did what to which instance.

    `action` and `operation` (its id) where the subject does not say them; both empty: none was journaled. None: no instance.
    `campaign`: the id of the one that it is about, or is a part of.
    """
    profile = account = region = instance = ""
    if isinstance(subject, Operation):
        operation, profile, region = subject.id, subject.profile, subject.region
        campaign = subject.campaign
    elif subject is not None:
        profile, region = subject.target.profile, subject.target.region
    if subject is not None:
        account, instance = subject.account_id, subject.instance_id
    if not isinstance(subject, Instance | None):
        action = subject.action
    return {
        "operation": operation,
        "campaign": campaign,
        "user": who.user,
        "host": who.host,
        "ssh_client": who.ssh_client,
        "profile": profile,
        "account": account,
        "caller": who.caller,
        "arn": f"arn:{partition_of(region)}:ec2:{region}:{account}:instance/{instance}" if instance else "",
        "instance": instance,
        "action": action,
    }


def append(path: Path, when: datetime, **fields: Any) -> None:
    """Add a line and sync it. Several processes may: the files are locked meanwhile. Raises OSError, and leaves no half line."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with files.locked(path) as (file, beside, new):
        state = files.audit_log_state(path, file, files.read_head(beside))
        if not state.head.size and not state.notes:
            files.write_head(
                beside, Head()
            )  # its room is taken before the first line: a full disk spoils no end
        mended = {"mended": True} if state.torn else {}
        record = {"time": when.isoformat(), **fields, **state.notes, "prev": state.prev, **mended}
        line = json.dumps(record, sort_keys=True, default=str).encode()
        size = file.seek(0, os.SEEK_END)
        try:
            _write(file.fileno(), b"\n" * state.torn + line + b"\n")
            os.fsync(file.fileno())
        except OSError:
            os.ftruncate(file.fileno(), size)
            raise
        files.write_head(beside, state.head.over(line))
    if new:
        _sync_folder(path.parent)


def _write(handle: int, data: bytes) -> None:
    """All of it, in one call where the system takes it so."""
    while data:
        data = data[os.write(handle, data) :]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def path_beside(journal: Path) -> Path:
    """Where the audit log of this journal is."""
    return journal.with_name("audit.jsonl")


class Verdict(Struct, frozen=True):
    """What a check found: how many lines, the first broken one (1-based, 0 = none) and why, and what is worth knowing."""

    lines: int
    broken_at: int = 0
    why: str = ""
    remarks: tuple[str, ...] = ()


def check(path: Path) -> Verdict:
    """Follow the chain from the first line to the end that was noted. Raises OSError where it can't be read."""
    with files.open_audit_log(path) as (file, head):
        if file is not None and head == Head() and files.emptied(file):
            head = "spoilt"
        if file is not None:
            file.seek(0)
        found = _follow(file, head if isinstance(head, Head) else None)
    if found.verdict.broken_at:
        return found.verdict
    count, remarks = found.verdict.lines, found.verdict.remarks
    if not isinstance(head, Head) and (count or head == "spoilt"):
        name = head_path(path).name
        why = f"{name} is {head}, so whether lines at the end are gone can't be known"
        return Verdict(
            count, count + 1, why, (f"{name} is {head}: a removed end would not be found", *remarks)
        )
    if found.continues is None:
        return found.verdict
    before = _before(path, *found.continues)
    return Verdict(count, before.broken_at, before.why, (*before.remarks, *remarks))


class _Found(Struct, frozen=True):
    """`continues`: the hash that an earlier file must end with, and how many lines were said to be in that. `end`: its own."""

    verdict: Verdict
    continues: tuple[str, int] | None = None
    end: str = START


def _follow(file: IO[bytes] | None, head: Head | None) -> _Found:
    """One file, up to the end that was noted, if it was."""
    *lines, rest = (b"" if file is None else file.read()).split(b"\n")
    so_far, remarks = Head(), []
    continues: tuple[str, int] | None = None
    seen = head is None or head.lines == 0
    end = files.digest(lines[-1]) if lines else START
    for number, line in enumerate(lines, 1):
        following = lines[number] if number < len(lines) else b""
        record = _record(line)
        if record is None and not _mends(following):
            return _Found(Verdict(len(lines), number, "it is no record of evac's"), end=end)
        if record is None:
            remarks.append(f"line {number} was cut off by a crash")
        else:
            if number == 1 and isinstance(record.get("continues"), int):
                continues = str(record.get("prev")), record["continues"]
                so_far = Head(last=continues[0])
            if (why := _why_broken(record, so_far.last)) is not None:
                return _Found(Verdict(len(lines), number, why), end=end)
        so_far = so_far.over(line)
        seen = seen or so_far == head
    if rest:
        remarks.append("the last line was cut off by a crash: the next one will say so")
    if not seen:
        assert head is not None
        gone = head.lines > len(lines)
        lost = head.lines - len(lines)
        many = f"{counted(lost, 'line')} at the end {'is' if lost == 1 else 'are'} gone"
        why = many if gone else "the end was changed"
        return _Found(Verdict(len(lines), min(head.lines, len(lines) + 1), why, tuple(remarks)))
    return _Found(Verdict(len(lines), remarks=tuple(remarks)), continues, end)


def _why_broken(record: Mapping[str, Any], last: str) -> str | None:
    if record.get("prev") != last:
        return "the line before it was changed, or lines before it are gone"
    if record.get("lost"):
        return "when it was written, lines before it were gone or changed"
    if record.get("head"):
        return f"when it was written, audit.head was {clean(record['head'], 20)}: lines before it may be gone"
    return None


def _before(path: Path, end: str, count: int) -> Verdict:
    """The files it was rotated into, back to the first or to one that is not here any more."""
    remarks: list[str] = []
    known = {one: _end_of(one) for one in files.siblings(path)}
    while True:
        name = next((one for one, found in known.items() if found is not None and found.end == end), None)
        if name is None and known:
            why = f"{', '.join(one.name for one in known)} lies beside it, and does not end where the lines before it did"
            return Verdict(0, 1, clean(f"{why}: it was cut, changed, or can't be read", 300), tuple(remarks))
        if name is None:
            one = count == 1
            remarks.append(
                f"the {counted(count, 'line')} before it {'was' if one else 'were'} rotated away and {'is' if one else 'are'} "
                f"not here: {'it was' if one else 'they were'} not checked"
            )
            return Verdict(0, remarks=tuple(remarks))
        found = known.pop(name)
        assert found is not None
        if found.verdict.broken_at:
            why = f"in {name.name}, line {found.verdict.broken_at}: {found.verdict.why}"
            return Verdict(0, 1, clean(why, 300), tuple(remarks))
        remarks.append(
            clean(f"it continues {name.name}: {counted(found.verdict.lines, 'line')}, intact", 300)
        )
        if found.continues is None:
            return Verdict(0, remarks=tuple(remarks))
        end, count = found.continues


def _end_of(path: Path) -> _Found | None:
    """A rotated file, followed; None where it can't be read."""
    try:
        with files.rotated(path) as file:
            found = _follow(file, None)
    except (OSError, EOFError, ValueError):
        return None
    return found


def tail(path: Path, count: int) -> list[dict[str, Any]]:
    """The last records, the newest last. Raises OSError."""
    with files.open_audit_log(path) as (file, _):
        data = b"" if file is None else file.read()
    records = (_record(line) for line in data.split(b"\n"))
    return [one for one in records if one is not None][-count:]


def records_since(path: Path, when: datetime) -> list[dict[str, Any]]:
    """The records of that time and later, the newest last, also of files it was rotated into since. Raises OSError."""
    parts = []
    for one in sorted(files.siblings(path), key=lambda each: each.stat().st_mtime):
        if one.stat().st_mtime >= when.timestamp():
            try:
                with files.rotated(one) as rotated:
                    parts.append(rotated.read())
            except (EOFError, ValueError):  # no log, or one that was cut: `check` is who minds
                continue
    with files.open_audit_log(path) as (file, _):
        parts.append(b"" if file is None else file.read())
    records = (_record(line) for part in parts for line in part.split(b"\n"))
    return [one for one in records if one is not None and _is_since(one.get("time"), when)]


def _is_since(time: object, when: datetime) -> bool:
    try:
        return datetime.fromisoformat(str(time)) >= when
    except (TypeError, ValueError):  # none, or one without a zone
        return False


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):  # nested for as deep as it is long
        return None
    return found if isinstance(found, dict) else None


def _mends(line: bytes) -> bool:
    return bool((_record(line) or {}).get("mended"))
