"""Everything that can go wrong with one target, all of it at once, in front of one collector: each target's line says its own
cause and remedy, the others stay live and honest, and each recovers by itself when its trouble ends.

EVAC_SOAK=1 lets it last ten minutes at the intervals people have, and not some seconds.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest

from tests.integration.collector_watch import (
    KEYS,
    PATIENCE,
    PROD,
    SEOUL,
    VIRGINIA,
    Eyes,
    calls,
    fault,
    watching,
)
from tests.integration.faulty_network import Authority, Portal, Relay
from tui.config.schema import Settings
from tui.config.sections import Intervals, ProfileSettings
from tui.demo.environment import Demo
from tui.domain.instance import TargetStatus

LONG = "EVAC_SOAK" in os.environ
INTERVALS = Intervals() if LONG else Intervals(status=1.0, inventory=2.0)
LASTING = 600.0 if LONG else 0.0
WITHIN = "2"
"""Seconds for an answer here; 20 for people."""
KEY = "aws_access_key_id = {}\naws_secret_access_key = demo\n"
HTML = "<!doctype html><html><head><title>Log in</title></head><body>Wi-Fi<br></body></html>"
DECODED = {
    "explicitDeny": True,
    "matchedStatements": {"items": [{"statementId": "NoEyes"}]},
    "context": {
        "principal": {"arn": f"arn:aws:iam::{PROD}:user/kim"},
        "action": "ec2:DescribeInstanceStatus",
    },
}
ANSWERED = (
    "<DecodeAuthorizationMessageResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'>"
    f"<DecodeAuthorizationMessageResult><DecodedMessage>{json.dumps(DECODED)}</DecodedMessage>"
    "</DecodeAuthorizationMessageResult></DecodeAuthorizationMessageResponse>"
)
TOKEN = (
    "You are not authorized to perform this operation. Encoded authorization failure message: " + "x_" * 300
)


class Stage:
    """An embedded AWS, and what stands between."""

    def __init__(self, demo: Demo, folder: Path) -> None:
        self.demo, self.folder = demo, folder
        self.port = int(demo.url.rpartition(":")[2])
        authority = Authority(folder)
        self.trusted, self.stranger = authority.context(), Authority(folder / "other").context()
        self.expired = authority.context(timedelta(days=-1))
        self.bundle = authority.bundle
        self.relays = {name: Relay(self.port) for name in ("name", "proxy", "half", "refused")}
        self.relays |= {name: Relay(self.port, self.trusted) for name in ("tls", "old")}
        self.portal = Portal(KEYS["prod"])
        self.rules: dict[str, list[dict[str, Any]]] = {}
        self.lost = folder / "lost"
        self.keys: dict[str, str] = {}
        self.roles: dict[str, str] = {}

    def url(self, relay: str, scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.relays[relay].port}"

    def answer(self, region: str, *rules: dict[str, Any]) -> None:
        """These in that region, until others take their place."""
        self.rules[region] = list(rules)
        self.demo.control("faults", [rule for some in self.rules.values() for rule in some])

    def write(self) -> None:
        """The person's AWS files."""
        lines = [
            f"[sso-session corp]\nsso_start_url = https://example.awsapps.com/start\nsso_region = {VIRGINIA}\n"
            "sso_registration_scopes = sso:account:access\n"
        ]
        for case in CASES:
            lines.append(f"[profile {case.name}]\nregion = {case.region}\nendpoint_url = {case.url(self)}\n")
            lines.append(self.roles.get(case.name, case.config))
        for name, region in WELL.items():
            lines.append(f"[profile {name}]\nregion = {region}\nendpoint_url = {self.demo.url}\n")
        keys = {case.name: KEYS["prod"] for case in CASES if case.has_keys} | {"well": KEYS["data"]}
        keys |= {"beside": KEYS["prod"], **self.keys}
        text = "".join(f"[{name}]\n{KEY.format(key)}" for name, key in keys.items())
        for name, body in (("config", "".join(lines)), ("credentials", text)):
            (self.folder / "new").write_text(body)
            (self.folder / "new").replace(self.folder / name)

    def token(self, hours: int) -> None:
        """A login in the cache of the AWS CLI."""
        cache = self.folder / ".aws" / "sso" / "cache"
        cache.mkdir(parents=True, exist_ok=True)
        ended = (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = {"startUrl": "x", "region": VIRGINIA, "accessToken": "x", "expiresAt": ended}
        (cache / f"{sha1(b'corp').hexdigest()}.json").write_text(json.dumps(body))

    def environ(self) -> dict[str, str]:
        beneath = Path(__file__).with_name("injected")
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        return kept | {
            "HOME": str(self.folder),
            "AWS_CONFIG_FILE": str(self.folder / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.folder / "credentials"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL_SSO": self.portal.url,
            "AWS_CA_BUNDLE": str(self.bundle),
            "HTTP_PROXY": self.url("proxy"),
            "NO_PROXY": "127.0.0.1,aws.localhost",
            "PYTHONPATH": str(beneath),
            "EVAC_TEST_NAME": "aws.localhost",
            "EVAC_TEST_LOST": str(self.lost),
            "EVAC_TEST_WITHIN": WITHIN,
        }

    def stop(self) -> None:
        for relay in self.relays.values():
            relay.close()
        self.portal.stop()


@dataclass
class Case:
    """One way to fail. `begin` comes when all is well, unless it is `at_first`: then it is so from the start."""

    name: str
    region: str
    kind: str
    cause: str
    remedy: str
    begin: Callable[[Stage], None] = lambda stage: None
    end: Callable[[Stage], None] = lambda stage: None
    url: Callable[[Stage], str] = lambda stage: stage.demo.url
    config: str = ""
    has_keys: bool = True
    at_first: bool = False
    slow: bool = False
    place: str = ""

    def line(self) -> str:
        return f"{self.place or f'{self.name}/{self.region}'}: {self.cause}: {self.remedy}"


def answers(
    name: str, region: str, kind: str, cause: str, remedy: str, *then: dict[str, Any], slow: bool = False
) -> Case:
    """AWS, or who answers in its place, says this to every call in that region."""
    rules = [
        fault(one.pop("do"), **one, region=region) if "do" in one else fault(one, region=region)
        for one in then
    ]
    return Case(
        name, region, kind, cause, remedy, lambda stage: stage.answer(region, *rules),
        lambda stage: stage.answer(region), slow=slow,
    )  # fmt: skip


AGAIN = "evac tries again"
NETWORK = f"{AGAIN}; check the network"
RENEW = "renew the credentials of profile {}; if they are new, check this machine's clock"
SSO = "sso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Audit\n"
LOGIN = "aws sso login --sso-session corp"


def sso_over(stage: Stage) -> None:
    stage.portal.well = False
    stage.answer("eu-south-1", fault({"error": "RequestExpired"}, region="eu-south-1", service="ec2"))


def sso_renewed(stage: Stage) -> None:
    stage.portal.well = True
    stage.answer("eu-south-1")


def lose_name(stage: Stage) -> None:
    stage.lost.touch()
    stage.relays["name"].cut()


def present(relay: str, which: str) -> Callable[[Stage], None]:
    def begin(stage: Stage) -> None:
        stage.relays[relay].tls = getattr(stage, which)
        stage.relays[relay].cut()

    return begin


def closed(relay: str) -> tuple[Callable[[Stage], None], Callable[[Stage], None]]:
    return (lambda stage: stage.relays[relay].close()), (lambda stage: stage.relays[relay].open())


def half(open_: bool) -> Callable[[Stage], None]:
    def change(stage: Stage) -> None:
        stage.relays["half"].silent = open_

    return change


def give_keys(name: str) -> Callable[[Stage], None]:
    def end(stage: Stage) -> None:
        stage.keys[name], stage.roles[name] = KEYS["prod"], ""
        stage.write()

    return end


STATUS = "DescribeInstanceStatus"
CASES = [
    Case("sso-over", "eu-south-1", "credentials", "the SSO login has expired or is missing", LOGIN, sso_over, sso_renewed,
         config=SSO, has_keys=False),
    answers("token-over", "eu-west-2", "credentials", "the credentials have expired", RENEW.format("token-over"),
            {"error": "RequestExpired"}),
    answers("token-refused", "eu-west-3", "credentials", "the credentials have expired", RENEW.format("token-refused"),
            {"error": "ExpiredToken"}),
    Case("nobody", "eu-central-1", "credentials", "no credentials", "aws configure --profile nobody", end=give_keys("nobody"),
         has_keys=False, at_first=True, place="nobody"),
    Case("mfa", "eu-central-2", "credentials", f"its role asks for a code of arn:aws:iam::{PROD}:mfa/me",
         "aws sts get-caller-identity --profile mfa asks you for it; evac then goes on by itself",
         config=f"role_arn = arn:aws:iam::{PROD}:role/r\nsource_profile = beside\nmfa_serial = arn:aws:iam::{PROD}:mfa/me\n",
         end=give_keys("mfa"), has_keys=False, at_first=True, place="mfa"),
    answers("denied", "eu-north-1", "denied", f"{STATUS} is not allowed: a policy (NoEyes) denies ec2:{STATUS} to "
            f"arn:aws:iam::{PROD}:user/kim", "have it taken out of that policy: one permission more cannot help",
            {"do": {"raw": ANSWERED}, "operation": "DecodeAuthorizationMessage"},
            {"do": {"error": "UnauthorizedOperation", "message": TOKEN}, "service": "ec2"}),
    answers("denied-all", "af-south-1", "denied", f"{STATUS} is not allowed", f"ask for the permission to call ec2:{STATUS}",
            {"do": {"error": "AccessDenied"}, "operation": "DecodeAuthorizationMessage"},
            {"do": {"error": "UnauthorizedOperation", "message": TOKEN}, "service": "ec2"}),
    answers("off", "me-south-1", "region", "the region is not enabled for this account",
            "enable me-south-1 in the account's settings, or leave it out (regions in config.toml)", {"error": "AuthFailure"}),
    Case("name", "ap-south-1", "network", "the name aws.localhost was not found (DNS)", f"{AGAIN}; check DNS and VPN",
         lose_name, lambda stage: stage.lost.unlink(), lambda stage: stage.url("name", host="aws.localhost")),
    Case("proxy", "ap-south-2", "network", "the proxy is not reachable", "check HTTPS_PROXY and NO_PROXY", *closed("proxy"),
         lambda stage: "http://proxied.localhost:1"),
    answers("proxy-login", "ap-southeast-1", "network", "the proxy asks for a login (407)",
            "put it into HTTPS_PROXY (http://user:password@host:port)", {"raw": "", "status": 407}),
    Case("tls", "ap-southeast-2", "network", "the TLS certificate was not accepted (unable to get local issuer certificate)",
         "if a proxy opens TLS, name its certificate in AWS_CA_BUNDLE", present("tls", "stranger"), present("tls", "trusted"),
         lambda stage: stage.url("tls", "https")),
    Case("tls-old", "ap-southeast-3", "network", "the TLS certificate was not accepted (certificate has expired)",
         "check this machine's clock; if it is right, the certificate is wrong", present("old", "expired"),
         present("old", "trusted"), lambda stage: stage.url("old", "https")),
    answers("clock", "ap-southeast-4", "credentials", "this machine's clock is 12m ahead of AWS's",
            "set this machine's clock (timedatectl set-ntp true)", {"error": "RequestExpired", "skew": -725}),
    answers("throttled", "ap-northeast-1", "throttled", f"AWS throttles {STATUS}",
            "evac asks less often for a while; no action needed", {"error": "RequestLimitExceeded"}, slow=True),
    answers("hang", "ap-northeast-3", "network", "no answer in time", NETWORK, {"hang": 4}, slow=True),
    Case("half-open", "sa-east-1", "network", "no answer in time", NETWORK, half(True), half(False),
         lambda stage: stage.url("half"), slow=True),
    Case("refused", "ca-west-1", "network", "not reachable", NETWORK, *closed("refused"),
         lambda stage: stage.url("refused")),
    answers("cut", "ca-central-1", "network", "the answer could not be read", NETWORK, {"cut": 120}),
    answers("page", "us-west-1", "network", "the answer could not be read", NETWORK, {"raw": HTML}),
    answers("garbage", "us-west-2", "network", "the answer could not be read", NETWORK, {"raw": "\x00\ufffd\x1b]0;x\x07" * 99}),
    answers("reset", "us-east-2", "network", "the connection broke", NETWORK, {"reset": True}),
    answers("broken", "il-central-1", "network", f"AWS failed at {STATUS} (InternalError)", AGAIN,
            {"error": "InternalError"}, slow=True),
    answers("page-502", "me-central-1", "network", f"AWS failed at {STATUS} (502)", AGAIN,
            {"raw": HTML, "status": 502}, slow=True),
]  # fmt: skip
WELL = {"well": VIRGINIA, "beside": SEOUL}


@dataclass
class Told:
    """What one case came to."""

    line: str = ""
    during: TargetStatus | None = None
    before: TargetStatus | None = None
    after: TargetStatus | None = None


@dataclass
class Day:
    """What the whole came to. `grown`: bytes of memory; `asked`: calls of each region while it lasted."""

    cases: dict[str, Told] = field(default_factory=dict)
    read: dict[str, list[datetime]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)
    grown: int = 0
    busy: float = 0.0
    lasted: float = 0.0


def used(pid: int) -> tuple[int, float]:
    """A process's memory in bytes and the seconds of CPU it has taken."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return pages * os.sysconf("SC_PAGE_SIZE"), sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def found(eyes: Eyes, case: Case) -> TargetStatus | None:
    """Its target, or the line that stands for the profile as long as nobody knows whose it is."""
    every = [one for one in eyes.store.targets() if one.target.profile == case.name]
    return every[0] if len(every) == 1 else None


def asked_at(eyes: Eyes, profile: str, region: str) -> datetime | None:
    one = eyes.target(profile, region)
    return one.status_at if one is not None else None


def line(eyes: Eyes, case: Case) -> str:
    one = found(eyes, case)
    return one.trouble.line if one is not None and one.trouble else ""


async def all_are(eyes: Eyes, cases: list[Case], so: Callable[[Case], bool], seconds: float) -> None:
    """Wait until each is, or until it is too late: what is not so then, its own test says."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not all(map(so, cases)):  # noqa: ASYNC110 - not an error when it never comes
                await asyncio.sleep(0.1)


async def lived(stage: Stage) -> Day:
    day = Day()
    profiles = {case.name: ProfileSettings(regions=(case.region,)) for case in CASES}
    profiles |= {name: ProfileSettings(regions=(region,)) for name, region in WELL.items()}
    settings = Settings(profiles=profiles, intervals=INTERVALS)
    quick, slow = [one for one in CASES if not one.slow], [one for one in CASES if one.slow]
    async with watching(settings, stage.environ()) as eyes:
        await all_are(
            eyes,
            CASES,
            lambda one: bool(line(eyes, one)) if one.at_first else eyes.live(one.name, one.region),
            PATIENCE,
        )
        await eyes.until(lambda: all(eyes.live(name, region) for name, region in WELL.items()))
        assert eyes.link.pid is not None
        memory, busy = used(eyes.link.pid)
        began, mark = datetime.now(UTC), len(eyes.seen)
        asked = len(stage.demo.control("calls"))
        for case in CASES:
            day.cases[case.name] = Told(before=found(eyes, case))
        for some in (slow, quick):
            for case in some:
                case.begin(stage)
            await all_are(eyes, some, lambda one: line(eyes, one) == one.line(), PATIENCE)
        await asyncio.sleep(LASTING)
        again = {name: asked_at(eyes, name, region) for name, region in WELL.items()}
        await eyes.until(
            lambda: all(
                asked_at(eyes, name, region) not in (None, again[name]) and eyes.live(name, region)
                for name, region in WELL.items()
            )
        )
        for case in CASES:
            day.cases[case.name].line = line(eyes, case)
            day.cases[case.name].during = found(eyes, case)
        now = used(eyes.link.pid)
        day.grown, day.busy = now[0] - memory, now[1] - busy
        day.lasted = (datetime.now(UTC) - began).total_seconds()
        for call in calls(stage.demo)[asked:]:
            day.asked[call["region"]] = day.asked.get(call["region"], 0) + 1
        for delta in eyes.deltas_since(mark):
            if delta.target is not None and delta.target.target.profile in WELL and delta.target.status_at:
                day.read.setdefault(delta.target.target.profile, []).append(delta.target.status_at)
        for case in CASES:
            case.end(stage)
        await all_are(
            eyes, CASES, lambda one: eyes.live(one.name, one.region), PATIENCE + (400 if LONG else 0)
        )
        for case in CASES:
            day.cases[case.name].after = found(eyes, case)
        day.notes = eyes.notes()
    return day


@pytest.fixture(scope="module")
def day(started: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    started.control("reset", method="POST")
    started.control("settings", {"lag": 0, "limits": False, "sparse": False})
    folder = tmp_path_factory.mktemp("bad")
    (folder / "other").mkdir()
    stage = Stage(started, folder)
    stage.write()
    stage.token(8)
    try:
        yield asyncio.run(lived(stage))
    finally:
        started.control("faults", [])
        stage.stop()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_its_line_says_cause_and_remedy_and_it_recovers_by_itself(day: Day, case: Case) -> None:
    told = day.cases[case.name]
    assert told.line == case.line()
    assert told.line.isprintable()
    assert told.during is not None
    assert told.during.trouble is not None
    assert told.during.trouble.kind == case.kind
    if not case.at_first:
        assert told.before is not None
        assert told.during.status_at is not None, "what it was is shown with its age"
        assert told.during.count is not None
    assert told.after is not None
    assert told.after.trouble is None
    assert told.after.count is not None
    assert told.after.status_at is not None
    if told.during.status_at is not None:
        assert told.after.status_at > told.during.status_at


def test_the_others_were_read_all_the_time(day: Day) -> None:
    assert set(day.read) == set(WELL)
    for times in day.read.values():
        assert times == sorted(times)
        assert len(set(times)) >= 3


def test_it_was_all_said_in_lines_and_nothing_ran_away(day: Day) -> None:
    assert [note for note in day.notes if "internal" in note] == []
    polls = day.lasted / INTERVALS.status
    for case in CASES:
        # Three attempts a read, and what is asked to tell what it was; never more than some reads a poll.
        assert day.asked.get(case.region, 0) <= 30 + 12 * polls, (case.name, day.asked)
    assert day.grown < 64 * 2**20
    assert day.busy < 20 + day.lasted * 0.5
    print(
        f"\n{len(CASES)} targets for {day.lasted:.0f} s: {day.grown / 2**20:.1f} MB more, {day.busy:.1f} s of CPU, "
        f"calls {sum(day.asked.values())}"
    )
