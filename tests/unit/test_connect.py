"""How one gets onto an instance: a command of arguments that nothing of a stranger's can turn into another."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from tests.unit.rows import row
from tui.domain.connect import connect_command, why_no_connection
from tui.domain.facts import Facts, SsmAgent
from tui.domain.instance import Instance, Interface, Target
from tui.domain.sanitize import clean

NOW = datetime(2026, 7, 1, tzinfo=UTC)
WEB = replace(
    row(7, Target("prod", "eu-west-1")),
    private_ip=clean("10.0.0.7"),
    public_ip=clean("203.0.113.7"),
    key_name=clean("pay-2024"),
)
BARE = replace(WEB, private_ip=clean(""), public_ip=clean(""))
ID = str(WEB.instance_id)
ONLINE = Facts(read_at=NOW, agents=(SsmAgent(clean("Online")),))
LOST = Facts(read_at=NOW, agents=(SsmAgent(clean("ConnectionLost")),))
NONE = Facts(read_at=NOW, agents=())
DENIED = Facts(read_at=NOW)
SESSION = ("aws", "ssm", "start-session", "--target", ID, "--region", "eu-west-1", "--profile", "prod")
SSH = ("ssh", "-i", "~/.ssh/pay-2024.pem", "203.0.113.7")


@pytest.mark.parametrize(
    ("instance", "facts", "command"),
    [
        (WEB, ONLINE, SESSION),
        (BARE, ONLINE, SESSION),
        (WEB, LOST, SSH),
        (WEB, NONE, SSH),
        (WEB, DENIED, SSH),
        (WEB, None, SSH),
        (BARE, DENIED, SESSION),
        (BARE, None, SESSION),
        (BARE, NONE, ()),
        (BARE, LOST, ()),
        (replace(WEB, public_ip=clean("")), NONE, (*SSH[:3], "10.0.0.7")),
        (replace(WEB, key_name=clean("")), NONE, ("ssh", "203.0.113.7")),
        (replace(WEB, platform=clean("Windows with SQL Server")), NONE, ()),
        (replace(WEB, platform=clean("Windows")), ONLINE, SESSION),
        (replace(WEB, target=Target("environment", "eu-west-1")), ONLINE, SESSION[:-2]),
        (
            replace(BARE, interfaces=(Interface(clean("eni-1"), 0, ipv6=(clean("2001:db8::7"),)),)),
            NONE,
            (*SSH[:3], "2001:db8::7"),
        ),
    ],
)
def test_session_manager_where_it_knows_the_instance_else_ssh(
    instance: Instance, facts: Facts | None, command: tuple[str, ...]
) -> None:
    assert connect_command(instance, facts) == command
    assert bool(why_no_connection(instance, facts)) is not bool(command)


def test_what_the_settings_name_comes_first() -> None:
    own = ("my-ssh", "{id}", "--via={private_ip}", "{key_name}")
    assert connect_command(WEB, ONLINE, own) == ("my-ssh", ID, "--via=10.0.0.7", "pay-2024")
    assert connect_command(replace(WEB, key_name=clean("")), ONLINE, own) == ()
    assert why_no_connection(replace(WEB, key_name=clean("")), ONLINE, own) == "{key_name} is not known"


@pytest.mark.parametrize(
    "key",
    ["-oProxyCommand=touch /tmp/x", "a/../../etc/x", "a$(id)", "a;id", "a\u202eb", " a", ".ssh", "a\x1b[31m"],
)
def test_a_key_name_that_is_more_than_a_name_is_refused(key: str) -> None:
    hostile = replace(WEB, key_name=clean(key))
    assert connect_command(hostile, NONE) == ()
    assert why_no_connection(hostile, NONE) == "{key_name} is not what one looks like"


@pytest.mark.parametrize("address", ["-oProxyCommand=x", "fe80::1%eth0;id", "evil.example", "10.0.0.7 -v"])
def test_an_address_that_is_none_is_not_used(address: str) -> None:
    assert connect_command(replace(BARE, public_ip=clean(address)), NONE) == ()
