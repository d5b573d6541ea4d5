"""The report of a fault of ours: where it broke, and nothing of what was in the variables.

`$XDG_STATE_HOME/evac/crash-TIME.txt`, mode 0600. The console holds no credentials; whatever the environment holds under a name
that sounds like a secret is struck out of the error's own words all the same.
"""

from __future__ import annotations

import os
import platform
import re
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from tui.domain.sanitize import clean
from tui.errors import EvacError
from tui.paths import state_folder

KEPT = 20
"""Reports; older ones make room."""
_SENSITIVE = r"(?i)SECRET|TOKEN|PASS|KEY|CREDENTIAL|AUTH|EVAC_SETTINGS"


class CrashError(EvacError):
    """A fault of evac's own: what, where the report is, what goes on."""

    def __init__(self, error: BaseException, environ: Mapping[str, str]) -> None:
        told = _struck(f"{type(error).__name__}: {error}", environ)
        path = write_crash_report(error, environ)
        where = f"report: {path}" if path else "no report could be written"
        super().__init__(
            clean(f"internal error: {told[:200]}; {where}; operations go on without it: evac ops", 2000)
        )
        self.path = path


def write_crash_report(error: BaseException, environ: Mapping[str, str]) -> Path | None:
    """The new report's path; None where the folder can't be written, which is no reason to fail again."""
    folder, now = state_folder(environ), datetime.now(UTC)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in sorted(folder.glob("crash-*.txt"))[: -(KEPT - 1)]:
            old.unlink(missing_ok=True)
        path = folder / f"crash-{now:%Y%m%dT%H%M%S.%fZ}.txt"
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write("\n".join(clean(line, 500) for line in _lines(error, environ, now)) + "\n")
    except OSError:
        return None
    return path


def _lines(error: BaseException, environ: Mapping[str, str], now: datetime) -> Iterator[str]:
    yield f"evac {_version('evac')}, textual {_version('textual')}, Python {platform.python_version()}, {platform.system()}"
    yield f"{now.isoformat()}, TERM={environ.get('TERM', '')}"
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield ""
        yield _struck(f"{type(one).__name__}: {one}", environ)
        for frame in traceback.extract_tb(one.__traceback__):
            yield f"  {frame.filename}:{frame.lineno} in {frame.name}"
        one = one.__cause__ or one.__context__


def _struck(text: str, environ: Mapping[str, str]) -> str:
    for name, value in environ.items():
        if len(value) >= 6 and re.search(_SENSITIVE, name):
            text = text.replace(value, "***")
    return text


def _version(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return "?"
