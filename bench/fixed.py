"""The scenario that is compared over time: 3 accounts x 4 regions, 300 instances, 150 ms added to each request."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path

from bench.tools import PEER_PYTHON, PEERS, Figure, Terminal, clean, evac, fleet, median, timed
from tui.demo.environment import Demo

LAST = b"READ-WRITE"
"""The last word of evac's key line: when it is there the whole frame is."""
ROW = re.compile(r"i-[0-9a-f]{8}")
"""An instance's id: before the inventory only those with trouble are shown."""
SERVONAUT = PEER_PYTHON.with_name("servonaut")


def fixed(repeat: int) -> list[Figure]:
    """evac's console, servonaut's, and a script with boto3, in turns."""
    ours: list[dict[str, float]] = []
    scripts: list[dict[str, float]] = []
    theirs: list[dict[str, float]] = []
    with fleet(300, 3, 4, 0.15) as demo:
        for _ in range(repeat):
            ours.append(_evac(demo))
            scripts.append(_script(demo))
            if SERVONAUT.exists():
                theirs.append(_servonaut(demo))
    frame, row, whole = (median([one[name] for one in ours]) for name in ("frame", "row", "all"))
    first, best = (median([one[name] for one in scripts]) for name in ("first", "all"))
    peer = dict.fromkeys(("frame", "row"), "servonaut: not in bench/.venv")
    if theirs:
        peer = {name: f"servonaut {median([one[name] for one in theirs]):.2f} s" for name in ("frame", "row")}
    servonaut = {name: median([one[name] for one in theirs]) for name in ("frame", "row")} if theirs else {}
    script = f"boto3, 16 threads {first:.2f} s"
    return [
        Figure("3 x 4 targets, 300 instances, +150 ms: first frame", f"{frame:.2f} s", peer["frame"], frame, "≤ 0.8 s",
               frame <= 0.8, values={"evac": frame, "servonaut": servonaut.get("frame", 0.0)}),
        Figure("the same: first row with trouble on screen", f"{row:.2f} s", script, row, "≤ 1.0 s", row <= 1.0,
               f"{peer['row']}, all rows at once and no checks",
               {"evac": row, "boto3": first, "servonaut": servonaut.get("row", 0.0)}),
        Figure("the same: every instance with checks and events", f"{whole:.2f} s", f"boto3, 16 threads {best:.2f} s", whole,
               "≤ 1.8 s", whole <= 1.8, values={"evac": whole, "boto3": best}),
    ]  # fmt: skip


def _evac(demo: Demo) -> dict[str, float]:
    with clean(demo) as environ, Terminal(evac(), environ) as one:
        times = {"frame": one.until(LAST)}
        times["row"] = one.until_shown(lambda screen: bool(ROW.search(screen)))
        times["all"] = one.until_shown(lambda screen: "300 instances" in screen)
        return times


def _script(demo: Demo) -> dict[str, float]:
    with clean(demo) as environ:
        command = [
            sys.executable,
            str(PEERS / "boto3_pool.py"),
            ",".join(demo.profiles),
            ",".join(demo.regions),
        ]
        found: dict[str, float] = json.loads(timed(command, environ)[2])
        return found


def _servonaut(demo: Demo) -> dict[str, float]:
    """Its console with its own configuration: the same profiles and regions, a fresh home, and no way to the internet.

    It lists instances without their checks and shows them when it has all.
    """
    with tempfile.TemporaryDirectory(prefix="evac-bench-") as home, clean(demo) as environ:
        first, *others = demo.profiles
        regions = list(demo.regions)
        accounts = [{"label": name, "profile": name, "regions": regions} for name in others]
        config = Path(home) / ".servonaut" / "config.json"
        config.parent.mkdir()
        aws = {"enabled": True, "profile": first, "regions": regions, "accounts": accounts}
        config.write_text(json.dumps({"version": 3, "aws": aws}))
        nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
        environ |= {"HOME": home, **nowhere, "NO_PROXY": "127.0.0.1,localhost",
                    "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}  # fmt: skip
        environ.pop("PYTHONPATH")
        with Terminal([str(SERVONAUT)], environ) as one:
            return {"frame": one.until(b"Search instances"), "row": one.until(b"checkout-0")}
