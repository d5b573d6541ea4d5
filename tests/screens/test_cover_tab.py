"""The detail's tab of cover: asked for when it is opened, each line with its sign, and what is unread said as that."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.screens.cover_rows import DENIED, NOTHING, OFF, PLAIN, SOUND, gaps, with_cover
from tests.screens.detail_pilot import EXPIRED, opened
from tests.screens.fake_services import StandIn, named, plain_facts, sample_store
from tests.screens.pilot_helpers import settled, tab, text_of, until
from tui.config.schema import Settings
from tui.domain.copy_plans import CopyPlans, LifecyclePolicy
from tui.domain.cover_facts import CoverFacts
from tui.domain.instance import Checks, CheckStatus, Instance, StatusCheck
from tui.domain.sanitize import clean
from tui.fleet.protocol import Delta, ReadAnswer, ReadKind, ReadRequest
from tui.fleet.store import Store

WELL = Checks(StatusCheck(CheckStatus.OK), StatusCheck(CheckStatus.OK))
SEEN_AT = datetime(2026, 11, 24, 3, tzinfo=UTC)


class Covering(StandIn):
    """Answers the question for cover as a collector does: the row comes by a delta, then the answer."""

    def __init__(self, store: Store, name: str, found: CoverFacts = NOTHING) -> None:
        super().__init__(store)
        self.name, self.found = name, found

    async def request(self, request: ReadRequest) -> ReadAnswer:
        if request.kind is ReadKind.COVER and self.trouble is None:
            self.store.apply(Delta(upserts=(with_cover(named(self.store, self.name), self.found),)))
        return await super().request(request)


def covers(link: StandIn) -> list[ReadRequest]:
    return [one for one in link.asked if one.kind is ReadKind.COVER]


async def test_it_asks_for_the_target_once_it_is_in_front(tmp_path: Path) -> None:
    store = sample_store()
    link = Covering(store, "bastion")
    stage, screen, _ = opened(tmp_path, "bastion", store=store, link=link)
    async with stage.run_test(size=(120, 35)) as pilot:
        await settled(pilot)
        assert covers(link) == []
        await tab(pilot, screen, "cover")
        (request,) = covers(link)
        assert (request.target, request.instance_id) == (named(store, "bastion").target, "")
        screen.fleet_changed()
        await until(pilot, lambda: "none on StatusCheckFailed_Instance" in text_of(stage))
        await pilot.press("right", "left")
        await settled(pilot)
        assert len(covers(link)) == 1
        await pilot.press("r")
        await until(pilot, lambda: len(covers(link)) == 2)


@pytest.mark.parametrize(("name", "told"), [
    ("batch-1", "nothing now; nobody acts if its host dies or it hangs: A sets what does"),
    ("web-3", "nothing: no trouble is known"),
    ("edge-1", "nothing now; nobody acts if its host dies or it hangs: A sets what does if it hangs"),
    ("edge-2", "nothing now; nobody acts if its host dies"),
])  # fmt: skip
async def test_the_head_does_not_call_well_what_nobody_acts_on(tmp_path: Path, name: str, told: str) -> None:
    """And names the key only where it would help: no alarm recovers what AWS can't recover."""
    store = gaps()
    metal = replace(PLAIN, bare_metal=True, auto_recovery_supported=False)
    for other, found in (("edge-1", NOTHING), ("edge-2", SOUND)):
        store.apply(Delta(upserts=(with_cover(named(store, other), found, type_facts=metal, checks=WELL),)))
    stage, _, _ = opened(tmp_path, name, store=store)
    async with stage.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        drawn = " ".join(text_of(stage).split())
        assert told in drawn
        assert ("sets what" in drawn) is ("sets what" in told)


@pytest.mark.parametrize("size", [(80, 24), (120, 35), (160, 50)])
async def test_each_question_has_its_lines_and_a_conclusion(tmp_path: Path, size: tuple[int, int]) -> None:
    stage, screen, _ = opened(tmp_path, "web-1", store=gaps())
    async with stage.run_test(size=size) as pilot:
        await tab(pilot, screen, "cover")
        told = [(row.label.strip(), row.drawn.plain if row.drawn else row.text) for row in screen.page.rows]
        labels = [label for label, _ in told]
        assert labels.count("so") == 3
        assert any(
            label == "reboot alarm" and text.startswith("✖ reboot-it has its actions switched off")
            for label, text in told
        )
        assert any(label == "AWS Backup" and text == "✔ last recovery point 6h ago" for label, text in told)
        drawn = text_of(stage)
        assert "if the host dies (system check)" in drawn
        assert "A alarm" in drawn


