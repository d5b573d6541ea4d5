"""`make soak`: the storm at length, in both modes and at three sizes, against a fresh embedded AWS each; says what was counted.

python tests/soak/run.py KEYS SEED [read-only|normal]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.soak.storm import Storm, changes, environment, instance_names, storm, unconfirmed
from tui.demo.environment import start

SIZES = ((80, 24), (160, 50), (40, 12))


def one(mode: str, size: tuple[int, int], count: int, seed: int) -> list[str]:
    """A storm of so many keys; what is wrong."""
    with tempfile.TemporaryDirectory() as name:
        folder, demo = Path(name), start("--speed", "60")
        try:
            arguments = ("--read-only",) if mode == "read-only" else ()
            blow = Storm(environment(demo, folder), *arguments, size=size, cwd=folder)
            try:
                result = blow.run(storm(seed, instance_names(demo)), count)
            except AssertionError as error:
                blow.result.trouble.append(str(error))
                result = blow.result
            wrong = list(result.trouble)
            if mode == "read-only":
                sent = changes(demo)
                wrong += [f"sent {call['operation']} {call['instances']}" for call in sent]
                told = f"{len(sent)} changes on the wire"
            else:
                missing, total = unconfirmed(demo, folder / "state" / "evac" / "journal.sqlite3")
                wrong += [f"not confirmed: {call}" for call in missing]
                told = f"{total} changes on the wire, {len(missing)} of them not confirmed"
            calls = len(demo.control("calls"))
        finally:
            demo.stop()
    print(
        f"{mode} {size[0]}x{size[1]} seed {seed}: {result.keys} keys in {result.seconds:.0f} s, {result.starts} consoles, "
        f"{result.looks} looks, {calls} requests; {told}; {len(wrong)} wrong",
        flush=True,
    )
    for line in wrong:
        print(line, flush=True)
    return wrong


def main(arguments: list[str]) -> int:
    """Every mode at every size, the keys shared out."""
    count, seed = int(arguments[0]), int(arguments[1])
    modes = arguments[2:] or ["read-only", "normal"]
    wrong = []
    for mode in modes:
        for number, size in enumerate(SIZES):
            wrong += one(mode, size, count // len(SIZES) + 1, seed + number)
    print("all promises held" if not wrong else f"{len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
