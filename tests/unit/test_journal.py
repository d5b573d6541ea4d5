from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.journal_file import writing
from tui.domain.actions import ActionOptions
from tui.domain.answers import Permission, RefusedBy
from tui.domain.instance import Instance, InstanceState, Target
from tui.domain.plan import Draft, GuardKind, draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.operations import audit_log, database
from tui.operations.journal import LEASE, Journal, JournalError
from tui.operations.model import OperationState, ending
from tui.operations.schema import MIGRATIONS, Migration

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
WEB = Instance(
    Target("prod", "ap-northeast-2"),
    clean("i-0a1b2c3d4e5f60718"),
    account_id=clean("111122223333"),
    name=clean("web-7"),
    state=InstanceState.RUNNING,
    root_device=clean("ebs"),
    inventory_at=NOW,
)


def plan(action: str = "stop-start", **options: object) -> Draft:
    return draft(action, WEB, None, replace(ActionOptions(), **options), Policy(), NOW)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "evac" / "journal.sqlite3")


def test_a_draft_comes_back_as_an_operation(journal: Journal) -> None:
    name = journal.create(plan("image"), NOW)
    operation = journal.get(name)
    assert operation is not None
    assert operation.state is OperationState.PLANNED
    assert operation.kept.order.operation_id == name
    assert operation.kept.order.image_name.startswith("web-7 2026-05-04")
    assert [row.name for row in operation.steps] == ["preflight", "image"]
    assert operation.step == "preflight"
    assert operation.label == "web-7"


def test_an_operation_is_found_by_the_end_of_its_id_however_old_it_is(journal: Journal) -> None:
    first = journal.create(plan(), NOW - timedelta(days=1))
    with journal.looking():
        for number in range(1001):
            journal.create(plan("reboot"), NOW + timedelta(seconds=number))
    assert [one.id for one in journal.ending(first[-8:])] == [first]
    assert [one.id for one in journal.ending(first)] == [first]
    for none in ("", "%", "_", "op-none", f"x{first}"):
        assert journal.ending(none) == [], none
    assert journal.count() == 1002
    assert (journal.count(confirmed=True), journal.list(confirmed=True)) == (0, [])


def test_the_file_is_for_its_owner_alone(journal: Journal) -> None:
    assert journal.path.stat().st_mode & 0o777 == 0o600
    assert journal.path.parent.stat().st_mode & 0o777 == 0o700


def test_only_a_planned_operation_is_confirmed_and_only_once(journal: Journal) -> None:
    name = journal.create(plan(), NOW)
    assert journal.unfinished() == []
    assert journal.confirm(name, NOW)
    assert not journal.confirm(name, NOW)
    assert [one.id for one in journal.unfinished()] == [name]
    assert journal.abandon(name, "changed my mind", NOW)
    assert not journal.abandon(name, "again", NOW)
    assert journal.unfinished() == []


def test_operations_about_one_instance_come_newest_first(journal: Journal) -> None:
    names = [journal.create(plan(), NOW + timedelta(minutes=minute)) for minute in range(3)]
    other = replace(plan(), instance_id=clean("i-0ffffffffffffffff"))
    journal.create(other, NOW)
    assert [one.id for one in journal.of_instance(str(WEB.instance_id))] == names[::-1]
    assert [one.id for one in journal.of_instance(str(WEB.instance_id), limit=1)] == names[-1:]
    assert journal.of_instance("i-0") == []


def test_a_closed_journal_says_so_instead_of_crashing_who_follows_it(journal: Journal) -> None:
    journal.close()
    with pytest.raises(JournalError, match="can't be used"):
        journal.revision()


def test_two_runners_never_hold_one_lease_and_a_dead_ones_is_taken_over(journal: Journal) -> None:
    name = journal.create(plan(), NOW)
    assert journal.lease(name, "a", NOW)
    assert not journal.lease(name, "b", NOW)
    assert journal.lease(name, "a", NOW + LEASE / 2)
    assert journal.lease(name, "b", NOW + 2 * LEASE)
    assert not journal.lease(name, "a", NOW + 2 * LEASE)
    journal.release(name, "b")
    assert journal.lease(name, "a", NOW + 2 * LEASE)


def test_an_intent_without_an_outcome_stays_unknown(journal: Journal) -> None:
    name = journal.create(plan(), NOW)
    began = journal.begin_step(name, "stop", NOW)
    assert journal.lease(name, "a", NOW)
    call = journal.intent(name, "stop", "ec2", "StopInstances", NOW, dry_run=False, runner="a")
    assert call is not None
    latest = journal.step_history(name, "stop", began).latest
    assert latest is not None
    assert latest.ok is None
    journal.outcome(call, NOW + timedelta(seconds=1), ok=True, code="", message="", request_id="r-1")
    latest = journal.step_history(name, "stop", began).latest
    assert latest is not None
    assert latest.ok is True


