"""Whether this shell has credentials of its own, beside those of the profiles."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import botocore.session

from tui.aws.shared_config import OWN_LOGIN
from tui.domain import profile_names

_CONTAINER = (
    "AWS_CREDENTIAL_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)


def own_credentials(shell: botocore.session.Session, environ: Mapping[str, str]) -> bool:
    """Whether `aws` without --profile speaks here with something that no profile is, in the order of botocore's chain:
    keys, a role, a web identity, what the profile has, files of old tools, a container. A machine's role is not looked for.
    """
    if profile_names.has_keys(environ):
        return True
    profile = shell.full_config.get("profiles", {}).get(shell.get_config_variable("profile") or "default", {})
    if "role_arn" in profile and "web_identity_token_file" not in profile:
        return False
    if profile_names.has_token(environ):
        return True
    return not OWN_LOGIN & profile.keys() and any(name in environ for name in _CONTAINER)


def may_be_machine(shell: botocore.session.Session, environ: Mapping[str, str]) -> bool:
    """Whether `aws` without --profile may speak here with the role of this machine, and no profile of the files would.

    Only where this is a machine of EC2's, or its metadata are said to be elsewhere: else the question takes seconds.
    """
    if environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true" or profile_names.chosen(environ)[0]:
        return False
    if own_credentials(shell, environ) or "default" in shell.available_profiles:
        return False
    return bool(environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT")) or _on_ec2()


def _on_ec2(root: Path = Path("/sys")) -> bool:
    """As EC2's user guide says it is told (identify_ec2_instances): the vendor on Nitro, the hypervisor's id on Xen."""
    for place, word in (("class/dmi/id/sys_vendor", "Amazon EC2"), ("hypervisor/uuid", "ec2")):
        try:
            if (root / place).read_text().startswith(word):
                return True
        except OSError:
            continue
    return False
