"""Y: what else can be copied is shown whole before it is copied or written, and nothing but what is shown is."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from screens.base import Go
from screens.copies import CopiesScreen, MarkedCopiesScreen
from screens.detail.model import Known
from tests.screens.detail_pilot import opened
from tests.screens.fake_runner import Play
from tests.screens.fake_services import SETTINGS, Stage, StandIn, asked, named, sample_store, services
from tests.screens.pilot_helpers import SMALL, settled, text_of, until, widget_text
from tui.config.reach import ConnectSettings, LinkSettings
from tui.domain.logins import ProfileLogin
from tui.domain.sanitize import clean
from tui.fleet import protocol
from tui.fleet.protocol import ReadKind
from tui.fleet.store import Store

SSO = ProfileLogin("prod", "sso", "corp", ("aws", "sso", "login", "--sso-session", "corp"))
KEYS = ProfileLogin("prod", "keys", "prod")


class Knowing(StandIn):
    """Tells the logins as well."""

    def __init__(self, store: Store, *logins: ProfileLogin) -> None:
        super().__init__(store)
        self.logins = logins

    async def request(self, request: protocol.ReadRequest) -> protocol.ReadAnswer:
        if request.kind is ReadKind.LOGINS:
            return protocol.ReadAnswer(0, logins=self.logins)
        return await super().request(request)

    def kinds(self) -> set[ReadKind]:
        return {one.kind for one in self.asked}


def copying(
    folder: Path, name: str = "edge-2", *logins: ProfileLogin, known: Known | None = None, **changes: Any
) -> tuple[Stage, CopiesScreen]:
    """The screen on its stage, of that instance."""
    store = changes.pop("store", None) or sample_store()
    given = services(folder, store, link=Knowing(store, *(logins or (SSO,))), **changes)
    screen = CopiesScreen(given, named(store, name).key, known)
    return Stage(screen), screen


def link_of(screen: CopiesScreen) -> Knowing:
    found = screen.services.link
    assert isinstance(found, Knowing)
    return found


def drawn(app: Stage) -> str:
    """The text below the list, without its line breaks."""
    return "".join(widget_text(app, "#whole").split())


async def test_each_is_shown_whole_and_what_is_shown_is_copied_in_read_only_too(tmp_path: Path) -> None:
    app, screen = copying(tmp_path, settings=replace(SETTINGS, read_only=True))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        seen = []
        for _ in screen.table.rows:
            one = screen.table.current
            assert one is not None
            if one.name != "handover":  # longer than the screen
                assert "".join(one.text.split()) in drawn(app)
            await pilot.press("y")
            assert app.clipboard == one.text
            seen.append(one.name)
            await pilot.press("down")
            await pilot.pause()
        assert seen == ["ARN", "connect", "link", "login", "handover"]
        texts = {one.name: one.text for one in screen.table.rows}
    assert texts["ARN"].startswith("arn:aws:ec2:us-east-1:111122223333:instance/i-")
    assert texts["link"].startswith("https://us-east-1.console.aws.amazon.com/")
    assert texts["login"] == "aws sso login --sso-session corp"
    assert texts["connect"]


async def test_why_it_fails_is_asked_by_who_looks_at_the_handover_alone(tmp_path: Path) -> None:
    app, screen = copying(tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert ReadKind.METRICS not in link_of(screen).kinds()
        assert screen.table.hold("handover")
        screen.redraw()
        await settled(pilot)
        assert {ReadKind.METRICS, ReadKind.LOG, ReadKind.CHANGES} <= link_of(screen).kinds()
        one = screen.table.current
        assert one is not None
        assert one.text.startswith("# edge-2: failing\n")
        assert "## Evidence" in one.text
        assert "still being read" not in one.text
        assert "#edge-2:failing" in drawn(app)


async def test_the_handover_tells_what_was_done_by_whom_and_what_waits(tmp_path: Path) -> None:
    app, screen = copying(tmp_path, "payments-db-2")
    Play(screen.services, "payments-db-2").done("stop", "wait-stopped").say("", down=True)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        text = next(one.text for one in screen.table.rows if one.name == "handover")
    done, waits = text.partition("## Done")[2].split("## Waits")
    assert "Stop and start payments-db-2, by " in done
    assert "UTC (Mon 12:00 KST)" in done
    assert "is DOWN" in waits


async def test_x_writes_what_is_shown_for_the_user_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    app, screen = copying(tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        screen.table.hold("handover")
        await settled(pilot)
        one = screen.table.current
        assert one is not None
        await pilot.press("x")
        (path,) = folder.iterdir()
        assert path.suffix == ".md"
        assert path.read_text() == one.text
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_links_of_ones_own_and_ones_own_way_in_come_from_the_settings(tmp_path: Path) -> None:
    links = (
        LinkSettings("runbook", "https://wiki.example/{name}", ""),
        LinkSettings("runbook", "https://wiki.example/_{id}_", ""),
        LinkSettings("elsewhere", "https://wiki.example/x", "name:nothing-like-it"),
    )
    settings = replace(SETTINGS, links=links, connect=ConnectSettings(("mosh", "{public_ip}")))
    app, screen = copying(tmp_path, settings=settings)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        texts = [(one.name, one.text) for one in screen.table.rows]
        assert texts[1] == ("connect", f"mosh {named(screen.services.store, 'edge-2').public_ip}")
        assert [one for one in texts if one[0] in ("runbook", "elsewhere")] == [
            ("runbook", "https://wiki.example/edge-2"),
            ("runbook", f"https://wiki.example/_{screen.file_stem}_"),
        ]
        await pilot.press(*["down"] * 5)
        await pilot.press("y")
        assert pilot.app.clipboard == f"https://wiki.example/_{screen.file_stem}_"
        assert f"- runbook: https://wiki.example/%5F{screen.file_stem}%5F\n" in texts[-1][1]


async def test_a_login_of_ones_own_comes_before_that_of_the_aws_files(tmp_path: Path) -> None:
    own = replace(SETTINGS.profiles["prod"], login=("corp-login", "--profile", "{profile}"))
    settings = replace(SETTINGS, profiles={**SETTINGS.profiles, "prod": own})
    app, screen = copying(tmp_path, settings=settings)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert "corp-login --profile prod" in [one.text for one in screen.table.rows]


async def test_what_there_is_not_says_why_and_nothing_is_copied(tmp_path: Path) -> None:
    app, screen = copying(tmp_path, "edge-2", KEYS)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        screen.table.hold("login")
        screen.redraw()
        await pilot.press("y")
        await until(pilot, lambda: "no command renews it" in text_of(app))
        assert app.clipboard == ""


async def test_a_hostile_name_is_inert_in_what_is_copied(tmp_path: Path) -> None:
    store = sample_store()
    row = named(store, "edge-2")
    name = clean("<!channel> *x* [a](https://evil.example)")
    status = store.target(row.target)
    store.apply(protocol.Delta(status, (replace(row, name=name),)))
    given = services(tmp_path, store, link=Knowing(store, SSO))
    screen = CopiesScreen(given, row.key)
    app = Stage(screen)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        screen.table.hold("handover")
        await pilot.press("y")
        assert "&lt;!channel&gt; &#42;x&#42; &#91;a&#93;(https&#58;" in app.clipboard
        assert "<" not in app.clipboard


async def test_the_detail_leads_there_with_what_it_knows(tmp_path: Path) -> None:
    app, screen, _ = opened(tmp_path, "web-1")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("Y")
        await pilot.pause()
        (went,) = [one for one in asked(pilot) if isinstance(one, Go)]
        assert (went.place, went.key, went.known) == ("copies", screen.key, screen.known)


async def test_of_several_that_are_marked_there_is_a_line_each_and_one_handover(tmp_path: Path) -> None:
    given = services(tmp_path)
    keys = [named(given.store, name).key for name in ("edge-2", "payments-db-1")]
    screen = MarkedCopiesScreen(given, "", (*keys, "us-east-1/i-0123456789abcdef0"))
    app = Stage(screen)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        texts = {one.name: one.text for one in screen.table.rows}
        assert [one.count("\n") + 1 for name, one in texts.items() if name != "handover"] == [2, 2, 2]
        assert "# edge-2: failing\n" in texts["handover"]
        assert "\n\n# payments-db-1: failing\n" in texts["handover"]
        assert "not looked at: metrics" in texts["handover"]
        assert "1 no longer in the list" in text_of(app)
        await pilot.press("y")
        assert pilot.app.clipboard == texts["ARNs"]


async def test_what_another_screen_knows_is_not_asked_again(tmp_path: Path) -> None:
    app, screen = copying(tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        screen.table.hold("handover")
        screen.redraw()
        await settled(pilot)
    again, other = copying(tmp_path, known=screen.known)
    async with again.run_test(size=SMALL) as pilot:
        await settled(pilot)
        other.table.hold("handover")
        other.redraw()
        await settled(pilot)
        assert link_of(other).kinds() <= {ReadKind.HEALTH}


async def test_of_what_no_list_has_there_is_nothing(tmp_path: Path) -> None:
    given = services(tmp_path)
    app = Stage(CopiesScreen(given, "us-east-1/i-0123456789abcdef0"))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert "nothing is known of it here" in text_of(app)
        await pilot.press("y", "x", "r")
        assert app.clipboard == ""