def test_a_newer_or_spoilt_journal_refuses_before_anything_is_sent(tmp_path: Path) -> None:
    newer = tmp_path / "newer.sqlite3"
    with sqlite3.connect(newer) as db:
        db.execute("PRAGMA user_version=99")
    with pytest.raises(JournalError, match="newer evac"):
        Journal(newer)
    spoilt = tmp_path / "spoilt.sqlite3"
    spoilt.write_bytes(b"not a database, but long enough to be looked at" * 40)
    with pytest.raises(JournalError, match="nothing was sent"):
        Journal(spoilt)


def test_a_folder_of_somebody_else_behind_a_link_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (tmp_path / "evac").symlink_to(theirs)
    uid = os.getuid()
    monkeypatch.setattr("tui.operations.database.os.getuid", lambda: uid + 1)
    with pytest.raises(JournalError, match="belongs to somebody else: nothing was sent"):
        Journal(tmp_path / "evac" / "journal.sqlite3")
    assert list(theirs.iterdir()) == []


def test_a_folder_that_others_could_write_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "evac"
    folder.mkdir()
    folder.chmod(0o777)
    Journal(folder / "journal.sqlite3").close()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_guard_follows_from_hazards_and_policy() -> None:
    assert plan().guard.kind is GuardKind.TYPE_NAME
    assert plan().guard.expected == "web-7"
    blocked = draft("stop-start", WEB, None, ActionOptions(), Policy(read_only=True), NOW)
    assert blocked.guard.kind is GuardKind.BLOCKED
    assert "read-only" in blocked.guard.unblock[0]
    stopped = draft("reboot", replace(WEB, state=InstanceState.STOPPED), None, ActionOptions(), Policy(), NOW)
    assert stopped.guard.kind is GuardKind.BLOCKED
    assert draft("reschedule", WEB, None, ActionOptions(), Policy(), NOW).guard.unblock


def test_a_new_start_has_whole_seconds_as_aws_will_show_it() -> None:
    order = plan("reschedule", not_before=NOW.replace(microsecond=250_000)).order
    assert order.not_before == NOW


