"""`A` asks which: what each does, which can't be, what acts now. A number opens that action's question, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from screens.base import Act
from screens.which_action import ActionQuestion
from tests.screens import fake_services
from tests.screens.cover_rows import NOTHING, PLAIN, RECOVERS, gaps, with_cover
from tests.screens.detail_pilot import opened
from tests.screens.fake_services import NOW, SETTINGS, named
from tests.screens.fleet_pilot import said, screen, shown
from tests.screens.pilot_helpers import lines_of, settled, text_of, until
from tui.commands import VERBS
from tui.config.schema import Settings
from tui.domain.actions import ACTIONS, alike
from tui.domain.cover_facts import CoverFacts
from tui.domain.sanitize import clean
from tui.fleet.protocol import Delta

SETTERS = alike("recover-alarm")


async def asking(pilot: Pilot[None]) -> ActionQuestion:
    await until(pilot, lambda: isinstance(pilot.app.screen, ActionQuestion) and pilot.app.screen.is_mounted)
    await pilot.pause()
    found = pilot.app.screen
    assert isinstance(found, ActionQuestion)
    return found


def orders(pilot: Pilot[None]) -> list[str]:
    return [one.action for one in fake_services.asked(pilot) if isinstance(one, Act)]


@pytest.mark.parametrize("size", [(80, 24), (120, 35), (160, 50)])
@pytest.mark.parametrize(("number", "action"), list(enumerate(SETTERS, 1)))
async def test_a_number_opens_the_question_of_its_action(
    tmp_path: Path, size: tuple[int, int], number: int, action: str
) -> None:
    async with shown(fake_services.services(tmp_path, store=gaps()), size) as pilot:
        await pilot.press("5", "A")
        await asking(pilot)
        drawn = text_of(pilot.app)
        for one in SETTERS:
            assert ACTIONS[one].title in drawn
        assert "host dies ✖ store type   system hangs ✖ no alarm" in drawn
        assert "Each can be" in drawn
        assert orders(pilot) == []
        await pilot.press(str(number))
        await until(pilot, lambda: orders(pilot) == [action])


TOLD = [
    ("batch-1", "Switch automatic recovery on, and does not act: its type has instance store"),
    ("metal-1", "Set a recover alarm can't be: AWS can't recover the type"),
    ("cache-1", "Set a recover alarm recover-it does so already: it acts after 2m of a failing system check"),
    ("edge-2", "Switch automatic recovery on"),
]


@pytest.mark.parametrize("size", [(80, 24), (120, 35), (160, 50)])
@pytest.mark.parametrize(("name", "told"), TOLD)
async def test_what_stands_already_and_what_cannot_be_is_said_beside_each(
    tmp_path: Path, size: tuple[int, int], name: str, told: str
) -> None:
    """From the row, before anything is asked of AWS; it may be chosen all the same, and the plan says the same."""
    store = gaps()
    metal = replace(PLAIN, bare_metal=True, auto_recovery_supported=False)
    row = with_cover(named(store, "bastion"), NOTHING, type_facts=metal, name=clean("metal-1"))
    covered = with_cover(named(store, "cache-1"), CoverFacts(NOW, (RECOVERS,)))
    store.apply(Delta(upserts=(row, covered)))
    services = fake_services.services(tmp_path, store=store)
    async with shown(services, size) as pilot:
        screen(pilot).act("recover-alarm", named(store, name))
        question = await asking(pilot)
        box = question.query_one("#which").region
        drawn = [line[box.x + 1 : box.right - 1] for line in lines_of(pilot.app)]
        assert told in " ".join(" ".join(drawn).split())


@pytest.mark.parametrize("keys", [("escape",), ("enter",), ("y",), ("4",), ("9", "x"), ("A",)])
async def test_nothing_else_answers(tmp_path: Path, keys: tuple[str, ...]) -> None:
    async with shown(fake_services.services(tmp_path, store=gaps())) as pilot:
        await pilot.press("A")
        await asking(pilot)
        await pilot.press(*keys, "escape")
        await until(pilot, lambda: any("nothing was sent" in line for line in said(pilot)))
        assert orders(pilot) == []


async def test_one_that_the_site_switched_off_says_so_and_the_others_can_be(tmp_path: Path) -> None:
    settings = replace(SETTINGS, actions_off=("recover-alarm",))
    async with shown(fake_services.services(tmp_path, store=gaps(), settings=settings)) as pilot:
        await pilot.press("A")
        await asking(pilot)
        assert "not now: the site policy has switched recover-alarm off" in text_of(pilot.app)
        await pilot.press("1")
        await pilot.pause()
        assert orders(pilot) == []
        await pilot.press("2")
        await until(pilot, lambda: orders(pilot) == ["reboot-alarm"])


async def test_where_all_are_off_the_key_says_why(tmp_path: Path) -> None:
    settings = replace(SETTINGS, actions_off=SETTERS)
    async with shown(fake_services.services(tmp_path, store=gaps(), settings=settings)) as pilot:
        await pilot.press("A")
        await until(pilot, lambda: any("has switched recover-alarm off" in line for line in said(pilot)))
        assert not isinstance(pilot.app.screen, ActionQuestion)


async def test_read_only_asks_nothing_and_says_why(tmp_path: Path) -> None:
    async with shown(
        fake_services.services(tmp_path, store=gaps(), settings=Settings(read_only=True))
    ) as pilot:
        await pilot.press("5", "A")
        told = f"{VERBS['recover-alarm'].title}: read-only: this console changes nothing here"
        await until(pilot, lambda: told in said(pilot))
        assert not isinstance(pilot.app.screen, ActionQuestion)


async def test_what_cannot_be_read_is_not_asked(tmp_path: Path) -> None:
    async with shown(fake_services.services(tmp_path, store=gaps()), (80, 9)) as pilot:
        await pilot.press("A")
        await asking(pilot)
        assert "nothing is asked" in text_of(pilot.app)
        await pilot.press("2")
        await pilot.pause()
        assert orders(pilot) == []
        assert isinstance(pilot.app.screen, ActionQuestion)


async def test_in_the_detail_it_is_the_same(tmp_path: Path) -> None:
    stage, _, _ = opened(tmp_path, "bastion")
    async with stage.run_test(size=(120, 35)) as pilot:
        await settled(pilot)
        await pilot.press("A")
        await asking(pilot)
        assert "who acts is not read yet" in text_of(stage)
        await pilot.press("3")
        await until(pilot, lambda: orders(pilot) == ["auto-recovery"])
