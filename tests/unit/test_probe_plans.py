"""Where a probe of the settings stands in for a load balancer: in the plan, and in what the step makes of the answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.unit.rows import row
from tui.config.durations import Duration
from tui.config.schema import Settings, policy
from tui.config.sections import ProbeSettings
from tui.domain.actions import ActionOptions
from tui.domain.facts import ClassicBalancer, Facts, GroupMembership, TargetGroup
from tui.domain.instance import Checks, CheckStatus, InstanceState, Interface, StatusCheck, Target
from tui.domain.plan import Draft, draft
from tui.domain.policy import Policy
from tui.domain.probe import Probe, ProbeRule, ProbeSeen, probe_place
from tui.domain.sanitize import SafeText
from tui.domain.steps import STEPS
from tui.domain.steps.base import Decision, Done, Order, Seen, StepHistory, Stuck, Wait
from tui.operations.journal import Journal

T = SafeText
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
PAY = row(
    7, Target("prod", "eu-west-1"), private_ip=T("10.0.0.7"), tags=((T("service"), T("pay")),), root_device=T("ebs")
)  # fmt: skip
HTTPS = ProbeRule("tag.service:pay", 443, "", timedelta(minutes=5))
HEALTHZ = ProbeRule("name:web", 8080, "/healthz", timedelta(minutes=2))
ALONE = Facts(NOW, membership=(), target_groups=(), classic_balancers=(), images=())
MEMBER = GroupMembership(T("web-prod"), T("InService"), T("HEALTHY"), 6, 8, False, 8)
POOL = TargetGroup(T("web"), T("arn:a"), T("healthy"), 8, 8, 8080, PAY.instance_id)
SICK = replace(POOL, health=T("unhealthy"))
CLASSIC = ClassicBalancer(T("old"), T("InService"), 2, 3)


def planned(
    facts: Facts | None, *rules: ProbeRule, action: str = "stop-start", instance: object = PAY
) -> Draft:
    assert isinstance(instance, type(PAY))
    return draft(action, instance, facts, ActionOptions(), Policy(probes=rules), NOW)


def names(made: Draft) -> list[str]:
    return [one.name for one in made.steps]


@pytest.mark.parametrize(
    "facts", [ALONE, None, replace(ALONE, membership=(MEMBER,)), replace(ALONE, target_groups=(SICK,))]
)
def test_it_is_asked_where_no_balancer_finds_it_healthy(facts: Facts | None) -> None:
    made = planned(facts, HTTPS, HEALTHZ)
    assert made.order.probe == Probe(443, "", timedelta(minutes=5), "10.0.0.7"), "the first that matches"
    assert names(made)[-2:] == ["wait-healthy", "verify-event"]
    assert made.steps[-2].about == "a connection to port 443, for up to 5m"


@pytest.mark.parametrize(
    "facts", [replace(ALONE, target_groups=(POOL,)), replace(ALONE, classic_balancers=(CLASSIC,))]
)
def test_a_balancer_that_tells_is_believed_and_nothing_is_asked(facts: Facts) -> None:
    made = planned(facts, HTTPS)
    assert made.order.probe is None
    assert "wait-healthy" in names(made)
    assert "health checks" in next(one.about for one in made.steps if one.name == "wait-healthy")


def test_it_is_asked_only_of_whom_the_filter_matches_and_only_after_an_interruption() -> None:
    assert planned(ALONE).order.probe is None
    assert "wait-healthy" not in names(planned(ALONE))
    assert planned(ALONE, ProbeRule("tag.service:mail", 25, "", timedelta(1))).order.probe is None
    assert planned(ALONE, ProbeRule("due<soon", 25, "", timedelta(1))).order.probe is None, "no filter at all"
    assert planned(ALONE, HTTPS, action="reboot").order.probe is not None
    stopped = replace(PAY, state=InstanceState.STOPPED)
    for action, instance in (("start", stopped), ("recover-alarm", PAY), ("image", stopped)):
        made = planned(ALONE, HTTPS, action=action, instance=instance)
        assert made.order.probe is None, action
        assert "wait-healthy" not in names(made), action


def test_one_of_ipv6_alone_is_asked_at_its_first_address() -> None:
    only = replace(PAY, private_ip=T(""), interfaces=(Interface(T("eni-1"), 0, ipv6=(T("2600:1f18::7"),)),))
    made = planned(ALONE, HTTPS, instance=only)
    assert made.order.probe is not None
    assert made.order.probe.addresses("") == ("2600:1f18::7",)
    assert Probe(1, "", timedelta(1), "10.0.0.7").addresses("203.0.113.9") == ("10.0.0.7", "203.0.113.9")


def test_the_settings_become_rules_and_the_journal_keeps_what_is_asked(tmp_path: Path) -> None:
    probes = (
        ProbeSettings(when="tag.service:pay", http=":8443/healthz", within=Duration("2m")),
        ProbeSettings(when="web", tcp=22),
    )
    rules = policy(Settings(probe=probes), "prod").probes
    assert rules == (
        ProbeRule("tag.service:pay", 8443, "/healthz", timedelta(minutes=2)),
        ProbeRule("web", 22, "", timedelta(minutes=5)),
    )
    journal = Journal(tmp_path / "j.sqlite3")
    kept = journal.get(journal.create(planned(ALONE, *rules), NOW))
    assert kept is not None
    assert kept.kept.order.probe == Probe(8443, "/healthz", timedelta(minutes=2), "10.0.0.7")
    assert [probe_place(*one) for one in ((443, ""), (0, "/x"), (0, ":81/x/y"))] == [
        (443, ""),
        (80, "/x"),
        (81, "/x/y"),
    ]
    with pytest.raises(ValueError, match="from 1 to 65535"):
        probe_place(0, ":70000/x")


FINE = Checks(*[StatusCheck(CheckStatus.OK)] * 3)
UP = Seen(InstanceState.RUNNING, checks=FINE)
WELL, ILL = (
    ProbeSeen(True, T("10.0.0.7:443 takes connections")),
    ProbeSeen(False, T("10.0.0.7:443 connection refused")),
)


@pytest.mark.parametrize(
    ("seen", "began", "kind", "told"),
    [
        (replace(UP, probe=WELL), 5, Done, "10.0.0.7:443 takes connections"),
        (replace(UP, probe=WELL), 5000, Done, "10.0.0.7:443 takes connections"),
        (
            replace(UP, probe=ILL),
            290,
            Wait,
            "waits for a connection to port 443: 10.0.0.7:443 connection refused",
        ),
        (
            replace(UP, probe=ILL),
            310,
            Stuck,
            "it runs, but after 5m there is not a connection to port 443: 10.0.0.7:443 connection refused",
        ),
        (UP, 5, Wait, "it was not asked yet"),
        (UP, 310, Stuck, "it was not asked yet"),
        (Seen(), 310, Wait, "its state could not be read"),
        (Seen(InstanceState.TERMINATED), 5, Stuck, "terminated"),
        (Seen(InstanceState.STOPPED), 310, Stuck, "it is stopped"),
    ],
)
def test_what_the_step_makes_of_the_answer(seen: Seen, began: float, kind: type, told: str) -> None:
    order = Order("op-1", "stop-start", "i-0a", probe=Probe(443, "", timedelta(minutes=5), "10.0.0.7"))
    decided: Decision = STEPS["wait-healthy"].decide(
        order, seen, StepHistory(NOW - timedelta(seconds=began)), NOW
    )
    assert isinstance(decided, kind)
    assert told in " ".join(str(getattr(decided, name, "")) for name in ("note", "reason", "why"))
