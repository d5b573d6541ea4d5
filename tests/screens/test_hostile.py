"""A fleet whose every text was written by an enemy, on every screen, at both sizes: shown, never obeyed, and in its columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace
from rich.cells import cell_len
from textual.pilot import Pilot

from screens.confirm import ConfirmScreen
from screens.detail.screen import TABS, DetailScreen
from tests.screens import fake_services
from tests.screens.fake_runner import Play
from tests.screens.fake_services import NOW
from tests.screens.pilot_helpers import strips_of
from tui.app import EvacApp
from tui.aws import mapping
from tui.config.reach import LinkSettings
from tui.domain.diagnosis.evidence import Evidence
from tui.domain.diagnosis.log_findings import system_log
from tui.domain.instance import Instance, Phase, Target, TargetStatus, Trouble, TroubleKind
from tui.domain.sanitize import clean
from tui.fleet import protocol
from tui.fleet.collector.account_region import AccountRegion
from tui.fleet.protocol import ReadKind
from tui.fleet.store import Store
from tui.services import Services

ENEMY = (
    "\x1b[2J\x1b]52;c;cm0gLXJm\x07\x1b]8;;http://evil\x1b\\[@click=app.quit]quit[/]\x9b31m\u202e\u2066desrever\u200b\ufeff"
    "[bold red]x[/][/nothing]\\[ \ud800 Z\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308 한국🙂\t\n\r=HYPERLINK()"
)
PROFILE = ENEMY.replace("\ud800", "") + "prod"
"""No text that is not UTF-8 becomes the name of a profile: the settings refuse it."""
LONG = "w" * 255
LINK = re.compile(
    r"https://[a-z0-9-]+\.console\.aws\.amazon\.com/ec2/home\?region=[a-z0-9-]+#InstanceDetails:instanceId=i-[0-9a-f]+"
    r"|https://runbooks\.example/[A-Za-z0-9%._~-]+\?team=[A-Za-z0-9%._~-]+"
)
"""Where a link may lead: nothing else that an enemy wrote."""
SETTINGS = replace(
    fake_services.SETTINGS,
    links=(LinkSettings(name="runbook", url="https://runbooks.example/{name}?team={account}"),),
)
SIZES = pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=["80x24", "160x50"])
KEPT = {"InstanceId", "Status", "State", "InstanceState", "Code", "InstanceEventId"}
"""What makes an instance an instance: without these it would be left out before anything is drawn."""


def hostile(value: Any, key: str = "") -> Any:
    """The same answer of AWS with every text, and every name of a tag, in the enemy's hand."""
    if isinstance(value, dict):
        return {name: one if name in KEPT else hostile(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [hostile(one) for one in value]
    return f"{ENEMY}{LONG if key == 'Value' else ''}{value}" if isinstance(value, str) else value


def hostile_store() -> Store:
    """The sample fleet, so changed on its way in."""
    store, made = Store(), fake_services.world()
    for (account, name), region in made.regions.items():
        unit = AccountRegion(clean(ENEMY), clean(ENEMY), name, [PROFILE])
        shown = [instance.shown() for instance in region.instances.values()]
        plain = [{k: v for k, v in doc.items() if not k.startswith("_")} for doc, _ in shown]
        unit.take_inventory(
            [mapping.map_instance(hostile(doc), name, fake_services.NOW) for doc in plain], fake_services.NOW
        )
        unit.take_statuses([mapping.status(hostile(status)) for _, status in shown], fake_services.NOW)
        unit.images_at, unit.phase = fake_services.NOW, Phase.LIVE
        delta = unit.delta()
        assert delta is not None
        store.apply(delta)
        assert account
    trouble = Trouble(TroubleKind.CREDENTIALS, clean(ENEMY), clean(ENEMY), clean(ENEMY))
    store.apply(
        protocol.Delta(TargetStatus(Target(clean(ENEMY), "eu-west-1"), Phase.FAILED, trouble=trouble))
    )
    return store


def texts(value: Any) -> Iterator[str]:
    """Every text in a domain value."""
    if isinstance(value, str) and not isinstance(value, Enum):
        yield value
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from texts(getattr(value, name))
    elif isinstance(value, (tuple, list, frozenset)):
        for one in value:
            yield from texts(one)
    elif isinstance(value, dict):
        yield from texts(list(value.items()))


def unsafe(text: str) -> list[str]:
    """What a terminal would obey, or show nothing of."""
    return [char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")]


def check(pilot: Pilot[Any], where: str) -> None:
    """Nothing to obey in any line, and each as wide as the terminal."""
    width = pilot.app.size.width
    for number, strip in enumerate(strips_of(pilot.app)):
        line = "".join(segment.text for segment in strip)
        assert unsafe(line) == [], (where, number, line)
        assert cell_len(line) == strip.cell_length == width, (where, number, line)
        for segment in strip:
            link = segment.style.link if segment.style else None
            meta = segment.style.meta if segment.style else {}
            assert link is None or LINK.fullmatch(link), (where, line)
            assert not any("quit" in str(one) for one in meta.values()), (where, meta)
    for one in pilot.app._notifications:
        assert unsafe(str(one.message)) == []
        assert not one.markup


@asynccontextmanager
async def running(given: Services, size: tuple[int, int]) -> AsyncIterator[Pilot[Any]]:
    app = EvacApp(replace(given, link=given.link))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield pilot


def given(folder: Path) -> Services:
    store = hostile_store()
    image = fake_services.plain_facts(unknown=((str(clean(ENEMY)), str(clean(ENEMY))),))
    link = fake_services.StandIn(store, image)
    link.parts[ReadKind.LOG] = Evidence(NOW, log=system_log(ENEMY + "\n" + LONG, NOW, latest=True))
    return fake_services.services(folder, store, SETTINGS, link=link, links=True)


def test_every_text_of_the_domain_is_clean() -> None:
    count = 0
    for row in hostile_store().rows():
        for text in texts(replace(row, target=replace(row.target, profile=clean(row.target.profile)))):
            assert unsafe(text) == [], row
            count += 1
    assert count > 1000


@SIZES
async def test_the_fleet_in_all_its_views(tmp_path: Path, size: tuple[int, int]) -> None:
    async with running(given(tmp_path), size) as pilot:
        for key in "1234":
            await pilot.press(key)
            for _ in range(4):
                await pilot.pause()
                check(pilot, f"fleet {key}")
                await pilot.press("pagedown")
        await pilot.press(
            "2", "j", "space", "y", "S", "slash", *"[@click=app.quit]x[/]", "enter", "question_mark"
        )
        await pilot.pause()
        check(pilot, "help")
        await pilot.press("escape", "escape", "ctrl+p")
        await pilot.pause()
        check(pilot, "palette")
        assert pilot.app.is_running


@SIZES
async def test_an_instance_in_detail_on_every_tab(tmp_path: Path, size: tuple[int, int]) -> None:
    services = given(tmp_path)
    async with running(services, size) as pilot:
        for row in [one for one in services.store.rows() if one.events or one.checks.impaired()][:2]:
            pilot.app.push_screen(DetailScreen(services, row.key))
            await pilot.pause()
            for name in TABS:
                await pilot.app.workers.wait_for_complete()
                await pilot.pause()
                check(pilot, f"detail {name}")
                await pilot.press("right")
            await pilot.press("y", "escape")
            await pilot.pause()
            check(pilot, "back")


@SIZES
@pytest.mark.parametrize("action", ["stop-start", "reboot", "image", "reschedule"])
async def test_the_question(tmp_path: Path, size: tuple[int, int], action: str) -> None:
    services = given(tmp_path)
    async with running(services, size) as pilot:
        row = enemy_row(services)
        pilot.app.push_screen(ConfirmScreen(services, action, row.key))
        for _ in range(3):
            await pilot.pause(0.1)
            check(pilot, f"confirm {action}")
            await pilot.press("down")
        await pilot.press("escape")


def enemy_row(services: Services) -> Instance:
    return next(one for one in services.store.rows() if one.state in ("running", "unknown"))


@SIZES
async def test_the_operations_and_giving_one_up(
    tmp_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    services = given(tmp_path)
    row = enemy_row(services)
    monkeypatch.setattr("tests.screens.fake_runner.named", lambda store, name: row)
    play = (
        Play(services, "any").done("stop").begin("wait-stopped").say(clean(ENEMY), attention=True, down=True)
    )
    assert play.read().instance_name == row.name
    async with running(services, size) as pilot:
        await pilot.pause(0.1)
        check(pilot, "alarm")
        await pilot.press("o")
        await pilot.pause(0.2)
        check(pilot, "operations")
        await pilot.press("y", "a")
        await pilot.pause(0.2)
        check(pilot, "abandon")


async def test_what_is_pasted_is_not_obeyed_either(tmp_path: Path) -> None:
    from textual.events import Paste

    async with running(given(tmp_path), (80, 24)) as pilot:
        await pilot.press("slash")
        pilot.app.post_message(Paste("check:\x1b]52;c;ZXZpbA==\x07\u202e\ud800[@click=app.quit]"))
        await pilot.pause()
        await pilot.pause()
        check(pilot, "filter")
        assert "check:" in pilot.app.screen.query_one("#filter").value  # type: ignore[attr-defined]  # FilterInput's


def test_the_clipboard_and_the_export_hold_nothing_to_obey(tmp_path: Path) -> None:
    from screens.fleet import export

    path = export.export_csv(
        hostile_store().rows(), datetime(2026, 5, 4, tzinfo=fake_services.ZONE), tmp_path
    )
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        assert unsafe(line) == []
        assert not any(cell.strip('"').lstrip().startswith(("=", "@")) for cell in line.split(","))


def test_an_export_overwrites_nothing_and_follows_no_link(tmp_path: Path) -> None:
    from screens.fleet import export

    now, rows = datetime(2026, 5, 4, tzinfo=fake_services.ZONE), fake_services.sample_store().rows()
    precious = tmp_path / "precious"
    precious.write_text("mine")
    first = export.export_csv(rows, now, tmp_path)
    first.unlink()
    first.symlink_to(precious)
    second = export.export_csv(rows, now, tmp_path)
    assert second != first
    assert second.parent == tmp_path
    assert precious.read_text() == "mine"
    dangling = tmp_path / f"{first.stem}-2.csv"
    dangling.symlink_to(tmp_path / "elsewhere")
    third = export.export_csv(rows, now, tmp_path)
    assert third not in (first, second, dangling)
    assert not (tmp_path / "elsewhere").exists()
    assert third.stat().st_mode & 0o777 == 0o600
