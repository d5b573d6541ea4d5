"""Questions, as they are met in a night: too early, in half a terminal, beside marks, with the world moving on."""

from __future__ import annotations

import time

from tests.e2e.terminal import has
from tests.journeys.console_user import ASKED, SETTLED, Shift, awaited, sent
from tui.demo.environment import Demo
from tui.operations.model import Operation

PASTE = "\x1b[200~{}\x1b[201~"
"""A paste, as a terminal marks it."""


def confirmed(one: Operation) -> bool:
    """Somebody has said yes to it."""
    return one.confirmed_at is not None


def asks(me: Shift, verb: str) -> None:
    """Press the verb on the row under the cursor and wait for its question."""
    me.keys(verb)
    me.until(has(ASKED))
    time.sleep(SETTLED)


def test_only_an_answer_answers_in_a_whole_terminal_and_in_half_of_one(
    demo: Demo, env: dict[str, str]
) -> None:
    with Shift(environ=env) as me:
        me.begin()
        me.find("payments-db-2")
        me.keys(
            "s", "o", "r", "d", "e", "r", "s", "?"
        )  # a name typed before it is asked for: no command, no answer
        me.until(has(ASKED))
        time.sleep(SETTLED)
        assert "orders" not in me.text
        me.keys("payments-db-3", "enter")
        me.until("that is not payments-db-2: nothing was sent")
        me.keys("escape")
        me.until("nothing was sent: Stop and start")

        me.fleet()
        me.resize(80, 12)
        me.find("load-1")
        asks(me, "b")
        assert "load-1  i-" in me.text
        assert "AWS says yes" in me.text
        assert has(r"Reboot load-1\? +y +yes")(me)
        for key in ("enter", "enter", "c", "t", "q", "ㅛ"):
            me.keys(key)
            me.until("only y answers yes, and n or esc no")
            time.sleep(0.1)
        me.keys(PASTE.format("y"))
        me.until("what is pasted answers nothing")

        me.resize(80, 5)
        me.until(has(r"this needs \d+ lines: nothing is asked"))
        me.keys("y")
        time.sleep(SETTLED)
        me.resize(120, 35)
        me.until(has(r"Reboot load-1\? +y +yes"))
        assert sent(demo) == []
        time.sleep(SETTLED)
        me.keys("y")
        one = awaited(env, confirmed, me.read)
        assert one.instance_name == "load-1"
        awaited(env, lambda one: not one.is_open and confirmed(one), me.read)
        assert sent(demo) == ["RebootInstances"]


def test_what_is_marked_is_meant_and_what_moved_on_is_shown(demo: Demo, env: dict[str, str]) -> None:
    with Shift(environ=env, size=(120, 35)) as me:
        me.begin()
        me.find("payments-db-3")
        me.keys("space")
        me.until("1 marked (actions mean it): payments-db-3")
        me.fleet()
        me.keys("/")
        me.until(has(r"(?m)^ / "))
        me.keys("load-2")
        me.until(lambda one: "load-2" in one.line("› "))
        me.keys("enter")
        me.until("1 marked, 1 not in this view")
        me.keys("space")
        me.until("2 marked, 1 not in this view")
        me.keys("b")
        me.until("payments-db-3 (not in this view), load-2")
        me.keys("y", "enter", "escape")
        me.until("nothing was sent: Reboot")
        me.keys("space")  # one left
        me.until("1 marked, 1 not in this view")

        asks(me, "s")
        me.until("it is the one marked, and not in this view")
        assert "Stop and start" in me.text
        assert "payments-db-3  i-" in me.text
        demo.control("events", {"instance": "payments-db-3", "code": "system-reboot", "in": 36000})
        me.keys("payments-db-3", "enter")
        me.until("changed: its scheduled events are others")
        assert sent(demo) == []
        me.until(lambda one: "AWS says yes" in one.text and "payments-db-3" in one.screen.display[-4])
        time.sleep(SETTLED)
        me.resize(160, 50)
        me.until(has(ASKED))
        time.sleep(2 * SETTLED)
        me.keys("enter")
        assert awaited(env, confirmed, me.read).instance_name == "payments-db-3"
        awaited(env, lambda one: not one.is_open and confirmed(one), me.read)
        assert sent(demo)[:2] == ["DeregisterTargets", "StopInstances"]
