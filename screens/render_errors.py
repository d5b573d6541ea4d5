"""What one part of a screen cannot show stays that part's: it is marked there and reported, and everything else goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from textual.app import App
from textual.message import Message
from textual.message_pump import MessagePump

from tui.domain.sanitize import clean

_T = TypeVar("_T")
UNSHOWN, STYLE = "? not shown", "bold magenta"
"""What stands in a cell, a line or a pane that could not be drawn, and its style."""


class Mishap(Message):
    """A fault of ours in drawing `what`. The app, which may write files, reports it."""

    def __init__(self, what: str, error: Exception) -> None:
        super().__init__()
        self.what, self.error = what, error


_TOLD: WeakKeyDictionary[App[Any], set[tuple[str, str, int]]] = WeakKeyDictionary()
"""Where it broke already, of each app: a frame a second must not report it a second time."""


def report_error(widget: MessagePump, what: str, error: Exception) -> None:
    """Have it reported, once for each place in the code."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = (trace.tb_frame.f_code.co_filename, trace.tb_lineno) if trace is not None else ("", 0)
    told = _TOLD.setdefault(widget.app, set())
    if (type(error).__name__, *place) not in told:
        told.add((type(error).__name__, *place))
        widget.app.post_message(Mishap(clean(what, 80), error))


def drawn_or(widget: MessagePump, what: str, draw: Callable[[], _T], instead: _T) -> _T:
    """What `draw` makes; where it fails `instead`, and the fault is reported."""
    try:
        return draw()
    except Exception as error:
        report_error(widget, what, error)
        return instead
