"""What was cut off is taken up by the console itself, so many times, and never where nothing may be changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tui.config.schema import Settings
from tui.config.sections import ProfileSettings
from tui.domain.actions import ActionOptions
from tui.domain.campaign.model import CampaignRules, Member, MemberState
from tui.domain.instance import Instance, InstanceState, Target
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.operations import recovery
from tui.operations.auto_resume import IN_A_ROW, Rescue
from tui.operations.campaign_journal import CampaignJournal
from tui.operations.journal import LEASE, Journal
from tui.operations.model import OperationState, StepState
from tui.paths import default_journal_path

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
WEB = Instance(
    Target("prod", "ap-northeast-2"), clean("i-0a1b2c3d4e5f60718"), name=clean("web-7"), state=InstanceState.RUNNING
)  # fmt: skip


class Desk:
    """A journal with one operation that was cut off, and the runners that would have been started."""

    def __init__(self, folder: Path) -> None:
        self.environ = {"XDG_STATE_HOME": str(folder)}
        self.now, self.started = NOW, list[str]()
        self.journal = Journal(default_journal_path(self.environ))
        self.operation = self.journal.create(
            draft("stop-start", WEB, None, ActionOptions(), Policy(), NOW), NOW
        )
        assert self.journal.confirm(self.operation, NOW)

    def keeper(self, settings: Settings | None = None) -> Rescue:
        return Rescue(settings or Settings(), self.environ, lambda: self.now)

    def start(self, operation: str, *_: object) -> int:
        self.started.append(operation)
        return 1


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(tmp_path)
    monkeypatch.setattr("tui.operations.recovery.start", desk.start)
    return desk


def test_it_resumes_and_says_so(desk: Desk) -> None:
    keeper = desk.keeper()
    (line,) = keeper.look()
    assert line == f"resuming {desk.operation} (Stop and start web-7), which was cut off"
    assert keeper.look() == []  # a runner is just starting
    assert desk.started == [desk.operation]


def test_a_runner_that_dies_again_and_again_is_left_to_a_person(desk: Desk) -> None:
    keeper = desk.keeper()
    for _ in range(IN_A_ROW + 3):
        keeper.look()
        desk.now += 2 * LEASE
    assert len(desk.started) == IN_A_ROW


def test_one_that_gets_on_is_taken_up_for_as_long_as_it_does(desk: Desk) -> None:
    keeper = desk.keeper()
    for step in ("preflight", "stop", "wait-stopped"):
        for _ in range(IN_A_ROW):
            assert keeper.look()
            desk.now += 2 * LEASE
        desk.journal.end_step(desk.operation, step, StepState.DONE, "", desk.now)
    assert len(desk.started) == 3 * IN_A_ROW


@pytest.mark.parametrize(
    "settings",
    [Settings(read_only=True), Settings(profiles={"prod": ProfileSettings(read_only=True)}),
     Settings(locked_profiles=("pr*",))],
)  # fmt: skip
def test_read_only_resumes_nothing(desk: Desk, settings: Settings) -> None:
    assert desk.keeper(settings).look() == []
    assert desk.started == []


def test_without_a_journal_there_is_nothing_to_do_and_none_is_made(tmp_path: Path) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path)}
    assert Rescue(Settings(), environ, lambda: NOW).look() == []
    assert list(tmp_path.iterdir()) == []


def test_a_spoilt_journal_is_the_screens_to_tell(desk: Desk) -> None:
    desk.journal.close()
    desk.journal.path.write_bytes(b"not a database, but long enough to be looked at" * 40)
    assert desk.keeper().look() == []


def test_a_campaign_whose_conductor_is_gone_gets_another_so_many_times(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.operations.auto_resume.start_conductor", desk.start)
    desk.journal.abandon(desk.operation, "", NOW)
    campaigns, keeper = CampaignJournal(desk.journal), desk.keeper()
    one = Member(0, "prod", "eu-west-1", clean("111122223333"), clean("i-1"), clean("web-7"))
    name = campaigns.create("reboot", ActionOptions(), CampaignRules(), [one], NOW)
    assert keeper.look() == []  # nobody has confirmed it
    assert campaigns.confirm(name, 1, (), NOW, lambda one: "") == ""
    assert desk.keeper(Settings(read_only=True)).look() == []
    assert keeper.look() == [f"resuming campaign {name}, which was cut off"]
    assert keeper.look() == []  # it is just starting
    for _ in range(IN_A_ROW + 2):
        desk.now += LEASE + timedelta(seconds=1)
        keeper.look()
    assert desk.started == [name] * IN_A_ROW


def test_a_runner_at_its_end_sees_to_a_conductor(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.operations.recovery.start_conductor", desk.start)
    campaigns = CampaignJournal(desk.journal)
    one = Member(0, "prod", "eu-west-1", clean("111122223333"), clean("i-1"), clean("web-7"))
    name = campaigns.create("reboot", ActionOptions(), CampaignRules(), [one], NOW)
    recovery.conduct_on(desk.journal, name, Settings(), {}, NOW)
    assert desk.started == []
    campaigns.confirm(name, 1, (), NOW, lambda one: "")
    for _ in range(2):
        recovery.conduct_on(desk.journal, name, Settings(), {}, NOW + LEASE * 2)
    recovery.conduct_on(desk.journal, "c-none", Settings(), {}, NOW)
    assert desk.started == [name]


@pytest.mark.parametrize("state", OperationState)
def test_one_that_failed_and_is_back_is_seen_to_though_its_campaign_is_paused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, state: OperationState
) -> None:
    monkeypatch.setattr("tui.operations.recovery.start_conductor", desk.start)
    campaigns = CampaignJournal(desk.journal)
    one = Member(0, "prod", "eu-west-1", clean("111122223333"), clean("i-1"), clean("web-7"))
    name = campaigns.create("stop-start", ActionOptions(), CampaignRules(), [one], NOW)
    campaigns.confirm(name, 1, (), NOW, lambda one: "")
    campaigns.conclude(name, one, MemberState.FAILED, "no capacity", operation=desk.operation)
    campaigns.pause(name, "1 member failed")
    desk.journal.set_state(desk.operation, state, NOW)
    recovery.conduct_on(desk.journal, name, Settings(), {}, NOW)
    assert desk.started == [name] * (state is OperationState.SUCCEEDED)
