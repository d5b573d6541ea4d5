"""Reading a journal that can't be used as usual: on a full or read-only disk. And the command that starts a server by hand.

Nobody but the runner that stopped it may start an instance without the journal. So whoever comes later, and finds the disk
full, must be told which server may be down and what to type.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from tui.domain.sanitize import clean
from tui.operations.database import JournalError
from tui.operations.model import Operation
from tui.operations.queries import JournalQueries

_WITHOUT_NAME = ("default", "environment")
"""Profiles of credentials that stand in no file: the AWS CLI finds them by itself."""


def peek(path: Path) -> list[Operation]:
    """The unfinished operations, as far as they can be read. Never raises, and creates no journal."""
    if not path.exists():
        return []
    with suppress(JournalError, OSError), closing(JournalQueries(path, standing=False)) as journal:
        return list(journal.unfinished())
    return []


def by_hand(profile: str, region: str, instance_id: str) -> str:
    """The AWS CLI command that starts the instance without evac."""
    words = ["aws", "ec2", "start-instances", "--region", region, "--instance-ids", instance_id]
    if profile not in _WITHOUT_NAME:
        words[3:3] = ["--profile", profile]
    return clean(shlex.join(words), 300)


def in_need(one: Operation) -> str:
    """A sentence with that command."""
    return f"to start it without evac: {by_hand(one.profile, one.region, one.instance_id)}"


def left_down(path: Path) -> Iterator[str]:
    """A line for each instance that an unfinished operation may have stopped, with the command that starts it."""
    for one in peek(path):
        if one.may_be_down:
            is_down = "is" if one.instance_down else "may be"
            yield clean(f"{one.label} {is_down} DOWN by {one.id}; {in_need(one)}", 400)
