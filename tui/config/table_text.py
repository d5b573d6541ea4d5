"""A table of a TOML text written anew in its place: all other lines, and all comments, stay as somebody wrote them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Values = Mapping[str, Any]


def with_table(text: str, path: Sequence[str], values: Values) -> str:
    """The text with the table of that path holding these values (texts, numbers, lists of texts) and no others.

    Where the table is written in another form than under a header of its own, the result is no such text: whoever calls this
    reads it again and compares. Raises tomllib.TOMLDecodeError for a text that is none.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    start = next((at for at, line in enumerate(lines) if _header(line) == tuple(path)), None)
    if start is None:
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += newline
        gap = [newline] if lines and lines[-1].strip() else []
        header = f"[{'.'.join(map(_key, path))}]{newline}"
        return "".join([*lines, *gap, header, *(_line(key, value, newline) for key, value in values.items())])
    end = next((at for at in range(start + 1, len(lines)) if _header(lines[at])), len(lines))
    return "".join([*lines[: start + 1], *_body(lines[start + 1 : end], values, newline), *lines[end:]])


def _body(lines: Sequence[str], values: Values, newline: str) -> Iterator[str]:
    """The lines of a table, with other values."""
    left, groups = dict(values), list(_statements(lines))
    last = max((at for at, (held, _) in enumerate(groups) if held), default=-1)
    if last < 0:
        yield from _rest(left, newline)
    for at, (held, told) in enumerate(groups):
        key = next(iter(held), "")
        if not held or (key in left and held == {key: left[key]}):
            yield from told
        else:
            comments = [comment for line in told if (comment := _comment(line))]
            if key in left and len(comments) == 1 == len(told):
                yield _line(key, left[key], "  " + comments[0] + newline)
            else:
                yield from (comment + newline for comment in comments)
                if key in left:
                    yield _line(key, left[key], newline)
        left.pop(key, None)
        if at == last:
            yield from _rest(left, newline)


def _rest(left: Values, newline: str) -> Iterator[str]:
    return (_line(key, value, newline) for key, value in left.items())


def _statements(lines: Sequence[str]) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """What each statement sets, with its lines; what sets nothing, a line each. Raises tomllib.TOMLDecodeError."""
    group: list[str] = []
    for at, line in enumerate(lines):
        group.append(line)
        try:
            held = tomllib.loads("".join(group))
        except tomllib.TOMLDecodeError:
            if at == len(lines) - 1:
                raise
            continue
        yield held, group
        group = []


def _comment(line: str) -> str:
    """The comment at the end of one line of a statement, from its sign on; empty: there is none."""
    inside = ""
    for at, sign in enumerate(line):
        if inside:
            escaped = inside == '"' and line[:at].endswith("\\") and not line[:at].endswith("\\\\")
            inside = "" if sign == inside and not escaped else inside
        elif sign in "\"'":
            inside = sign
        elif sign == "#":
            return line[at:].rstrip("\r\n")
    return ""


def _header(line: str) -> tuple[str, ...]:
    """The path of the table that the line begins, of a list of tables with an empty name behind it; none: it begins none."""
    if not line.lstrip().startswith("["):
        return ()
    try:
        node: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()
    path: list[str] = []
    while node:
        if isinstance(node, list):
            return (*path, "")
        ((name, node),) = node.items()
        path.append(name)
    return (*path, "") if isinstance(node, list) else tuple(path)


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if bare else json.dumps(name, ensure_ascii=False)


def _line(key: str, value: object, end: str) -> str:
    return f"{_key(key)} = {json.dumps(value, ensure_ascii=False)}{end}"
