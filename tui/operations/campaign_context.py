"""What a conductor works with: its campaign, the settings as they are now, a fresh look, the machine it runs on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from msgspec.structs import replace

from tui.config.schema import Settings, policy
from tui.dns import look_up
from tui.domain.actions import ActionOptions
from tui.domain.facts import Facts
from tui.domain.instance import Instance, Target
from tui.domain.plan import Draft, draft
from tui.domain.sanitize import clean
from tui.domain.this_machine import Here
from tui.operations import audit_log, conflicts, recovery
from tui.operations.aws_gateway import Looked
from tui.operations.campaign_journal import CampaignJournal
from tui.operations.group_turn import known
from tui.operations.identity import Requester
from tui.operations.journal import Journal, JournalError
from tui.operations.runner_log import log_line

_LOOK = "look with evac ops show {id}, then resume or abandon it"
_NAMES_LAST = timedelta(minutes=1)
"""How long the addresses of this machine's ways are believed."""


@dataclass
class Context:
    """Of one campaign (`ident`), for the conductor called `name`.

    `settings`: as they are now, with the site policy; raises ConfigError. `look`: a fresh look at an instance (target, id,
    account). `mates`: those with that value of a tag (target, tag, value, account); None: nobody could tell. `launch`: starts a
    runner for an operation, by these settings; raises LaunchError, ReadOnlyError. `now` is UTC.
    """

    campaigns: CampaignJournal
    ident: str
    name: str
    settings: Callable[[], Settings]
    look: Callable[[Target, str, str], Looked]
    launch: Callable[[str, str, Settings], int]
    here: Callable[[], Here]
    environ: Mapping[str, str]
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    mates: Callable[[Target, str, str, str], tuple[Instance, ...] | None] = lambda *asked: ()
    _here: tuple[datetime, Here] | None = field(default=None, init=False)

    @property
    def journal(self) -> Journal:
        """Where its campaign is kept."""
        return self.campaigns.journal

    def machine(self) -> Here:
        """The machine it runs on, with its own row where that can be read, and the addresses of the hosts it depends on."""
        now = self.now()
        if self._here is None or now - self._here[0] > _NAMES_LAST:
            found = self.here()
            self._here = now, found.looked_up(asyncio.run(look_up(found.names)))
        return self._here[1]

    def beside(self, row: Instance) -> Here:
        """The same, with its own row as it is in this instance's account and Region, so that they can be told apart."""
        here = self.machine()
        if not here.instance_id or here.is_row(row) or here.row is not None:
            return here.seen(row) if here.is_row(row) else here
        own = self.look(row.target, here.instance_id, "").instance
        if own is not None and self._here is not None:
            self._here = self._here[0], here.seen(own)
        return here.seen(own)

    def drafted(
        self, action: str, row: Instance, facts: Facts | None, options: ActionOptions, settings: Settings
    ) -> Draft:
        """The plan for an instance that was looked at just now; blocked where another operation is in its way."""
        now, account = self.now(), str(row.account_id)
        if facts is not None:
            holds = known(self.journal, settings, account, row.target.region, now)
            facts = replace(facts, holds=holds)
        rules = policy(settings, row.target.profile, account)
        made = draft(action, row, facts, options, rules, now, self.beside(row))
        return conflicts.checked(made, self.journal.unfinished(), settings.zone(), now, _LOOK)

    def start_runner(self, operation: str, profile: str, settings: Settings) -> None:
        """Start it. Raises LaunchError, ReadOnlyError."""
        process = self.launch(operation, profile, settings)
        recovery.started(self.journal, operation, process, self.now())

    def audit(
        self,
        subject: Draft | Instance | None,
        step: str,
        result: str,
        operation: str = "",
        action: str = "",
    ) -> None:
        """A line of the campaign, by whoever ordered it. Raises OSError."""
        found = self.campaigns.get(self.ident)
        user, host = ("", "") if found is None else (found.user, found.host)
        who = Requester(clean(user), clean(host))
        fields = audit_log.about(subject, who, operation=operation, campaign=self.ident, action=action)
        path = audit_log.path_beside(self.journal.path)
        audit_log.append(path, self.now(), **fields, step=step, result=result)

    def told(self, step: str, result: str, action: str, subject: Instance | None = None) -> None:
        """The same of what has happened already. A line that can't be written is lost."""
        with suppress(OSError, JournalError):
            self.audit(subject, step, result, action=action)

    def say(self, line: str) -> None:
        """To runner.log."""
        log_line(f"{self.ident}: {line}")
