"""`evac do` and `evac ops` of campaigns, in this process: what is wrong use, what a script reads, what an act is told as."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from msgspec.structs import replace

from tui.cli.campaign_journal import campaign_code
from tui.cli.do_campaign import checked_rules, is_many, named_rows
from tui.cli.fleet_reader import Fleet
from tui.cli.main import run
from tui.cli.session import FAILED, GUARD, PARTIAL, READ_ONLY, USAGE, WELL, RefusedError
from tui.domain.actions import ActionOptions
from tui.domain.campaign.model import Campaign, CampaignRules, CampaignState, Member, MemberState
from tui.domain.instance import Instance, Phase, Target, TargetStatus, Trouble, TroubleKind
from tui.domain.sanitize import clean
from tui.operations.campaign_journal import CampaignJournal
from tui.operations.journal import Journal
from tui.paths import default_journal_path

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
OF_ONE = {"overrides": (), "image_name": "", "event_id": ""}
NO_RULES = {"at_once": None, "max_failures": None, "hours": None, "accept": ()}


# what is meant by a command line


def test_one_instance_is_as_ever_and_several_a_filter_or_a_rule_make_a_campaign() -> None:
    assert not is_many("reboot", ("web-1",), "", NO_RULES, OF_ONE)
    assert is_many("reboot", ("web-1", "web-2"), "", NO_RULES, OF_ONE)
    assert is_many("reboot", (), "due<7d", NO_RULES, OF_ONE)
    for rule in ({"at_once": 2}, {"max_failures": 1}, {"hours": "00:00-06:00"}, {"accept": ("public-ip",)}):
        assert is_many("reboot", ("web-1",), "", NO_RULES | rule, OF_ONE)


@pytest.mark.parametrize(
    ("instances", "wanted", "given", "why"),
    [
        ((), "", {}, "name an instance"),
        (("web-1",), "due<7d", {}, "not both"),
        ((), "due<soon", {}, "due<soon"),
        ((), "state:", {}, "--filter"),
        (("a", "b"), "", {"overrides": ("last-healthy",)}, "--accept CODE"),
        (("a", "b"), "", {"image_name": "mine"}, "--image-name is for one"),
        ((), "web", {"event_id": "instance-event-1"}, "--event-id is for one"),
    ],
)
def test_what_fits_neither_is_wrong_use(
    instances: tuple[str, ...], wanted: str, given: dict[str, Any], why: str
) -> None:
    with pytest.raises(click.UsageError, match=why):
        is_many("reboot", instances, wanted, NO_RULES, OF_ONE | given)


def test_what_is_no_campaign_is_ordered_one_at_a_time() -> None:
    assert not is_many("start-after-stop", ("a",), "", NO_RULES, OF_ONE)
    with pytest.raises(click.UsageError, match="one at a time"):
        is_many("start-after-stop", ("a", "b"), "", NO_RULES, OF_ONE)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"hours": "Sat 00:00"}, "Sat,Sun 00:00-06:00 Asia/Seoul"),
        ({"hours": "00:00-06:00 \x1b[31mMars"}, "time zone|hours"),
        ({"accept": ("public-ip", "--all")}, "is no danger's code"),
        ({"at_once": 21}, "at most 20"),
    ],
)
def test_rules_that_cannot_be_kept_are_wrong_use(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(click.UsageError, match=why):
        checked_rules(CampaignRules(), changed)


def test_rules_that_were_not_given_stay_those_of_the_settings() -> None:
    own = CampaignRules(7, 3, "00:00-06:00", ("public-ip",))
    assert checked_rules(own, NO_RULES) == own
    assert checked_rules(own, NO_RULES | {"at_once": 2, "hours": ""}) == replace(own, at_once=2, hours="")


# who is meant


def row(name: str, number: int, region: str = "eu-west-1") -> Instance:
    return Instance(Target("prod", region), clean(f"i-{number:017x}"), name=clean(name))


def fleet(*failed: str) -> Fleet:
    rows = (row("web-1", 1), row("web-2", 2), row("twin", 3), row("twin", 4, "eu-north-1"))
    trouble = Trouble(TroubleKind.NETWORK, clean("no answer"), clean("try again"))
    targets = [TargetStatus(Target(name, "eu-west-1"), Phase.FAILED, trouble=trouble) for name in failed]
    return Fleet(rows, [TargetStatus(Target("prod", "eu-west-1"), Phase.LIVE), *targets])


def test_each_is_found_once_whatever_it_is_called() -> None:
    found = named_rows(fleet("legacy"), ("web-2", "i-00000000000000001", "web-1", "web-2"))
    assert [str(one.name) for one in found] == ["web-2", "web-1"]


def test_all_that_are_not_found_are_named_and_nothing_is_planned() -> None:
    with pytest.raises(RefusedError) as caught:
        named_rows(fleet(), ("web-1", "nope", "twin", "\x1b]0;x\x07"))
    told = str(caught.value)
    assert caught.value.exit_code == USAGE
    for words in ("no instance nope", "twin names 2 instances", "nothing was planned"):
        assert words in told
    with pytest.raises(RefusedError) as caught:
        named_rows(fleet("legacy"), ("web-1", "nope"))
    assert caught.value.exit_code == PARTIAL
    assert "not read: legacy/eu-west-1" in str(caught.value)


# the journal's


def member(number: int, state: MemberState = MemberState.WAITS, **more: object) -> Member:
    one = Member(
        number, "prod", "eu-west-1", clean("111122223333"), clean(f"i-{number:017x}"), clean(f"web-{number}"), state=state
    )  # fmt: skip
    return replace(one, **more)


MEMBERS = (member(0), member(1), member(2, MemberState.LEFT_OUT, why="stop protection is on"))
Asked = Callable[..., tuple[int, str, str]]


@pytest.fixture
def campaigns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CampaignJournal:
    for name in ("STATE", "CONFIG", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.delenv("EVAC_POLICY", raising=False)
    import os

    return CampaignJournal(Journal(default_journal_path(dict(os.environ))))


@pytest.fixture
def asked(capsys: pytest.CaptureFixture[str]) -> Asked:
    def ask(*words: str) -> tuple[int, str, str]:
        code = run(list(words))
        told = capsys.readouterr()
        return code, told.out, told.err

    return ask


def planned(campaigns: CampaignJournal, *members: Member) -> str:
    return campaigns.create("reboot", ActionOptions(), CampaignRules(), members or MEMBERS, NOW)


def running(campaigns: CampaignJournal) -> str:
    name = planned(campaigns)
    assert campaigns.confirm(name, 2, (), NOW, lambda one: "") == ""
    assert campaigns.lease(name, "elsewhere:1:abc", datetime.now(UTC) + timedelta(seconds=5))
    return name


@pytest.mark.parametrize(
    ("state", "members", "code"),
    [
        (CampaignState.PLANNED, MEMBERS, WELL),
        (CampaignState.RUNNING, (member(0, MemberState.GOING), member(1)), WELL),
        (CampaignState.RUNNING, (member(0, MemberState.FAILED), member(1)), FAILED),
        (CampaignState.PAUSED, MEMBERS, FAILED),
        (CampaignState.ENDED, (member(0, MemberState.DONE), member(1, MemberState.LEFT_OUT)), WELL),
        (CampaignState.ENDED, (member(0, MemberState.DONE), member(1, MemberState.NEEDS_YOU)), FAILED),
    ],
)
def test_the_exit_code_says_whether_anything_needs_a_person(
    state: CampaignState, members: tuple[Member, ...], code: int
) -> None:
    found = Campaign("c-1", "reboot", ActionOptions(), CampaignRules(), state, members, "ann", "here", NOW)
    assert campaign_code(found) == code
    assert campaign_code(replace(found, given_up=True)) == FAILED


def test_the_list_has_campaigns_above_operations_and_alone(campaigns: CampaignJournal, asked: Asked) -> None:
    name = planned(campaigns)
    code, out, _ = asked("ops", "list")
    assert (code, name in out, "2 to come, 1 left out" in out) == (WELL, True, True)
    code, out, _ = asked("ops", "list", "--campaigns", "--json")
    (one,) = json.loads(out)
    assert (one["id"], one["state"], one["counts"]["waits"]) == (name, "planned", 2)
    assert [each["why"] for each in one["members"]] == ["", "", "stop protection is on"]
    assert json.loads(asked("ops", "list", "--json")[1]) == []


def test_one_campaign_is_shown_by_the_end_of_its_id(campaigns: CampaignJournal, asked: Asked) -> None:
    name = running(campaigns)
    code, out, _ = asked("ops", "show", name[-4:])
    assert code == WELL
    for words in (name, "running", "to come: web-0, web-1", "left out: 1, stop protection is on"):
        assert words in out
    assert json.loads(asked("ops", "show", name, "--json")[1])["kind"] == "campaign"
    assert asked("ops", "show", "nope")[0] == USAGE
    assert "campaign's id" in asked("ops", "show", "nope")[2]


def test_it_is_paused_its_rules_are_changed_and_members_left_out(
    campaigns: CampaignJournal, asked: Asked
) -> None:
    name = running(campaigns)
    assert asked("ops", "rules", name, "--at-once", "2", "--hours", "00:00-06:00")[0] == WELL
    assert asked("ops", "leave-out", name, "web-1")[0] == WELL
    code, out, _ = asked("ops", "pause", name, "--json")
    told = json.loads(out)
    assert (code, told["state"], told["rules"]["at_once"]) == (WELL, "paused", 2)
    assert (told["rules"]["hours"], told["counts"]["left-out"]) == ("00:00-06:00", 2)
    assert asked("ops", "pause", name)[0] == GUARD
    code, _, err = asked("ops", "leave-out", name, "web-7")
    assert (code, "no member is web-7" in err) == (USAGE, True)
    assert asked("ops", "rules", name)[0] == USAGE
    assert asked("ops", "rules", name, "--accept", "public-ip")[0] == GUARD


def test_it_is_given_up_by_its_whole_id_and_a_plan_without_a_word(
    campaigns: CampaignJournal, asked: Asked
) -> None:
    name = running(campaigns)
    code, _, err = asked("ops", "abandon", name)
    assert (code, f"--confirm {name}" in err) == (GUARD, True)
    assert asked("ops", "abandon", name, "--confirm", "web-1")[0] == GUARD
    found = campaigns.get(name)
    assert found is not None
    assert found.state is CampaignState.RUNNING
    code, out, _ = asked("ops", "abandon", name, "--confirm", name)
    assert (code, "nothing more is begun" in out) == (WELL, True)
    plan = planned(campaigns)
    assert asked("ops", "abandon", plan)[0] == WELL
    assert asked("ops", "resume", plan)[0] == GUARD
    ended = campaigns.get(plan)
    assert ended is not None
    assert (ended.state, ended.given_up) == (CampaignState.ENDED, True)


def test_a_campaign_that_nobody_conducts_is_taken_up_by_resume(
    campaigns: CampaignJournal, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []

    def start(name: str, *_: object) -> int:
        started.append(name)
        return 2**22 + 1  # no process

    monkeypatch.setattr("tui.operations.spawn.start_conductor", start)
    name = running(campaigns)
    assert "nothing was cut off" in asked("ops", "resume")[2]
    campaigns.release(name, "elsewhere:1:abc")
    code, _, err = asked("ops", "resume")
    assert (code, started, f"{name} (0 of 2 done) goes on" in err) == (WELL, [name], True)


@pytest.mark.parametrize("act", ["pause", "resume", "abandon", "rules", "confirm", "leave-out"])
def test_read_only_changes_no_campaign(campaigns: CampaignJournal, asked: Asked, act: str) -> None:
    name = running(campaigns)
    more = {"rules": ("--at-once", "1"), "leave-out": ("web-1",)}.get(act, ())
    before = campaigns.get(name)
    assert asked("ops", act, name, *more, "--read-only")[0] == READ_ONLY
    assert campaigns.get(name) == before
