"""A row as the eyes send it, and what its checks can say."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from tui.domain.instance import CheckStatus, Instance, InstanceState, StatusCheck, Target
from tui.domain.sanitize import clean

OK, BAD = StatusCheck(CheckStatus.OK), StatusCheck(CheckStatus.IMPAIRED)
PROD = Target("prod", "eu-west-1")


def row(number: int, target: Target = PROD, **changes: Any) -> Instance:
    """A running instance of that number, otherwise as nobody has looked yet."""
    name, running = clean(f"web-{number}"), InstanceState.RUNNING
    return replace(Instance(target, clean(f"i-{number:017x}"), name=name, state=running), **changes)