async def test_what_is_not_read_is_said_and_not_drawn_as_covered(tmp_path: Path) -> None:
    stage, screen, given = opened(tmp_path, "bastion")
    assert isinstance(given.link, StandIn)
    given.link.trouble = EXPIRED
    async with stage.run_test(size=(120, 35)) as pilot:
        await tab(pilot, screen, "cover")
        await until(pilot, lambda: "the login has expired" in str(screen.page.rows))
        assert "✔" not in "".join(row.drawn.plain for row in screen.page.rows if row.drawn)


async def test_a_denied_part_names_its_permission(tmp_path: Path) -> None:
    store = gaps()
    row = with_cover(named(store, "edge-1"), DENIED)
    store.apply(Delta(upserts=(row,)))
    stage, screen, _ = opened(tmp_path, "edge-1", store=store)
    async with stage.run_test(size=(120, 35)) as pilot:
        await tab(pilot, screen, "cover")
        assert "? don't know: cloudwatch:DescribeAlarms is denied" in text_of(stage)


async def test_a_look_keeps_what_only_the_list_reads(tmp_path: Path) -> None:
    """A look reads the instance anew, without its cover."""
    store = gaps()
    row = named(store, "web-1")
    assert row.cover == OFF
    stage, screen, _ = opened(tmp_path, "web-1", store=store)
    async with stage.run_test(size=(120, 35)) as pilot:
        await settled(pilot)
        later = row.status_at
        assert later is not None
        looked: Instance = replace(row, cover=None, status_at=later.replace(year=later.year + 1))
        screen.known.take(ReadAnswer(0, looked, plain_facts()))
        found = screen.known.instance
        assert found is not None
        assert (found.cover, found.status_at) == (OFF, looked.status_at)
        assert screen.known.instance is found


async def test_read_only_says_what_could_be_set_by_others(tmp_path: Path) -> None:
    stage, screen, _ = opened(tmp_path, "bastion", store=gaps(), settings=Settings(read_only=True))
    async with stage.run_test(size=(160, 50)) as pilot:
        await tab(pilot, screen, "cover")
        drawn = text_of(stage)
        assert "what could be set  read-only: this console changes nothing here" in drawn
        assert "READ-ONLY" in drawn


class Planned(StandIn):
    """Answers by which plans an instance is copied."""

    async def request(self, request: ReadRequest) -> ReadAnswer:
        answer = await super().request(request)
        if request.kind is not ReadKind.PLANS or answer.trouble is not None:
            return answer
        policy = LifecyclePolicy(
            clean("policy-1"), clean("nightly"), clean("ENABLED"), kind=clean("IMAGE_MANAGEMENT"),
            resource=clean("INSTANCE"), default=True, schedules=(clean("daily"),),
        )  # fmt: skip
        why = (("selections", clean("backup:ListBackupPlans is denied")),)
        return replace(answer, plans=CopyPlans(SEEN_AT, (policy,), points=(), unknown=why))


async def test_plans_that_copy_it_are_asked_for_once_it_is_in_front(tmp_path: Path) -> None:
    store = gaps()
    link = Planned(store)
    stage, screen, _ = opened(tmp_path, "bastion", store=store, link=link)
    async with stage.run_test(size=(120, 35)) as pilot:
        await settled(pilot)
        assert [one for one in link.asked if one.kind is ReadKind.PLANS] == []
        await tab(pilot, screen, "cover")
        await until(pilot, lambda: "nightly (daily): default policy" in str(screen.page.rows))
        told = {row.label.strip(): row.drawn.plain for row in screen.page.rows if row.drawn}
        assert told["Lifecycle Manager"] == "✔ nightly (daily): default policy"
        assert told["AWS Backup"] == "? don't know: backup:ListBackupPlans is denied"
        (request,) = [one for one in link.asked if one.kind is ReadKind.PLANS]
        assert request.instance_id == named(store, "bastion").instance_id


async def test_who_would_act_stands_beside_every_tab_once_it_is_read(tmp_path: Path) -> None:
    stage, screen, _ = opened(tmp_path, "web-1", store=gaps())
    async with stage.run_test(size=(160, 50)) as pilot:
        await tab(pilot, screen, "triage")
        assert "system hangs ? " in text_of(stage)
    stage, screen, _ = opened(tmp_path, "web-1")
    async with stage.run_test(size=(160, 50)) as pilot:
        await tab(pilot, screen, "triage")
        assert "system hangs" not in text_of(stage)
