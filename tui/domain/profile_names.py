"""Profile names, and whether a name in a rule (config or policy) matches one.

A rule must not be got around by a name: by that of the shell's own credentials, by case, by blanks or quotes that
~/.aws/credentials keeps in a section's name, or by a name that itself reads as a pattern.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache

ENVIRONMENT = "environment"
"""The target whose credentials are this shell's own and no profile's: in variables, of a container, of a machine's role."""

_CHOSEN = ("AWS_DEFAULT_PROFILE", "AWS_PROFILE")
"""In botocore's order (configprovider, session variables); the AWS CLI's second version looks at AWS_PROFILE first."""
_GIVEN = ("AWS_VAULT", "AWSUME_PROFILE", "AWS_SSO_PROFILE", "AWS_OKTA_PROFILE")
"""Whose keys a tool put into this shell, as aws-vault, awsume, aws-sso-cli and aws-okta say it."""


def chosen(environ: Mapping[str, str]) -> tuple[str, str]:
    """The profile this shell has chosen, and the variable that says so; empty texts where none has."""
    for variable in _CHOSEN:
        if name := environ.get(variable):
            return name, variable
    return "", ""


def of_shell(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Every profile's name that this shell gives its own credentials; `default` where it chooses none, as botocore has it."""
    named = [environ[variable] for variable in (*_CHOSEN, *_GIVEN) if environ.get(variable)]
    if not chosen(environ)[0]:
        named.append("default")
    # What is not UTF-8 comes as lone surrogates, which no frame takes and no rule can hold.
    return tuple(dict.fromkeys(name.encode("utf-8", "replace").decode() for name in named))


def has_keys(environ: Mapping[str, str]) -> bool:
    """Whether its variables hold keys, which then win over the profile it chose (botocore, EnvProvider)."""
    return bool(environ.get("AWS_ACCESS_KEY_ID"))


def has_token(environ: Mapping[str, str]) -> bool:
    """Whether its variables name a web identity, which may win over the profile it chose."""
    return bool(environ.get("AWS_WEB_IDENTITY_TOKEN_FILE"))


def read_by(environ: Mapping[str, str]) -> tuple[tuple[str, ...], str]:
    """What is read where the command line names no profile, and which variable says so; nothing: all there are."""
    name, variable = chosen(environ)
    if not name:
        return (), ""
    if has_keys(environ):
        return (ENVIRONMENT,), f"{variable}, whose place the keys in the environment take"
    return ((name, ENVIRONMENT) if has_token(environ) else (name,)), variable


def spellings(name: str) -> tuple[str, ...]:
    """The name as it stands, and as who wrote a rule for it would have written it."""
    told = unicodedata.normalize("NFKC", name).strip()
    if told.casefold().startswith(
        ("profile ", "profile\t")
    ):  # what only ~/.aws/config needs, in ~/.aws/credentials
        told = told[len("profile ") :].strip()
    told = told.strip("\"'").strip()
    return tuple(dict.fromkeys((name, told or "default")))  # botocore takes an empty name for `default`


def means(rule: str, names: Iterable[str]) -> bool:
    """Whether a rule's name, which may be a pattern, means any of these names. Never minds case."""
    return any(_is_meant(rule, name) for name in names)


def is_account(rule: str) -> bool:
    """Whether a rule's name is an account's number: then it means the account, by whatever profile it is reached."""
    return len(rule.strip()) == 12 and rule.strip().isdecimal()


@lru_cache(4096)
def _is_meant(rule: str, name: str) -> bool:
    wanted = unicodedata.normalize("NFKC", rule).strip().casefold()
    folded = [spelling.casefold() for spelling in spellings(name)]
    return rule == name or any(wanted == one or fnmatchcase(one, wanted) for one in folded)
