"""Which options of `evac do` mean something for which action: what would be ignored is wrong use."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from tui.cli.new_start import NEXT
from tui.domain.actions import ACTIONS, OVERRIDES, ActionOptions
from tui.domain.plan import why_no_image_name

_FLAGS = {
    "no_reboot": "--no-reboot", "image_first": "--image-first", "image_name": "--image-name", "event_id": "--event-id",
    "not_before": "--at", "standby": "--standby", "drain": "--drain", "minutes": "--minutes", "switch_off": "--off",
}  # fmt: skip
"""The options that not every action takes; which ones do, the actions say themselves."""
_OF_AN_IMAGE = ("no_reboot", "image_name")


def check_options(action: str, given: dict[str, Any], required: bool) -> None:
    """Options that would be ignored are wrong use. `required`: a policy may have an AMI made. Raises UsageError."""
    one = ACTIONS[action]
    options = ActionOptions(image_first=given["image_first"] or required)
    for name, flag in _FLAGS.items():
        fits = "image" in one.step_names(options) if name in _OF_AN_IMAGE else name in one.takes
        if given[name] not in (None, False, "", (), 0) and not fits:
            raise click.UsageError(f"{flag} is for {_takers(name)}")
    for code in given["overrides"]:
        if action not in OVERRIDES[code].actions:
            raise click.UsageError(f"--override {code} is for {', '.join(OVERRIDES[code].actions)}")
    if given["image_name"] and (why := why_no_image_name(given["image_name"])):
        raise click.UsageError(f"--image-name: {why}")


def start_given(action: str, at: datetime | str | None, *, many: bool, confirmed: bool) -> datetime | None:
    """The new start that --at gives; None: one is to be proposed. Raises UsageError where nobody would see what is proposed
    before it is agreed to, and where it would be another for each."""
    if not ACTIONS[action].moves_event:
        if at == NEXT:
            raise click.UsageError(f"--at is for {_takers('not_before')}")
        return None if at is None or isinstance(at, str) else at
    if many and not isinstance(at, datetime):
        raise click.UsageError(f"{action} of many needs --at: a time, the new start of all their events")
    if at is None and confirmed:
        raise click.UsageError(f"{action} with --confirm needs --at: the event's new start, or {NEXT}")
    return at if isinstance(at, datetime) else None


def _takers(option: str) -> str:
    """The actions that take it, in words."""
    if option in _OF_AN_IMAGE:
        making = [name for name, one in ACTIONS.items() if one.images]
        first = [name for name, one in ACTIONS.items() if "image_first" in one.takes]
        return f"{' and '.join(making)}, or {' and '.join(first)} with {_FLAGS['image_first']}"
    return " and ".join(name for name, one in ACTIONS.items() if option in one.takes)
