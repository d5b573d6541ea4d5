"""A damaged journal is set aside as it is, and what can be read of it goes on in a new one."""

from __future__ import annotations

import random
import sqlite3
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from tests.journal_file import to_single_file
from tui.cli.main import evac
from tui.domain.actions import ActionOptions
from tui.domain.activity import Meant
from tui.domain.campaign.model import CampaignRules, Member
from tui.domain.instance import Instance, InstanceState, Target
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.operations import audit_log
from tui.operations.campaign_journal import CampaignJournal
from tui.operations.journal import Journal, JournalError
from tui.operations.repair import damage, repair

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
WEB = Instance(
    Target("prod", "eu-west-1"),
    clean("i-0123456789abcdef0"),
    name=clean("web-7"),
    state=InstanceState.RUNNING,
)
NOT_ONE = b"not a database, but long enough to be looked at" * 40


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of six operations, the last one confirmed and begun."""
    path = tmp_path / "evac" / "journal.sqlite3"
    journal = Journal(path)
    for _ in range(6):
        name = journal.create(draft("reboot", WEB, None, ActionOptions(), Policy(), NOW), NOW)
    assert journal.confirm(name, NOW)
    journal.lease(name, "r", NOW)
    assert journal.intent(name, "reboot", "ec2", "RebootInstances", NOW, dry_run=False, runner="r")
    journal.close()
    to_single_file(path)
    return path


def names(path: Path) -> list[str]:
    journal = Journal(path)
    found = [one.id for one in journal.list()]
    journal.close()
    return found


def spoil(path: Path, sentence: str) -> None:
    database = sqlite3.connect(path)
    database.execute(sentence)
    database.commit()
    database.close()


def test_one_that_can_be_used_is_left_alone(path: Path, tmp_path: Path) -> None:
    assert damage(path) == ""
    assert damage(tmp_path / "none.sqlite3") == ""


def test_no_database_at_all(path: Path) -> None:
    path.write_bytes(NOT_ONE)
    assert "not a database" in damage(path)
    made = repair(path, NOW)
    assert (made.found, made.kept) == (0, 0)
    assert made.aside.name == "journal-20261124T030000Z.damaged.sqlite3"
    assert made.aside.read_bytes() == NOT_ONE
    assert damage(path) == ""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(path) == []


def test_a_row_nobody_can_have_written_costs_that_operation_alone(path: Path) -> None:
    before = names(path)
    journal = Journal(path)
    (begun,) = [one.id for one in journal.unfinished()]
    journal.close()
    spoilt = next(one for one in before if one != begun)
    spoil(path, f"UPDATE operation SET kept='{{' WHERE id='{spoilt}'")
    assert damage(path)
    made = repair(path, NOW)
    assert (made.found, made.kept) == (6, 5)
    assert names(path) == [one for one in before if one != spoilt]
    journal = Journal(path)
    (running,) = journal.unfinished()
    assert [call.operation for step in running.steps for call in step.calls] == ["RebootInstances"]
    journal.close()


@pytest.mark.parametrize("broken", ["at='yesterday'", "launched_at='soon'", "at=NULL"])
def test_what_is_meant_to_be_down_stays_so_and_one_nobody_can_read_costs_itself_alone(
    path: Path, broken: str
) -> None:
    other = replace(WEB, instance_id=clean("i-2"))
    journal = Journal(path)
    for one in (WEB, other):
        journal.set_intended_down(one, Meant(clean("kim"), clean("bastion"), NOW, NOW), "")
    journal.close()
    to_single_file(path)
    if broken != "at=NULL":  # which the table itself refuses
        spoil(path, f"UPDATE meant SET {broken} WHERE instance_id='i-2'")
    else:
        spoil(path, "UPDATE operation SET kept='{' WHERE rowid=1")
    assert damage(path)
    repair(path, NOW)
    assert damage(path) == ""
    journal = Journal(path)
    kept = set(journal.intended_down())
    journal.close()
    assert WEB.key in kept
    assert (other.key in kept) is (broken == "at=NULL")


def test_campaigns_are_kept_and_one_nobody_can_read_costs_itself_alone(path: Path) -> None:
    journal = Journal(path)
    campaigns = CampaignJournal(journal)
    member = Member(0, "prod", "eu-west-1", clean("111122223333"), clean("i-1"), clean("web-7"))
    kept, lost = (
        campaigns.create("reboot", ActionOptions(), CampaignRules(), [member], NOW + timedelta(seconds=at))
        for at in range(2)
    )
    journal.close()
    spoil(path, f"UPDATE campaign SET rules='no rules' WHERE id='{lost}'")
    assert damage(path)
    repair(path, NOW)
    journal = Journal(path)
    found = CampaignJournal(journal).list()
    assert [(one.id, one.members) for one in found] == [(kept, (member,))]
    assert damage(path) == ""
    journal.close()


def test_a_version_that_nobody_wrote(path: Path) -> None:
    spoil(path, "PRAGMA user_version=-7")
    with pytest.raises(JournalError, match="evac ops repair"):
        Journal(path)
    assert "negative" in damage(path)
    assert repair(path, NOW).kept == 6


def test_a_table_that_is_gone(path: Path) -> None:
    spoil(path, "DROP TABLE call")
    assert "no such table" in damage(path)
    assert repair(path, NOW).kept == 6


@pytest.mark.parametrize("seed", range(20))
def test_bytes_that_were_overwritten(path: Path, seed: int) -> None:
    """Whatever is left, the journal can be used afterwards and the old file is there as it was."""
    chance, body = random.Random(seed), bytearray(path.read_bytes())
    for _ in range(30):
        body[chance.randrange(100, len(body))] = chance.randrange(256)
    path.write_bytes(bytes(body))
    if not damage(path):
        return
    made = repair(path, NOW)
    assert made.kept <= made.found <= 8
    assert made.aside.stat().st_size == len(body)
    assert damage(path) == ""
    assert len(names(path)) == made.kept


def test_what_is_no_damage_is_not_repaired(path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA user_version=99")
    other.close()
    with pytest.raises(JournalError, match="newer"):
        damage(path)


def run(*words: str) -> Result:
    return CliRunner().invoke(evac, ["ops", *words], standalone_mode=False)


@pytest.fixture
def here(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(path.parent.parent))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(path.parent.parent / "config"))
    return path


def test_the_command_says_what_became_of_it(here: Path) -> None:
    well = run("repair")
    assert well.return_value == 0
    assert well.stdout.startswith("nothing to repair: ")
    here.write_bytes(NOT_ONE)
    done = run("repair")
    assert done.return_value == 0
    assert "was damaged (file is not a database): set aside as" in done.stdout
    assert "0 of 0 operations found" in done.stdout
    assert "state:stopped" in done.stderr
    log = audit_log.path_beside(here).read_text()
    assert '"repair"' in log
    assert "set aside as" in log
    assert run("list").return_value == 0


def test_not_in_read_only_mode(here: Path) -> None:
    here.write_bytes(NOT_ONE)
    refused = run("repair", "--read-only")
    assert refused.exception is not None
    assert here.read_bytes() == NOT_ONE


def test_the_line_of_a_journal_that_cannot_be_used_names_the_command(path: Path) -> None:
    path.write_bytes(NOT_ONE)
    with pytest.raises(JournalError, match="evac ops repair"):
        Journal(path)
