"""How one gets onto an instance: by the program that the settings name, by Session Manager, or by ssh.

Session Manager reaches it if its agent has told SSM of itself (`Facts.agents`: DescribeInstanceInformation); it needs no open
port, no key and no address. Else ssh, with the key's name and an address; who logs in is left to the user's ~/.ssh/config.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from contextlib import suppress

from tui.domain.facts import Facts
from tui.domain.instance import Instance
from tui.domain.placeholders import filled, placeholder_words
from tui.domain.profile_names import ENVIRONMENT

_SESSION = ("aws", "ssm", "start-session", "--target", "{id}", "--region", "{region}")


def connect_command(
    instance: Instance, facts: Facts | None, configured: Sequence[str] = ()
) -> tuple[str, ...]:
    """Program and arguments, each placeholder filled in; empty where there is no way, which `why_no_connection` tells.

    `configured`: `[connect] command` of the settings; it comes before all else. `facts` None: nobody has looked.
    """
    way = _way(instance, facts, configured)
    return () if isinstance(way, str) else way


def why_no_connection(instance: Instance, facts: Facts | None, configured: Sequence[str] = ()) -> str:
    """Why there is no command, in a sentence without a full stop; empty: there is one."""
    way = _way(instance, facts, configured)
    return way if isinstance(way, str) else ""


def _way(instance: Instance, facts: Facts | None, configured: Sequence[str]) -> tuple[str, ...] | str:
    own = instance.target.profile == ENVIRONMENT  # the shell's own credentials have no profile's name
    words = placeholder_words(instance) | ({"profile": ""} if own else {})
    session = _SESSION if own else (*_SESSION, "--profile", "{profile}")
    try:
        if configured:
            return tuple(filled(configured, words))
        if _in_session_manager(facts):
            return tuple(filled(session, words))
        if address := _address(instance):
            key = ("-i", "~/.ssh/{key_name}.pem") if instance.key_name else ()
            return (*filled(("ssh", *key), words), address)
        if facts is None or facts.agents is None:
            return tuple(filled(session, words))
    except ValueError as error:
        return str(error)
    lost = "has lost" if facts.agents else "does not know"
    return f"Session Manager {lost} it, and ssh has no address for it"


def _in_session_manager(facts: Facts | None) -> bool:
    return facts is not None and any(agent.ping == "Online" for agent in facts.agents or ())


def _address(instance: Instance) -> str:
    """Where ssh finds it, if it is one that speaks ssh."""
    if "windows" in instance.platform.lower():
        return ""
    six = (address for interface in instance.interfaces for address in interface.ipv6)
    for found in (instance.public_ip, instance.private_ip, *six):
        with suppress(ValueError):
            if "%" not in found:  # a zone of IPv6 may be called anything
                return str(ipaddress.ip_address(str(found)))
    return ""
