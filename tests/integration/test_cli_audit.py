"""`evac ops audit` as a script meets it: exit codes, JSON, and a changed log."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tui.cli.main import evac
from tui.cli.session import RefusedError
from tui.operations import audit_log
from tui.operations.audit_files import head_path
from tui.paths import default_journal_path

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    path = audit_log.path_beside(default_journal_path({"XDG_STATE_HOME": str(tmp_path)}))
    for number in range(5):
        audit_log.append(
            path, NOW, user="ana", host="bastion", operation=f"op-{number}", step="stop\x1b[31m", result="ok"
        )
    return path


def run(*words: str) -> Result:
    return CliRunner().invoke(evac, ["ops", *words], standalone_mode=False)


def test_an_intact_log_is_0_and_a_changed_one_1_with_its_line(log: Path) -> None:
    well = run("audit", "--verify")
    assert well.return_value == 0
    assert well.stdout.startswith("intact: 5 lines")
    log.write_text(log.read_text().replace('"op-2"', '"op-7"'))
    broken = run("audit", "--verify")
    assert broken.return_value == 1
    assert broken.stdout.startswith("BROKEN at line 4 of 5")
    told = json.loads(run("audit", "--verify", "--json").stdout)
    assert (told["intact"], told["broken_at"], told["lines"]) == (False, 4, 5)


def test_a_removed_end_is_1(log: Path) -> None:
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:3]))
    broken = run("audit", "--verify")
    assert broken.return_value == 1
    assert "2 lines at the end are gone" in broken.stdout


@pytest.mark.parametrize("spoilt", [None, b"", b"\0" * 160, b"garbage"])
def test_without_the_note_of_its_end_it_is_not_called_intact(log: Path, spoilt: bytes | None) -> None:
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:3]))
    head = head_path(log)
    head.unlink()
    if spoilt is not None:
        head.write_bytes(spoilt)
    found = run("audit", "--verify")
    assert found.return_value == 1
    assert "can't be known" in found.stdout
    assert not found.stdout.startswith("intact")
    assert json.loads(run("audit", "--verify", "--json").stdout)["intact"] is False


def test_a_link_in_the_place_of_its_head_is_an_error_in_one_line(log: Path, tmp_path: Path) -> None:
    head = head_path(log)
    head.rename(tmp_path / "elsewhere")
    head.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RefusedError, match="symbolic link"):
        CliRunner().invoke(evac, ["ops", "audit", "--verify"], standalone_mode=False, catch_exceptions=False)


def test_a_rotated_log_is_intact_and_says_what_it_continues(log: Path) -> None:
    log.rename(log.with_name("audit.jsonl.1"))
    audit_log.append(log, NOW, user="ana", step="stop", result="ok")
    found = run("audit", "--verify")
    assert found.return_value == 0
    assert found.stdout.startswith("intact: 1 line;")
    assert "it continues audit.jsonl.1: 5 lines, intact" in found.stderr


def test_the_last_lines_are_listed_cleaned_or_as_they_are(log: Path) -> None:
    listed = run("audit", "--last", "2").stdout
    assert "op-4" in listed
    assert "op-2" not in listed
    assert "\x1b" not in listed
    records = [json.loads(line) for line in run("audit", "--last", "2", "--json").stdout.splitlines()]
    assert [one["operation"] for one in records] == ["op-3", "op-4"]


def test_none_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert run("audit", "--verify").return_value == 0
    assert run("audit").return_value == 0
