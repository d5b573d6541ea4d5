"""The pictures of the documents: evac on the embedded AWS, as `make demo` shows it, in a real pseudo-terminal: `make shots`."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).parent))  # -P leaves the script's own folder out
from cast import SIZE, Film, svg

from tests.e2e.terminal import Terminal, environ, has

OUT = Path(__file__).with_name("shots")
ALL_READ = r"4 unread"


@dataclass(frozen=True)
class Shot:
    """One picture: what is pressed, and what must be on screen (a pattern) before each key and at the end."""

    name: str
    told: str
    keys: tuple[tuple[str, ...], ...] = ()
    until: tuple[str, ...] = ()
    size: tuple[int, int] = SIZE


def _of(name: str) -> tuple[tuple[str, ...], str]:
    return ("/", *name, "enter"), rf"› .*{name}"


def _shots() -> tuple[Shot, ...]:
    edge, edge_shown = _of("edge-2")
    cache, cache_shown = _of("cache-1")
    return (
        Shot("fleet", "The fleet: what is broken comes first", size=(140, 40)),
        Shot("fleet-80x24", "The fleet at 80x24", size=(80, 24)),
        Shot(
            "detail",
            "An instance in detail",
            (("enter",), ("left",)),
            (r"changed +CloudTrail", r"where it breaks"),
            (130, 42),
        ),
        Shot(
            "triage",
            "Why an instance fails",
            (edge, ("enter",)),
            (edge_shown, r"changed +CloudTrail"),
            (100, 36),
        ),
        Shot(
            "inbox", "What AWS will do, by what must be decided first", (("3",),), (r"inbox · ",), (120, 32)
        ),
        Shot("cover", "Who acts when a host dies", (("5",),), (r"data lost +✖ nobody",), (120, 30)),
        Shot("profiles", "Accounts and their logins", (("p",),), (r"5 logins",), (110, 24)),
        Shot(
            "copies",
            "What else can be copied",
            (("Y",), ("down",) * 4),
            (r"› ARN", r"handover · \d+ lines"),
            (110, 36),
        ),
        Shot("help", "All keys", (("?",),), (r"the filter",), (140, 44)),
        Shot(
            "confirm",
            "The question before a stop and start",
            (cache, ("s",)),
            (cache_shown, r"AWS says yes"),
            (110, 32),
        ),
        Shot(
            "operations",
            "An operation, step by step",
            (cache, ("s",), tuple("cache-1"), ("enter",)),
            (cache_shown, r"AWS says yes", r"cache-1 *┃", r"✔ succeeded .*stop-start"),
            (120, 30),
        ),
    )


def take(shot: Shot) -> None:
    """Press its keys, and keep what is shown then."""
    with tempfile.TemporaryDirectory() as home:
        env = environ(LOGNAME="kim", HOME=home)
        with Terminal("--demo", environ=env, size=shot.size) as terminal:
            film = Film(terminal)
            terminal.until(has(ALL_READ))
            film.look(0)
            for keys, shown in zip(shot.keys, shot.until, strict=True):
                film.press(*keys)
                film.until(has(shown), seconds=180)
                film.hold(1)
            film.hold(1)
            picture = svg(film.frames[-1:], shot.size, shot.told)
    (OUT / f"{shot.name}.svg").write_text(picture, encoding="utf-8")


def main() -> None:
    """All of them, or those that are named."""
    OUT.mkdir(exist_ok=True)
    for shot in _shots():
        if not sys.argv[1:] or shot.name in sys.argv[1:]:
            take(shot)
            sys.stdout.write(f"docs/shots/{shot.name}.svg\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
