"""The guarded actions, one file each: every module of this package that has an `ACTION` is one.

Key line, help, palette, `evac do`, hazards, the calls that may be sent, docs/iam.md and the key table follow from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules

from msgspec import Struct

from tui.domain.actions.base import BACK, Action, ActionOptions, Backup

__all__ = [
    "ACTIONS",
    "BACK",
    "ON_INSTANCES",
    "OVERRIDES",
    "Action",
    "ActionOptions",
    "Backup",
    "Override",
    "alike",
    "unasked",
]


def _found() -> list[Action]:
    modules = (import_module(f"{__name__}.{one.name}") for one in iter_modules(__path__))
    return [module.ACTION for module in modules if hasattr(module, "ACTION")]


ACTIONS: dict[str, Action] = {one.name: one for one in sorted(_found(), key=lambda one: one.rank)}
"""By name, in the order of the key line."""
ON_INSTANCES: tuple[str, ...] = tuple(name for name, one in ACTIONS.items() if not one.of_operation)
"""Those that are ordered for an instance, by a key of its row or by `evac do`."""


def alike(name: str) -> tuple[str, ...]:
    """The actions among which the key of this one asks, in order; itself alone, where its key does not ask."""
    key = ACTIONS[name].key
    same = tuple(one.name for one in ACTIONS.values() if one.key == key)
    return same if any(ACTIONS[one].asks_which for one in same) else (name,)


class Override(Struct, frozen=True):
    """A block that is a person's to lift: `words` say what is done all the same, before `actions` it can stand."""

    words: str
    actions: tuple[str, ...]


OVERRIDES: dict[str, Override] = {
    "last-healthy": Override(
        "take the last healthy one down",
        tuple(name for name, one in ACTIONS.items() if one.interrupts(ActionOptions())),
    ),
    "self": Override(
        "do it from the machine itself",
        tuple(name for name, one in ACTIONS.items() if one.goes_down or one.sets_aside),
    ),
    "path": Override(
        "cut this machine's way to AWS", tuple(name for name, one in ACTIONS.items() if one.goes_down)
    ),
}
"""By their hazard's code; each lifts itself and nothing else. All other blocks are AWS's own: nobody's yes helps."""


def unasked(operations: Sequence[str]) -> str:
    """`; can't be asked for EnterStandby`, or nothing: behind what AWS said to the dry run."""
    return f"; can't be asked for {', '.join(operations)}" if operations else ""
