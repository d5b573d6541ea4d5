"""All keys, from the verbs themselves."""

from __future__ import annotations

from screens.base import EvacScreen


class HelpScreen(EvacScreen):
    """Every verb, the filter language, and the signs."""
