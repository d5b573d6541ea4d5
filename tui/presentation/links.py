"""Links that leave evac: an instance in AWS's own console, and whether this terminal can show one on a word (OSC 8).

Hosts of the console by partition: AWS general reference, "AWS Management Console endpoints" (`REGION.console.aws.amazon.com`),
and the same page of the China, GovCloud and European Sovereign Cloud guides. The isolated partitions have no public one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote

from tui.domain.arns import partition_of
from tui.domain.instance import Instance
from tui.domain.placeholders import PLACEHOLDERS

_HOSTS = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-eusc": "console.amazonaws-eusc.eu",
}


def console_link(instance: Instance) -> str:
    """Its page in AWS's console, https; empty where there is none, or where id or Region are not what one looks like."""
    return _console_link(str(instance.target.region), str(instance.instance_id))


def _console_link(region: str, name: str) -> str:
    host = _HOSTS.get(partition_of(region), "")
    if (
        not host
        or not re.fullmatch(PLACEHOLDERS["region"], region)
        or not re.fullmatch(PLACEHOLDERS["id"], name)
    ):
        return ""
    place, id_ = quote(region, safe=""), quote(name, safe="")
    return f"https://{place}.{host}/ec2/home?region={place}#InstanceDetails:instanceId={id_}"


def link_style(instance: Instance) -> str:
    """What makes a word in a Rich style a link to its page; empty where there is none."""
    return _style(str(instance.target.region), str(instance.instance_id))


@lru_cache(maxsize=4096)
def _style(region: str, instance_id: str) -> str:
    """Kept: a table asks for each row whenever it is drawn."""
    url = _console_link(region, instance_id)
    return f"link {url}" if url else ""


_SHOW_NONE = ("linux", "vt", "ansi", "dumb", "sun", "cons", "screen.linux", "eterm")
"""Beginnings of TERM whose terminals print the address, or parts of it, on the screen."""


def shows_links(environ: Mapping[str, str]) -> bool:
    """Whether this terminal takes a link on a word, or leaves it out in silence. FORCE_HYPERLINK=1 or 0 says so itself."""
    if said := environ.get("FORCE_HYPERLINK", ""):
        return said != "0"
    term = environ.get("TERM", "")
    in_screen = term.startswith("screen") and not environ.get(
        "TMUX"
    )  # GNU screen prints what it does not know
    return bool(term) and not in_screen and not term.startswith(_SHOW_NONE)
