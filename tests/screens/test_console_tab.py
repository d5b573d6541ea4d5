"""The console tab: a system log that is read, gone through, searched, copied and taken away."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from screens.detail.screen import DetailScreen
from tests.screens.detail_pilot import opened
from tests.screens.fake_services import NOW, Stage, StandIn, sample_store
from tests.screens.pilot_helpers import LARGE, SMALL, settled, tab, text_of, until, widget_text
from tui.domain.diagnosis.evidence import Evidence
from tui.domain.diagnosis.log_findings import system_log
from tui.domain.sanitize import clean
from tui.fleet import protocol
from tui.fleet.protocol import ReadKind
from tui.kept_output import KeptOutput, keep_output
from tui.paths import console_folder

AT = NOW - timedelta(minutes=6)
FIRST = "".join(f"[ {n}.500000] earlier line {n}\n" for n in range(4, 30))
LAST = "".join(f"[ {n}.500000] later line {n}\n" for n in range(4, 200))
LOG = (
    f"[    0.000000] Linux version 6.1.0 one\n{FIRST}[   41.000000] Kernel panic - not syncing: Attempted to kill init!\n"
    f"[    0.000000] Linux version 6.1.0 two\n{LAST}"
    "[ 6521.377000] Out of memory: Killed process 812 (java) total-vm:16384000kB\n"
    "[ 6580.000000] EXT4-fs error (device nvme0n1p1): ext4_find_entry:1455: inode #2\n"
    + "".join(f"tail {n}\n" for n in range(40))
)
JPEG = b"\xff\xd8\xff\xe0 a picture"


class Logging(StandIn):
    """Answers the question for the log with `told`."""

    def __init__(self, told: str = LOG, *, latest: bool | None = True) -> None:
        super().__init__(sample_store())
        self.tell(told, latest=latest)

    def tell(self, told: str, *, latest: bool | None = True) -> None:
        self.parts[ReadKind.LOG] = Evidence(NOW, log=system_log(told, AT, latest=latest))

    def deny(self, kind: ReadKind, part: str, why: str) -> None:
        self.parts[kind] = Evidence(NOW, unread=((part, clean(why)),))

    def count(self, kind: ReadKind) -> int:
        return sum(one.kind is kind for one in self.asked)


def at_console(folder: Path, link: StandIn, name: str = "web-1") -> tuple[Stage, DetailScreen]:
    app, screen, _ = opened(folder, name, store=link.store, link=link)
    return app, screen


def about(app: Stage) -> str:
    return widget_text(app, "#about-log")


def said(app: Stage) -> str:
    return "\n".join(str(one.message) for one in app._notifications)


def files(folder: Path, suffix: str) -> list[Path]:
    return sorted(folder.glob(f"*{suffix}"))


def has(read: Callable[[Stage], str], app: Stage, words: str) -> Callable[[], bool]:
    return lambda: words in read(app)


def shown(app: Stage) -> str:
    return widget_text(app, "#log")


async def test_it_is_asked_for_on_its_tab_only_and_once(tmp_path: Path) -> None:
    link = Logging()
    app, screen = at_console(tmp_path, link)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await tab(pilot, screen, "tags")
        assert link.count(ReadKind.LOG) == 0
        await tab(pilot, screen, "console")
        await until(pilot, lambda: "tail 39" in shown(app))
        await pilot.press("left", "right")
        await settled(pilot)
        assert link.count(ReadKind.LOG) == 1
        await pilot.press("r")
        await until(pilot, lambda: link.count(ReadKind.LOG) == 2)


async def test_one_that_cannot_be_read_says_why_and_is_not_asked_for_in_a_loop(tmp_path: Path) -> None:
    link = Logging()
    link.deny(ReadKind.LOG, "log", "prod: GetConsoleOutput is denied: add ec2:GetConsoleOutput")
    app, screen = at_console(tmp_path, link)
    async with app.run_test(size=SMALL) as pilot:
        await tab(pilot, screen, "console")
        await until(pilot, lambda: "add ec2:GetConsoleOutput" in about(app))
        await pilot.press("left", "right")
        await settled(pilot)
        assert link.count(ReadKind.LOG) == 1
        for key in ("f", "x", "y", "/"):
            await pilot.press(key)
        assert files(tmp_path, ".log") == []


@pytest.mark.parametrize(
    ("latest", "words"),
    [(True, "the latest there is"), (False, "AWS kept of its last boot"), (None, "not known")],
)
async def test_it_is_opened_at_its_newest_line_and_says_of_when_it_is(
    tmp_path: Path, latest: bool | None, words: str
) -> None:
    app, screen = at_console(tmp_path, Logging(latest=latest))
    async with app.run_test(size=LARGE) as pilot:
        await tab(pilot, screen, "console")
        await until(pilot, lambda: "tail 39" in shown(app))
        assert "6m ago" in about(app)
        assert words in about(app)
        assert "2 boots" in about(app)
        assert "3 findings" in about(app)


async def test_a_newer_output_keeps_the_place_that_was_scrolled_to(tmp_path: Path) -> None:
    link = Logging("".join(f"line {n}\n" for n in range(300)))
    app, screen = at_console(tmp_path, link)
    async with app.run_test(size=SMALL) as pilot:
        await tab(pilot, screen, "console")
        await until(pilot, lambda: "line 299" in shown(app))
        for _ in range(3):
            await pilot.press("pageup")
        await pilot.pause()
        top = shown(app).splitlines()[1].split()[-1]
        link.tell("".join(f"line {n}\n" for n in range(40, 360)))  # AWS keeps the newest 64 KB
        await pilot.press("r")
        await until(pilot, lambda: "320 lines" in about(app))
        await until(pilot, lambda: shown(app).splitlines()[1].split()[-1] == top)
        await pilot.press("end")
        await until(pilot, lambda: "line 359" in shown(app))
        link.tell("".join(f"line {n}\n" for n in range(50, 370)))
        await pilot.press("r")
        await until(pilot, has(shown, app, "line 369"))  # who stood at the end stays there


async def test_f_goes_from_the_gravest_to_the_last_finding_and_round(tmp_path: Path) -> None:
    app, screen = at_console(tmp_path, Logging())
    async with app.run_test(size=SMALL) as pilot:
        await tab(pilot, screen, "console")
        await until(pilot, lambda: "tail 39" in shown(app))
        told: list[str] = []
        for _ in range(4):
            await pilot.press("f")
            await until(pilot, has(about, app, f"{len(told) % 3 + 1} of 3"))
            told.append(" ".join(about(app).split()))
            number = screen.console.view.chosen
            assert number is not None
            await until(pilot, has(shown, app, f" {number + 1} "))
        assert [one.partition(" of 3")[0][-1] for one in told] == ["1", "2", "3", "1"]
        assert "likely: the file system (ext) is damaged" in told[0]
        assert "likely: memory ran out" in told[1]
        assert "about Mon 11:53 KST" in told[1], "kernel stamps are told as wall time"
        assert "of an earlier boot, not the cause of what is now" in told[2]
        assert "about" not in told[2].partition("(line")[2], "when an earlier boot was is not known"
        assert "find what grew" in told[1]


async def test_a_log_without_findings_says_so(tmp_path: Path) -> None:
    app, screen = at_console(tmp_path, Logging("all is well\nweb-1 login:\n"))
    async with app.run_test(size=SMALL) as pilot:
        await tab(pilot, screen, "console")
        await until(pilot, lambda: "no known kind of trouble" in about(app))
        assert "it came up" in about(app)
        await pilot.press("f", "y")
        await until(pilot, has(said, app, "no line is chosen"))


async def test_search_is_live_and_without_a_hit_keeps_the_view(tmp_path: Path) -> None:
    app, screen = at_console(tmp_path, Logging())
    async with app.run_test(size=SMALL) as pilot:
        await tab(pilot, screen, "console")
        await until(pilot, lambda: "tail 39" in shown(app))
        await pilot.press("/", *"OUT OF mem")
        await until(pilot, lambda: "1 of 1 line" in text_of(app))
        assert "Killed process 812" in shown(app)
        before = shown(app)
        await pilot.press("z")
        await until(pilot, lambda: "no line has it" in text_of(app))
        assert shown(app) == before
        assert app.asked == [], "letters are letters"
        await pilot.press("escape")
        await until(pilot, lambda: "no line has it" not in text_of(app))
        assert shown(app).splitlines()[1:5] == before.splitlines()[1:5], "the log stays where it is"
        assert app.screen is screen, "esc left the search, not the screen"
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is not screen)


async def test_hits_are_gone_through_both_ways_and_round(tmp_path: Path) -> None:
    app, screen = at_console(tmp_path, Logging())
    async with app.run_test(size=SMALL) as pilot:
        await tab(pilot, screen, "console")
        await until(pilot, lambda: "tail 39" in shown(app))
        await pilot.press("/", *"linux version")
        await until(pilot, lambda: "2 of 2 lines" in text_of(app))
        for key, told in (("enter", "1 of 2"), ("down", "2 of 2"), ("up", "1 of 2"), ("up", "2 of 2")):
            await pilot.press(key)
            await until(pilot, has(text_of, app, told))
        await pilot.press("escape", "y")
        await until(pilot, lambda: app.clipboard.endswith("Linux version 6.1.0 two"))


async def test_y_copies_the_finding_and_elsewhere_the_id(tmp_path: Path) -> None:
    app, screen = at_console(tmp_path, Logging())
    async with app.run_test(size=SMALL) as pilot:
        await tab(pilot, screen, "console")
        await until(pilot, lambda: "tail 39" in shown(app))
        await pilot.press("y")
        assert app.clipboard.startswith("[ 6580.000000] EXT4-fs error"), "the gravest, before any is chosen"
        await pilot.press("f", "f", "y")
        assert "Killed process 812 (java)" in app.clipboard
        await until(pilot, has(said, app, "sent to your terminal's clipboard"))
        await pilot.press("right", "y")
        assert app.clipboard.startswith("i-")


async def test_x_writes_a_new_file_for_the_user_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    app, screen = at_console(tmp_path, Logging("one \x1b[31mred\x1b[0m\ntwo\x07\n" + LOG))
    async with app.run_test(size=LARGE) as pilot:
        await tab(pilot, screen, "console")
        await until(pilot, lambda: "tail 39" in shown(app))
        trap = folder / f"evac-{screen.subject.instance_id}-console-20260504T025400Z.log"  # type: ignore[union-attr] # it has one
        trap.symlink_to(tmp_path / "elsewhere")
        await pilot.press("x")
        await until(pilot, has(said, app, "wrote"))
        await pilot.press("x")
        await until(pilot, lambda: len(list(folder.iterdir())) == 3)
    assert not (tmp_path / "elsewhere").exists(), "no link is followed"
    written = [one for one in sorted(folder.iterdir()) if not one.is_symlink()]
    assert [one.name.removeprefix(trap.stem) for one in written] == ["-1.log", "-2.log"]
    assert {stat.S_IMODE(one.stat().st_mode) for one in written} == {0o600}
    text = written[0].read_text()
    assert text.startswith("one red\ntwo\n")
    assert "\x1b" not in text


async def test_what_cannot_be_written_says_why_and_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    link = Logging()
    link.image = JPEG
    app, screen = at_console(tmp_path, link)
    async with app.run_test(size=LARGE) as pilot:
        await tab(pilot, screen, "console")
        await until(pilot, lambda: "tail 39" in shown(app))
        await pilot.press("x")
        await until(pilot, has(said, app, "log: not written: this folder: No such file"))
        await pilot.press("g")
        await until(pilot, lambda: "not written: this folder takes no file" in about(app))
        assert "wrote" not in said(app)
    os.chdir(tmp_path)


async def test_g_writes_the_picture_and_shows_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    link = Logging()
    link.image = JPEG
    app, screen = at_console(tmp_path, link)
    async with app.run_test(size=LARGE) as pilot:
        await tab(pilot, screen, "tags")
        await pilot.press("g")
        assert link.count(ReadKind.SCREENSHOT) == 0, "elsewhere it goes to the top"
        await tab(pilot, screen, "console")
        await pilot.press("g")
        await until(pilot, lambda: "written to" in about(app))
        (path,) = files(tmp_path, ".jpg")
        assert str(path) in "".join(about(app).split())
        assert path.read_bytes() == JPEG
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("image", [b"", b"<html>a proxy's page"])
async def test_no_picture_is_told_with_its_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, image: bytes
) -> None:
    monkeypatch.chdir(tmp_path)
    link = Logging()
    link.deny(ReadKind.SCREENSHOT, "screenshot", "AWS takes no screenshot of this type of instance")
    link.image = image
    app, screen = at_console(tmp_path, link)
    async with app.run_test(size=LARGE) as pilot:
        await tab(pilot, screen, "console")
        await pilot.press("g")
        why = "is no JPEG" if image else "no screenshot of this type"
        await until(pilot, lambda: why in about(app))
    assert files(tmp_path, ".jpg") == []


async def test_an_older_log_stays_where_a_new_read_fails(tmp_path: Path) -> None:
    link = Logging()
    app, screen = at_console(tmp_path, link)
    async with app.run_test(size=LARGE) as pilot:
        await tab(pilot, screen, "console")
        await until(pilot, lambda: "tail 39" in shown(app))
        link.deny(ReadKind.LOG, "log", "throttled: try again")
        await pilot.press("r")
        await until(pilot, lambda: "throttled: try again; below is the output as it was read" in about(app))
        await until(pilot, lambda: "tail 39" in shown(app))  # the head has grown: its end is looked at anew


@pytest.mark.parametrize("wheeled", [False, True])
async def test_who_looks_at_the_end_stays_there_when_the_head_grows_and_who_does_not_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wheeled: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    app, screen = at_console(tmp_path, Logging())
    async with app.run_test(size=SMALL) as pilot:
        await tab(pilot, screen, "console")
        await until(pilot, has(shown, app, "tail 39"))
        view = screen.console.view
        if wheeled:
            view.scroll_relative(y=-9, animate=False)  # as the wheel does
            await until(pilot, lambda: "tail 39" not in shown(app))
        top, height = view.top_line, view.size.height
        await pilot.press("g")
        await until(pilot, lambda: view.size.height < height and "none: " in about(app))
        await until(pilot, lambda: view.top_line == top if wheeled else "tail 39" in shown(app))


async def test_its_keys_lead_there_from_triage(tmp_path: Path) -> None:
    app, screen = at_console(tmp_path, Logging(), "edge-2")
    async with app.run_test(size=SMALL) as pilot:
        await tab(pilot, screen, "triage")
        await until(pilot, lambda: screen.known.gathered.read_at(ReadKind.LOG))
        await pilot.press("f")
        await until(pilot, has(shown, app, "EXT4-fs error"))
        assert "1 of 3" in about(app)
        await tab(pilot, screen, "triage")
        await pilot.press("/", *"later line 77")
        await until(pilot, has(shown, app, "later line 77"))
        await pilot.press("escape")
        await tab(pilot, screen, "tags")
        await pilot.press("f")
        assert screen.tab == "tags"


async def test_what_evac_kept_before_it_acted_is_named_and_shown_where_there_is_no_other(
    tmp_path: Path,
) -> None:
    link = Logging()
    app, screen = at_console(tmp_path, link)
    assert screen.known.row is not None
    kept = KeptOutput(
        screen.known.row.instance_id,
        clean("111122223333"),
        clean("eu-west-1"),
        clean("op-1"),
        clean("RebootInstances"),
        NOW - timedelta(minutes=9),
        AT,
        latest=True,
        lines=(clean("before it was rebooted"),),
    )
    path = keep_output(console_folder(screen.services.environ), kept)
    async with app.run_test(size=LARGE) as pilot:
        await tab(pilot, screen, "console")
        await until(pilot, has(about, app, "evac kept the output of 9m ago, before its own RebootInstances"))
        assert str(path) in "".join(about(app).split())
        told = system_log("before it was rebooted", NOW, latest=True, kept_by=clean(path))
        link.parts[ReadKind.LOG] = Evidence(NOW, log=told, unread=(("log", clean("denied: add it")),))
        await pilot.press("r")
        await until(pilot, has(shown, app, "before it was rebooted"))
        await until(pilot, has(about, app, "AWS's own: denied: add it"))
        assert "kept by evac before its own stop or reboot" in " ".join(about(app).split())


@pytest.mark.parametrize("before", [0, 90])
@pytest.mark.parametrize("width", [40, 60, 80, 160])
async def test_long_and_wide_lines_are_folded_and_nothing_is_lost(
    tmp_path: Path, width: int, before: int
) -> None:
    line = "漢字 and é " * 40 + "THE END"
    app, screen = at_console(tmp_path, Logging("x\n" * before + f"[ 1.000000] {line}\n"))
    async with app.run_test(size=(width, 70)) as pilot:
        await tab(pilot, screen, "console")
        whole = f"[ 1.000000] {line}".replace(" ", "")

        def text() -> str:
            rows = [row.rstrip("▁▂▃▄▅▆▇█ ") for row in shown(app).splitlines()[1:]]
            rows = rows[next((at for at, row in enumerate(rows) if "[" in row), 0) :]
            gutter = max(0, rows[0].find("["))
            return "".join(row[gutter:] for row in rows).replace(" ", "")

        await until(pilot, lambda: text() == whole)


async def test_sixty_four_kilobytes_cost_what_is_visible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, screen = at_console(tmp_path, Logging("x\n" * 32_000))
    async with app.run_test(size=LARGE) as pilot:
        await tab(pilot, screen, "console")
        await until(pilot, lambda: "32000 lines" in about(app))
        view, drawn = screen.console.view, 0
        draw = view.render_line

        def counted(y: int) -> object:
            nonlocal drawn
            drawn += 1
            return draw(y)

        monkeypatch.setattr(view, "render_line", counted)
        await pilot.press("home")
        await until(pilot, lambda: view.scroll_offset.y == 0)
        await pilot.pause()
        assert 0 < drawn <= 3 * view.size.height


def test_the_question_of_before_is_gone() -> None:
    assert "console" not in {kind.value for kind in protocol.ReadKind}
    assert replace(Evidence(NOW), asked=1).log is None
