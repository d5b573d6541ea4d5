"""A stage for the screens: the sample fleet at a frozen time, a real journal, and a collector that answers at once."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace
from textual.app import App
from textual.filter import LineFilter
from textual.pilot import Pilot
from textual.screen import Screen

from screens.base import Act, Go, PlanMany
from screens.theme import AsciiFilter, dress
from tui.aws import mapping
from tui.aws.mapping import Status
from tui.config.schema import Settings
from tui.config.sections import ProfileSettings
from tui.demo.clock import Clock
from tui.demo.fleet import populate
from tui.demo.sample import DATA, LEGACY, PROD, STAGING
from tui.demo.world import World
from tui.domain.diagnosis.evidence import Evidence
from tui.domain.diagnosis.log_findings import system_log
from tui.domain.facts import Facts, SsmAgent
from tui.domain.instance import Image, Instance, Phase, Target, TargetStatus, Trouble, TroubleKind, TypeFacts
from tui.domain.logins import ProfileLogin
from tui.domain.sanitize import clean
from tui.fleet import protocol
from tui.fleet.collector.account_region import AccountRegion
from tui.fleet.collector_client import Link
from tui.fleet.store import Store
from tui.operations.journal import Journal
from tui.services import Services

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Seoul")
READERS = {PROD: ["prod", "prod-audit"], DATA: ["data"], STAGING: ["staging"]}
OUTPUT = "Linux version 6.1\nkernel panic\nlogin:"
SETTINGS = Settings(
    timezone="Asia/Seoul",
    profiles={
        "prod": ProfileSettings(label="PROD", color="red"),
        "data": ProfileSettings(label="DATA", color="yellow"),
        "staging": ProfileSettings(label="STAGE", color="green"),
    },
)


class Frozen(Clock):
    """A clock that stands still, so that pictures can be compared."""

    @property
    def now(self) -> datetime:
        return NOW


def world() -> World:
    """The sample fleet at NOW."""
    made = World(Frozen(NOW, 4.0), 7)
    populate(made)
    return made


def units(made: World) -> list[AccountRegion]:
    """What the collector would know of it, everything read."""
    found = []
    for (account, name), region in made.regions.items():
        unit = AccountRegion(
            clean(account), clean(made.accounts[account].alias), name, list(READERS[account])
        )
        shown = [instance.shown() for instance in region.instances.values()]
        rows = [
            mapping.map_instance({k: v for k, v in doc.items() if not k.startswith("_")}, name, NOW)
            for doc, _ in shown
        ]
        statuses: list[Status] = [mapping.status(status) for _, status in shown]
        unit.take_inventory(rows, NOW)
        unit.take_statuses(statuses, NOW)
        images: dict[str, Image] = {}
        for doc in region.images.values():
            one = mapping.map_image(doc)
            source = str(doc.get("SourceInstanceId", ""))
            kept = images.get(source)
            if source and (kept is None or str(one.created) > str(kept.created)):
                images[source] = one
        unit.images, unit.images_at, unit.phase = images, NOW, Phase.LIVE
        found.append(unit)
    return found


def sample_store() -> Store:
    """The whole fleet, an expired profile and a denied region among its targets."""
    store = Store()
    for unit in units(world()):
        delta = unit.delta()
        assert delta is not None
        store.apply(delta)
    expired = Trouble(
        TroubleKind.CREDENTIALS,
        clean("the credentials have expired"),
        clean("renew the credentials of profile legacy"),
        clean("RequestExpired"),
        where=clean("legacy/us-east-1"),
    )
    denied = Trouble(
        TroubleKind.REGION,
        clean("the region is not enabled for this account"),
        clean("enable us-east-1 in the account's settings, or leave it out (regions in config.toml)"),
        clean("AuthFailure"),
        where=clean("staging/us-east-1"),
    )
    for target, account, trouble in (
        (Target("legacy", "us-east-1"), LEGACY, expired),
        (Target("staging", "us-east-1"), STAGING, denied),
    ):
        status = TargetStatus(target, Phase.FAILED, (clean(target.profile),), clean(account), trouble=trouble)
        store.apply(protocol.Delta(status))
    return store


class StandIn(Link):
    """A collector that knows the store, and answers each look with the same facts (`facts`, or the trouble set), and each
    question for evidence with the same `parts`, and `image`."""

    def __init__(self, store: Store, facts: Facts | None = None) -> None:
        super().__init__(SETTINGS, {})
        self.store = store
        self.facts = facts or plain_facts()
        self.trouble: Trouble | None = None
        self.parts = {protocol.ReadKind.LOG: Evidence(NOW, log=system_log(OUTPUT, NOW, latest=True))}
        self.image = b""
        self.logins: tuple[ProfileLogin, ...] = ()
        self.asked: list[protocol.ReadRequest] = []
        self.state = protocol.LinkState(protocol.LinkPhase.LIVE)

    @property
    def looked(self) -> list[str]:
        """The looks that were asked for."""
        return [str(one.kind) for one in self.asked if one.kind is protocol.ReadKind.LOOK]

    async def start(self) -> None:
        """No process is started."""

    async def frames(self) -> AsyncIterator[protocol.Frame]:
        """The store is full already."""
        nothing: tuple[protocol.Frame, ...] = ()
        for frame in nothing:
            yield frame

    async def request(self, request: protocol.ReadRequest) -> protocol.ReadAnswer:
        self.asked.append(request)
        if self.trouble is not None:
            return protocol.ReadAnswer(0, trouble=self.trouble)
        row = None
        if request.target is not None and request.instance_id:
            row = self.store.get(f"{request.target.region}/{request.instance_id}")
            if row is None:
                return protocol.ReadAnswer(
                    0, trouble=Trouble(TroubleKind.GONE, clean("no longer there"), clean(""))
                )
        if request.kind is protocol.ReadKind.LOOK:
            return protocol.ReadAnswer(0, row, self.facts)
        if request.kind is protocol.ReadKind.LOGINS:
            return protocol.ReadAnswer(0, logins=self.logins)
        return protocol.ReadAnswer(0, evidence=self.parts.get(request.kind), image=self.image)


def plain_facts(**changes: Any) -> Facts:
    """What a close look at an unremarkable instance says."""
    facts = Facts(
        NOW,
        type=TypeFacts(False, 0, None, clean("nitro"), False, True),
        stop_protection=False,
        termination_protection=False,
        shutdown_behavior=clean("stop"),
        membership=(),
        target_groups=(),
        classic_balancers=(),
        images=(),
        volumes=(),
        agents=(SsmAgent(clean("Online"), clean("3.3.2299.0"), NOW),),
    )
    return replace(facts, **changes)


def services(
    folder: Path, store: Store | None = None, settings: Settings = SETTINGS, **changes: Any
) -> Services:
    """Everything a screen is given. `launched` of the answer's `launch` is a list of what would have been started."""
    held = sample_store() if store is None else store
    # No test talks to the tmux it was started in.
    own = {name: value for name, value in os.environ.items() if name not in ("TMUX", "TMUX_PANE")}
    environ: Mapping[str, str] = {**own, "XDG_STATE_HOME": str(folder), "XDG_CACHE_HOME": str(folder)}
    values: dict[str, Any] = {
        "store": held,
        "link": StandIn(held),
        "journal": Journal(folder / "evac" / "journal.sqlite3"),
        "journal_trouble": "",
        "settings": settings,
        "environ": environ,
        "now": lambda: NOW,
        "zone": ZONE,
        "launch": Launches(),
        "conduct": Conductors(),
    }
    return Services(**{**values, **changes})


