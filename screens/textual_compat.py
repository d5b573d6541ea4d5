"""The one module that uses names Textual keeps to itself, each with a fall-back for a Textual that has renamed it.

`pyproject.toml` allows every 8.x from 8.2 on, and a private name may go with any of them. What is lost then: without the
compositor's classes everything is drawn the plain way (more bytes), without the parser keys are read by Textual's own thread
(no notice of the terminal's end), without the hook for faults the console ends with Textual's own traceback.
tests/contracts/test_textual_private.py forbids such names elsewhere; tests/e2e/test_textual_renamed.py starts evac without them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from importlib import import_module
from typing import Any, Protocol

from rich.console import Console, RenderableType
from textual.app import App, ReturnType
from textual.color import Color
from textual.message import Message
from textual.screen import Screen
from textual.strip import Strip
from textual.style import Style


def _private(module: str, name: str) -> Any:
    """None if this Textual has no such thing."""
    try:
        return getattr(import_module(module), name, None)
    except ImportError:
        return None


class HookedApp(App[ReturnType]):
    """An app that can look at a fault before Textual ends it, and at what is drawn before it is sent."""

    fault: Exception | None = None
    """What ended it, if nobody asked it to end."""

    def is_harmless(self, error: Exception) -> bool:
        """Whether the app goes on as if that had not happened."""
        return False

    def before_display(self, update: RenderableType | None) -> RenderableType | None:
        """What is drawn instead of `update`; None: nothing. Not called by a Textual that draws by another name."""
        return update

    def end_by_fault(self, error: Exception) -> None:
        """End with exit code 1, and print nothing: Textual's own way prints the traceback with every local variable."""
        if self.is_harmless(error):
            return
        self.fault = self.fault or error
        try:
            self._return_code = 1
            if self._exception is None:
                self._exception = error
                self._exception_event.set()  # what waits in a test for the screen raises it
            self._close_messages_no_wait()
        except AttributeError:
            self.exit(return_code=1)

    def _handle_exception(self, error: Exception) -> None:
        self.end_by_fault(error)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        super()._display(screen, self.before_display(renderable))


class KeyParser(Protocol):
    """Makes messages of what a terminal sends."""

    def feed(self, data: str) -> Iterable[Message]:
        """Those that are complete now."""

    def tick(self) -> Iterable[Message]:
        """Those that time completes: an escape that nothing follows."""


def key_parser() -> KeyParser | None:
    """None: keys have to be read by Textual's own thread."""
    parser = _private("textual._xterm_parser", "XTermParser")
    return None if parser is None else parser()


_Base: Any = _private("textual._compositor", "CompositorUpdate") or object
_Parts = _private("textual._compositor", "ChopsUpdate")
_Whole = _private("textual._compositor", "LayoutUpdate")


class ReplacedUpdate(_Base):  # type: ignore[misc] # its base is known only now
    """An update of Textual's compositor that is written to the terminal by `render` instead."""

    def __init__(self, update: Any, render: Callable[[Console], str]) -> None:
        self._update, self._render = update, render

    def __rich_console__(self, *arguments: Any) -> Any:
        return self._update.__rich_console__(*arguments)

    def render_segments(self, console: Console) -> str:
        """Called by Textual for the terminal's bytes."""
        return self._render(console)


def is_partial(update: object) -> bool:
    """Whether it draws parts of lines, which `drawn_parts` gives."""
    return _Base is not object and _Parts is not None and isinstance(update, _Parts)


def is_whole(update: object) -> bool:
    """Whether it draws lines from their begin to their end, which `drawn_lines` gives."""
    return _Base is not object and _Whole is not None and isinstance(update, _Whole)


def drawn_parts(update: Any) -> Iterator[tuple[int, int, Strip]]:
    """Line, column, and what is drawn from there on; cropped at both sides (ChopsUpdate itself crops only at the right)."""
    for y, left, right in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            first, last = max(x, left), min(end, right)
            if strip is not None and first < last:
                yield y, first, strip.crop(first - x, last - x)


def drawn_lines(update: Any) -> list[tuple[int, list[Strip]]]:
    """Line, and the strips that make it up; empty if they do not begin at the left edge."""
    return list(enumerate(update.strips, update.region.y)) if update.region.x == 0 else []


@lru_cache(256)
def _inner_outer(base: Color, background: Color) -> tuple[Style, Style]:
    return Style(background=base + background), Style(background=base)


def _of_any(self: object, base: Color, background: Color) -> tuple[Style, Style]:
    return _inner_outer(base, background)


def share_styles() -> None:
    """Have Textual's StylesCache remember the backgrounds of borders without itself.

    Textual 8.2.8 keeps the last 1,024 answers together with the StylesCache that asked, and so all that 80 closed screens drew.
    """
    cache = _private("textual._styles_cache", "StylesCache")
    if hasattr(cache, "get_inner_outer"):
        cache.get_inner_outer = _of_any
