"""Why AWS denied a call: its own words, or the message it encodes, asked for once and only where that is allowed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tui.aws import access_denied, errors
from tui.aws.sessions import Sessions

TOKEN = "Xy_" * 200
ENCODED = f"You are not authorized to perform this operation. Encoded authorization failure message: {TOKEN}"
DENIED: dict[str, Any] = {
    "allowed": False,
    "explicitDeny": True,
    "matchedStatements": {"items": [{"statementId": "NoStops", "effect": "DENY"}]},
    "context": {
        "principal": {"arn": "arn:aws:iam::111122223333:user/kim"},
        "action": "ec2:StopInstances",
        "resource": "arn:aws:ec2:eu-west-1:111122223333:instance/i-0abc",
    },
}


class Sts:
    """Answers as told, and counts."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.asked = answer, 0

    def decode_authorization_message(self, **given: str) -> Any:
        assert given == {"EncodedMessage": TOKEN}
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"DecodedMessage": self.answer}


class Logins:
    """The sessions, as far as they are asked here."""

    def __init__(self, sts: Sts) -> None:
        self.sts, self.kept = sts, dict[str, str]()

    def client(self, profile: str, service: str, region: str) -> Sts:
        assert (profile, service, region) == ("prod", "sts", "eu-west-1")
        return self.sts

    def own_region(self, profile: str) -> str:
        return "eu-west-1"

    def explained(self, profile: str) -> dict[str, str]:
        return self.kept


def said(message: str, code: str = "UnauthorizedOperation") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "StopInstances")


def why(answer: Any, message: str = ENCODED) -> tuple[str, int]:
    sts = Sts(answer)
    logins: Any = Logins(sts)
    first = access_denied.denied_reason(logins, said(message), "prod")
    assert access_denied.denied_reason(logins, said(message), "prod") == first
    return first, sts.asked


def test_a_policy_that_denies_is_named_and_asked_for_once() -> None:
    assert why(json.dumps(DENIED)) == (
        "a policy (NoStops) denies ec2:StopInstances on arn:aws:ec2:eu-west-1:111122223333:instance/i-0abc "
        "to arn:aws:iam::111122223333:user/kim",
        1,
    )


def test_no_policy_that_allows() -> None:
    told = {**DENIED, "explicitDeny": False, "context": {**DENIED["context"], "resource": "*"}}
    assert why(json.dumps(told))[0] == (
        "no policy allows ec2:StopInstances to arn:aws:iam::111122223333:user/kim"
    )


@pytest.mark.parametrize(
    "answer",
    [said("no", "AccessDenied"), "no JSON", "[]", "{}", json.dumps({"context": None}), ConnectionError("x")],
    ids=["denied too", "not JSON", "a list", "empty", "null", "no network"],
)
def test_what_cannot_be_decoded_is_no_reason_and_is_not_asked_again(answer: Any) -> None:
    assert why(answer) == ("", 1)


def test_aws_own_words_need_no_question() -> None:
    message = (
        "You are not authorized to perform this operation. User: arn:aws:iam::1:user/kim is not authorized to perform: "
        "ec2:StopInstances on resource: arn:aws:ec2:x:1:instance/i-0 because no identity-based policy allows the "
        f"ec2:StopInstances action. Encoded authorization failure message: {TOKEN}"
    )
    assert why("{}", message) == ("no identity-based policy allows the ec2:StopInstances action", 0)


@pytest.mark.parametrize("message", ["", "no", "Encoded authorization failure message: " + "x" * 20_000])
def test_nothing_to_decode(message: str) -> None:
    assert why("{}", message) == ("", 0)


def test_another_error_is_none_of_its_business() -> None:
    logins: Any = Logins(Sts("{}"))
    assert access_denied.denied_reason(logins, said(ENCODED, "RequestLimitExceeded"), "prod") == ""
    assert access_denied.denied_reason(logins, ValueError("x"), "prod") == ""


