"""What the collector's parts share: the targets being read, who reads them, and the way to the console."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tui.aws import describe
from tui.aws.sessions import Sessions
from tui.config.schema import Settings
from tui.domain.instance import EVERYWHERE, Phase, Target, TargetStatus, Trouble, TroubleKind
from tui.domain.sanitize import SafeText, clean
from tui.fleet import protocol
from tui.fleet.collector.account_region import AccountRegion
from tui.fleet.collector.cache import Cache
from tui.fleet.collector.fetch import AT_ONCE, READERS, Jobs, threaded
from tui.fleet.collector.schedule import HOLD, Job, JobOutcome, Schedule

THREADS = 64
"""Readers; AT_ONCE of them at most wait for one region."""
AccountRegionKey = tuple[str, str]
"""Account and region."""
LOGIN_TROUBLE = (TroubleKind.CREDENTIALS, TroubleKind.CONFIG)
"""Kinds of trouble that a renewed login or corrected files end."""
OUTCOMES = {TroubleKind.THROTTLED: JobOutcome.THROTTLED, **dict.fromkeys(LOGIN_TROUBLE, JobOutcome.LOGIN)}
"""What kinds of trouble mean for when it is tried again; all others: FAILED."""


def health_key(account_id: str) -> AccountRegionKey:
    """What an account's Health is planned as: it has no region."""
    return account_id, ""


@dataclass(frozen=True)
class CoverKey:
    """A target's cover: read beside the target's other jobs."""

    place: AccountRegionKey


@dataclass
class CoverTask:
    """One target's cover is asked for. `begun`: it is in the schedule; `awaited`: somebody waits for the next read; `anew`: that
    one is to go past the cache; `settling`: what was read last is about to change."""

    begun: bool = False
    awaited: bool = True
    anew: bool = False
    settling: bool = False


class CollectorState:
    """The state of one run. `send` takes frames from any thread."""

    def __init__(
        self, settings: Settings, send: Callable[[protocol.Frame], None], mode: Sequence[str]
    ) -> None:
        self.settings, self.send = settings, send
        self.once, self.problems_only, self.idle = "--once" in mode, "--problems" in mode, "--idle" in mode
        share = next((one for one in mode if one.startswith("--share=")), "--share=0/1")
        self.share, self.shares = map(int, share.removeprefix("--share=").split("/"))
        """Which of several collectors this is, of which each reads some of the accounts."""
        self.sessions = Sessions(settings, lean=True)
        self.schedule: Schedule[str | AccountRegionKey | CoverKey] = Schedule(settings.intervals)
        if self.once:  # it is to end with the rest, not to begin when all else is done
            self.schedule.hold = {**HOLD, Job.HEALTH: 0.0}
        self.cache = Cache(settings.cache, lambda text: send(protocol.Note(clean(text))))
        self.threads = ThreadPoolExecutor(THREADS, READERS)
        self.lookers, self.askers = ThreadPoolExecutor(8, "look"), ThreadPoolExecutor(8, "fact")
        self.units: dict[AccountRegionKey, AccountRegion] = {}
        self.order: dict[str, int] = {}
        """Of each profile that is read its rank among those of an account: as in the files, but `through` come first."""
        self.through = frozenset(settings.read_through)
        self.aliases: dict[SafeText, SafeText] = {}
        self.identifying = asyncio.Semaphore(AT_ONCE * 2)
        self.unidentified = {EVERYWHERE} - ({EVERYWHERE} if self.idle else set())
        """Profiles that have not been asked whose they are; EVERYWHERE while it is not known which there are."""
        self.cover_all = "--cover" in mode
        self.cover_tasks: dict[AccountRegionKey, CoverTask] = {}
        self.cover_news = asyncio.Event()
        self.shown: dict[str, list[Target]] = {}
        self.jobs = Jobs(
            settings.intervals, self.sessions, self.cache, self.threads, self.tell, self.problems_only
        )
        self.wake = asyncio.Event()
        self.tasks: set[asyncio.Task[None]] = set()
        self.held: dict[AccountRegionKey, float] = {}
        """Targets with untold rows, and since when."""

    def reads(self, account_id: SafeText) -> bool:
        """Whether this collector reads the account, and no other beside it."""
        return (int(account_id) if account_id.isdecimal() else 0) % self.shares == self.share

    def start(self, work: Any) -> None:
        """Run beside the loop, which looks again when it is done."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        self.wake.set()

    def show(self, profile: str, regions: list[str], phase: Phase, trouble: Trouble | None) -> None:
        """Lines for a profile whose account is not known (yet)."""
        targets = [Target(profile, region) for region in regions]
        dropped = tuple(one for one in self.shown.get(profile, ()) if one not in targets)
        self.shown[profile] = targets
        for target in targets:
            status = TargetStatus(target, phase, (clean(profile),), trouble=trouble)
            self.send(protocol.Delta(status, dropped=dropped))

    def unit_of(self, target: Target) -> AccountRegion | None:
        """The account and region that a target is read as, whichever of its profiles it names."""
        units = list(self.units.values())
        return next((u for u in units if u.region == target.region and target.profile in u.profiles), None)

    async def trouble(self, error: Exception, profile: str, region: str) -> Trouble:
        """The line for it; in a thread, since AWS may have to be asked what it meant."""
        return await threaded(self.threads, describe.trouble_of, self.sessions, error, profile, region)

    def tell(self, unit: AccountRegion) -> None:
        """Send what changed of a target. With --once its rows are held until all of it is read: sent after each read, they cost
        as much as reading them."""
        place = str(unit.account_id), unit.region
        is_read_on = self.schedule.knows(place) or self.schedule.knows(CoverKey(place))
        if self.once and is_read_on and (unit.rows or unit.statuses):
            self.held.setdefault(place, time.monotonic())
            return
        self.held.pop(place, None)
        for part in protocol.split(unit.delta()):
            self.send(part)

    def tell_held(self, seconds: float = 0.0) -> None:
        """Send what has been held for so long."""
        now = time.monotonic()
        for place in [place for place, since in self.held.items() if now - since >= seconds]:
            del self.held[place]
            if (unit := self.units.get(place)) is not None:
                for part in protocol.split(unit.delta()):
                    self.send(part)
