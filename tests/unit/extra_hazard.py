"""A second block that is a person's to lift, beside those there are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tui.domain.actions import OVERRIDES, Override
from tui.domain.hazards import HAZARD_CHECKS
from tui.domain.hazards.base import Hazard, HazardView
from tui.domain.severity import Gravity


def _fake(view: HazardView) -> Iterator[Hazard]:
    gravity = Gravity.DANGER if view.overridden("fake") else Gravity.BLOCK
    yield Hazard("fake", gravity, "it is made up", "leave it", override="fake")


def second_override(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on every stop-start meets it."""
    monkeypatch.setitem(OVERRIDES, "fake", Override("do what is made up", ("stop-start",)))
    monkeypatch.setitem(HAZARD_CHECKS, "stop-start", (*HAZARD_CHECKS["stop-start"], _fake))
