"""What a screen is given: everything it may use, made by the app and handed over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from tui.config.schema import Settings
from tui.domain.activity import Own
from tui.fleet.collector_client import Link
from tui.fleet.store import Store
from tui.operations.activity_watch import Watch

if TYPE_CHECKING:  # the first frame is drawn before the journal is opened
    from tui.domain.this_machine import Here
    from tui.operations.campaign_service import CampaignService
    from tui.operations.console_alarm import ConsoleAlarm
    from tui.operations.journal import Journal
    from tui.operations.service import OperationsService


class Services(Struct):
    """`journal` None: it is not open yet. `journal_trouble`: why it can't be used at this moment,
    or nothing.

    `conduct` starts a conductor for a campaign and answers with its process id; None: the program's own.
    `config_path`: the file of the settings, which may not exist; None: there is none, as in tests.
    `here`: the machine this runs on; None until the first frame is drawn. `now` answers in UTC. `links`: this terminal shows
    links.
    `alarm`: of what somebody is called; None: of nothing, or not yet.
    """

    store: Store
    link: Link | None
    journal: Journal | None
    journal_trouble: str
    settings: Settings
    environ: Mapping[str, str]
    now: Callable[[], datetime]
    zone: tzinfo
    launch: Callable[[str, str], int]
    here: Here | None = None
    conduct: Callable[[str], int] | None = None
    config_path: Path | None = None
    watch: Watch = field(default_factory=Watch)
    links: bool = False
    alarm: ConsoleAlarm | None = None

    @property
    def own(self) -> Own:
        """What evac does to instances now, and what was said of them; the same object while nothing changed."""
        return self.watch.look(self.journal)

    @property
    def operations(self) -> OperationsService | None:
        """What may be done with operations; None while the journal is not open."""
        if self.journal is None:
            return None
        from tui.operations.service import OperationsService

        return OperationsService(self.journal, self.settings, self.environ, self.launch, self.now)

    @property
    def campaigns(self) -> CampaignService | None:
        """What may be done with campaigns; None while the journal is not open."""
        if self.journal is None:
            return None
        from tui.operations import spawn
        from tui.operations.campaign_service import CampaignService

        def start(campaign: str) -> int:
            return spawn.start_conductor(campaign, self.settings, self.environ)

        return CampaignService(self.journal, self.settings, self.environ, self.conduct or start, self.now)