class Launches:
    """Notes which hands would have been started."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str]] = []

    def __call__(self, operation: str, profile: str) -> int:
        self.made.append((operation, profile))
        return 1


class Conductors:
    """Notes which conductors would have been started."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def __call__(self, campaign: str) -> int:
        self.made.append(campaign)
        return 1


def named(store: Store, name: str) -> Instance:
    """The instance of that name."""
    return next(row for row in store.rows() if row.name == name)


class Stage(App[None]):
    """Shows one screen, and keeps what it asked the app for."""

    def __init__(self, screen: Screen[None]) -> None:
        super().__init__()
        dress(self, "")
        self.shown = screen
        self.asked: list[Act | Go | PlanMany] = []
        services: Services | None = getattr(screen, "services", None)
        self._ascii = [AsciiFilter()] if services is not None and services.settings.ascii else []

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), *self._ascii]

    def on_mount(self) -> None:
        self.push_screen(self.shown)

    def on_act(self, message: Act) -> None:
        self.asked.append(message)

    def on_go(self, message: Go) -> None:
        self.asked.append(message)

    def on_plan_many(self, message: PlanMany) -> None:
        self.asked.append(message)


def asked(pilot: Pilot[Any]) -> list[Any]:
    """What the screen asked the app for."""
    assert isinstance(pilot.app, Stage)
    return list(pilot.app.asked)
