"""What a person types to confirm a campaign: how many go, and which production they are of."""

from __future__ import annotations

from collections.abc import Iterable

from tui.domain.typed_name import same, typeable

ANY_PRODUCTION = "PRODUCTION"
"""What stands for a label that nobody can type safely."""


def expected_count(count: int, production: Iterable[str] = ()) -> str:
    """`188`, or `188 PROD` where members are of profiles with `production = true`; `188 DATA+PROD` with several of these.

    `production`: the labels of those profiles, one a member or each once.
    """
    labels = sorted({one if typeable(one) else ANY_PRODUCTION for one in production})
    return " ".join(filter(None, (str(count), "+".join(labels))))


def confirms(given: str, wanted: str) -> bool:
    """Whether what was typed is that count and label: blanks may be more, capitals may not be small."""
    return bool(given) and same(given).split() == same(wanted).split()
