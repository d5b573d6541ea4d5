"""What a guest writes to its serial console: boots, and what a failure adds, out of the texts in `consoles/`.

A text's lines: `[4.910012] …` has a kernel stamp, seconds since its boot; `[T-21.4] …` one relative to the failure, and is not
there before its time; `%include NAME` is another text, `%repeat N …` a line so often, with `{n}` in it; `{date-70}` and
`{clock-70}` are times relative to the failure as Windows writes them; `\\e`, `\\r`, `\\xNN` and `\\uNNNN` are characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "consoles"
MOST = 65_536
"""Bytes that are kept of a console (user guide, instance-console)."""
POSTED_AFTER = timedelta(minutes=4)
"""So long after a boot its output is posted, as commonly seen."""
_STAMP = re.compile(r"\[ *(T?)([+-]?\d+\.\d+)\] ?")
_TIME = re.compile(r"\{(date|clock)([+-]\d+)\}")
_ESCAPE = re.compile(r"\\(e|r|\\|x[0-9a-f]{2}|u[0-9a-f]{4})")
_SMALL = {"nano": 0.5, "micro": 1.0, "small": 2.0, "medium": 4.0}
_SPOKEN = {"e": "\x1b", "r": "\r", "\\": "\\"}


@cache
def _lines(name: str) -> tuple[str, ...]:
    """The lines of a text, whole. Raises FileNotFoundError."""
    found: list[str] = []
    for line in (FOLDER / f"{name}.log").read_text(encoding="ascii").splitlines():
        word, _, rest = line.partition(" ")
        if word == "%include":
            found += _lines(rest)
        elif word == "%repeat":
            count, _, text = _ESCAPE.sub(_character, rest).partition(" ")
            found += [text.replace("{n}", str(100 + number)) for number in range(int(count))]
        else:
            found.append(_ESCAPE.sub(_character, line))
    return tuple(found)


def _character(match: re.Match[str]) -> str:
    """A byte that is no ASCII stays a byte: it is written back by `surrogateescape`."""
    text = match[1]
    if text in _SPOKEN:
        return _SPOKEN[text]
    number = int(text[1:], 16)
    return chr(0xDC00 + number if text[0] == "x" and number > 127 else number)


def healthy_log(doc: Mapping[str, Any]) -> str:
    """The text of an instance that is well: by its id, so that it stays the same."""
    if doc.get("Platform") == "windows":
        return "windows"
    if doc.get("_xen"):
        return "xen-healthy"
    return ("al2023", "ubuntu", "rhel9-healthy")[int(doc["InstanceId"][-1], 16) % 3]


def facts_of(doc: Mapping[str, Any]) -> dict[str, str]:
    """What a console's text says of the instance itself; sizes are KB."""
    host = str(doc.get("PrivateDnsName", "")).partition(".")[0]
    memory = int(_memory(str(doc["InstanceType"])) * 1024 * 1024 * 0.96)
    sizes = {
        "memory": memory,
        "available": memory * 97 // 100,
        "resident": memory * 88 // 100,
        "virtual": memory * 2,
    }
    texts = {"host": host, "ip": str(doc.get("PrivateIpAddress", "")), "type": str(doc["InstanceType"])}
    return texts | {name: str(size) for name, size in sizes.items()}


def _memory(kind: str) -> float:
    """Gigabytes of a type, by its family and size (user guide, instance types: 2, 4 or 8 for each vCPU)."""
    family, _, size = kind.partition(".")
    if size in _SMALL:
        return _SMALL[size]
    each = {"c": 2, "r": 8, "x": 16}.get(family[:1], 4)
    return each * (
        2 if size == "large" else 4 * int(size.removesuffix("xlarge") or 1) if "xlarge" in size else 96
    )


@dataclass
class Console:
    """A console since its last start. `log`: the text of this boot; `failed`: when what it tells of happened; `earlier`: what
    earlier boots left.
    """

    log: str
    booted: datetime
    failed: datetime
    earlier: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    def output(self, now: datetime) -> str:
        """All that is there by now, the newest 64 KB of it."""
        text = self.earlier + "\r\n".join(self._written(now))
        raw = text.encode("utf-8", "surrogateescape")
        return text if len(raw) <= MOST else raw[-MOST:].decode("utf-8", "surrogateescape")

    def _written(self, now: datetime) -> Iterator[str]:
        for line in _lines(self.log):
            stamp = _STAMP.match(line)
            text = line
            if stamp is not None:
                seconds = float(stamp[2])
                if stamp[1]:
                    if self.failed + timedelta(seconds=seconds) > now:
                        break
                    seconds = max(0.0, (self.failed - self.booted).total_seconds() + seconds)
                text = f"[{seconds:12.6f}] {line[stamp.end() :]}"
            for name, value in self.facts.items():
                text = text.replace(f"{{{name}}}", value)
            yield _TIME.sub(self._time, text)

    def _time(self, match: re.Match[str]) -> str:
        at = self.failed + timedelta(seconds=int(match[2]))
        return f"{at:%Y/%m/%d %H:%M:%S}Z" if match[1] == "date" else f"{at:%I:%M:%S %p on %m/%d/%Y}"

    def goes_on(self, log: str, now: datetime) -> None:
        """More of the same boot, such as `shutdown`."""
        self.earlier = self.output(now) + "\r\n"
        self.log, self.failed = log, now

    def boots(self, log: str, now: datetime, failed: datetime) -> None:
        """Another boot, after what is there."""
        self.earlier = self.output(now) + "\r\n"
        self.log, self.booted, self.failed = log, now, failed
