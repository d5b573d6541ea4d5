"""What a campaign's plan is drawn from beside the rows: the journal's durations, who is busy, production, the memory there is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.journal_file import writing
from tui.config.schema import Settings
from tui.config.sections import ProfileSettings
from tui.domain.actions import ActionOptions
from tui.domain.campaign.durations import ASSUMED, Ran
from tui.domain.instance import Instance, InstanceState, Target
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.operations import campaign_outlook
from tui.operations.campaign_outlook import BUSY, memory_free_mb, outlook_of
from tui.operations.journal import Journal

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
WEB = Instance(
    Target("prod-eu", "eu-west-1"),
    clean("i-0a1b2c3d4e5f60718"),
    account_id=clean("111122223333"),
    name=clean("web-7"),
    state=InstanceState.RUNNING,
    instance_type=clean("m5.large"),
    root_device=clean("ebs"),
    inventory_at=NOW,
)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "evac" / "journal.sqlite3")


def ran(journal: Journal, action: str, minutes: int, instance: Instance = WEB) -> None:
    began = NOW + timedelta(seconds=minutes)  # an id sorts by its time
    name = journal.create(draft(action, instance, None, ActionOptions(), Policy(), NOW), began)
    assert journal.confirm(name, began)
    with writing(journal.path) as db:
        db.execute(
            "UPDATE operation SET state='succeeded', finished_at=? WHERE id=?",
            ((began + timedelta(minutes=minutes)).isoformat(), name),
        )


def test_usual_durations_are_the_journal_s_by_action_and_type_from_three_on(journal: Journal) -> None:
    for minutes in (3, 4):
        ran(journal, "reboot", minutes)
    assert outlook_of(journal, Settings(), "reboot", NOW).usual.of("reboot", "m5.large") == ASSUMED
    ran(journal, "reboot", 20)
    ran(journal, "reboot", 60, replace(WEB, instance_type=clean("")))
    found = outlook_of(journal, Settings(), "reboot", NOW).usual
    assert found.of("reboot", "m5.large") == timedelta(minutes=4)
    assert found.of("reboot", "c5.large") == found.of("image", "m5.large") == ASSUMED
    assert journal.ran(2) == [Ran("reboot", "m5.large", timedelta(minutes=20))]


def test_who_is_busy_is_refused_for_what_would_be_in_its_way_alone(journal: Journal) -> None:
    name = journal.create(draft("stop-start", WEB, None, ActionOptions(), Policy(), NOW), NOW)
    assert journal.confirm(name, NOW)
    code, text = outlook_of(journal, Settings(), "reboot", NOW).refused[WEB.key]
    assert code == BUSY
    assert name in text
    assert outlook_of(journal, Settings(), "reschedule", NOW).refused == {}


def test_a_production_profile_gives_its_label_by_pattern_too(journal: Journal) -> None:
    settings = Settings(
        profiles={"prod-*": ProfileSettings(production=True), "prod-eu": ProfileSettings(label="PROD")}
    )
    label_of = outlook_of(journal, settings, "reboot", NOW).label_of
    assert label_of is not None
    assert label_of(WEB) == "PROD"
    assert label_of(replace(WEB, target=Target("prod-us", "us-east-1"))) == "prod-us"
    assert label_of(replace(WEB, target=Target("staging", "us-east-1"))) == ""


def test_memory_is_unknown_where_nobody_tells_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "meminfo"
    monkeypatch.setattr(campaign_outlook, "_MEMINFO", told)
    assert memory_free_mb() is None
    told.write_text("MemTotal:  8000000 kB\nMemAvailable:    2048000 kB\n")
    assert memory_free_mb() == 2000
    told.write_text("MemAvailable: much\n")
    assert memory_free_mb() is None


def test_without_a_journal_production_is_still_production() -> None:
    """The first thing somebody does on a machine is a dry run: it says what will have to be typed."""
    settings = Settings(profiles={"prod-eu": ProfileSettings(label="PROD", production=True)})
    found = outlook_of(None, settings, "reboot", NOW)
    assert found.label_of is not None
    assert found.label_of(WEB) == "PROD"
    assert found.usual.of("reboot", "m5.large") == ASSUMED
    assert found.refused == {}
