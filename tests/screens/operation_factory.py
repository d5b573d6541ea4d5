"""Operations as far as a test wants them: through, stuck, cut off, under way."""

from __future__ import annotations

from datetime import timedelta

from tests.screens.fake_runner import Play
from tui.domain.answers import NoteKind
from tui.services import Services

ALL = ("stop", "wait-stopped", "start", "wait-running", "wait-checks", "verify-event")


def finished(given: Services) -> Play:
    return (
        Play(given, "payments-db-2", at=timedelta(days=1))
        .done(*ALL)
        .end(note="the event is gone or completed")
    )


def retrying(given: Services) -> Play:
    play = Play(given, "batch-14", at=timedelta(minutes=5)).done("stop", "wait-stopped").begin("start")
    return play.say(
        "STOPPED: no capacity; try 3 in 20 s", attention=True, down=True, kind=NoteKind.DOWN
    ).driven()


def cut(given: Services) -> Play:
    play = Play(given, "web-3", at=timedelta(minutes=9)).done("stop", "wait-stopped").say("", down=True)
    return play.driven(timedelta(minutes=8))


def recovery_off(given: Services) -> Play:
    """Automatic recovery was switched off: it can be undone."""
    return (
        Play(given, "bastion", "auto-recovery", at=timedelta(hours=1), switch_off=True)
        .done("set-recovery")
        .end()
    )


def running(given: Services) -> Play:
    return (
        Play(given, "mail-1", "image", at=timedelta(minutes=20))
        .begin("image")
        .say("ami-1 is pending")
        .driven()
    )
