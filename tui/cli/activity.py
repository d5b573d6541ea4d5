"""What evac itself does to instances, for commands that only look: from this machine's journal, and the locks of others."""

from __future__ import annotations

from contextlib import closing

from tui.cli import output
from tui.cli.session import Session
from tui.domain.activity import NO_ACTIVITY, Own
from tui.operations.activity_watch import works_elsewhere, works_of
from tui.operations.database import JournalError
from tui.operations.journal import Journal
from tui.operations.redis_lock import Away, LockService
from tui.paths import default_journal_path


def own(session: Session) -> Own:
    """Operations and marks; none without a journal. What can't be read is reported in a line on stderr."""
    path = default_journal_path(session.environ)
    unfinished, marks = [], {}
    if path.exists():
        try:
            with closing(Journal(path, standing=False)) as journal:
                unfinished, marks = list(journal.unfinished()), journal.intended_down()
        except JournalError as error:
            output.say(f"evac: {error}")
    service = LockService.of(session.settings)
    every = service.every() if service.asked_for else []
    if isinstance(every, Away):
        output.say(f"evac: {every.why}; {every.remedy}")
        every = []
    works = works_of(unfinished, works_elsewhere((str(name), held) for name, held in every))
    return Own(works, marks) if works or marks else NO_ACTIVITY
