"""A second block that is a person's to lift, beside those there are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tui.domain import hazards
from tui.domain.actions import OVERRIDES, Override
from tui.domain.hazards.base import Hazard, HazardView, hazard
from tui.domain.severity import Gravity


@hazard("fake", "stop")
def _fake(view: HazardView) -> Iterator[Hazard]:
    gravity = Gravity.DANGER if view.overridden("fake") else Gravity.BLOCK
    yield Hazard(gravity, "it is made up", "leave it", override="fake")


def second_override(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on every stop-start meets it."""
    monkeypatch.setitem(OVERRIDES, "fake", Override("do what is made up", ("stop-start",)))
    monkeypatch.setattr(hazards, "HAZARD_CHECKS", (*hazards.HAZARD_CHECKS, _fake))
