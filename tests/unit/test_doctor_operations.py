"""doctor's lines about the hands, on machines that are made up."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tui.cli import doctor_operations
from tui.cli.doctor_setup import BAD, DOUBT, WELL
from tui.domain.actions import ActionOptions, Backup
from tui.domain.instance import Instance, InstanceState, Target
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.operations import audit_log
from tui.operations.journal import Journal
from tui.operations.model import Operation, OperationState

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
WEB = Instance(
    Target("prod", "ap-northeast-2"), clean("i-0a1b2c3d4e5f60718"), name=clean("web-7"), state=InstanceState.RUNNING
)  # fmt: skip
ENVIRON = {"USER": "ana", "PATH": "/nowhere"}


def machine(
    root: Path, *, kill: str = "", drop_in: str = "", linger: bool = False, systemd: bool = True
) -> Path:
    if systemd:
        (root / "run/systemd/system").mkdir(parents=True)
    for path, value in (("etc/systemd/logind.conf", kill), ("etc/systemd/logind.conf.d/50-x.conf", drop_in)):
        if value:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(f"[Login]\n#KillUserProcesses=no\nKillUserProcesses={value}\n")
    if linger:
        (root / "var/lib/systemd/linger").mkdir(parents=True)
        (root / "var/lib/systemd/linger/ana").touch()
    return root


def manager(folder: Path) -> dict[str, str]:
    """An environment in which systemd-run --user grants a scope."""
    tool = folder / "bin" / "systemd-run"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\nexit 0\n")
    tool.chmod(0o755)
    (folder / "systemd").mkdir()
    (folder / "systemd" / "private").touch()
    return {"USER": "ana", "PATH": f"{tool.parent}:/bin:/usr/bin", "XDG_RUNTIME_DIR": str(folder)}


@pytest.mark.parametrize(
    ("settings", "granted", "mark", "said"),
    [
        ({"systemd": False}, False, WELL, "no systemd here"),
        ({}, False, WELL, "KillUserProcesses is off"),
        ({"kill": "no"}, False, WELL, "KillUserProcesses is off"),
        ({"kill": "yes", "drop_in": "no"}, False, WELL, "KillUserProcesses is off"),
        ({"kill": "yes"}, False, BAD, "systemd-run is not here: a log-out kills runners"),
        ({"kill": "no", "drop_in": "yes"}, False, BAD, "a log-out kills runners"),
        ({"kill": "yes"}, True, DOUBT, "ends with ana's last session"),
        ({"kill": "yes", "linger": True}, True, WELL, "in a scope of their own"),
        ({"kill": "yes", "linger": True}, False, BAD, "in the session"),
    ],
)
def test_whether_runners_outlive_a_log_out(
    tmp_path: Path, settings: dict[str, str], granted: bool, mark: str, said: str
) -> None:
    (tmp_path / "root").mkdir()
    root = machine(tmp_path / "root", **settings)  # type: ignore[arg-type] # by name
    found = doctor_operations.logout(manager(tmp_path) if granted else ENVIRON, root)
    assert (found.mark, said in found.said) == (mark, True), found
    assert bool(found.remedy) is (mark != WELL)


def told(path: Path) -> dict[str, tuple[str, str]]:
    return {one.subject: (one.mark, one.said) for one in doctor_operations.journal(path)}


def test_a_machine_that_never_acted_is_well(tmp_path: Path) -> None:
    assert told(tmp_path / "journal.sqlite3") == {
        "journal": (WELL, "none yet"), "audit": (WELL, "intact, 0 lines"),
    }  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_what_needs_a_person_is_a_line_with_the_command(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    journal = Journal(path)
    name = journal.create(draft("stop-start", WEB, None, ActionOptions(), Policy(), NOW), NOW)
    assert journal.confirm(name, NOW)
    journal.set_progress(name, "no capacity", attention=True, down=True)
    journal.set_state(name, OperationState.NEEDS_ATTENTION, NOW, "no capacity", "resume")
    assert "web-7 is DOWN" in told(path)["operation"][1]
    assert told(path)["operation"][0] == BAD
    assert told(path)["journal"][0] == WELL


def test_a_spoilt_journal_and_a_changed_log_fail(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    path.write_bytes(b"not a database, but long enough to be looked at" * 40)
    log = audit_log.path_beside(path)
    for number in range(3):
        audit_log.append(log, NOW, number=number)
    log.write_text(log.read_text().replace('"number": 1', '"number": 2'))
    assert told(path)["journal"][0] == BAD
    assert told(path)["audit"] == (
        BAD,
        "broken at line 3 of 3: the line before it was changed, or lines before it are gone",
    )


def test_what_a_timer_did_last_is_told_and_nothing_where_there_is_none(tmp_path: Path) -> None:
    def lines(*newest: Operation) -> list[tuple[str, str]]:
        return [(one.mark, one.said) for one in doctor_operations.timer(newest, NOW)]

    with closing(Journal(tmp_path / "journal.sqlite3")) as journal:
        options = ActionOptions(no_reboot=True, image_name="i-0 after none evac", backup=Backup())
        made = journal.create(draft("image", WEB, None, options, Policy(), NOW), NOW)
        journal.confirm(made, NOW)
        journal.set_state(made, OperationState.SUCCEEDED, NOW - timedelta(hours=6))
        other = journal.create(draft("image", WEB, None, ActionOptions(), Policy(), NOW), NOW)
        (by_hand,) = [one for one in journal.list() if one.id == other]
        (well,) = [one for one in journal.list() if one.id == made]
    assert lines() == lines(by_hand) == []
    assert lines(by_hand, well) == [
        (WELL, f"the last AMI by a timer of this machine was made 6h ago: of web-7 ({made})")
    ]
    failed = replace(well, state=OperationState.FAILED, note="AWS refused", id="op-2")
    assert lines(failed, well)[1] == (DOUBT, "web-7: AWS refused")
