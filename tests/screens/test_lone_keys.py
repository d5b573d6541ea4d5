"""Which keys are meant by themselves, at every pace a person types at: on a clock of the test's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from textual import events
from textual.message import Message

from screens.confirm.question import BURST, WORD, Answer, YesNo

FAR = 100.0


class Clock:
    """A timer that a test sets off."""

    def __init__(self) -> None:
        self.now, self.due = FAR, cast("list[tuple[float, Callable[[], None], Timer]]", [])

    def set_timer(self, delay: float, callback: Callable[[], None]) -> Timer:
        timer = Timer()
        self.due.append((self.now + delay, callback, timer))
        return timer

    def to(self, moment: float) -> None:
        """Let the time come."""
        for at, callback, timer in sorted(self.due, key=lambda one: one[0]):
            if at < moment and not timer.stopped:
                timer.stop()
                callback()
        self.now = moment


class Timer:
    stopped = False

    def stop(self) -> None:
        self.stopped = True


def said(*typed: tuple[str, float], armed_at: float = 0.0, rearmed: float | None = None) -> list[str]:
    """What comes of these keys, each so many seconds after the one before: `yes`, `no`, or a verb."""
    clock, place, heard = Clock(), YesNo("yes-no"), cast("list[Message]", [])
    place.armed_at = armed_at
    anyhow: Any = place
    anyhow.set_timer, anyhow.post_message = clock.set_timer, heard.append
    for key, after in typed:
        clock.to(clock.now + after)
        event = events.Key(
            key, key if len(key) == 1 else {"enter": "\r", "question_mark": "?", "minus": "-"}[key]
        )
        event.time = clock.now
        place.on_key(event)
    if rearmed is not None:
        place.armed_at = clock.now + rearmed
    clock.to(clock.now + FAR)
    return [
        ("yes" if one.yes else "no") if isinstance(one, Answer) else str(getattr(one, "verb", ""))
        for one in heard
        if isinstance(one, Answer) or hasattr(one, "verb")
    ]


NAMES = [
    "yarn",
    "nat",
    "runner",
    "hayyan",
    "zoo",
    "oort",
    "nnn1",
    "ayy",
    "err",
    "y1",
    "yy0",
    "rr7",
    "moor",
    "on",
    "ny",
    "yn",
]


@pytest.mark.parametrize("pace", [1.2 * BURST, 0.1, 0.2, 0.3, 0.95 * WORD])
@pytest.mark.parametrize("name", NAMES)
def test_no_letter_of_a_name_is_an_answer_or_a_verb(name: str, pace: float) -> None:
    assert said(*((letter, pace) for letter in name)) == []


@pytest.mark.parametrize(
    ("key", "means"),
    [("y", "yes"), ("n", "no"), ("r", "reread"), ("o", "operations"), ("question_mark", "help")],
)
def test_a_key_by_itself_is_meant_and_pressed_again_it_is_meant_once(key: str, means: str) -> None:
    assert said((key, 1.0)) == [means]
    for pace in (1.2 * BURST, 0.2, 0.39):
        assert said((key, 1.0), (key, pace)) == [means], pace
        assert said((key, 1.0), (key, pace), (key, pace)) == [means], pace
    assert said(("x", 1.0), (key, 1.1 * WORD)) == [means]
    assert said((key, 1.0), ("x", 2 * WORD)) == [means]


def test_enter_after_an_answer_is_a_habit_and_takes_nothing_back() -> None:
    assert said(("y", 1.0), ("enter", 0.2)) == ["yes"]
    assert said(("n", 1.0), ("enter", 0.2)) == ["no"]
    assert said(("y", 1.0), ("enter", 0.01)) == [], "pasted"
    assert said(("y", 1.0), ("enter", 0.1), ("x", 0.1)) == []
    assert said(("enter", 1.0), ("enter", 0.2)) == []


def test_a_yes_to_what_is_asked_no_more_is_none() -> None:
    """The question that stands there when the key is known to be meant is another one than when it was pressed."""
    assert said(("y", 1.0), rearmed=0.2) == []
    assert said(("y", 1.0), rearmed=float("inf")) == []
    assert said(("y", 1.0), armed_at=FAR + 2) == []
    assert said(("y", 1.0), ("y", 0.3), armed_at=FAR + 1.2) == ["yes"], "pressed again, once it stood there"
