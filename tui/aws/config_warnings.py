"""What in a shell and in ~/.aws is probably not meant so, though nothing fails of it: for `evac doctor`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

import botocore.session
from botocore.exceptions import ConfigNotFound, ConfigParseError

from tui.aws.shared_config import OWN_LOGIN, Files

_OF_PROFILES = OWN_LOGIN | {
    "region",
    "output",
    "source_profile",
    "sso_session",
    "sso_start_url",
    "mfa_serial",
}


def doubts(files: Files, environ: Mapping[str, str] = os.environ) -> Iterator[tuple[str, str]]:
    """Pairs of what is odd and what to do."""
    older, newer = environ.get("AWS_DEFAULT_PROFILE"), environ.get("AWS_PROFILE")
    for variable, value in (("AWS_DEFAULT_PROFILE", older), ("AWS_PROFILE", newer)):
        if value == "":
            yield f"{variable} is set, and empty: aws without --profile fails", f"unset {variable}"
    if older and newer and older != newer:
        yield (
            f"AWS_DEFAULT_PROFILE={older} and AWS_PROFILE={newer}: evac, boto3 and the AWS CLI's first version take {older}, "
            f"its second {newer}",
            "unset AWS_DEFAULT_PROFILE",
        )
    shell: botocore.session.Session = files.bare()
    config, credentials = (
        str(shell.get_config_variable(f"{name}_file")) for name in ("config", "credentials")
    )
    for name, values in _sections(files, config):
        words = name.split()
        if (
            len(words) == 1
            and name != "default"
            and isinstance(values, dict)
            and _OF_PROFILES & values.keys()
        ):
            yield f"[{name}] in {config} is no profile", f"write [profile {name}]"
    for name, _ in _sections(files, credentials):
        if name.startswith("profile "):
            yield (
                f"[{name}] in {credentials} makes a profile called '{name}'",
                f"write [{name[8:].strip()}] there",
            )
        elif name != name.strip():
            yield f"[{name}] in {credentials} has blanks in the profile's name", f"write [{name.strip()}]"


def _sections(files: Files, path: str) -> Iterator[tuple[str, object]]:
    try:
        yield from files.raw(path).items()
    except (ConfigNotFound, ConfigParseError):  # the latter has a line of its own
        return
