"""The audit log: what a crash leaves, what an edit leaves, and that the two are told apart."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tui.operations import audit

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Five lines."""
    path = tmp_path / "evac" / "audit.jsonl"
    for number in range(5):
        audit.append(path, NOW, number=number, name="ünï")
    return path


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def test_an_intact_log_says_how_many_lines_it_has(log: Path) -> None:
    assert audit.check(log) == audit.Verdict(5)
    assert [one["number"] for one in audit.tail(log, 2)] == [3, 4]
    assert log.stat().st_mode & 0o777 == audit.head_path(log).stat().st_mode & 0o777 == 0o600


def test_none_is_intact(tmp_path: Path) -> None:
    assert audit.check(tmp_path / "audit.jsonl") == audit.Verdict(0)
    assert audit.tail(tmp_path / "audit.jsonl", 5) == []


@pytest.mark.parametrize("gone", range(5))
def test_any_removed_line_is_found(log: Path, gone: int) -> None:
    kept = [line for number, line in enumerate(lines(log)) if number != gone]
    log.write_bytes(b"".join(line + b"\n" for line in kept))
    assert audit.check(log).broken_at == gone + 1


@pytest.mark.parametrize("changed", range(5))
def test_any_changed_line_is_found(log: Path, changed: int) -> None:
    every = lines(log)
    every[changed] = every[changed].replace(b'"number": ', b'"number": 7')
    log.write_bytes(b"".join(line + b"\n" for line in every))
    assert audit.check(log).broken_at == min(changed + 2, 5)


@pytest.mark.parametrize("left", range(5))
def test_a_removed_end_is_found_and_stays_found_after_the_next_line(log: Path, left: int) -> None:
    log.write_bytes(b"".join(line + b"\n" for line in lines(log)[:left]))
    found = audit.check(log)
    assert (found.broken_at, found.why) == (left + 1, f"{5 - left} lines at the end are gone")
    audit.append(log, NOW, number=9)
    assert audit.check(log).broken_at == left + 1


def test_a_removed_log_is_found(log: Path) -> None:
    log.unlink()
    assert audit.check(log).broken_at == 1


@pytest.mark.parametrize("keep", [1, 20, -1])
def test_a_line_torn_by_a_crash_is_no_forgery(log: Path, keep: int) -> None:
    torn = b'{"number": 5, "prev": "' + hashlib.sha256(lines(log)[-1]).hexdigest().encode() + b'"}\n'
    with log.open("ab") as file:
        file.write(torn[:keep])
    found = audit.check(log)
    assert (found.broken_at, found.lines) == (0, 5)
    assert "cut off by a crash" in found.remarks[0]
    for number in (6, 7):
        audit.append(log, NOW, number=number)
    found = audit.check(log)
    assert (found.broken_at, found.lines) == (0, 8)
    whole = keep == -1  # all of it but the line feed: nothing is lost
    assert found.remarks == (() if whole else ("line 6 was cut off by a crash",))


def test_a_crash_before_the_end_was_noted_is_no_forgery(log: Path) -> None:
    before = audit.head_path(log).read_bytes()
    audit.append(log, NOW, number=5)
    audit.head_path(log).write_bytes(before)
    assert audit.check(log) == audit.Verdict(6)
    audit.append(log, NOW, number=6)
    assert audit.check(log) == audit.Verdict(7)


def test_a_log_from_before_the_end_was_noted_goes_on(log: Path) -> None:
    audit.head_path(log).unlink()
    assert "is missing" in audit.check(log).remarks[0]
    audit.append(log, NOW, number=5)
    assert audit.check(log) == audit.Verdict(6)


def test_a_spoilt_end_is_made_anew(log: Path) -> None:
    audit.head_path(log).write_bytes(b"5 garbage")
    audit.append(log, NOW, number=5)
    assert audit.check(log) == audit.Verdict(6)


def test_a_line_may_be_as_long_as_it_likes(log: Path) -> None:
    for size in (70_000, 300_000, 3):
        audit.append(log, NOW, text="x" * size)
        audit.head_path(log).unlink()
    audit.append(log, NOW, text="end")
    assert audit.check(log) == audit.Verdict(9)


def _write_some(path: Path, writer: int) -> None:
    for number in range(40):
        audit.append(path, NOW, writer=writer, number=number, text="x" * (writer * 7000))


def test_several_processes_write_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_some, args=(path, number)) for number in range(3)]
    for one in writers:
        one.start()
    for one in writers:
        one.join(120)
        assert one.exitcode == 0
    assert audit.check(path) == audit.Verdict(120)
    order = [(one["writer"], one["number"]) for one in audit.tail(path, 1000)]
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
        audit.append(log, NOW, number=5)
    monkeypatch.undo()
    assert log.read_bytes() == before
    audit.append(log, NOW, number=5)
    assert audit.check(log) == audit.Verdict(6)


def test_ssh_says_where_the_terminal_comes_from() -> None:
    assert audit.ssh_client({"SSH_CONNECTION": "203.0.113.9 51234 10.0.0.5 22"}) == "203.0.113.9 51234"
    assert audit.ssh_client({"SSH_CLIENT": "203.0.113.9 51234 22"}) == "203.0.113.9 51234"
    assert audit.ssh_client({}) == ""
    line = audit.about(
        operation="op", user="u", host="h", profile="p", account="1", region="cn-north-1", instance="i-1",
        action="start", ssh="203.0.113.9 51234", caller="arn:aws:iam::1:user/u",
    )  # fmt: skip
    assert line["ssh_client"] == "203.0.113.9 51234"
    assert line["arn"].startswith("arn:aws-cn:")
    assert json.dumps(line)
