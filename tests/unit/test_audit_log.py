"""The audit log: what a crash leaves, what an edit leaves, and that the two are told apart."""

from __future__ import annotations

import gzip
import hashlib
import json
import multiprocessing
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tui.domain.instance import Instance, Target
from tui.domain.sanitize import clean
from tui.operations import audit_log
from tui.operations.audit_files import START, head_path
from tui.operations.identity import Requester, ssh_client

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Five lines."""
    path = tmp_path / "evac" / "audit.jsonl"
    for number in range(5):
        audit_log.append(path, NOW, number=number, name="ünï")
    return path


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def test_an_intact_log_says_how_many_lines_it_has(log: Path) -> None:
    assert audit_log.check(log) == audit_log.Verdict(5)
    assert [one["number"] for one in audit_log.tail(log, 2)] == [3, 4]
    assert log.stat().st_mode & 0o777 == head_path(log).stat().st_mode & 0o777 == 0o600


def test_none_is_intact(tmp_path: Path) -> None:
    assert audit_log.check(tmp_path / "audit.jsonl") == audit_log.Verdict(0)
    assert audit_log.tail(tmp_path / "audit.jsonl", 5) == []


@pytest.mark.parametrize("gone", range(5))
def test_any_removed_line_is_found(log: Path, gone: int) -> None:
    kept = [line for number, line in enumerate(lines(log)) if number != gone]
    log.write_bytes(b"".join(line + b"\n" for line in kept))
    assert audit_log.check(log).broken_at == gone + 1


@pytest.mark.parametrize("changed", range(5))
def test_any_changed_line_is_found(log: Path, changed: int) -> None:
    every = lines(log)
    every[changed] = every[changed].replace(b'"number": ', b'"number": 7')
    log.write_bytes(b"".join(line + b"\n" for line in every))
    assert audit_log.check(log).broken_at == min(changed + 2, 5)


@pytest.mark.parametrize("left", range(5))
def test_a_removed_end_is_found_and_stays_found_after_the_next_line(log: Path, left: int) -> None:
    log.write_bytes(b"".join(line + b"\n" for line in lines(log)[:left]))
    found = audit_log.check(log)
    told = "1 line at the end is gone" if left == 4 else f"{5 - left} lines at the end are gone"
    assert (found.broken_at, found.why) == (left + 1, told)
    audit_log.append(log, NOW, number=9)
    assert audit_log.check(log).broken_at == left + 1


def test_a_removed_log_is_found(log: Path) -> None:
    log.unlink()
    assert audit_log.check(log).broken_at == 1


@pytest.mark.parametrize("keep", [1, 20, -1])
def test_a_line_torn_by_a_crash_is_no_forgery(log: Path, keep: int) -> None:
    torn = b'{"number": 5, "prev": "' + hashlib.sha256(lines(log)[-1]).hexdigest().encode() + b'"}\n'
    with log.open("ab") as file:
        file.write(torn[:keep])
    found = audit_log.check(log)
    assert (found.broken_at, found.lines) == (0, 5)
    assert "cut off by a crash" in found.remarks[0]
    for number in (6, 7):
        audit_log.append(log, NOW, number=number)
    found = audit_log.check(log)
    assert (found.broken_at, found.lines) == (0, 8)
    whole = keep == -1  # all of it but the line feed: nothing is lost
    assert found.remarks == (() if whole else ("line 6 was cut off by a crash",))


def test_a_crash_before_the_end_was_noted_is_no_forgery(log: Path) -> None:
    before = head_path(log).read_bytes()
    audit_log.append(log, NOW, number=5)
    head_path(log).write_bytes(before)
    assert audit_log.check(log) == audit_log.Verdict(6)
    audit_log.append(log, NOW, number=6)
    assert audit_log.check(log) == audit_log.Verdict(7)


SPOILT = {
    "deleted": lambda head: head.unlink(),
    "emptied": lambda head: head.write_bytes(b""),
    "zeroed": lambda head: head.write_bytes(b"\0" * 160),
    "garbled": lambda head: head.write_bytes(b"5 garbage"),
    "cut": lambda head: head.write_bytes(head.read_bytes()[:40]),
    "negative": lambda head: head.write_bytes(b"-1 0 " + b"0" * 64 + b"\n"),
    "longer": lambda head: head.write_bytes(head.read_bytes() + b"x"),
    "bytes": lambda head: head.write_bytes(bytes(range(256))),
    "of no lines": lambda head: head.write_bytes(b"0 0 " + b"0" * 64),
    "of no lines and another hash": lambda head: head.write_bytes(b"0 0 " + b"1" * 64),
    "its lines gone": lambda head: head.write_bytes(re.sub(rb" \d+ ", b" 0 ", head.read_bytes())),
    "its size gone": lambda head: head.write_bytes(re.sub(rb"^\d+ ", b"0 ", head.read_bytes())),
}
NOTHING = ("deleted", "emptied", "of no lines")
"""As if there had never been a line."""


@pytest.mark.parametrize("left", [5, 3, 0])
@pytest.mark.parametrize("how", SPOILT)
def test_without_the_note_of_its_end_a_log_is_not_intact_now_nor_later(
    log: Path, how: str, left: int
) -> None:
    log.write_bytes(b"".join(line + b"\n" for line in lines(log)[:left]))
    SPOILT[how](head_path(log))
    if left or how not in NOTHING:  # of a log that is gone as a whole nothing is left to tell of
        assert audit_log.check(log).broken_at == left + 1
        assert "can't be known" in audit_log.check(log).why
    audit_log.append(log, NOW, number=9)
    found = audit_log.check(log)
    if left or how not in NOTHING:
        assert found.broken_at == left + 1
        assert "when it was written" in found.why
    audit_log.append(log, NOW, number=10)
    assert audit_log.check(log).broken_at == found.broken_at


UNREADABLE = {
    "a list in a list": b"[" * 200_000,
    "a record in a record": b'{"prev":' * 100_000,
    "a number": b'{"continues": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("kind", UNREADABLE)
@pytest.mark.parametrize("place", [0, 2, 4, 5])
def test_a_line_nobody_can_parse_is_a_broken_one(log: Path, kind: str, place: int) -> None:
    kept = [*lines(log)[:place], UNREADABLE[kind], *lines(log)[place + 1 :]]
    log.write_bytes(b"".join(one + b"\n" for one in kept))
    found = audit_log.check(log)
    assert (found.broken_at, found.why) == (place + 1, "it is no record of evac's")
    assert len(audit_log.tail(log, 9)) == len(lines(log)) - 1
    audit_log.append(log, NOW, number=9)
    assert audit_log.check(log).broken_at == place + 1


def test_a_line_may_be_as_long_as_it_likes(log: Path) -> None:
    for size in (70_000, 300_000, 3):
        before = head_path(log).read_bytes()
        audit_log.append(log, NOW, text="x" * size)
        head_path(log).write_bytes(before)
    audit_log.append(log, NOW, text="end")
    assert audit_log.check(log) == audit_log.Verdict(9)


def test_another_log_of_the_same_length_or_longer_does_not_pass_for_it_after_the_next_line(
    log: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.jsonl"
    for number in range(9):
        audit_log.append(other, NOW, number=number, name="a forged one, and a longer one")
    log.write_bytes(other.read_bytes())
    assert audit_log.check(log).broken_at
    audit_log.append(log, NOW, number=9)
    assert audit_log.check(log).broken_at == 10


def test_a_log_restored_from_before_is_found_and_a_head_from_before_is_none(log: Path) -> None:
    """A backup holds both of one moment, as a rule; a newer log has lines that were not noted yet, as after a crash."""
    old_log, old_head = log.read_bytes(), head_path(log).read_bytes()
    for number in (5, 6):
        audit_log.append(log, NOW, number=number)
    new_head = head_path(log).read_bytes()
    head_path(log).write_bytes(old_head)
    assert audit_log.check(log) == audit_log.Verdict(7)
    log.write_bytes(old_log)
    assert audit_log.check(log) == audit_log.Verdict(5)
    head_path(log).write_bytes(new_head)
    assert audit_log.check(log).why == "2 lines at the end are gone"


# links and strangers


@pytest.mark.parametrize("name", ["audit.head", "audit.jsonl"])
@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_not_followed(log: Path, tmp_path: Path, name: str, there: bool) -> None:
    victim = tmp_path / "victim"
    if there:
        victim.write_text("mine\n")
    for path in (log, head_path(log)):
        path.unlink(missing_ok=True)
    (log.parent / name).symlink_to(victim)
    with pytest.raises(OSError, match="symbolic link"):
        audit_log.append(log, NOW, number=5)
    assert not there or victim.read_text() == "mine\n"
    assert victim.exists() is there
    with pytest.raises(OSError, match="symbolic link"):
        audit_log.check(log)


@pytest.mark.parametrize("name", ["audit.head", "audit.jsonl"])
def test_a_pipe_is_no_file_and_holds_nobody_up(log: Path, name: str) -> None:
    (log.parent / name).unlink()
    os.mkfifo(log.parent / name)
    with pytest.raises(OSError, match=r"no regular file|No such device"):
        audit_log.append(log, NOW, number=5)


def test_a_full_disk_at_the_very_first_line_leaves_nothing_to_doubt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "audit.jsonl"

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space"):
        audit_log.append(path, NOW, number=0)
    monkeypatch.undo()
    assert audit_log.check(path) == audit_log.Verdict(0)
    audit_log.append(path, NOW, number=0)
    assert audit_log.check(path) == audit_log.Verdict(1)


def test_a_full_disk_between_line_and_head_is_as_a_crash_there(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space"):
        audit_log.append(log, NOW, number=5)
    monkeypatch.undo()
    assert audit_log.check(log) == audit_log.Verdict(6)
    audit_log.append(log, NOW, number=6)
    assert audit_log.check(log) == audit_log.Verdict(7)


# rotation


def created(log: Path, name: str) -> None:
    log.rename(log.with_name(name))
    log.touch(mode=0o600)


def renamed(log: Path, name: str) -> None:
    log.rename(log.with_name(name))


def copied(log: Path, name: str) -> None:
    log.with_name(name).write_bytes(log.read_bytes())
    os.truncate(log, 0)


def packed(log: Path, name: str) -> None:
    log.with_name(f"{name}.gz").write_bytes(gzip.compress(log.read_bytes()))
    log.unlink()


ROTATIONS = {"create": created, "nocreate": renamed, "copytruncate": copied, "compress": packed}


@pytest.mark.parametrize("how", ROTATIONS)
@pytest.mark.parametrize("name", ["audit.jsonl.1", "audit.jsonl-20260504", "audit-20260504.jsonl"])
def test_a_rotated_log_goes_on_and_is_followed_back(log: Path, how: str, name: str) -> None:
    ROTATIONS[how](log, name)
    for number in (5, 6):
        audit_log.append(log, NOW, number=number)
    found = audit_log.check(log)
    assert (found.broken_at, found.lines) == (0, 2)
    told = name + ".gz" * (how == "compress")
    assert found.remarks == (f"it continues {told}: 5 lines, intact",)


def test_it_may_be_rotated_again_and_again_and_the_oldest_go(log: Path) -> None:
    for turn in range(3):
        for older in (2, 1):
            if log.with_name(f"audit.jsonl.{older}").exists():
                log.with_name(f"audit.jsonl.{older}").rename(log.with_name(f"audit.jsonl.{older + 1}"))
        created(log, "audit.jsonl.1")
        audit_log.append(log, NOW, turn=turn)
    found = audit_log.check(log)
    assert found.broken_at == 0
    assert [one.split(":")[0] for one in found.remarks] == [
        f"it continues audit.jsonl.{number}" for number in (1, 2, 3)
    ]
    log.with_name("audit.jsonl.3").unlink()
    found = audit_log.check(log)
    assert found.broken_at == 0
    assert (
        found.remarks[-1] == "the 5 lines before it were rotated away and are not here: they were not checked"
    )


def test_one_line_is_told_as_one(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    for number in (1, 2, 3):
        audit_log.append(log, NOW, number=number)
        log.rename(tmp_path / f"audit.jsonl.{9 - number}")
    audit_log.append(log, NOW, number=4)
    assert audit_log.check(log).remarks[0] == "it continues audit.jsonl.6: 1 line, intact"
    for number in (6, 7, 8):
        (tmp_path / f"audit.jsonl.{number}").unlink()
    (remark,) = audit_log.check(log).remarks
    assert remark == "the 1 line before it was rotated away and is not here: it was not checked"


def test_a_change_in_a_rotated_file_is_found(log: Path) -> None:
    created(log, "audit.jsonl.1")
    audit_log.append(log, NOW, number=5)
    old = log.with_name("audit.jsonl.1")
    old.write_bytes(old.read_bytes().replace(b'"number": 1', b'"number": 8'))
    found = audit_log.check(log)
    assert found.broken_at == 1
    assert found.why.startswith("in audit.jsonl.1, line 3:")


@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
def test_a_rotated_file_whose_end_is_gone_is_not_called_rotated_away(log: Path, packing: str) -> None:
    """It lies there, but the lines this log goes on from are not in it any more, or not to be read."""
    created(log, "audit.jsonl.1")
    audit_log.append(log, NOW, number=5)
    old = log.with_name("audit.jsonl.1")
    kept = b"".join(line + b"\n" for line in lines(old)[:3])
    old.unlink()
    log.with_name(f"audit.jsonl.1{packing}").write_bytes(gzip.compress(kept)[:-9] if packing else kept)
    found = audit_log.check(log)
    assert found.broken_at == 1
    assert found.why.startswith(f"audit.jsonl.1{packing} lies beside it")


def test_a_log_that_was_taken_away_is_no_rotation(log: Path) -> None:
    """Nothing beside it has its end."""
    log.with_name("audit.jsonl.1").write_bytes(b"".join(line + b"\n" for line in lines(log)[:4]))
    log.unlink()
    audit_log.append(log, NOW, number=5)
    assert audit_log.check(log).broken_at == 1
    audit_log.append(log, NOW, number=6)
    assert audit_log.check(log).broken_at == 1


def test_a_first_line_made_to_look_like_a_rotation_is_a_changed_line(log: Path) -> None:
    kept = lines(log)[2:]
    record = {**json.loads(kept[0]), "continues": 2}
    log.write_bytes(
        json.dumps(record, sort_keys=True).encode() + b"\n" + b"".join(one + b"\n" for one in kept[1:])
    )
    assert audit_log.check(log).broken_at == 2


def test_a_log_of_the_version_before_is_accepted_and_goes_on(tmp_path: Path) -> None:
    """Its lines and its head, byte for byte."""
    path, last, size = tmp_path / "audit.jsonl", START, 0
    with path.open("wb") as file:
        for number in range(3):
            line = json.dumps(
                {"time": NOW.isoformat(), "number": number, "prev": last}, sort_keys=True
            ).encode()
            size += file.write(line + b"\n")
            last = hashlib.sha256(line).hexdigest()
    head_path(path).write_bytes(f"{size} 3 {last}".ljust(159).encode() + b"\n")
    assert audit_log.check(path) == audit_log.Verdict(3)
    audit_log.append(path, NOW, number=3)
    assert audit_log.check(path) == audit_log.Verdict(4)


def _write_some(path: Path, writer: int) -> None:
    for number in range(40):
        audit_log.append(path, NOW, writer=writer, number=number, text="x" * (writer * 7000))


def test_several_processes_write_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_some, args=(path, number)) for number in range(3)]
    for one in writers:
        one.start()
    for one in writers:
        one.join(120)
        assert one.exitcode == 0
    assert audit_log.check(path) == audit_log.Verdict(120)
    order = [(one["writer"], one["number"]) for one in audit_log.tail(path, 1000)]
    for writer in range(3):
        assert [number for who, number in order if who == writer] == list(range(40))


def test_a_write_that_fails_leaves_no_half_line(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, before = os.write, log.read_bytes()

    def full(handle: int, data: bytes) -> int:
        if len(data) <= 10:
            raise OSError(28, "No space left on device")
        return write(handle, data[:-10])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        audit_log.append(log, NOW, number=5)
    monkeypatch.undo()
    assert log.read_bytes() == before
    audit_log.append(log, NOW, number=5)
    assert audit_log.check(log) == audit_log.Verdict(6)


def test_ssh_says_where_the_terminal_comes_from() -> None:
    assert ssh_client({"SSH_CONNECTION": "203.0.113.9 51234 10.0.0.5 22"}) == "203.0.113.9 51234"
    assert ssh_client({"SSH_CLIENT": "203.0.113.9 51234 22"}) == "203.0.113.9 51234"
    assert ssh_client({}) == ""
    who = Requester(clean("u"), clean("h"), "203.0.113.9 51234", "arn:aws:iam::1:user/u")
    line = audit_log.about(Instance(Target("p", "cn-north-1"), clean("i-1")), who, action="start")
    assert line["ssh_client"] == "203.0.113.9 51234"
    assert line["arn"].startswith("arn:aws-cn:")
    assert json.dumps(line)
