"""The README's moving picture: a short story told by keys to `evac --demo`, which is `make demo`, in a real pseudo-terminal, and
what its screen showed, as one SVG that moves by itself: `make cast`. Waiting is shortened, nothing else is changed.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from pyte.screens import Char
from rich.cells import cell_len

from tests.e2e.terminal import Terminal, environ, has

ROOT = Path(__file__).parents[1]
SIZE = (100, 30)
LARGEST = 1_000_000
"""Bytes: more is too slow to come with a README."""
CELL, LINE, BAR, EDGE = 8.4, 18, 34, 8
FOREGROUND, BACKGROUND = "#e0e0e0", "#121212"
NAMED = {
    "black": "#000000", "red": "#cd3131", "green": "#0dbc79", "brown": "#e5e510", "blue": "#2472c8", "magenta": "#bc3fbc",
    "cyan": "#11a8cd", "white": "#e5e5e5",
}  # fmt: skip
"""Colours by name, as pyte tells them; evac's own are all by number."""
TICK = 0.1
"""Seconds between two looks at the screen: what changes faster is one frame."""

Run = tuple[int, int, str, str, str, str]
"""Of a line: first cell, cells, text, colour, ground, and what else (bold, italic, underlined, struck through)."""
Line = tuple[Run, ...]


@dataclass(frozen=True)
class Frame:
    """What the screen showed, for so many seconds, and the words above it."""

    lines: tuple[Line, ...]
    caption: str
    seconds: float


@dataclass
class Film:
    """Looks at a terminal while keys are pressed. `hurry`: how many seconds of waiting become one."""

    terminal: Terminal
    caption: str = ""
    frames: list[Frame] = field(default_factory=list)

    def look(self, seconds: float) -> None:
        """What is on screen once a drawing is whole, for so long; a frame like the last one makes that one longer."""
        for _ in range(20):
            received = self.terminal.received
            self.terminal.read(0.03)
            if self.terminal.received == received:
                break
        screen = self.terminal.screen
        lines = tuple(
            line_of([screen.buffer[row][cell] for cell in range(screen.columns)])
            for row in range(screen.lines)
        )
        last = self.frames[-1] if self.frames else None
        if last and (last.lines, last.caption) == (lines, self.caption):
            self.frames[-1] = Frame(lines, self.caption, last.seconds + seconds)
        else:
            self.frames.append(Frame(lines, self.caption, seconds))

    def until(self, shown: Callable[[Terminal], bool], *, hurry: float = 1, seconds: float = 120) -> None:
        """Film until it is on screen. AssertionError with the screen as it is, otherwise."""
        deadline = time.monotonic() + seconds
        while not shown(self.terminal):
            assert time.monotonic() < deadline, self.terminal.text
            begun = time.monotonic()
            while time.monotonic() < begun + TICK * hurry and not shown(self.terminal):
                self.terminal.read(0.02)
            if self.frames:
                self.look(TICK)

    def hold(self, seconds: float) -> None:
        """Time to read; at least what a question must have stood before a key counts as its answer."""
        begun = time.monotonic()
        while time.monotonic() < begun + 0.8:
            self.terminal.read(0.02)
        self.look(seconds)

    def press(self, *keys: str, caption: str = "") -> None:
        """Press keys as a person would, one after the other."""
        self.caption = caption or self.caption
        for key in keys:
            self.terminal.keys(key)
            self.terminal.read(0.08)
            self.look(TICK)


def story(film: Film, *, pause: float = 1, name: str = "payments-db-1") -> None:
    """From the first frame to an instance that is well again."""
    film.until(lambda one: bool(has(rf"› .*{name}.*system")(one) and "NOT start" in one.text))
    film.caption = "the first second: what is broken, what AWS will do and when, what to press"
    film.hold(4 * pause)
    film.press("enter", caption="enter: why does it fail?")
    film.until(has(r"likely (?s:.*)changed +CloudTrail"))
    film.hold(4 * pause)
    film.press(
        "escape", "s", caption="s: what a stop and start would do, call by call, and AWS's word on permission"
    )
    film.until(lambda one: "Type the name" in one.text and "permission: AWS says yes" in one.text)
    film.hold(4 * pause)
    film.press(*name, caption="dangerous actions want the name typed")
    film.hold(pause)
    film.press("enter", caption="it runs in a process of its own: close the terminal, and it goes on")
    film.until(has(r"running .*stop-start"))
    film.hold(1.5 * pause)
    film.until(has(r"succeeded"), hurry=25, seconds=600)
    film.hold(3 * pause)
    film.press("escape")
    film.until(has(r"^ evac "))
    film.press("5", caption="5: whom nobody would help")
    film.until(has(r"host dies +✖ nobody|data lost +✖ nobody"))
    film.hold(4 * pause)
    film.press("3", caption="3: what AWS will do, by what must be decided first")
    film.until(has(r"decide"))
    film.hold(4 * pause)