def test_a_changed_audit_line_is_found(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    for number in range(5):
        audit_log.append(path, NOW, number=number, name="ünï")
    assert not audit_log.check(path).broken_at
    lines = path.read_text().splitlines()
    lines[2] = lines[2].replace('"number": 2', '"number": 7')
    path.write_text("\n".join(lines) + "\n")
    assert audit_log.check(path).broken_at == 4


V1 = """
CREATE TABLE operation (
  id TEXT PRIMARY KEY, action TEXT NOT NULL, title TEXT NOT NULL, state TEXT NOT NULL, profile TEXT NOT NULL,
  account_id TEXT NOT NULL, region TEXT NOT NULL, instance_id TEXT NOT NULL, instance_name TEXT NOT NULL,
  user TEXT NOT NULL, host TEXT NOT NULL, created_at TEXT NOT NULL, confirmed_at TEXT, finished_at TEXT,
  note TEXT NOT NULL DEFAULT '', remedy TEXT NOT NULL DEFAULT '', attention INTEGER NOT NULL DEFAULT 0,
  permission TEXT NOT NULL DEFAULT 'unknown', instance_down INTEGER NOT NULL DEFAULT 0,
  runner TEXT NOT NULL DEFAULT '', lease_until TEXT, kept TEXT NOT NULL
);
CREATE TABLE step (
  operation TEXT NOT NULL REFERENCES operation(id), position INTEGER NOT NULL, name TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting', note TEXT NOT NULL DEFAULT '', began_at TEXT, ended_at TEXT,
  PRIMARY KEY (operation, position)
);
CREATE TABLE call (
  id INTEGER PRIMARY KEY, operation TEXT NOT NULL REFERENCES operation(id), step TEXT NOT NULL, service TEXT NOT NULL,
  name TEXT NOT NULL, intent_at TEXT NOT NULL, outcome_at TEXT, ok INTEGER, code TEXT NOT NULL DEFAULT '',
  message TEXT NOT NULL DEFAULT '', request_id TEXT NOT NULL DEFAULT '', dry_run INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX call_of ON call (operation, step);
INSERT INTO operation (id, action, title, state, profile, account_id, region, instance_id, instance_name, user, host,
  created_at, confirmed_at, instance_down, kept) VALUES ('op-20260504-030000-abcdef', 'stop-start', 'Stop and start web-7',
  'running', 'prod', '111122223333', 'ap-northeast-2', 'i-0a1b2c3d4e5f60718', 'web-7', 'ana', 'bastion',
  '2026-05-04T03:00:00+00:00', '2026-05-04T03:00:05+00:00', 1,
  '{"order":{"operation_id":"op-20260504-030000-abcdef","action":"stop-start","instance_id":"i-0a1b2c3d4e5f60718",
    "launched_at":null,"open_events":[],"image_name":"","no_reboot":false,"wait_for_image":true,"event_id":"",
    "not_before":null,"stop_intent_at":null},"options":{"no_reboot":false,"image_first":false,"image_name":"",
    "wait_for_image":true,"event_id":"","not_before":null},"steps":["preflight","stop"],"texts":[],"hazards":[]}');
INSERT INTO step (operation, position, name, state) VALUES ('op-20260504-030000-abcdef', 0, 'preflight', 'done'),
  ('op-20260504-030000-abcdef', 1, 'stop', 'running');
INSERT INTO call (operation, step, service, name, intent_at) VALUES ('op-20260504-030000-abcdef', 'stop', 'ec2',
  'StopInstances', '2026-05-04T03:00:07+00:00');
PRAGMA user_version=1;
"""
"""A journal as the first version left it, with an operation that has an instance down."""


def v1(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    db = sqlite3.connect(path)
    db.executescript(V1)
    db.close()
    return path


def test_a_journal_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    path = v1(tmp_path / "journal.sqlite3")
    journal = Journal(path)
    (one,) = journal.unfinished()
    assert (one.user, one.instance_down, one.ssh_client, one.caller, one.remark) == ("ana", True, "", "", "")
    assert one.sent == {"StopInstances"}
    assert journal.lease(one.id, "a", NOW)
    journal.add_remark(one.id, "first")
    journal.add_remark(one.id, "second")
    found = journal.get(one.id)
    assert found is not None
    assert found.remark == "first"
    journal.close()
    Journal(path).close()
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    db.close()


def test_a_migration_that_fails_leaves_the_version_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = v1(tmp_path / "journal.sqlite3")
    broken = Migration(
        "half of it", ("ALTER TABLE operation ADD COLUMN half TEXT", "ALTER TABLE nowhere ADD x")
    )
    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, broken))
    with pytest.raises(JournalError, match="nothing was sent"):
        Journal(path)
    monkeypatch.undo()
    (one,) = Journal(path).unfinished()
    assert one.instance_down


