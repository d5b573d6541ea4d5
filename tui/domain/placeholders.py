"""What the arguments of a program named in the configuration may stand for, and what such a word must look like.

A word that comes from AWS becomes an argument of somebody's program, never a part of a shell's line; one that does not match its
pattern, or could be taken for an option, is refused.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Mapping, Sequence

from tui.domain.instance import Instance

_ADDRESS = r"[0-9a-fA-F.:]{2,45}"
PLACEHOLDERS: dict[str, str] = {
    "id": r"i-[0-9a-f]{8,17}",
    "region": r"[a-z0-9][a-z0-9-]{1,31}",
    "profile": r"[A-Za-z0-9_][A-Za-z0-9_.@+/ -]{0,127}",
    "private_ip": _ADDRESS,
    "public_ip": _ADDRESS,
    "key_name": r"[A-Za-z0-9_][A-Za-z0-9_.@+ -]{0,254}",
}
"""Each `{name}` that may stand in an argument, with the pattern of what is put in its place."""

_NAME = re.compile(r"\{([a-z_]+)\}")


def placeholder_fault(
    arguments: Sequence[str], *, put_in: bool = True, known: Collection[str] = tuple(PLACEHOLDERS)
) -> str:
    """What is wrong with them as they stand in the configuration; empty: nothing. `put_in`: whether anything is put in here;
    `known`: what may be."""
    program = arguments[0] if arguments else "none is named"
    if _NAME.search(program):
        return "the first is the program, in which nothing is put in"
    if not program.strip() or program.startswith("-") or ("/" in program and not program.startswith("/")):
        return "the first is the program, by its name or its whole path, such as /usr/local/bin/silence"
    for argument in arguments:
        if not argument.isprintable():
            return "an argument is one line of plain text"
        for name in _NAME.findall(argument):
            if not put_in and name in PLACEHOLDERS:
                return f"{{{name}}}: nothing is put in here; what it is about stands on the program's input"
            if put_in and name not in known:
                return f"{{{name}}} is none of {', '.join(f'{{{one}}}' for one in known)}"
    return ""


def filled(arguments: Sequence[str], words: Mapping[str, str]) -> list[str]:
    """The arguments with what they stand for put in. Raises ValueError for a word that is missing or not of its pattern."""

    def word(match: re.Match[str]) -> str:
        name = match[1]
        found = words.get(name, "")
        if not re.fullmatch(PLACEHOLDERS.get(name, r"(?!)"), found) or found.startswith("-"):
            raise ValueError(
                f"{{{name}}} is not known" if not found else f"{{{name}}} is not what one looks like"
            )
        if name.endswith("_ip"):
            ipaddress.ip_address(found)
        return found

    return [_NAME.sub(word, argument) for argument in arguments]


def placeholder_words(instance: Instance) -> dict[str, str]:
    """What the placeholders stand for; empty where it has none."""
    return {
        "id": instance.instance_id, "region": instance.target.region, "profile": instance.target.profile,
        "private_ip": instance.private_ip, "public_ip": instance.public_ip, "key_name": instance.key_name,
    }  # fmt: skip
