"""When a plan runs, in words. Sources: dlm CreateRule; AWS Backup, BackupRule.ScheduleExpression; EventBridge's cron."""

from __future__ import annotations

import re

_DAILY = re.compile(r"cron\((\d{1,2}) (\d{1,2}) (?:\?|\*) \* (?:\?|\*) \*\)")
_WEEKLY = re.compile(
    r"cron\((\d{1,2}) (\d{1,2}) (?:\?|\*) \* ([A-Z]{3}(?:[,-][A-Z]{3})*) \*\)", re.IGNORECASE
)
_BACKUP_DEFAULT = "cron(0 5 ? * * *)"
"""What AWS Backup takes where a rule has no schedule (botocore model, BackupRule.ScheduleExpression)."""


def interval_words(hours: int, at: str = "") -> str:
    """Of a lifecycle policy's interval: `daily at 01:00 UTC`, `every 12 h from 01:00 UTC`. `at` is hh:mm, or empty."""
    if hours == 24:
        return f"daily at {at} UTC" if at else "daily"
    return f"every {hours} h" + (f" from {at} UTC" if at else "")


def cron_words(expression: str, zone: str = "UTC") -> str:
    """Of a cron expression: `daily at 05:00 UTC`, `SUN at 05:00 UTC`; one that is less plain stays as it is written."""
    expression = expression.strip()
    if daily := _DAILY.fullmatch(expression):
        return f"daily at {int(daily[2]):02}:{int(daily[1]):02} {zone}"
    if weekly := _WEEKLY.fullmatch(expression):
        return f"{weekly[3]} at {int(weekly[2]):02}:{int(weekly[1]):02} {zone}"
    return f"{expression} {zone}"


def backup_words(expression: str, zone: str = "") -> str:
    """Of a rule of AWS Backup, which has a schedule of its own where none is written."""
    return cron_words(expression or _BACKUP_DEFAULT, zone or "UTC")