def test_a_runner_of_before_goes_on_in_a_journal_that_a_newer_console_has_changed(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A console is upgraded while an instance is down: what its journal gains must not stop the hands of before."""
    name = journal.create(plan(), NOW)
    assert journal.confirm(name, NOW)
    assert journal.lease(name, "a", NOW)
    newer = Migration("one more", ("ALTER TABLE operation ADD COLUMN later TEXT NOT NULL DEFAULT ''",))
    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, newer))
    console = Journal(journal.path)
    monkeypatch.undo()
    assert journal.lease(name, "a", NOW)
    call = journal.intent(name, "stop", "ec2", "StopInstances", NOW, dry_run=False, runner="a")
    assert call is not None
    journal.outcome(call, NOW, ok=True, code="", message="", request_id="r-1")
    found = console.get(name)
    assert found is not None
    assert found.sent == {"StopInstances"}
    console.close()
    with pytest.raises(JournalError, match="newer evac"):
        Journal(journal.path)


def test_what_is_committed_is_on_the_disk_and_read_while_somebody_writes(journal: Journal) -> None:
    assert journal._db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert journal._db.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
    name = journal.create(plan(), NOW)
    reader = Journal(journal.path)
    with writing(journal.path) as db:
        db.execute("UPDATE operation SET note='half' WHERE id=?", (name,))
        found = reader.get(name)
        assert found is not None
        assert found.note == ""
    found = reader.get(name)
    assert found is not None
    assert found.note == "half"
    reader.close()
    person = sqlite3.connect(f"file:{journal.path}?mode=ro", uri=True)
    assert person.execute("SELECT state, created_at FROM operation").fetchone() == (
        "planned",
        NOW.isoformat(),
    )
    person.close()


def test_whence_it_was_ordered_is_kept(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "203.0.113.9 51234 10.0.0.5 22")
    found = journal.get(journal.create(plan(), NOW))
    assert found is not None
    assert found.ssh_client == "203.0.113.9 51234"


def until_full(write: Callable[[], object]) -> None:
    for _ in range(1000):
        write()


def test_a_full_disk_refuses_in_one_line_and_works_again_once_there_is_room(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=160k", "none", folder], capture_output=True
    ).returncode:
        pytest.skip("only root may mount a small file system to fill")
    try:
        journal = Journal(folder / "evac" / "journal.sqlite3")
        kept = journal.create(plan(), NOW)
        assert journal.confirm(kept, NOW)
        ballast = folder / "ballast"
        ballast.touch()
        with pytest.raises(OSError, match="No space"):
            until_full(lambda: ballast.write_bytes(bytes(ballast.stat().st_size + 1024)))
        refused = "nothing was sent; free the disk"
        with pytest.raises(JournalError, match=refused):
            until_full(lambda: journal.create(plan(), NOW))
        with pytest.raises(JournalError, match=refused):
            until_full(lambda: journal.intent(kept, "stop", "ec2", "X", NOW, dry_run=False, runner=""))
        with pytest.raises(OSError, match="No space"):
            until_full(lambda: audit_log.append(audit_log.path_beside(journal.path), NOW, text="x" * 1024))
        assert not audit_log.check(audit_log.path_beside(journal.path)).broken_at
        ballast.unlink()
        assert journal.lease(kept, "a", NOW)
        assert journal.intent(kept, "stop", "ec2", "StopInstances", NOW, dry_run=False, runner="a")
        journal.close()
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_read_only_folder_refuses_in_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", folder], capture_output=True).returncode:
        pytest.skip("only root may mount a read-only file system")
    try:
        with pytest.raises(JournalError, match="nothing was sent"):
            Journal(folder / "evac" / "journal.sqlite3")
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_file_that_may_not_be_written_refuses_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "evac" / "journal.sqlite3"
    path.mkdir(parents=True)
    with pytest.raises(JournalError, match="nothing was sent"):
        Journal(path)


def test_a_journal_spoilt_in_the_middle_refuses_in_one_line(journal: Journal) -> None:
    for _ in range(50):
        journal.create(plan(), NOW)
    journal.close()
    data = bytearray(journal.path.read_bytes())
    data[4096:] = bytes(len(data) - 4096)
    journal.path.write_bytes(data)
    with pytest.raises(JournalError, match="nothing was sent"):
        Journal(journal.path).list()


def test_what_stands_in_its_place_is_no_full_disk(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite3").mkdir()
    with pytest.raises(JournalError, match="see what stands there, and that its folder can be written"):
        Journal(tmp_path / "journal.sqlite3")


OLD = (
    (
        "no: locked by kim@bastion since 03:12",
        "",
        Permission.NO,
        "locked by kim@bastion since 03:12",
        RefusedBy.LOCK,
    ),
    (
        "no: the lock service does not answer",
        "",
        Permission.NO,
        "the lock service does not answer",
        RefusedBy.LOCK,
    ),
    ("no: evac runs on this instance", "", Permission.NO, "evac runs on this instance", RefusedBy.SELF),
    ("no: AWS does not permit it", "", Permission.NO, "AWS does not permit it", RefusedBy.AWS),
    ("yes", "aws", Permission.YES, "", RefusedBy.AWS),
    ("yes", "", Permission.YES, "", None),
    ("unknown", "", Permission.UNKNOWN, "", None),
)


@pytest.mark.parametrize(("text", "was", "permission", "reason", "by"), OLD)
def test_the_texts_of_a_journal_of_the_version_before_become_states(
    tmp_path: Path, text: str, was: str, permission: Permission, reason: str, by: RefusedBy | None
) -> None:
    path = v1(tmp_path / "journal.sqlite3")
    with closing(sqlite3.connect(path)) as db:
        split = next(at for at, one in enumerate(MIGRATIONS) if one.name.startswith("what AWS permitted"))
        for number, migration in enumerate(MIGRATIONS[1:split], start=2):
            for statement in migration.statements:
                db.execute(statement)
            db.execute(f"PRAGMA user_version={number}")
        db.execute("UPDATE operation SET permission=?, refused_by=?", (text, was))
        db.execute("UPDATE step SET state='skipped', note='abandoned by the operator' WHERE name='stop'")
        db.commit()
    (one,) = Journal(path).list()
    assert (one.permission, one.permission_reason, one.refused_by) == (permission, reason, by)
    assert one.permission_text == text
    assert one.refused is (was == "aws")
    assert one.given_up
    assert ending(one)[0] is OperationState.ABANDONED
