"""What was answered, and by whom, as values: the journal keeps them beside the sentences that tell a person of it."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """AWS's answer to the dry run. UNKNOWN: not asked yet, or AWS said neither yes nor no."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class RefusedBy(StrEnum):
    """Who said no to an operation before anything was changed.

    AWS: no permission, or its first call was refused. LOCK: the instance's lock is held, or its service does not answer.
    GROUP: other members of its groups are down. SELF: evac runs on that instance, or on one that ends. ACCOUNT: the profile
    leads to another account than planned. AUDIT: the audit log can't be written. OPERATION: another one is in the way.
    """

    AWS = "aws"
    LOCK = "lock"
    GROUP = "group"
    SELF = "self"
    ACCOUNT = "account"
    AUDIT = "audit"
    OPERATION = "operation"


class NoteKind(StrEnum):
    """What an operation's note is about. WAITS: for its turn, or for AWS. DOWN: it tells that, and why, the instance is down."""

    PLAIN = ""
    WAITS = "waits"
    DOWN = "down"


DOWN_WORD = "STOPPED: "
"""How a note of the kind DOWN begins."""
