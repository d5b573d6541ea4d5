"""The journal's tables, as named migrations. A file's `user_version` says how many of them it has.

Each runs in a transaction of its own: killed in between, the next start goes on where it ended. Add at the end, never change
one that was released. A column that is added has a default, so that a runner of the version before can go on writing.
"""

from __future__ import annotations

from typing import NamedTuple


class Migration(NamedTuple):
    """A step from one version to the next."""

    name: str
    statements: tuple[str, ...]


_SPLIT_PERMISSION = """UPDATE operation SET permission='no', permission_reason=substr(permission, 5), refused_by=CASE
  WHEN permission LIKE 'no: locked by %' OR permission LIKE 'no: the lock %' THEN 'lock'
  WHEN permission LIKE 'no: evac runs on %' OR permission LIKE 'no: the machine evac runs on %' THEN 'self'
  ELSE 'aws' END WHERE permission LIKE 'no: %'"""
"""`no: why` was one text, and who said no stood in how it begins."""
MIGRATIONS = (
    Migration(
        "operations, their steps and their calls",
        (
            """CREATE TABLE operation (
  id TEXT PRIMARY KEY, action TEXT NOT NULL, title TEXT NOT NULL, state TEXT NOT NULL, profile TEXT NOT NULL,
  account_id TEXT NOT NULL, region TEXT NOT NULL, instance_id TEXT NOT NULL, instance_name TEXT NOT NULL,
  user TEXT NOT NULL, host TEXT NOT NULL, created_at TEXT NOT NULL, confirmed_at TEXT, finished_at TEXT,
  note TEXT NOT NULL DEFAULT '', remedy TEXT NOT NULL DEFAULT '', attention INTEGER NOT NULL DEFAULT 0,
  permission TEXT NOT NULL DEFAULT 'unknown', instance_down INTEGER NOT NULL DEFAULT 0,
  runner TEXT NOT NULL DEFAULT '', lease_until TEXT, kept TEXT NOT NULL
)""",
            """CREATE TABLE step (
  operation TEXT NOT NULL REFERENCES operation(id), position INTEGER NOT NULL, name TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting', note TEXT NOT NULL DEFAULT '', began_at TEXT, ended_at TEXT,
  PRIMARY KEY (operation, position)
)""",
            """CREATE TABLE call (
  id INTEGER PRIMARY KEY, operation TEXT NOT NULL REFERENCES operation(id), step TEXT NOT NULL, service TEXT NOT NULL,
  name TEXT NOT NULL, intent_at TEXT NOT NULL, outcome_at TEXT, ok INTEGER, code TEXT NOT NULL DEFAULT '',
  message TEXT NOT NULL DEFAULT '', request_id TEXT NOT NULL DEFAULT '', dry_run INTEGER NOT NULL DEFAULT 0
)""",
            "CREATE INDEX call_of ON call (operation, step)",
        ),
    ),
    Migration(
        "whence it was ordered, whom AWS saw, and what a reader should know besides",
        (
            "ALTER TABLE operation ADD COLUMN ssh_client TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE operation ADD COLUMN caller TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE operation ADD COLUMN remark TEXT NOT NULL DEFAULT ''",
        ),
    ),
    Migration(
        "who holds which member of a group down",
        (
            """CREATE TABLE hold (
  operation TEXT NOT NULL REFERENCES operation(id), place TEXT NOT NULL, text TEXT NOT NULL, member TEXT NOT NULL,
  number INTEGER NOT NULL, state TEXT NOT NULL, reserves INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (operation, place)
)""",
        ),
    ),
    Migration(
        "the LaunchTime that was read right before a call; who refused what ended without a change",
        (
            "ALTER TABLE call ADD COLUMN launched_at TEXT",
            "ALTER TABLE operation ADD COLUMN refused_by TEXT NOT NULL DEFAULT ''",
        ),
    ),
    Migration(
        "servers that AWS stopped and that are meant to be down",
        (
            """CREATE TABLE meant (
  region TEXT NOT NULL, instance_id TEXT NOT NULL, account_id TEXT NOT NULL, instance_name TEXT NOT NULL,
  launched_at TEXT, user TEXT NOT NULL, host TEXT NOT NULL, ssh_client TEXT NOT NULL DEFAULT '', at TEXT NOT NULL,
  PRIMARY KEY (region, instance_id)
)""",
        ),
    ),
    Migration(
        "what AWS permitted, who refused and who gave it up, apart from the sentences that tell of it",
        (
            "ALTER TABLE operation ADD COLUMN permission_reason TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE operation ADD COLUMN given_up INTEGER NOT NULL DEFAULT 0",
            "ALTER TABLE operation ADD COLUMN note_kind TEXT NOT NULL DEFAULT ''",
            _SPLIT_PERMISSION,
            "UPDATE operation SET given_up=1 WHERE id IN"
            " (SELECT operation FROM step WHERE state='skipped' AND note='abandoned by the operator')",
            # A runner of the version before writes the one text until it ends, and a repair copies it.
            "CREATE TRIGGER split_permission AFTER UPDATE OF permission ON operation WHEN NEW.permission LIKE 'no: %'"
            f" BEGIN {_SPLIT_PERMISSION}; END",
            "CREATE TRIGGER split_taken_over AFTER INSERT ON operation WHEN NEW.permission LIKE 'no: %'"
            f" BEGIN {_SPLIT_PERMISSION}; END",
            "CREATE TRIGGER keep_refused_by AFTER UPDATE OF refused_by ON operation"
            " WHEN NEW.permission='no' AND NEW.refused_by='' AND OLD.refused_by<>''"
            " BEGIN UPDATE operation SET refused_by=OLD.refused_by WHERE id=NEW.id; END",
        ),
    ),
    Migration(
        "campaigns and their members",
        (
            """CREATE TABLE campaign (
  id TEXT PRIMARY KEY, action TEXT NOT NULL, options TEXT NOT NULL, rules TEXT NOT NULL, state TEXT NOT NULL,
  user TEXT NOT NULL, host TEXT NOT NULL, ssh_client TEXT NOT NULL DEFAULT '', created_at TEXT NOT NULL,
  confirmed_at TEXT, ended_at TEXT, given_up INTEGER NOT NULL DEFAULT 0, failures_seen INTEGER NOT NULL DEFAULT 0,
  note TEXT NOT NULL DEFAULT '', conductor TEXT NOT NULL DEFAULT '', lease_until TEXT
)""",
            """CREATE TABLE member (
  campaign TEXT NOT NULL REFERENCES campaign(id), region TEXT NOT NULL, instance_id TEXT NOT NULL,
  position INTEGER NOT NULL, profile TEXT NOT NULL, account_id TEXT NOT NULL, name TEXT NOT NULL,
  instance_type TEXT NOT NULL DEFAULT '', keys TEXT NOT NULL DEFAULT '[]', dangers TEXT NOT NULL DEFAULT '[]',
  deadline TEXT, state TEXT NOT NULL DEFAULT 'waits', why TEXT NOT NULL DEFAULT '', operation TEXT NOT NULL DEFAULT '',
  looked_at TEXT, by_person INTEGER NOT NULL DEFAULT 0,
  tickable INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (campaign, region, instance_id)
)""",
            "ALTER TABLE operation ADD COLUMN campaign TEXT NOT NULL DEFAULT ''",
        ),
    ),
)
