"""Account numbers, in the one form in which people compare them."""

from __future__ import annotations


def account_number(number: str) -> str:
    """`1111-2222-3333`, as AWS's own pages group it; what has not twelve digits as it is, and none as none."""
    if len(number) == 12 and number.isascii() and number.isdigit():
        return f"{number[:4]}-{number[4:8]}-{number[8:]}"
    return number
