"""The triage tab: why an instance fails, drawn as each part is answered; and when its parts are asked for."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from screens.detail.screen import DetailScreen
from screens.help import HelpScreen
from tests.screens.detail_pilot import EXPIRED, Evident, evidence, opened, series
from tests.screens.fake_services import NOW, Stage, named, sample_store
from tests.screens.pilot_helpers import LARGE, SMALL, lines_of, settled, tab, text_of, until
from tui.config.schema import Settings
from tui.domain.diagnosis.evidence import Evidence, MetricRow, MetricState
from tui.domain.sanitize import clean
from tui.fleet.protocol import Delta, ReadAnswer, ReadKind, ReadRequest
from tui.fleet.store import Store

ALL = ["metrics", "agent-metrics", "log", "changes"]
FAILING, CALM = "batch-7", "web-1"


def fleet() -> Store:
    """With one whose instance check fails since 11 minutes."""
    store = sample_store()
    row = named(store, "checkout-2")
    failing = replace(row.checks.performance, since=NOW - timedelta(minutes=11))
    checks = replace(row.checks, instance=failing, performance=row.checks.system)
    store.apply(Delta(upserts=(replace(row, name=clean(FAILING), checks=checks),)))
    return store


def triaged(
    folder: Path, link: Evident | None = None, **changes: object
) -> tuple[Stage, DetailScreen, Evident]:
    store = fleet() if link is None else link.store
    given = link or Evident(store)
    app, screen, _ = opened(folder, FAILING, "", store=store, link=given, **changes)
    return app, screen, given


def line(app: Stage, word: str) -> str:
    """The line of the page with that label."""
    return next(one for one in lines_of(app) if word in one[:12] or f"│ {word}" in one)


async def test_what_fails_is_opened_on_it_and_asked_for_at_once(tmp_path: Path) -> None:
    app, screen, link = triaged(tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert screen.tab == "triage"
        assert link.kinds() == ALL
        assert {one.hours for one in link.asked} == {3}
        assert "likely" in text_of(app)
        assert "memory ran out" in text_of(app)


async def test_of_what_is_well_nothing_is_asked_until_somebody_looks(tmp_path: Path) -> None:
    link = Evident(sample_store())
    app, screen, _ = opened(tmp_path, CALM, "", store=link.store, link=link)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert screen.tab == "overview"
        screen.tick()
        assert link.kinds() == []
        await pilot.press("right")
        assert screen.tab == "triage"
        await until(pilot, lambda: link.kinds() == ALL)
        await pilot.press("left", "right")
        await settled(pilot)
        assert link.kinds() == ALL, "a minute has not passed"


async def test_each_row_is_drawn_when_its_call_answers(tmp_path: Path) -> None:
    link = Evident(fleet())
    link.gates = {kind: asyncio.Event() for kind in (ReadKind.AGENT_METRICS, ReadKind.LOG)}
    app, _, _ = triaged(tmp_path, link)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: "▇" in text_of(app) or "█" in text_of(app))
        assert "██" in line(app, "CPU")
        assert "reading …" in line(app, "memory")
        link.gates[ReadKind.AGENT_METRICS].set()
        await until(pilot, lambda: "silent since" in line(app, "memory"))
        assert "··" in line(app, "memory"), "a gap where there is no point"
        assert "reading …" in line(app, "log")
        link.gates[ReadKind.LOG].set()
        await settled(pilot)
        assert "62 lines" in line(app, "log")
        assert "reading …" not in text_of(app)


async def test_the_moment_of_the_first_failing_check_is_under_the_rows(tmp_path: Path) -> None:
    app, _, _ = triaged(tmp_path)
    async with app.run_test(size=LARGE) as pilot:
        await settled(pilot)
        mark = next(one for one in lines_of(app) if "instance check fails since 11:49, 11m ago" in one)
        first_bad = line(app, "check").index("✖✖")
    assert abs(mark.index("▲") - first_bad) <= 1


@pytest.mark.parametrize("size", [SMALL, (80, 60), (120, 35), LARGE])
async def test_nothing_is_clipped_said_twice_or_of_health_beside_its_cause(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    app, _, _ = triaged(tmp_path)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        shown = lines_of(app)
    mark = next(one for one in shown if "▲" in one and "fails since" in one)
    assert "…" not in mark
    told = next(one for one in shown if " lines · " in one)
    assert "came up" not in told, "of a boot that came up, and ran out of memory"
    assert "finding" in told, "in one line"
    assert sum("the kernel panicked" in one and "why" in one[:50] for one in shown) == 0, (
        "it comes of the first"
    )


@pytest.mark.parametrize("size", [SMALL, (120, 35), LARGE])
async def test_the_order_follows_the_failing_check(tmp_path: Path, size: tuple[int, int]) -> None:
    app, _, _ = triaged(tmp_path)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        shown = [one for one in lines_of(app) for word in ("memory", "CPU") if one == line(app, word)]
    assert len(shown) == 2
    assert "memory" in shown[0]


async def keys(pilot: Pilot[None], *pressed: str) -> str:
    """Press them; what the key line then says."""
    await pilot.press(*pressed)
    await settled(pilot)
    return lines_of(pilot.app)[-1]


async def test_plus_and_minus_change_the_range_and_ask_for_it(tmp_path: Path) -> None:
    app, _, link = triaged(tmp_path)
    async with app.run_test(size=LARGE) as pilot:
        await settled(pilot)
        for pressed, hours, shown, hidden in (
            ("+", 24, ("+ 3 d", "- 3 h"), ()),
            ("+", 72, ("- 24 h",), ("+ ",)),
            ("-", 24, ("+ 3 d", "- 3 h"), ()),
            ("-", 3, ("+ 24 h",), ("- ",)),
        ):
            before = len(link.asked)
            told = await keys(pilot, pressed)
            assert [(one.kind, one.hours) for one in link.asked[before:]] == [
                (ReadKind.METRICS, hours),
                (ReadKind.AGENT_METRICS, hours),
            ]
            assert all(f" {word}" in told for word in shown)
            assert not any(f" {word}" in told for word in hidden)
        before = len(link.asked)
        await pilot.press("-")
        assert len(link.asked) == before
        assert "3 h is the shortest range" in [one.message for one in app._notifications][-1]


async def test_points_of_another_range_are_not_drawn_in_this_one(tmp_path: Path) -> None:
    """Three hours on a day's chart would leave a hole where nothing is missing."""
    app, _, link = triaged(tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        link.gates[ReadKind.METRICS] = asyncio.Event()
        await pilot.press("+")
        await until(pilot, lambda: "reading …" in line(app, "CPU"))
        await pilot.press("+")  # the question on its way is of another range: it is asked again
        link.gates[ReadKind.METRICS].set()
        await settled(pilot)
        assert "reading …" not in text_of(app)
        assert "3 d, KST" in text_of(app)
        assert [one.hours for one in link.asked if one.kind is ReadKind.METRICS] == [3, 24, 72]


async def test_zoomed_a_metric_has_six_lines(tmp_path: Path) -> None:
    app, _, _ = triaged(tmp_path)
    async with app.run_test(size=LARGE) as pilot:
        await settled(pilot)
        before = lines_of(app)
        told = await keys(pilot, "z")
        after = lines_of(app)
        assert "z one line" in told

        def height(lines: list[str]) -> int:
            at = [n for n, one in enumerate(lines) for word in ("│ memory", "│ CPU") if word in one]
            return at[1] - at[0]

        assert (height(before), height(after)) == (1, 6)
        assert "z zoom" in await keys(pilot, "z")


async def test_what_is_wrong_is_said_to_its_end(tmp_path: Path) -> None:
    """In a narrow terminal its words have a line of their own; a zoomed chart has room beside it, for its scale too."""

    def found(request: ReadRequest) -> Evidence:
        if request.kind is not ReadKind.METRICS:
            return Evidence(NOW)
        stalled = series(MetricRow.VOLUME, lambda age: age < 20, unit="Count", VolumeId="vol-1")
        return Evidence(NOW, (replace(stalled, name=clean("VolumeStalledIOCheck")),))

    app, _, _ = triaged(tmp_path, Evident(fleet(), found))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        at = lines_of(app).index(line(app, "vol-1"))
        assert "stalled since 11:41" in lines_of(app)[at]
        assert "no operation ends" in " ".join(" ".join(lines_of(app)[at : at + 2]).split())
        await keys(pilot, "z")
        assert "full height" in text_of(app)


async def test_the_line_of_the_log_fits(tmp_path: Path) -> None:
    app, _, _ = triaged(tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert line(app, "log").rstrip().endswith("newest output, just now · 62 lines · 1 finding")


async def test_metrics_are_asked_for_once_a_minute_while_it_is_in_front(tmp_path: Path) -> None:
    at = [NOW]
    app, screen, link = triaged(tmp_path, now=lambda: at[0])
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)

        async def a_minute_later() -> list[str]:
            link.asked.clear()
            at[0] += timedelta(seconds=61)
            screen.tick()
            screen.tick()
            await app.workers.wait_for_complete()
            return link.kinds()

        assert await a_minute_later() == ["metrics", "agent-metrics"]
        at[0] += timedelta(seconds=50)
        screen.tick()
        assert link.kinds() == ["metrics", "agent-metrics"]
        app.push_screen(HelpScreen(screen.services))
        await until(pilot, lambda: app.screen is not screen)
        assert await a_minute_later() == []
        app.pop_screen()
        await until(pilot, lambda: link.kinds() == ["metrics", "agent-metrics"])
        await tab(pilot, screen, "disks")
        assert await a_minute_later() == []
        at[0] -= timedelta(days=1)
        await tab(pilot, screen, "triage")
        await until(pilot, lambda: "agent-metrics" in link.kinds())  # a clock that was set back


async def test_r_asks_for_all_of_it_again(tmp_path: Path) -> None:
    app, _, link = triaged(tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        link.asked.clear()
        link.found = lambda request: replace(evidence(request), read_at=NOW + timedelta(seconds=1))
        await pilot.press("r")
        await settled(pilot)
        assert link.kinds() == ALL
        assert "40 metrics asked" not in text_of(app)
        await pilot.press("G")
        await until(pilot, lambda: "20 metrics asked, about $0.0002 a look; $0.0004 since" in text_of(app))


async def test_the_kinds_of_nothing_are_told_apart(tmp_path: Path) -> None:
    state, row = MetricState, MetricRow

    def found(request: ReadRequest) -> Evidence:
        if request.kind is ReadKind.METRICS:
            return Evidence(NOW, (series(row.CPU, float, until=999, state=state.STOPPED),))
        if request.kind is ReadKind.AGENT_METRICS:
            kinds = ((row.MEMORY, state.ABSENT), (row.SWAP, state.EARLY), (row.DISK, state.DENIED))
            return Evidence(
                NOW,
                tuple(series(one, float, until=999, state=told) for one, told in kinds),
                unread=(("agent", clean("prod: not allowed to use cloudwatch:ListMetrics")),),
            )
        return Evidence(NOW)

    app, _, _ = triaged(tmp_path, Evident(fleet(), found))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        told = [line(app, word)[12:].strip() for word in ("CPU", "memory", "swap", "disk")]
        assert len(set(told)) == 4
        assert not any("✔" in one or "·" in one for one in told)
        assert "not allowed to use cloudwatch:ListMetrics" in text_of(app)
        assert "don't know: not read" in line(app, "log")


async def test_rows_that_say_the_same_are_one_line(tmp_path: Path) -> None:
    told = {"agent": MetricState.ABSENT, "all": MetricState.STOPPED}
    agent = (MetricRow.MEMORY, MetricRow.SWAP, MetricRow.DISK)
    for kind, state in told.items():

        def found(request: ReadRequest, kind: str = kind, state: MetricState = state) -> Evidence:
            if request.kind is ReadKind.AGENT_METRICS:
                return Evidence(NOW, tuple(series(row, float, until=999, state=state) for row in agent))
            if request.kind is ReadKind.METRICS and kind == "all":
                return Evidence(NOW, (series(MetricRow.CPU, float, until=999, state=state),))
            return evidence(request)

        app, _, _ = triaged(tmp_path / kind, Evident(fleet(), found))
        async with app.run_test(size=SMALL) as pilot:
            await settled(pilot)
            if kind == "all":
                assert "stopped: no points is not zero" in line(app, "metrics")
            else:
                assert "no agent known: nobody sends it  also disk, swap" in line(app, "memory")
                assert "██" in line(app, "CPU")


async def test_a_collector_that_cannot_answer_says_why(tmp_path: Path) -> None:
    class Lost(Evident):
        async def request(self, request: ReadRequest) -> ReadAnswer:
            return ReadAnswer(0, trouble=EXPIRED)

    app, _, _ = triaged(tmp_path, Lost(fleet()))
    async with app.run_test(size=LARGE) as pilot:
        await settled(pilot)
        assert "the login has expired" in line(app, "? log")
        assert "? not read" in line(app, "metrics")
        assert "✔✔" not in text_of(app)


async def test_what_was_read_stays_with_the_reason_why_it_is_old(tmp_path: Path) -> None:
    link = Evident(fleet())
    app, _, _ = triaged(tmp_path, link)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        throttled = (("metrics", clean("prod: CloudWatch answers too many at once: wait a minute")),)
        link.found = lambda _: Evidence(NOW, unread=throttled)
        await pilot.press("r")
        await settled(pilot)
        assert "██" in line(app, "CPU")
        assert "too many at once" in text_of(app)


@pytest.mark.parametrize("size", [(40, 12), SMALL, LARGE])
async def test_it_has_an_ascii_form(tmp_path: Path, size: tuple[int, int]) -> None:
    app, _, _ = triaged(tmp_path, settings=Settings(timezone="Asia/Seoul", ascii=True))
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        for pressed in ("z", "z"):
            assert text_of(app).isascii()
            assert size == (40, 12) or ("@@" in text_of(app) and "??" in text_of(app))
            await pilot.press(pressed)
            await settled(pilot)


async def test_its_keys_are_of_no_use_elsewhere(tmp_path: Path) -> None:
    link = Evident(sample_store())
    app, screen, _ = opened(tmp_path, CALM, "", store=link.store, link=link)
    async with app.run_test(size=LARGE) as pilot:
        await settled(pilot)
        assert "zoom" not in await keys(pilot, "+", "-", "z")
        assert link.kinds() == []
        assert not screen.triage.zoomed
