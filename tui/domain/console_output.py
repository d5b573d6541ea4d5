"""A serial console's output as the lines that a terminal would have left, without anything a terminal would obey.

What programs send to a terminal (ECMA-48: CSI, OSC and other control strings, choices of a character set) is taken out before
anything else, whole or cut off; what moves within a line (carriage return, backspace, erase, tabulator) is done, so that a
progress bar is its last state. A move to another line begins a new one.
"""

from __future__ import annotations

import re

from tui.domain.sanitize import SafeText, clean

CONSOLE_LIMIT = 64 * 1024
"""Characters that are read, the newest: AWS keeps 64 KB (EC2 API, GetConsoleOutput)."""
MAX_LINE = 1000
"""Columns a move may reach."""
_TOKEN = re.compile(
    r"\x1b\[\[[A-E]?"  # a function key of Linux's console
    r"|(?:\x1b\[|\x9b)(?P<values>[0-?]*)[ -/]*(?P<csi>[@-~])?"  # CSI, maybe cut off
    r"|(?:\x1b[\]PX^_k]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"  # OSC, DCS, SOS, PM, APC, a title
    r"|\x1b[ -/]+[0-~]?"  # a character set, and its kin
    r"|\x1b(?P<esc>[0-~])?"
    r"|[\x00\x07\x0e\x0f\x7f]"  # a bell, fill characters, shifts of the character set
    r"|(?P<text>[^\x00\x07\x0e\x0f\x7f\x1b\x90\x98\x9b\x9d-\x9f\r\n\x08\t\x0b\x0c\x84\x85\x8d]+)"
    r"|(?P<move>[\r\n\x08\t\x0b\x0c\x84\x85\x8d])"
)
_CUT_BEFORE = re.compile(r"\A(?:\[[0-9;?]{1,12}|[0-9]{1,3}(?:;[0-9]{1,3}){0,4})[mKJHhlGr]")
"""What is left of a sequence whose beginning was cut off with the lines before."""
_OTHER_LINE = frozenset("HfJABEFdSTLM")


class _Line:
    """The line being written: its cells, and the cursor's column."""

    def __init__(self) -> None:
        self.cells: list[str] = []
        self.column = 0

    def write(self, text: str) -> None:
        at = min(self.column, MAX_LINE)
        if at > len(self.cells):
            self.cells.extend(" " * (at - len(self.cells)))
        self.cells[at : at + len(text)] = text
        self.column = at + len(text)

    def erase(self, how: str) -> None:
        if how in ("", "0"):
            del self.cells[self.column :]
        else:
            self.cells[: self.column] = " " * min(self.column, len(self.cells))
            if how == "2":
                self.cells.clear()

    def move(self, final: str, values: str) -> None:
        count = int(values) if values.isascii() and values.isdigit() and len(values) < 6 else 1
        here = self.column
        if final == "K":
            self.erase(values)
        elif final == "P":
            del self.cells[here : here + max(count, 1)]
        elif final == "@" and here < len(self.cells) < MAX_LINE:
            self.cells[here:here] = " " * min(count, MAX_LINE)
        elif final == "X":
            erased = min(here + max(count, 1), len(self.cells)) - here
            self.cells[here : here + erased] = " " * max(erased, 0)
        elif final == "b" and 0 < here <= len(self.cells):
            self.write(self.cells[here - 1] * min(count, MAX_LINE))
        elif final in ("G", "`"):
            self.column = min(max(count - 1, 0), MAX_LINE)
        elif final in ("C", "a"):
            self.column = min(self.column + count, MAX_LINE)
        elif final == "D":
            self.column = max(self.column - count, 0)

    @property
    def text(self) -> SafeText:
        return clean("".join(self.cells).rstrip())


def console_lines(output: object, limit: int = CONSOLE_LIMIT) -> tuple[SafeText, ...]:
    """The lines, the oldest first; empty ones at the end are left out."""
    raw = "" if output is None else str(output)
    raw = _CUT_BEFORE.sub("", raw[-limit:])
    lines = [line for one in raw.split("\n") for line in terminal_lines(one)]
    while len(lines) > 1 and not lines[-1]:
        lines.pop()
    return tuple(lines)


def terminal_lines(raw: str) -> tuple[SafeText, ...]:
    """What one line of the output leaves on a terminal: one line, or several where it moves to others. No sequence goes on
    beyond a line's end."""
    plain = raw.rstrip("\r")
    if plain.isprintable():
        return (clean(plain.rstrip()),)
    lines: list[SafeText] = []
    line = _Line()
    for token in _TOKEN.finditer(raw):
        if token["text"] is not None:
            line.write(token["text"])
        elif (moved := token["move"]) is not None:
            if moved == "\r":
                line.column = 0
            elif moved == "\x08":
                line.column = max(line.column - 1, 0)
            elif moved == "\t":
                line.write(" " * (8 - line.column % 8))
            else:
                lines.append(line.text)
                line = _Line()
        elif token["csi"] in _OTHER_LINE or token["esc"] in ("D", "E", "M", "c"):
            if line.cells:
                lines.append(line.text)
                line = _Line()
        elif token["csi"] is not None:
            line.move(token["csi"], token["values"])
    return (*lines, line.text)
