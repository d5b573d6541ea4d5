"""The tables of the settings: what each may hold, of which type, with which default."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from tui.config.durations import Duration, DurationInSeconds, Limit
from tui.domain.campaign.model import MAX_AT_ONCE
from tui.domain.probe import ProbeRule, probe_place

EXPECTED: dict[str, str] = {}
"""Of each pattern, what it stands for: told where a text does not match it."""


def _text(pattern: str, expected: str) -> Meta:
    pattern = rf"\A{pattern}\Z"
    EXPECTED[pattern] = expected
    return Meta(pattern=pattern)


Region = Annotated[str, _text(r"[a-z0-9-]{2,32}", "a region's name such as eu-west-1")]
Seconds = Annotated[float, Meta(ge=1.0)]
Color = Annotated[str, _text(r"(#[0-9a-fA-F]{6}|[a-z_]{3,24})?", "a colour's name such as red, or #rrggbb")]
TypedSetting = Annotated[str, _text("(name|id)", '"name" or "id"')]
Ttl = Annotated[float, Meta(ge=2.0, le=3600.0)]
MetricsSource = Annotated[str, _text("(data|statistics|off)", '"data", "statistics" or "off"')]
Severity = Annotated[int, Meta(ge=1, le=3)]
KindName = Annotated[str, _text(r"([a-z0-9][a-z0-9-]{0,39})?", "small letters, digits and hyphens")]
OneLine = Annotated[str, Meta(min_length=1, max_length=300)]
TopicArn = Annotated[
    str,
    _text(
        r"arn:aws[a-z-]*:sns:[a-z0-9-]{2,32}:[0-9]{12}:[A-Za-z0-9_-]{1,256}",
        "arn:aws:sns:REGION:ACCOUNT:name",
    ),
]
ServiceTag = Annotated[str, _text("(tag:.{1,128})?", 'a tag such as "tag:service", or an empty text')]
Unreachable = Annotated[str, _text("(refuse|proceed)", '"refuse" or "proceed"')]
Share = Annotated[str, _text(r"([1-9][0-9]?|100)%", 'a number, or a share of the members such as "50%"')]
KeepSetting = Annotated[int, Meta(ge=1, le=100_000)] | Share
Tag = Annotated[str, _text("tag:.{1,128}", 'a tag such as "tag:service"')]
Program = Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=1000)], ...], Meta(max_length=40)]
Desktop = Annotated[str, _text("(auto|on|off)", '"auto", "on" or "off"')]
Port = Annotated[int, Meta(ge=0, le=65535)]
HttpPath = Annotated[
    str,
    _text(
        r"((:[0-9]{1,5})?/[A-Za-z0-9._~!$&()*+,;=:@%/?-]{0,200})?",
        'a path such as "/healthz", or one with its port such as ":8080/healthz"',
    ),
]
ViewColumn = Annotated[str, Meta(min_length=1, max_length=140)]
ViewColumns = Annotated[tuple[ViewColumn, ...], Meta(max_length=30)]
ViewSort = Annotated[
    str,
    _text(
        r"(urgency|name|target|type|event|tag\..{1,128})",
        'one of urgency, name, target, type, event, or a tag such as "tag.service"',
    ),
]
BaseView = Annotated[
    str, _text("(triage|all|events|targets|cover)", "one of triage, all, events, targets, cover")
]
CacheUrl = Annotated[str, _text(r"((redis|rediss|unix)://.+)?", "an empty text, or redis://host:port/db")]


class Base(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of which every key is known."""

    def __post_init__(self) -> None:
        """A limit that the file leaves empty is none."""
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, Limit) and not value.written:
                msgspec.structs.force_setattr(self, name, None)


class Intervals(Base, frozen=True):
    """How often targets are read, in seconds."""

    status: Seconds = 15.0
    inventory: Seconds = 300.0


class CacheSettings(Base, frozen=True):
    """Where answers are kept: an empty url is this process's memory."""

    url: CacheUrl = ""


class LockSettings(Base, frozen=True):
    """What keeps two machines from one instance: an empty url is this journal alone. `ttl` in seconds."""

    url: CacheUrl = ""
    ttl: Ttl = 120.0
    unreachable: Unreachable = "refuse"


class GroupSettings(Base, frozen=True):
    """What is kept of the groups instances serve in. `keep`: how many members, or which share, stay in service, if AWS's own
    minimum is not higher."""

    keep: KeepSetting = 1


class CoverSettings(Base, frozen=True):
    """Who acts when an instance fails. `service`: the tag that names an instance's service, such as `tag:service`. `topics`: the
    SNS topics that alarms may tell; the one of the instance's account and region is used."""

    service: ServiceTag = ""
    topics: Annotated[tuple[TopicArn, ...], Meta(max_length=500)] = ()


