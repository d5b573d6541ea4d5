"""A console of few lines that gives its terminal to the program on its command line: `python lending_app.py PROGRAM [ARGUMENT…]`.

`C` runs it, or brings it back; it counts while it waits; `q` ends. With CALLS in its environment it calls somebody, once, while
the program has the terminal.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from screens.terminal_driver import OnTerminal
from tui.foreground import ForegroundError, bring_back, run_in_foreground


class LendingApp(OnTerminal[int]):
    """Draws what it counts, what came of the program, and how large the terminal is."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("C", "run"), Binding("q", "quit")]
    counted = 0
    came = "nothing yet"
    calls = bool(os.environ.get("CALLS"))

    def compose(self) -> ComposeResult:
        yield Static(id="said", markup=False)

    def on_mount(self) -> None:
        self.set_interval(0.05, self.count)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda told, _: self.told_to_end(told))

    def count(self) -> None:
        self.counted += 1
        if self.calls and self.terminal is not None and self.terminal.program:
            self.calls = not self.call_out("\a\x1b]9;evac: web failing\a")
        told = f"counted {self.counted} {self.came} {self.size.width}x{self.size.height}"
        self.query_one("#said", Static).update(told)

    def say_line(self, line: str) -> None:
        self.came = line

    async def action_run(self) -> None:
        if not bring_back(self):
            self.run_worker(self.program(), exit_on_error=False)

    async def program(self) -> None:
        before = self.counted
        try:
            code = await run_in_foreground(self, sys.argv[1 : sys.argv.index("--")], os.environ)
        except ForegroundError as error:
            self.came = f"not run: {error}"
        else:
            self.came = (
                f"came back with {code}, counted {'on' if self.counted > before + 2 else 'nothing'} meanwhile"
            )


if __name__ == "__main__":
    LendingApp().run()
