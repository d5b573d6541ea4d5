"""A program and its arguments as a line of a shell."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from tui.domain.sanitize import SafeText, clean


def shell_line(arguments: Sequence[str]) -> SafeText:
    """As it would be typed; safe to draw, and whole: what is pasted does what it says."""
    return clean(shlex.join(arguments), 100_000)
