"""Whatever happens meanwhile, a campaign keeps its promises: a few hundred random worlds here, ten thousand in `make chaos`.

`EVAC_WORLDS=10000` plays so many; a world that fails is played again by `play(seed)`.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.unit.campaign_worlds import play

WORLDS = int(os.environ.get("EVAC_WORLDS") or 400)
SHARES = 4


@pytest.mark.parametrize("share", range(SHARES))
def test_no_world_breaks_a_promise_of_campaigns(share: int) -> None:
    happened: Counter[str] = Counter()
    for seed in range(share, WORLDS, SHARES):
        happened += play(seed)
    assert happened["worlds"] == len(range(share, WORLDS, SHARES))
    for what in (
        "done",
        "failed",
        "halted",
        "resumed",
        "paused",
        "rules changed",
        "left out",
        "conductor killed before it began one",
        "asked again with an old answer",
        "its group was short",
        "failed, and done after all",
        "it had a new danger",
        "no longer its turn",
        "held by another operation",
        "a member fell ill by itself",
    ):
        assert happened[what], f"no world had this: {what}"
