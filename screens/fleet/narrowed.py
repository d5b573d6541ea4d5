"""What the fleet says where only a part of what is read is shown: the rest is counted, and told of as neither well nor ill."""

from __future__ import annotations

from rich.text import Text

from tui.domain.plurals import counted
from tui.fleet.store import Store
from tui.presentation.width import middle

_WORDS = 16
"""Columns for what is shown."""


def scope_told(store: Store) -> Text:
    """For the header: `47 out of scope, only PROD`; empty where all is shown. Targets are counted where no instance is known."""
    if store.scope.is_whole:
        return Text()
    targets, rows = store.out_of_scope
    left = str(rows) if rows or not targets else counted(targets, "target")
    return Text(f"{left} out of scope, only {middle(str(store.scope.words), _WORDS)}", "bold yellow")


def scope_sentence(store: Store) -> str:
    """To stand behind the sentence of an empty list; empty where all is shown."""
    if store.scope.is_whole:
        return ""
    targets, rows = store.out_of_scope
    return f" Out of scope: {counted(targets, 'target')}, {counted(rows, 'instance')}; p, then w shows all."
