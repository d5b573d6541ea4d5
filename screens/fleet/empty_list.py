"""The sentence of an empty list. What is unread, partly read or filtered away is never told as health."""

from __future__ import annotations

from screens.fleet.columns import RowContext
from tui.domain.health_notices import notices
from tui.domain.instance import TargetStatus
from tui.domain.listing import FleetView
from tui.domain.plurals import counted, part_of
from tui.domain.query import Query
from tui.domain.sanitize import clean
from tui.domain.suggestions import Matched, matched
from tui.fleet.store import Store

MAX_TARGETS_NAMED = 3
"""Unread targets that are named; more are counted, and a key lists them."""
_matched: tuple[object, str, Matched] | None = None


def empty_sentence(store: Store, view: FleetView, query: Query, scene: RowContext) -> str:
    """Why there is nothing to list."""
    targets, total = store.targets(), store.total
    if query.tests:
        return _filtered(store, query, scene)
    if not targets and not store.scope.is_whole:
        return f"Nothing that is read is in scope (only {store.scope.words})."
    if not targets:
        return "Reading the profiles of ~/.aws/config …"
    unread = [one for one in targets if one.target in scene.stale]
    if len(unread) == len(targets):
        return f"Reading {counted(len(targets), 'target')}; what is found appears here as each answers …"
    missing = gaps(targets, unread)
    if view is FleetView.COVER and total:
        from screens.fleet.covering import no_gap_sentence

        return f"{no_gap_sentence(store, scene)}{missing}"
    counts = store.counts
    known = sum(count for target, count in counts.items() if target not in scene.stale)
    health = by_health(store, scene)
    nothing = "AWS has scheduled nothing" if health else "AWS has announced nothing"
    if view is FleetView.EVENTS:
        those = _these(total) if not missing else f"the {known} of {counted(total, 'instance')} that are read"
        return f"{nothing} for {those}.{health}{missing}"
    if view is FleetView.TRIAGE and total:
        if not missing:
            return f"{_every(total)}, and {nothing}.{health} 2 shows them all."
        told = f"{known} of {counted(total, 'instance')} answer their checks, and {nothing} for those."
        return f"{told}{health}{missing} 2 shows them all."
    return (
        f"There is no instance in the {counted(len(targets) - len(unread), 'target')} that answered.{missing}"
    )


def by_health(store: Store, scene: RowContext) -> str:
    """Of whom AWS Health tells what no scheduled event shows; empty: of nobody."""
    told = [str(row.label) for row in store.rows() if row.health and notices(row, scene.now)]
    more = f" and {len(told) - 1} more" if len(told) > 1 else ""
    return f" AWS Health tells of {told[0]}{more}." if told else ""


def gaps(targets: list[TargetStatus], unread: list[TargetStatus]) -> str:
    """What is not known, to stand behind any sentence; empty only where everything is."""
    told = ""
    if len(unread) > MAX_TARGETS_NAMED:
        told = f" Not read: {part_of(len(unread), len(targets), 'target')}; 4 lists them."
    elif unread:
        told = f" Not read: {', '.join(one.target.key for one in unread)}."
    partly = [one for one in targets if one.partial and one not in unread]
    if partly:
        cause = partly[0].partial[0].placed.rstrip(".")
        told += f" Read in part: {cause}{' (and more; 4 lists them)' if len(partly) > 1 else ''}."
    return told


def _filtered(store: Store, query: Query, scene: RowContext) -> str:
    """How many rows the filter hides, and how to see them. Counted once for the same rows."""
    global _matched  # noqa: PLW0603 - one filter is in force at a time
    rows = store.rows()
    if _matched is None or _matched[0] is not rows or _matched[1] != query.text:
        _matched = (rows, query.text, matched(query, rows, scene.now))
    found, wanted = _matched[2], clean(query.text, 60)
    said = f"Nothing in this view matches {wanted}"
    if found.count:
        some = f"{found.count} of {counted(found.total, 'instance')}"
        return f"{said}; {some} elsewhere {'do' if found.count > 1 else 'does'}: 2 shows all. esc clears the filter."
    end = "" if found.told.endswith("?") else "."
    return f"{said}; the filter {found.told}{end} esc clears it."


def _these(count: int) -> str:
    return f"these {count} instances" if count != 1 else "this one instance"


def _every(count: int) -> str:
    return (
        f"All {count} instances answer their checks" if count != 1 else "The one instance answers its checks"
    )
