"""Services on a stage, in which operations can be played."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.screens.fake_runner import acting
from tui.services import Services


@pytest.fixture
def given(tmp_path: Path) -> Services:
    return acting(tmp_path, "payments-db-1")[0]
