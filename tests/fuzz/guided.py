"""`make fuzz`, second half: atheris grows inputs that reach new lines of each reader. Says how many, and what it found.

python tests/fuzz/guided.py SECONDS [NAME ...]

Where atheris is not installed this says so and ends well: the hypothesis half needs nothing. Inputs that were worth keeping
lie in `.fuzz/NAME`, so that the next run begins with them; an input that broke something in `.fuzz/found`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".fuzz"
NAMES = (
    "sanitiser", "filters", "times", "configuration", "frames", "last_state", "journal", "audit_log", "answers", "pages",
)  # fmt: skip
"""Those of targets.READERS: that module is imported only where atheris watches it."""


def one(name: str, seconds: int) -> None:
    """In a process of its own: libFuzzer ends it."""
    import atheris

    sys.path.insert(0, str(ROOT))
    with atheris.instrument_imports(include=["tui", "botocore.parsers", "tests.fuzz.targets"]):
        from tests.fuzz.targets import READERS
        from tests.unit import test_parser  # noqa: F401 - the oracle of `answers`, and through it the parser
    reader, corpus = READERS[name], KEPT / name
    corpus.mkdir(parents=True, exist_ok=True)
    (KEPT / "found").mkdir(exist_ok=True)
    for number, seed in enumerate(reader.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    told = [
        "-rss_limit_mb=4096",
        "-timeout=60",
        f"-artifact_prefix={KEPT / 'found'}/{name}-",
        "-print_final_stats=1",
    ]
    atheris.Setup(
        [sys.argv[0], *told, f"-max_total_time={seconds}", f"-max_len={reader.longest}", str(corpus)],
        reader.read,
    )
    atheris.Fuzz()


def run(name: str, seconds: int) -> tuple[int, int, str]:
    """How many inputs were tried, how many were worth keeping, and what broke (empty: nothing)."""
    command = [sys.executable, "-P", __file__, "--one", name, str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, cwd=ROOT)
    said = done.stdout + done.stderr
    tried = re.search(r"stat::number_of_executed_units:\s*(\d+)", said)
    cover = re.findall(r"corp: (\d+)", said)
    where = said.find("Uncaught Python exception")
    broke = (
        ""
        if done.returncode == 0 and tried
        else said[max(where, len(said) - 3000 if where < 0 else 0) :][:3000]
    )
    return int(tried[1]) if tried else 0, int(cover[-1]) if cover else 0, broke


def main(arguments: list[str]) -> int:
    """All of them, or those named, for so many seconds each."""
    if arguments[:1] == ["--one"]:
        one(arguments[1], int(arguments[2]))
        return 0
    try:
        import atheris  # noqa: F401 - only whether it is here
    except ImportError as error:
        print(
            f"SKIPPED: no guided fuzzing: atheris cannot be used with this Python ({error}); it is on PyPI for CPython on Linux"
        )
        return 0
    seconds, names, failed = int(arguments[0]), arguments[1:] or NAMES, 0
    for name in names:
        tried, kept, broke = run(name, seconds)
        failed += bool(broke)
        print(
            f"{name:14} {tried:>10,} inputs in {seconds} s, {kept} worth keeping: {'BROKEN' if broke else 'held'}",
            flush=True,
        )
        if broke:
            print(broke, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
