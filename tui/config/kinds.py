"""A person's own kinds of trouble in a system log, `[[diagnosis]]` in the configuration, as the program looks for them."""

from __future__ import annotations

from tui.config.schema import Settings
from tui.domain.diagnosis.causes import Cause
from tui.domain.diagnosis.patterns import pattern


def own_kinds(settings: Settings) -> tuple[Cause, ...]:
    """One each, in the order of the file. Their words were validated when the file was read."""
    return tuple(
        Cause(
            one.key or f"own-{number}",
            one.severity,
            one.words,
            one.remedy,
            "config.toml",
            tuple(map(pattern, one.contains)),
            tuple(pattern(text, 1) for text in one.unless),
        )
        for number, one in enumerate(settings.diagnosis, 1)
    )
