"""Counts in words: one place where one is not many."""

from __future__ import annotations


def counted(number: int, what: str, many: str = "") -> str:
    """`1 instance`, `3 instances`; `many` where the plural is not `what` and an s."""
    return f"{number} {what if number == 1 else many or what + 's'}"


def part_of(part: int, whole: int, what: str, many: str = "") -> str:
    """`2 of 3 members`, `1 of 1 member`."""
    return f"{part} of {counted(whole, what, many)}"
