"""A retirement of many, from the marks to the summary for the incident channel; and who may only look at the plan of it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import nightly
from tests.e2e.terminal import Terminal, has
from tests.journeys.console_user import SETTLED, Shift, journal, sent, told_at
from tui.demo.environment import Demo, start
from tui.domain.campaign.model import Campaign, CampaignState, MemberState
from tui.operations.campaign_journal import CampaignJournal

WHOLE = nightly.ALL
MARKED = 12 if WHOLE else 2
"""How many are marked; `make night` has a dozen."""
TYPED = r"Type (\d+(?: \w+)?) to begin"


@pytest.fixture
def demo() -> Iterator[Demo]:
    running = start("--speed", "60", "--campaign", "28" if WHOLE else "8", "--calm")
    yield running
    running.stop()


def only_campaign(env: dict[str, str]) -> Campaign:
    with journal(env) as book:
        (found,) = CampaignJournal(book).list()
    return found


def marked(console: Shift, number: int) -> None:
    """So many of the list, with the cursor on the last of them."""
    console.begin()
    console.keys("2")
    console.until(has(r"› +\S"))
    console.keys(*["space"] * number)
    console.until(has(rf"{number} marked"))


def planned(console: Shift) -> None:
    console.keys("s")
    console.until(has(r" m  .*marked"))
    console.keys("m")
    console.until(has(r"plan a campaign"))


def count_of(console: Terminal) -> str:
    found = re.search(TYPED, console.text)
    assert found is not None, console.text
    return found[1]


def typed(console: Terminal, wanted: str) -> None:
    """The count, as a person types it who looks where the digit goes."""
    console.keys(wanted[0])
    console.until(has(r"⏎ begin"))
    console.keys(*wanted[1:])
    console.until(has(rf"to begin: {wanted}"))
    console.keys("enter")


@pytest.mark.parametrize("size", told_at((80, 24)))
def test_from_the_marks_to_the_summary(demo: Demo, env: dict[str, str], size: tuple[int, int]) -> None:
    with Shift(environ=env, size=size) as kim:
        marked(kim, MARKED)
        planned(kim)
        kim.until(lambda one: bool(re.search(TYPED, one.text)) and "not looked at yet" not in one.text)
        time.sleep(SETTLED)
        wanted = count_of(kim)
        assert wanted == f"{MARKED} SHOP", kim.text  # production
        assert "1 alone" in kim.text
        assert sent(demo) == []
        typed(kim, wanted)
        kim.until(has(r"▶ running"))
        kim.keys("escape")
        kim.until(has(r"▶ campaign Stop and start: \d+ of \d+ done"))  # the fleet's header follows it
        kim.keys("o")
        kim.until(has(r"› ?▶ running +campaign"))
        kim.keys("enter")
        kim.until(has(rf"✔ ended.*{MARKED} instances"), 300)
        kim.keys("y")
        kim.until(has(r"summary of campaign"))
    found = only_campaign(env)
    assert found.state is CampaignState.ENDED
    assert [one.state for one in found.members] == [MemberState.DONE] * MARKED
    assert sent(demo).count("StopInstances") == MARKED
    assert sent(demo).count("StartInstances") == MARKED
    with journal(env) as book:
        operations = [one for one in book.list() if one.confirmed_at is not None]
        assert {one.campaign for one in operations} == {found.id}
        assert list(book.holds(datetime.now(UTC))) == []


def test_a_junior_opens_the_plan_and_takes_it_to_somebody_who_may(
    demo: Demo, env: dict[str, str], tmp_path: Path
) -> None:
    with Shift("--read-only", environ=env, cwd=str(tmp_path)) as junior:
        marked(junior, 5)
        planned(junior)
        junior.until(has(r"read-only: nothing can be confirmed here"))
        assert re.search(TYPED, junior.text) is None
        junior.keys("5", "p", "x")
        junior.until(has(r"wrote 5 members to"))
    (written,) = tmp_path.glob("evac-campaign-*.csv")
    assert written.read_text(encoding="utf-8-sig").count("\n") == 6
    assert sent(demo) == []
