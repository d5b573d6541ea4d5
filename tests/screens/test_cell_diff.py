"""What is sent to the terminal: as little as possible, and after it the screen looks just as if all had been sent."""

from __future__ import annotations

from collections.abc import Sequence

import pyte
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from screens.cell_diff import TerminalContents

WIDTH, HEIGHT = 24, 3
CONSOLE = Console(force_terminal=True, color_system="truecolor", width=WIDTH)
STYLES = [
    Style.parse(one)
    for one in ("none", "bold red", "#101010 on #202020", "underline", "link https://x.example/a")
]

segments = st.builds(
    Segment,
    st.text(st.sampled_from("ab 한語é│✖"), min_size=1, max_size=9),
    st.sampled_from(STYLES),
    st.none(),
)
lines = st.lists(segments, min_size=1, max_size=6)


def line(parts: Sequence[Segment]) -> Strip:
    """Exactly as wide as the screen."""
    return Strip(parts).adjust_cell_length(WIDTH)


def chops(y: int, x: int, strip: Strip) -> ChopsUpdate:
    """A part of one line, as the compositor gives it: three widgets side by side, of which one is drawn."""
    end = x + strip.cell_length
    per_line: list[dict[int, Strip | None]] = [{} for _ in range(HEIGHT)]
    ends: list[list[int]] = [[] for _ in range(HEIGHT)]
    per_line[y] = {0: None, x: strip, end: None} if x else {x: strip, end: None}
    ends[y] = [x, end, WIDTH] if x else [end, WIDTH]
    return ChopsUpdate(per_line, [(y, x, end)], ends)


def looks(terminal: pyte.Screen) -> list[list[tuple[str, str, str, bool]]]:
    """Each cell: character, colours, bold."""
    return [
        [
            (cell.data, cell.fg, cell.bg, cell.bold)
            for cell in (terminal.buffer[y][x] for x in range(terminal.columns))
        ]
        for y in range(terminal.lines)
    ]


def written(strips: Sequence[Strip]) -> str:
    return LayoutUpdate([[one] for one in strips], Region(0, 0, WIDTH, HEIGHT)).render_segments(CONSOLE)


@given(
    st.lists(lines, min_size=HEIGHT, max_size=HEIGHT),
    st.lists(st.tuples(st.integers(0, HEIGHT - 1), lines), max_size=6),
)
def test_the_screen_looks_as_if_all_had_been_sent(
    first: list[list[Segment]], then: list[tuple[int, list[Segment]]]
) -> None:
    shown, thrifty, plain = TerminalContents(), pyte.Screen(WIDTH, HEIGHT), pyte.Screen(WIDTH, HEIGHT)
    strips = [line(parts) for parts in first]
    noted = shown.thrifty(LayoutUpdate([[one] for one in strips], Region(0, 0, WIDTH, HEIGHT)))
    assert noted is not None
    pyte.Stream(thrifty).feed(noted.render_segments(CONSOLE))  # type: ignore[union-attr]  # ours
    for y, parts in then:
        strips[y] = line(parts)
        update = shown.thrifty(chops(y, 0, strips[y]))
        pyte.Stream(thrifty).feed(update.render_segments(CONSOLE))  # type: ignore[union-attr]  # ours
    pyte.Stream(plain).feed(written(strips))
    assert looks(thrifty) == looks(plain)


def sent(shown: TerminalContents, update: ChopsUpdate | LayoutUpdate) -> str:
    made = shown.thrifty(update)
    assert made is not None
    text: str = made.render_segments(CONSOLE)  # type: ignore[union-attr]  # ours
    return text


def whole(*texts: str) -> LayoutUpdate:
    return LayoutUpdate(
        [[Strip([Segment(set_cell_size(one, WIDTH))])] for one in texts], Region(0, 0, WIDTH, HEIGHT)
    )


def test_what_looks_the_same_is_not_sent() -> None:
    shown = TerminalContents()
    sent(shown, whole("abc", "def", "ghi"))
    assert sent(shown, chops(1, 0, Strip([Segment(set_cell_size("def", WIDTH))]))) == ""


def test_only_the_cells_that_differ_are_sent() -> None:
    shown = TerminalContents()
    sent(shown, whole("stopped 12m ago", "", ""))
    assert (
        sent(shown, chops(0, 0, Strip([Segment(set_cell_size("stopped 13m ago", WIDTH))]))) == "\x1b[1;10H3"
    )


def test_a_part_in_the_middle_of_a_line_leaves_the_rest() -> None:
    shown = TerminalContents()
    sent(shown, whole("left middle right", "", ""))
    assert sent(shown, chops(0, 5, Strip([Segment("MIDDLE")]))) == "\x1b[1;6HMIDDLE"
    assert sent(shown, chops(0, 0, Strip([Segment(set_cell_size("left MIDDLE right", WIDTH))]))) == ""


def test_half_of_a_wide_character_is_never_left_behind() -> None:
    shown = TerminalContents()
    sent(shown, whole("한국", "", ""))
    assert cell_len("a語 ") == 4
    assert sent(shown, chops(0, 0, Strip([Segment("a語 ")]))) == "\x1b[1;1Ha語 "


def test_after_a_screen_of_another_size_all_is_sent() -> None:
    shown = TerminalContents()
    sent(shown, whole("abc", "", ""))
    shown.forget()
    assert "abc" in sent(shown, chops(0, 0, Strip([Segment(set_cell_size("abc", WIDTH))])))


def test_the_cells_of_a_link_are_sent_in_one_and_what_follows_is_none() -> None:
    shown = TerminalContents()
    strip = line(
        [Segment("ab "), Segment("i-123", Style.parse("bold link https://x.example/a")), Segment(" c")]
    )
    for style in (STYLES[0], STYLES[3]):  # as it was, and with another style beside it
        strip = Strip([Segment("ab ", style), *list(strip)[1:]])
        console, bare = CONSOLE, shown.cells(list(strip), CONSOLE)
        sent = shown.changes(0, 0, bare)
        assert console.color_system == "truecolor"
        assert sent.count("\x1b]8;;https://x.example/a\x1b\\\x1b[1mi-123\x1b[0m\x1b]8;;\x1b\\") == 1
        assert sent.count("\x1b]8;") == 2
        shown.forget()