def line_of(cells: list[Char]) -> Line:
    """A line of the screen as runs of one look; blanks on the ground of all are none."""
    runs: list[Run] = []
    for at, cell in enumerate(cells):
        if not cell.data:  # the second half of a wide character
            first, width, *rest = runs[-1]
            runs[-1] = (first, width + 1, *rest)  # type: ignore[assignment]  # mypy loses count of what is starred
            continue
        front, back = _colour(cell.fg, FOREGROUND), _colour(cell.bg, BACKGROUND)
        if cell.reverse:
            front, back = back, front
        more = "b" * cell.bold + "i" * cell.italics + "u" * cell.underscore + "s" * cell.strikethrough
        look = (front if cell.data != " " or more else "", back, more)
        if runs:
            first, width, text, *kept = runs[-1]
            if (kept[1], kept[2]) == look[1:] and (kept[0] == look[0] or not look[0] or not kept[0]):
                runs[-1] = (first, width + 1, text + cell.data, kept[0] or look[0], back, more)
                continue
        runs.append((at, 1, cell.data, *look))
    return tuple(one for one in runs if one[2].strip() or one[4] != BACKGROUND or one[5])


def _colour(said: str, default: str) -> str:
    if said == "default":
        return default
    return NAMED.get(said.removeprefix("bright"), f"#{said}")


def svg(frames: list[Frame], size: tuple[int, int], title: str) -> str:
    """One picture that shows them one after another, again and again. Each line that is shown more than once is kept once."""
    columns, rows = size
    width, height = columns * CELL + 2 * EDGE, rows * LINE + BAR + EDGE
    total = sum(one.seconds for one in frames)
    known: dict[Line, int] = {}
    reel, steps, at = [], [], 0.0
    for number, frame in enumerate(frames):
        steps.append(f"{at / total * 100:.3f}%{{transform:translateY({-number * height:g}px)}}")
        at += frame.seconds
        uses = "".join(
            f'<use href="#l{known.setdefault(line, len(known))}" y="{row * LINE}"/>'
            for row, line in enumerate(frame.lines)
            if line
        )
        caption = f'<text class="c" x="{width / 2:g}" y="-12">{escape(frame.caption or title)}</text>'
        reel.append(f'<g transform="translate({EDGE} {number * height + BAR:g})">{caption}{uses}</g>')
    steps.append(f"100%{{transform:translateY({-(len(frames) - 1) * height:g}px)}}")
    lines = "".join(f'<g id="l{number}">{_drawn(line)}</g>' for line, number in known.items())
    moves = (
        f".r{{animation:r {total:.1f}s step-end infinite}}@keyframes r{{{''.join(steps)}}}"
        "@media(prefers-reduced-motion:reduce){.r{animation:none}}"
    )
    style = (
        "text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}"
        ".c{font:13px system-ui,'Segoe UI',Helvetica,Arial,'DejaVu Sans',sans-serif;fill:#9aa4b2;text-anchor:middle}"
        ".b{font-weight:bold}.i{font-style:italic}"
        ".u{text-decoration:underline}.s{text-decoration:line-through}" + moves * (len(frames) > 1)
    )
    dots = "".join(
        f'<circle cx="{18 + 18 * place}" cy="17" r="5" fill="{colour}"/>'
        for place, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        f'role="img" aria-label={quoteattr(title)}>\n<title>{escape(title)}</title><style>{style}</style>\n'
        f"<defs>{lines}</defs>\n"
        f'<rect width="{width:g}" height="{height:g}" rx="8" fill="{BACKGROUND}"/>\n'
        f'<svg width="{width:g}" height="{height:g}"><g class="r">{"".join(reel)}</g></svg>\n{dots}\n</svg>\n'
    )


def _drawn(line: Line) -> str:
    parts = []
    for first, cells, text, front, back, more in line:
        if back != BACKGROUND:
            parts.append(
                f'<rect x="{first * CELL:g}" width="{cells * CELL:g}" height="{LINE}" fill="{back}"/>'
            )
        kind = f' class="{" ".join(more)}"' if more else ""
        # Words far apart are texts of their own: not every reader of SVG keeps blanks.
        for part in re.finditer(r"\S+(?: \S+)*", text):
            x, width = (cell_len(text[: part.start()]) + first) * CELL, cell_len(part[0]) * CELL
            parts.append(
                f'<text x="{x:g}" y="14" textLength="{width:g}" fill="{front or FOREGROUND}"{kind}>{escape(part[0])}</text>'
            )
    return "".join(parts)


def main() -> None:
    """Tell the story, and keep it."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "evac.svg"
    with Terminal("--demo", environ=environ(LOGNAME="kim"), size=SIZE) as terminal:
        film = Film(terminal)
        story(film)
    told = (
        "evac in a terminal: a failing instance is looked at, stopped and started under guard, and well again"
    )
    made = svg(film.frames, SIZE, told)
    assert len(made.encode()) < LARGEST, f"{len(made.encode())} bytes: a shorter story"
    out.write_text(made, encoding="utf-8")
    sys.stdout.write(
        f"{out}: {len(film.frames)} frames, {sum(one.seconds for one in film.frames):.0f} s, {len(made.encode())} bytes\n"
    )


if __name__ == "__main__":
    main()
