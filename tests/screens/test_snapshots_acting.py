"""How the question looks in each of its states, and the operations, at both sizes: as text, and where only colours tell as a
picture too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from screens.confirm import ConfirmScreen
from screens.operations import OperationsScreen
from tests.screens.confirm_pilot import ready
from tests.screens.fake_runner import acting
from tests.screens.fake_services import SETTINGS, Stage
from tests.screens.looks import Looks
from tests.screens.operation_factory import cut, finished, retrying, running
from tests.screens.pilot_helpers import LARGE, SMALL, until
from tui.config.sections import ProfileSettings
from tui.domain.instance import Trouble, TroubleKind
from tui.domain.sanitize import clean

SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
Size = tuple[int, int]
QUESTION = ("#room",)
OPERATIONS = ("#head", "OperationTable", "#detail", "#abandon")


@pytest.fixture(autouse=True)
def same_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that differ from run to run."""
    count = iter(range(100))
    monkeypatch.setattr("secrets.token_hex", lambda length: f"{next(count):0{2 * length}x}")
    monkeypatch.setattr("getpass.getuser", lambda: "kim")
    monkeypatch.setattr("socket.gethostname", lambda: "bastion-1")


def question(
    folder: Path, action: str, name: str, says: str, state: str, *keys: str, **changes: Any
) -> tuple[Stage, Callable[[Pilot[None]], Awaitable[None]]]:
    """The screen, and how to bring it into that state."""
    given, _, key = acting(folder, name, says, **changes)
    screen = ConfirmScreen(given, action, key)
    screen.pause = 0.0
    reached = {
        "asked": lambda: ready(screen),
        "told": lambda: screen.permission is not None,
        "drawn": lambda: screen.draft is not None,
        "failed": lambda: screen.trouble is not None,
    }[state]

    async def before(pilot: Pilot[None]) -> None:
        await until(pilot, reached)
        if keys:
            await pilot.press(*keys)
        await pilot.pause()

    return Stage(screen), before


CASES: dict[str, tuple[Any, ...]] = {
    "stop-start": ("stop-start", "payments-db-1", "yes", "asked"),
    "auto-scaling": ("stop-start", "web-7", "yes", "asked"),
    "last-healthy": ("stop-start", "report-1", "yes", "drawn"),
    "member-reboots": ("reboot", "web-7", "yes", "asked"),
    "instance-store": ("stop-start", "batch-14", "yes", "asked"),
    "wrong-name": ("stop-start", "payments-db-1", "yes", "asked", *"payments", "enter"),
    "blocked": ("stop-start", "old-root", "yes", "drawn"),
    "protected": ("stop-start", "vault-1", "yes", "drawn"),
    "reboot": ("reboot", "load-1", "yes", "asked"),
    "asking": ("reboot", "load-1", "nothing", "told"),
    "denied": ("stop-start", "load-2", "no", "told"),
    "aws-did-not-say": ("reboot", "load-2", "silent", "asked"),
    "reschedule": ("reschedule", "ledger-1", "yes", "drawn"),
    "image": ("image", "mail-1", "yes", "asked"),
}


TOLD_BY_COLOURS = {"last-healthy", "wrong-name", "blocked", "asking", "denied", "aws-did-not-say"}


def colours(size: Size, *, told: bool = True) -> str:
    """A picture of the small one, where only colours tell."""
    return "colours" if told and size == SMALL else ""


@SIZES
@pytest.mark.parametrize("case", CASES)
def test_question(looks: Looks, tmp_path: Path, case: str, size: Size) -> None:
    app, before = question(tmp_path, *CASES[case])
    kind = "screen" if case == "stop-start" and size == SMALL else colours(size, told=case in TOLD_BY_COLOURS)
    looks(app, size, *QUESTION, before=before, picture=kind)


@SIZES
def test_question_read_only(looks: Looks, tmp_path: Path, size: Size) -> None:
    prod = ProfileSettings(label="PROD", color="red", read_only=True)
    settings = replace(SETTINGS, profiles={**SETTINGS.profiles, "prod": prod})
    app, before = question(tmp_path, "stop-start", "payments-db-1", "yes", "drawn", settings=settings)
    looks(app, size, *QUESTION, before=before, picture=colours(size))


@SIZES
def test_question_failed(looks: Looks, tmp_path: Path, size: Size) -> None:
    given, _, key = acting(tmp_path, "payments-db-1")
    given.link.trouble = Trouble(  # type: ignore[union-attr] # the stage's collector
        TroubleKind.CREDENTIALS,
        clean("prod: the login has expired"),
        clean("run aws sso login --profile prod"),
    )
    screen = ConfirmScreen(given, "stop-start", key)

    async def before(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: screen.trouble is not None)
        await pilot.pause()

    looks(Stage(screen), size, *QUESTION, before=before, picture=colours(size))


@SIZES
def test_question_in_ascii(looks: Looks, tmp_path: Path, size: Size) -> None:
    settings = replace(SETTINGS, ascii=True)
    app, before = question(tmp_path, "stop-start", "web-7", "yes", "asked", settings=settings)
    looks(app, size, *QUESTION, before=before, picture=colours(size))


def filled(folder: Path) -> OperationsScreen:
    given = acting(folder, "payments-db-1")[0]
    finished(given), running(given), cut(given)
    return OperationsScreen(replace(given), retrying(given).id)


@SIZES
@pytest.mark.parametrize("keys", [(), ("G",), ("j", "a")], ids=["followed", "past", "abandon"])
def test_operations(looks: Looks, tmp_path: Path, keys: tuple[str, ...], size: Size) -> None:
    async def before(pilot: Pilot[None]) -> None:
        if keys:
            await pilot.press(*keys)
        await pilot.pause()

    kind = "screen" if not keys and size == SMALL else colours(size)
    looks(Stage(filled(tmp_path)), size, *OPERATIONS, before=before, picture=kind)


@SIZES
def test_operations_empty(looks: Looks, tmp_path: Path, size: Size) -> None:
    looks(Stage(OperationsScreen(acting(tmp_path, "payments-db-1")[0])), size, *OPERATIONS)