def test_the_line_holds_it_clean() -> None:
    hostile = {**DENIED, "context": {**DENIED["context"], "action": "\x1b]0;owned\x07[@click=app.quit]"}}
    told = errors.trouble(said(ENCODED), "prod", "eu-west-1", why=access_denied.sentence(hostile))
    assert told.placed.startswith("prod/eu-west-1: StopInstances is not allowed: a policy (NoStops) denies ")
    assert told.line.isprintable()
    assert TOKEN not in told.line


def test_the_reading_client_may_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    from tui.aws.allowlist import allowed

    assert allowed("sts", "DecodeAuthorizationMessage")
    assert hasattr(Sessions, "explained")


SCP = "arn:aws:organizations::111122223333:policy/o-x/service_control_policy/p-regions"
WHO = "User: arn:aws:sts::1:assumed-role/Audit/kim is not authorized to perform: ec2:DescribeInstances"
ORG = (
    "only who keeps the organisation's service control policies can allow it; "
    "until then leave eu-west-1 out (regions in config.toml)"
)
EXPLICIT = [
    (f"You are not authorized to perform this operation. {WHO} with an explicit deny in a service control policy. "
     f"Encoded authorization failure message: {TOKEN}", "a service control policy denies it", ORG),
    (f"{WHO} with an explicit deny in a service control policy: {SCP}", f"a service control policy denies it ({SCP})", ORG),
    (f"{WHO} with an explicit deny in a service control policy", "a service control policy denies it", ORG),
    (f"{WHO} with an explicit deny in an identity-based policy", "a identity-based policy denies it",
     "have it taken out of that policy: one permission more cannot help"),
    (f"{WHO} on resource: * with an explicit deny in a permissions boundary: arn:aws:iam::1:policy/b",
     "a permissions boundary denies it (arn:aws:iam::1:policy/b)",
     "have it taken out of that policy: one permission more cannot help"),
    (f"{WHO} with an explicit deny", "a policy denies it explicitly",
     "have it taken out of that policy: one permission more cannot help"),
    (f"{WHO} because no identity-based policy allows the ec2:DescribeInstances action",
     "no identity-based policy allows the ec2:DescribeInstances action", "ask for the permission to call StopInstances"),
    *((f"{WHO} because no {limit} allows the ec2:DescribeInstances action", f"no {limit} allows the ec2:DescribeInstances action",
       f"have it allowed in that {limit}: a permission elsewhere cannot help")
      for limit in ("permissions boundary", "session policy", "VPC endpoint policy")),
    (f"{WHO} because no service control policy allows the ec2:DescribeInstances action",
     "no service control policy allows the ec2:DescribeInstances action", ORG),
]  # fmt: skip


@pytest.mark.parametrize(("message", "reason", "remedy"), EXPLICIT)
def test_a_policy_that_denies_is_named_and_the_remedy_can_help(
    message: str, reason: str, remedy: str
) -> None:
    error = said(message, "AccessDenied")
    sessions: Any = Logins(Sts(Exception("denied as well")))
    why = access_denied.denied_reason(sessions, error, "prod")
    assert why == reason.replace("a identity", "an identity")
    told = errors.trouble(error, "prod", "eu-west-1", why=why)
    assert (told.kind, told.remedy) == ("denied", remedy)
    assert bool(told.of) == (remedy == ORG), "the organisation's is the same for every region"


def test_what_aws_decoded_as_denied_is_not_told_to_be_asked_for() -> None:
    reason = access_denied.sentence(DENIED)
    assert access_denied.denied_remedy("StopInstances", reason, "") == (
        "have it taken out of that policy: one permission more cannot help"
    )
    allowed_by_none = access_denied.sentence({**DENIED, "explicitDeny": False})
    assert access_denied.denied_remedy("StopInstances", allowed_by_none, "").startswith(
        "ask for the permission"
    )
