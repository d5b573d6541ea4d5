"""Takes up what was cut off, without being asked: the console calls it at its start and every few seconds.

An operation whose runner is killed again and again is left to a person after some times in a row; it stays a red line.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from tui.config.schema import Settings
from tui.domain.campaign.model import MemberState
from tui.operations.campaign_journal import CampaignJournal
from tui.operations.journal import Journal, JournalError
from tui.operations.recovery import conduct, cut_off, cut_off_campaigns, resume
from tui.operations.spawn import LaunchError, ReadOnlyError, start_conductor
from tui.paths import default_journal_path

IN_A_ROW = 3
"""How often the same operation is taken up at the same step, before it is left with the alarm."""


class Rescue:
    """Of one console. `look` blocks: call it in a thread; two at a time do nothing twice."""

    def __init__(self, settings: Settings, environ: Mapping[str, str], now: Callable[[], datetime]) -> None:
        self._settings, self._environ, self._now = settings, environ, now
        self._tried: dict[str, tuple[str, int]] = {}
        self._lock = threading.Lock()
        self._journal = Journal(default_journal_path(environ), standing=False)
        self._at_rest: int | None = None

    def look(self) -> list[str]:
        """Start a runner for each operation that was cut off; a line for each. Silent where the journal can't be read."""
        journal = self._journal
        if self._settings.read_only or not journal.path.exists() or not self._lock.acquire(blocking=False):
            return []
        try:
            revision = journal.revision()
            if revision == self._at_rest:
                return []
            self._at_rest = None
            told = list(self._resume(journal))
            if journal.at_rest():
                self._at_rest = revision
            return told
        except JournalError:  # the screens say so already
            return []
        finally:
            self._lock.release()

    def _resume(self, journal: Journal) -> Iterator[str]:
        for one in cut_off(journal, self._now()):
            if self._settings.profile_read_only(one.profile, one.account_id) or not self._once_more(
                one.id, one.step
            ):
                continue
            why = resume(journal, one, self._settings, self._environ, self._now())
            tail = "" if why is None else f" failed: {why}"
            yield f"resuming {one.id} ({one.title}), which was cut off{tail}"
        yield from self._conduct(CampaignJournal(journal))

    def _conduct(self, campaigns: CampaignJournal) -> Iterator[str]:
        for one in cut_off_campaigns(campaigns, self._now()):
            if not self._once_more(one.id, str(len(one.of(MemberState.WAITS, MemberState.GOING)))):
                continue
            try:
                conduct(
                    campaigns,
                    one,
                    lambda name: start_conductor(name, self._settings, self._environ),
                    self._now(),
                )
                tail = ""
            except (LaunchError, ReadOnlyError) as error:
                tail = f" failed: {error}"
            yield f"resuming campaign {one.id}, which was cut off{tail}"

    def _once_more(self, ident: str, step: str) -> bool:
        before, times = self._tried.get(ident, ("", 0))
        times = times + 1 if step == before else 1
        self._tried[ident] = (step, times)
        return times <= IN_A_ROW
