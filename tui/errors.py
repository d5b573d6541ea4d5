"""The errors of evac: one family, so that whoever runs a command tells each as one line and ends with its exit code.

EvacError                    1
├── RefusedError             as it says: a command went no further
├── ConfigError              2: a setting, the site policy or a file of them can't be used
├── ReadOnlyError            4: nothing may be changed through this profile
├── LaunchError              a runner could not be started
├── LeaseLostError           a campaign that is another conductor's by now
├── UnauditedError           the audit log can't be written, so nothing was done
├── NotUndoableError         an operation that can't be undone
├── JournalError             the journal can't be used
├── WatchedTwiceError        two watches of one state file
├── MetricsError             2: the metrics can't be served as asked
├── UnusableError            the lock service can't be used
├── ForegroundError          a program that could not be given the terminal
├── SnapshotError            the last state on disk can't be used
├── WireError                what came from the collector is no frame
├── CallNotAllowedError      a call that this process may not make
│   └── GuardedError         one that a rule forbids, whatever its profile is called
├── NotDemoError             a demonstration tried to leave this machine
├── NeedsPersonError         credentials that are asked of a person
├── NotAwsError              an answer that is not AWS's
├── OtherAccountError        a profile that leads to another account by now
├── ManyError                more statuses than one page holds
├── GoneError                an instance that AWS does not have any more
├── UnreadError              a part of the cover that was not read, whichever profile asked
├── UnusualError             an answer that is left to botocore's parser
└── CrashError               a fault of evac's own

Each is defined where it is raised. Outside stand botocore's errors, of which tui.aws.errors makes lines, and ToldToEnd
(tui.operations.sigterm), which no `except Exception` may catch.
"""

from __future__ import annotations


class EvacError(Exception):
    """One line: cause and place; what helps, empty where the line says it; the process's exit code (tui.cli.session)."""

    exit_code = 1

    def __init__(self, line: str = "", remedy: str = "", exit_code: int | None = None) -> None:
        super().__init__(f"{line}; {remedy}" if remedy else line)
        self.line, self.remedy = line, remedy
        if exit_code is not None:
            self.exit_code = exit_code
