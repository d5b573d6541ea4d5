"""What `make test` leaves to `make night`: further sizes, wrappers and encodings of what it does run, and the longest stories."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

import pytest

_T = TypeVar("_T")

ALL = os.environ.get("EVAC_SIZES") == "all"
at_night = pytest.mark.skipif(not ALL, reason="minutes of two cores: make night")


def some(every: Sequence[_T], *chosen: int) -> Sequence[_T]:
    """Of many that are alike these, by their place; at night each."""
    return every if ALL else [every[place] for place in chosen]
