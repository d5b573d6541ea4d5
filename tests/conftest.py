"""What all tests need, wherever they are started."""

from __future__ import annotations

import gc
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started by a shell in the background: whatever the tests start would inherit it, and be deaf to ctrl+c.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def databases_closed() -> Iterator[None]:
    """A journal that a test opened is closed after it: Python 3.13 warns of one that is not, and that is an error."""
    opened: list[sqlite3.Connection] = []
    real = sqlite3.connect

    def connect(*arguments: Any, **more: Any) -> sqlite3.Connection:
        opened.append(real(*arguments, **more))
        return opened[-1]

    with pytest.MonkeyPatch.context() as patch:  # of its own: a test may undo its own patches
        patch.setattr(sqlite3, "connect", connect)
        yield
    for one in opened:
        with suppress(sqlite3.ProgrammingError):  # of another thread
            one.close()


def pytest_collection_finish() -> None:
    """Thousands of tests are no garbage: what comes after them is looked through, and as seldom as in the program."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread each folder's modules evenly over the run: some folders wait, others compute, and a worker gets a share of both.

    A module stays whole, for what its tests have in common.
    """
    folders: dict[Path, dict[Path, list[pytest.Item]]] = {}
    for item in items:
        folders.setdefault(item.path.parent, {}).setdefault(item.path, []).append(item)
    placed: list[tuple[float, list[pytest.Item]]] = []
    for modules in folders.values():
        total, before = sum(map(len, modules.values())), 0
        for module in modules.values():
            placed.append(((before + len(module) / 2) / total, module))
            before += len(module)
    items[:] = [item for _, module in sorted(placed, key=lambda one: one[0]) for item in module]