class MetricsSettings(Base, frozen=True):
    """How CloudWatch is asked of an instance: `data` in one call, `statistics` with a call a metric, `off` never."""

    source: MetricsSource = "data"


class HealthSettings(Base, frozen=True):
    """Whether AWS Health is asked, once an account every 15 minutes."""

    enabled: bool = True


class CampaignSettings(Base, frozen=True):
    """How campaigns go where their rules do not say otherwise.

    `together`: tags whose equal values make a group. `per_group`: members of one group that may be down at a time. `at_once`:
    members under way at a time. `max_failures`: after so many failed ones no new one is begun. `before`, `after`: a program
    and its arguments (`tui.domain.placeholders`), run for each member before it is begun and after it has ended; empty: none.
    """

    together: Annotated[tuple[Tag, ...], Meta(max_length=20)] = ()
    per_group: Annotated[int, Meta(ge=1, le=1000)] = 1
    at_once: Annotated[int, Meta(ge=1, le=MAX_AT_ONCE)] = 5
    max_failures: Annotated[int, Meta(ge=1, le=100_000)] = 1
    before: Program = ()
    after: Program = ()


class MaintenanceSettings(Base, frozen=True):
    """When work may be begun, in the words of `tui.domain.campaign.hours`; empty: at any time."""

    hours: str = ""


class CallSettings(Base, frozen=True):
    """Of what somebody is called: `on`, kinds as `tui.domain.incidents` reads them; empty: of nothing.

    `bell`: the terminal's. `desktop`: a notification by the terminal (OSC 9): `auto` where it is known to understand, `on`
    always. `command`: a program and its arguments, given a line of JSON on its input when an incident begins and when it is
    over; empty: none.
    """

    on: Annotated[tuple[str, ...], Meta(max_length=20)] = ()
    bell: bool = True
    desktop: Desktop = "auto"
    command: Program = ()


class ProbeSettings(Base, frozen=True):
    """Whether an instance that matches the filter `when` serves again, where no balancer tells: a connection to its port `tcp`
    (0: none), or an answer below 400 at the path `http`. `within`: how long that is waited for."""

    when: Annotated[str, Meta(min_length=1, max_length=500)]
    tcp: Port = 0
    http: HttpPath = ""
    within: Duration = Duration("5m")

    @property
    def rule(self) -> ProbeRule:
        """As the plans want it."""
        within = timedelta(seconds=self.within.total_seconds())  # how it was written is no part of a plan
        return ProbeRule(self.when, *probe_place(self.tcp, self.http), within)


class ViewSettings(Base, frozen=True):
    """A view of one's own: the view `base`, with these columns, this order and this filter. `key`: 6 to 9, 0 for none.

    What its `filter` and its `columns` mean is looked at when it is shown (`tui.config.views`).
    """

    key: int = 0
    columns: ViewColumns = ()
    sort: ViewSort = "urgency"
    filter: Annotated[str, Meta(max_length=2000)] = ""
    base: BaseView = "all"


class KindSettings(Base, frozen=True):
    """A kind of trouble to find in system logs: a line with any of `contains` (plain words and `*`) and none of `unless`."""

    contains: Annotated[tuple[str, ...], Meta(min_length=1, max_length=20)]
    words: OneLine
    remedy: OneLine
    unless: Annotated[tuple[str, ...], Meta(max_length=20)] = ()
    severity: Severity = 2
    key: KindName = ""


class ActionSettings(Base, frozen=True):
    """How guarded actions behave. `image_max_age`: an AMI older than this counts as none. `confirm`: what is typed.

    `start_retry_for`: how long a start that AWS refuses is retried; None: for ever. `require_image`: no stop/start without
    an AMI younger than this; None: not required. `reboot_settle`: the time after a reboot in which an ok does not count.
    """

    image_max_age: Duration = Duration("7d")
    confirm: TypedSetting = "name"
    wait_for_image: bool = True
    require_image: Limit | None = None
    start_retry_for: Limit | None = None
    reboot_settle: DurationInSeconds = DurationInSeconds(120.0)


class BackupSettings(Base, frozen=True):
    """What is written on the AMIs of `evac backup`. `expires`: how long one is needed, a tag; `deprecate`: after how
    long AWS lists it to others no more. None: not said, and not set."""

    expires: Limit | None = Limit("30d")
    deprecate: Limit | None = None


class ProfileSettings(Base, frozen=True):
    """What is known of one AWS profile. `regions` empty = as for every profile; `hidden` = never read;
    `production`: a campaign has its label typed as well; `login`: a program and its arguments (`{profile}` is put in) that renews
    its login, empty: the AWS CLI's own."""

    label: str = ""
    color: Color = ""
    read_only: bool = False
    regions: tuple[Region, ...] = ()
    hidden: bool = False
    production: bool = False
    login: Program = ()
