"""How often Python looks for garbage: for those that make much which lives, and little that goes in circles.

A read of a fleet makes millions of objects that stay, answers and rows, in trees without cycles. At Python's own pace each
hundred thousand of them are looked through again and again, which takes a fifth of a read, and finds nothing.
"""

from __future__ import annotations

import gc


def slow_down() -> None:
    """Look after every 50,000 new objects instead of 700, and through all of them seldom."""
    gc.set_threshold(50_000, 20, 100)


def begin_work() -> None:
    """From here on at that pace, and never through what is loaded: modules, classes, models stay to the end."""
    gc.freeze()
    slow_down()
    gc.enable()
