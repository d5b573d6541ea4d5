"""The question at every size: it can be answered exactly where it, whose it is, and what is typed can be read."""

from __future__ import annotations

import re
import time
from itertools import product
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from screens.confirm.question import TypeName, YesNo
from tests.screens.confirm_pilot import Case, ready
from tests.screens.fake_services import named
from tests.screens.pilot_helpers import lines_of, until
from tui.domain.sanitize import clean
from tui.fleet import protocol

SIZES = [(80, 24), (80, 12), (20, 5), (40, 24), (120, 35), (80, 19), (39, 12), (160, 50)]
MORE = [
    *product((80,), (5, 7, 8, 9, 10, 11, 13, 15, 20, 31, 32)),
    (20, 24), (40, 10), (60, 12), (100, 18), (200, 60),
]  # fmt: skip
LONG, WIDE = "the-payments-database-of-the-old-billing-system-" * 6, "결제-데이터베이스-서버-" * 4 + "一号机"
CASES = [
    ("stop-start", "payments-db-1", ""),
    ("stop-start", "web-7", ""),
    ("reboot", "load-1", ""),
    ("reboot", "web-7", LONG[:250]),
    ("stop-start", "payments-db-1", WIDE),
    ("image", "mail-1", "y" * 250),
    ("reschedule", "ledger-1", ""),
]


def answerable(case: Case) -> bool:
    """Whether a key would count."""
    field = case.screen.query_one(TypeName)
    return min(field.armed_at, case.screen.query_one(YesNo).armed_at) <= time.monotonic()


def settled(case: Case, size: tuple[int, int]) -> bool:
    return case.screen.size == size and (ready(case.screen) or case.screen.board.cramped)


async def at(pilot: Pilot[None], case: Case, size: tuple[int, int]) -> list[str]:
    """The lines on screen at that size, once nothing more comes."""
    await pilot.resize_terminal(*size)
    await pilot.pause()
    await until(pilot, lambda: settled(case, size))
    await pilot.pause()
    return lines_of(case.app)


def names_it(case: Case, lines: list[str]) -> bool:
    """Its id, whole, and the beginning of its name."""
    row = case.services.store.get(case.key)
    assert row is not None
    text = "\n".join(lines)
    return str(row.instance_id) in text and str(row.name)[:3] in text


@pytest.mark.parametrize(("action", "name", "called"), CASES)
async def test_it_is_answerable_only_where_it_can_be_read(
    tmp_path: Path, action: str, name: str, called: str
) -> None:
    case = Case(tmp_path, action, name)
    if called:
        row = named(case.services.store, name)
        case.services.store.apply(protocol.Delta(upserts=(replace(row, name=clean(called)),)))
        case.screen.instance = case.services.store.get(case.key)
    async with case.app.run_test(size=(120, 50)) as pilot:
        if action == "reschedule":
            await until(pilot, lambda: case.screen.draft is not None and case.app.focused is not None)
            await pilot.press("enter")
        await until(pilot, lambda: ready(case.screen))
        fitted = 0
        for size in (*SIZES, *(MORE if name == "web-7" else ())):
            lines = await at(pilot, case, size)
            text = "\n".join(lines)
            if not answerable(case):
                needs = re.search(
                    r"this needs .*?(\d+ columns)?( and )?(?:(\d+) lines)?", re.sub(r"\s+", " ", text)
                )
                assert needs, f"{size}:\n{text}"
                assert not isinstance(case.app.focused, TypeName | YesNo)
                continue
            fitted += 1
            assert names_it(case, lines), f"{size}:\n{text}"
            guard = case.screen.draft.guard  # type: ignore[union-attr] # it is drawn
            if guard.expected:
                flat = re.sub(r"[\s┃│]+", "", text)
                assert "togoon:" in flat, f"{size}:\n{text}"
                assert re.sub(r"\s+", "", guard.expected) in flat.split("togoon:")[1], f"{size}:\n{text}"
                field = case.screen.query_one(TypeName)
                field.value = "typed"
                await pilot.pause()
                assert "typed" in "\n".join(lines_of(case.app)), f"{size}:\n{text}"
                field.value = ""
            else:
                assert re.search(r"\?[\s┃│]+y\s+yes", text), f"{size}:\n{text}"
            plan = case.screen.query_one("#plan")
            assert plan.size.height >= 2, f"{size}:\n{text}"
            if plan.max_scroll_y > 0:
                assert re.search(r"more lines? below|\d+ above", text), f"{size}:\n{text}"
            assert "READ-WRITE" in lines[-1], f"{size}:\n{text}"
        assert fitted >= len(SIZES) // 2
        assert case.confirmed() == []


async def test_so_many_lines_as_it_says_are_enough(tmp_path: Path) -> None:
    case = Case(tmp_path, "stop-start", "payments-db-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        text = "\n".join(await at(pilot, case, (80, 6)))
        needed = re.search(r"this needs (\d+) lines: nothing is asked", text)
        assert needed, text
        assert not answerable(case)
        await at(pilot, case, (80, int(needed[1])))
        assert answerable(case)
        await at(pilot, case, (80, int(needed[1]) - 1))
        assert not answerable(case)


async def test_a_smaller_terminal_takes_the_question_away_and_a_larger_asks_anew(tmp_path: Path) -> None:
    case = Case(tmp_path, "stop-start", "payments-db-1", pause=0.3)
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        await pilot.press(*"payments-db")
        await pilot.resize_terminal(80, 6)
        await pilot.pause()
        await until(pilot, lambda: case.screen.board.cramped)
        await pilot.press(*"-1", "enter", "y")
        await pilot.pause()
        assert case.confirmed() == []
        await pilot.resize_terminal(80, 24)
        await until(
            pilot, lambda: not case.screen.board.cramped and case.screen.query_one(TypeName).armed_at < 1e9
        )
        assert not answerable(case)
        assert case.screen.query_one(TypeName).value == "payments-db"
        await until(pilot, lambda: ready(case.screen))
        await pilot.press(*"-1", "enter")
        await until(pilot, lambda: bool(case.went()))


async def test_a_key_that_comes_with_the_resize_is_no_answer(tmp_path: Path) -> None:
    case = Case(tmp_path, "reboot", "load-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        case.screen.board.cramped = True  # as it is when the terminal has shrunk and nothing is drawn yet
        await pilot.press("y")
        await pilot.pause(0.3)
        assert case.confirmed() == []
        assert len(case.link().asked) == 1
