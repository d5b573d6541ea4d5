"""The screen of profiles, before it is drawn: one login a line, trouble first, and what is unknown never well."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tui.domain.instance import EVERYWHERE, Phase, Target, TargetStatus, Trouble, TroubleKind
from tui.domain.listing import stale
from tui.domain.login_lines import LineKind, ScopeLine, login_lines, unfolded
from tui.domain.logins import ProfileLogin
from tui.domain.sanitize import clean
from tui.domain.triage import Level

NOW = datetime(2026, 11, 30, 3, tzinfo=UTC)
SEOUL, DUBLIN = "ap-northeast-2", "eu-west-1"
PROD, DATA = "111122223333", "222233334444"
EXPIRED = Trouble(
    TroubleKind.CREDENTIALS,
    clean("the SSO login has expired or is missing"),
    clean("aws sso login --sso-session acme"),
    of=clean("sso acme"),
)


def sso(profile: str, account: str = "") -> ProfileLogin:
    return ProfileLogin(profile, "sso", "acme", ("aws", "sso", "login", "--sso-session", "acme"), account)


def keys(profile: str) -> ProfileLogin:
    return ProfileLogin(profile, "keys", profile)


def read(profile: str, region: str = SEOUL, account: str = PROD, **more: Any) -> TargetStatus:
    values: dict[str, Any] = {"count": 2, "status_at": NOW, "profiles": (clean(profile),)} | more
    return TargetStatus(Target(profile, region), Phase.LIVE, account_id=clean(account), **values)


def failed(profile: str, region: str = EVERYWHERE, trouble: Trouble = EXPIRED) -> TargetStatus:
    from msgspec.structs import replace

    told = replace(trouble, where=clean(profile))
    return TargetStatus(Target(profile, region), Phase.FAILED, (clean(profile),), trouble=told)


def lines(
    logins: list[ProfileLogin],
    targets: list[TargetStatus],
    levels: dict[Target, dict[Level, int]] | None = None,
) -> list[ScopeLine]:
    return login_lines(logins, targets, stale(targets, 15.0, NOW), levels or {})


def test_672_targets_behind_one_expired_login_are_one_line_with_one_remedy() -> None:
    names = [f"account-{number:03}" for number in range(84)]
    targets = [failed(name, f"region-{place}") for name in names for place in range(8)]
    assert len(targets) == 672
    found = lines([*map(sso, names), keys("prod")], [*targets, read("prod")])
    bad, well, _ = found
    assert bad.kind is LineKind.LOGIN
    assert len(bad.profiles) == 84
    assert (bad.reading.targets, bad.reading.unread, bad.reading.count) == (672, 672, None)
    (failure,) = bad.reading.failures
    assert failure.trouble is not None
    assert failure.trouble.remedy == "one login renews 84 profiles: aws sso login --sso-session acme"
    assert (well.rank, well.reading.failures) == (5, ())
    assert len(unfolded(found, frozenset())) == 3, "folded: two logins, and the regions"
    assert len(unfolded(found, frozenset({bad.key}))) == 3 + 84


def test_trouble_comes_first_and_what_nobody_asked_for_last() -> None:
    denied = Trouble(TroubleKind.DENIED, clean("denied"), clean("ask"), where=clean("part/eu-west-1"))
    names = ["asleep", "calm", "down", "due", "expired", "new", "part"]
    targets = [
        read("calm", account="000000000001"),
        read("down", account="000000000002"),
        read("due", account="000000000003"),
        failed("expired"),
        read("new", account="000000000004", status_at=None),
        read("part", account="000000000005", partial=(denied,)),
    ]
    levels = {
        Target("down", SEOUL): {Level.FAILING: 1, Level.CALM: 1},
        Target("due", SEOUL): {Level.DUE: 2},
    }
    found = lines([keys(name) for name in names], targets, levels)
    assert [line.profiles[0] for line in found] == ["expired", "new", "part", "down", "due", "calm", "asleep"]
    asleep = found[-1]
    assert (asleep.is_read, asleep.reading.count, asleep.reading.targets) == (False, None, 0)
    assert found[1].reading.unread == 1, "read never: not well"


def test_an_account_that_two_logins_reach_stands_under_both_and_each_has_its_own_trouble() -> None:
    lost = Trouble(TroubleKind.CREDENTIALS, clean("expired"), clean("renew"), where=clean("audit/eu-west-1"))
    shared = read(
        "prod", DUBLIN, profiles=(clean("prod"), clean("audit")), partial=(lost,), account_alias=clean("acme")
    )
    audit, prod = lines([keys("prod"), keys("audit")], [shared])
    assert (audit.profiles, prod.profiles) == (("audit",), ("prod",))
    assert [one.trouble for one in audit.reading.failures] == [lost], "its own login is what fails"
    assert (prod.reading.failures, prod.reading.partial) == ((), ()), "and not the other's"
    assert audit.account_id == prod.account_id == PROD
    assert audit.reading.count == prod.reading.count == 2


def test_under_a_login_are_its_accounts_and_under_an_account_its_profiles_and_regions() -> None:
    both = (clean("admin"), clean("viewer"))
    found = lines(
        [sso("admin", PROD), sso("viewer", PROD), sso("data", DATA), sso("spare", "333344445555")],
        [
            read("admin", SEOUL, profiles=both),
            read("admin", DUBLIN, profiles=both),
            read("data", SEOUL, DATA),
        ],
    )
    login, regions = found
    assert [(one.kind, one.account_id, one.is_read) for one in login.children] == [
        (LineKind.ACCOUNT, PROD, True),
        (LineKind.ACCOUNT, DATA, True),
        (LineKind.PROFILE, "333344445555", False),
    ]
    assert login.accounts == 3
    prod = login.children[0]
    assert [(one.kind, one.profiles, one.region) for one in prod.children] == [
        (LineKind.PROFILE, ("admin",), ""),
        (LineKind.PROFILE, ("viewer",), ""),
        (LineKind.REGION, ("admin", "viewer"), SEOUL),
        (LineKind.REGION, ("admin", "viewer"), DUBLIN),
    ]
    assert [(one.region, one.accounts, one.reading.count) for one in regions.children] == [
        (SEOUL, 2, 4),
        (DUBLIN, 1, 2),
    ]
    (depths, _) = zip(*unfolded(found, frozenset({login.key, prod.key})), strict=True)
    assert depths == (0, 1, 2, 2, 2, 2, 1, 1, 0)
    assert len({line.key for _, line in unfolded(found, frozenset({login.key, prod.key, regions.key}))}) == 11


def test_a_profile_whose_login_nobody_has_told_yet_is_a_line_and_a_name_is_drawn_clean() -> None:
    hostile = "a\x1b]0;owned\x07\nb"
    (line,) = lines([], [failed(hostile)])
    assert line.profiles == (hostile,)
    assert line.logins == ()
    (line,) = lines([keys(hostile)], [failed(hostile)])
    assert line.logins == (keys(hostile),), (
        "the name of the files and the one that is drawn are the same profile"
    )


def test_files_that_cannot_be_read_are_no_login() -> None:
    broken = TargetStatus(Target(EVERYWHERE, EVERYWHERE), Phase.FAILED, trouble=EXPIRED)
    assert lines([], [broken]) == []
