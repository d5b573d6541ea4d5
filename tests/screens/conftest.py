"""Services in which operations can be played, and how a screen is compared with how it looked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.screens.fake_runner import acting
from tests.screens.looks import Looks, comparing
from tui.services import Services


@pytest.fixture
def given(tmp_path: Path) -> Services:
    return acting(tmp_path, "payments-db-1")[0]


@pytest.fixture
def looks(snapshot: Any, snap_compare: Callable[..., bool]) -> Looks:
    return comparing(snapshot, snap_compare)
