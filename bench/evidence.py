"""Why an instance fails, on one screen: how soon it is there, and what a key costs while it is."""

from __future__ import annotations

import os
import time

from bench.tools import Figure, Terminal, clean, evac, fleet, median, percentile


def triage(presses: int = 200) -> list[Figure]:
    """The triage tab of a failing instance, beside the overview tab of the same; each call of AWS takes 150 ms longer."""
    with fleet(1000, 4, 5, 0.15) as demo, clean(demo) as environ, Terminal(evac(), environ) as one:
        one.until_shown(lambda screen: "1000 instances" in screen, 240)
        one.quiet(2.0)
        one.press(b"1")
        one.quiet(1.0)
        begun = time.monotonic() - one.begun
        os.write(one.fd, b"\r")
        first = one.until_shown(lambda screen: " CPU " in screen and " now " in screen) - begun
        whole = one.until_shown(lambda screen: "reading …" not in screen) - begun
        one.quiet(1.0)
        others, its = [], []
        for _ in range(presses):
            others.append(one.press(b"l"))
            its.append(one.press(b"h"))
        zooms = [one.press(b"z") for _ in range(presses // 4)]
    there, beside = (percentile(one, 0.99) for one in (its, others))
    return [
        Figure("opening what fails → its first metrics drawn, +150 ms a call", f"{first:.2f} s", "", first, "≤ 0.3 s",
               first <= 0.3, f"all of the evidence {whole:.2f} s (≤ 1.5 s)", {"first": first, "whole": whole}),
        Figure("key → frame p99, turning to the triage tab", f"{there * 1000:.0f} ms", f"to its neighbour {beside * 1000:.0f} ms",
               there / beside, "≤ 1.5x", there <= 1.5 * beside, f"median {median(its) * 1000:.0f} ms",
               {"p99": there, "neighbour": beside}),
        Figure("zoom → frame, the triage tab", f"{median(zooms) * 1000:.0f} ms", values={"seconds": median(zooms)}),
    ]  # fmt: skip
