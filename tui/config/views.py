"""Views of one's own, `[views.NAME]` in the configuration: which names of columns there are, and what is wrong with one.

What is wrong with a table's form is an error as of any setting. A column that does not exist, or a filter that cannot be read, is
told where the view is shown: the console opens all the same, since whoever opens it at night has no time for a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tui.config.nearest import did_you_mean
from tui.config.sections import ViewSettings
from tui.domain.listing import FleetView
from tui.domain.query import QueryError, parse_query
from tui.domain.sanitize import clean

OWN_KEYS = (6, 7, 8, 9)
"""Keys of views of one's own; 1 to 5 are evac's."""
LONGEST_NAME = 30
COLUMN_NAMES: Mapping[str, str] = {
    "name": "its name, which always comes first",
    "id": "the instance's id",
    "target": "profile and zone",
    "account": "the account's number",
    "type": "the instance type",
    "state": "running, stopped, …",
    "checks": "the status checks",
    "event": "the next scheduled event, and how long until then",
    "left": "how long until the next event",
    "decide": "until when something of it can still be decided",
    "starts": "when the next event starts",
    "move-by": "until when it can be moved",
    "together": "where events are listed: what falls together with it",
    "address": "the public address, or the private one",
    "ami": "how old the newest AMI is",
    "host-dies": "who acts if the host dies",
    "system-hangs": "who acts if the system hangs",
    "newest-copy": "the newest copy, from which it would come back",
    "why": "why its cover is no better",
}
"""What may stand in `columns` besides tags (`tag.KEY`), and what each says."""
COVER_NAMES = ("host-dies", "system-hangs", "newest-copy", "why")
"""Those of them for which cover is read, from the moment they are shown."""


def is_tag(column: str) -> bool:
    """Whether a column's name, or an order's, means a tag."""
    return column.startswith("tag.") and len(column) > len("tag.")


def is_column(name: str) -> bool:
    """Whether there is such a column, a tag's included."""
    return name in COLUMN_NAMES or is_tag(name)


def view_fault(views: Mapping[str, ViewSettings]) -> tuple[str, str] | None:
    """The key of the first table that cannot be one, and what was expected; None if all can."""
    taken: dict[int, str] = {}
    for name, view in views.items():
        key = f"views.{name}"
        if clean(name) != name or not 0 < len(name) <= LONGEST_NAME:
            return key, f"expected a name of at most {LONGEST_NAME} plain characters"
        if name in tuple(FleetView):
            return key, f"{name} is one of evac's own views: choose another name"
        if view.key and view.key not in OWN_KEYS:
            return f"{key}.key", "expected 6, 7, 8 or 9 (1 to 5 are evac's own views)"
        if view.key and taken.setdefault(view.key, name) != name:
            return f"{key}.key", f"{view.key} is the key of views.{taken[view.key]} already"
    return None


def view_doubts(columns: Sequence[str], views: Mapping[str, ViewSettings]) -> Iterator[str]:
    """What of columns and views is not shown as it was meant: key, what is wrong and what is possible, each a line."""
    yield from column_doubts("columns", columns)
    for name, view in views.items():
        yield from column_doubts(f"views.{name}.columns", view.columns)
        if isinstance(read := parse_query(view.filter), QueryError):
            wrong = clean(view.filter[read.start : read.end], 60)
            yield f"views.{name}.filter: {wrong}: {read.message}"


def column_doubts(key: str, columns: Sequence[str]) -> Iterator[str]:
    """Of each name that is no column's, what it may have meant."""
    for column in columns:
        if is_column(column):
            continue
        told = clean(column, 40)
        if column.startswith(("tag:", "tag.")):
            yield f"{key}: {told}: a tag's column is called tag.KEY, such as tag.{clean(column[4:], 40) or 'service'}"
            continue
        near = did_you_mean(column, COLUMN_NAMES) or f"; there are {', '.join(COLUMN_NAMES)} and tag.KEY"
        yield f"{key}: no column {told}{near}"


def why_no_view(name: str, own: Iterable[str]) -> str:
    """Why there is no view of that name, evac's or one's `own`; empty: there is."""
    known = (*FleetView, *own)
    if name in known:
        return ""
    return f"no view {clean(name, 40)}{did_you_mean(name, known)}; there are {', '.join(map(clean, known))}"
