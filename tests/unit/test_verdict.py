"""Why it fails: the first finding of scripted failures is right, healthy worlds have none, and no evidence makes it raise."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit import evidence_cases as ev
from tests.unit.evidence_cases import DOWN, FAILURES, RUNS, Failure, T
from tests.unit.guidance_cases import FACTS, NOW, event
from tui.domain.actions import ACTIONS, ActionOptions
from tui.domain.diagnosis import kinds
from tui.domain.diagnosis.causes import causes
from tui.domain.diagnosis.evidence import Change, Evidence, Metric, MetricRow, MetricState
from tui.domain.diagnosis.findings import Finding
from tui.domain.diagnosis.health_findings import HEALTH_KINDS
from tui.domain.diagnosis.log_findings import system_log
from tui.domain.diagnosis.metric_findings import METRIC_KINDS
from tui.domain.diagnosis.metric_marks import row_order, triage_rows
from tui.domain.diagnosis.verdict import Diagnosis, diagnose, diagnosis_of
from tui.domain.facts import VolumeHealth
from tui.domain.guidance import explain
from tui.domain.hazards import Gravity, hazards
from tui.domain.instance import Instance, InstanceState, PublicAddress
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean


def found(one: Failure) -> tuple[Finding, ...]:
    said = one.evidence()
    return diagnose(
        one.instance, said.metrics, said.log, said.changes, one.instance.events, NOW, facts=one.facts
    )


@pytest.mark.parametrize("one", FAILURES, ids=lambda one: one.name)
def test_the_first_finding_of_a_scripted_failure_is_its_cause(one: Failure) -> None:
    first = found(one)[0]
    assert first.key in one.expected, [(each.key, each.severity) for each in found(one)]
    assert first.severity >= 2
    if one.advised is not None:
        assert first.advised == one.advised
    said = " ".join((first.words, first.remedy, first.advice, *first.evidence))
    for words in one.says:
        assert words in said, said


def test_all_of_them_have_something_to_press_or_a_reason_not_to_and_a_line() -> None:
    for one in FAILURES:
        told = diagnosis_of(one.instance, one.evidence(), NOW)
        assert told.label == "likely", one.name
        assert told.line.startswith(told.findings[0].words), one.name
        explained = explain(one.instance, FACTS, Policy(), NOW, UTC, findings=told.findings)
        assert explained.recommended is not None or explained.instead, one.name


def test_the_moment_of_a_line_is_said_where_it_is_known_and_left_out_where_it_can_not_be() -> None:
    one = FAILURES[0]
    told = diagnosis_of(one.instance, one.evidence(), NOW)
    assert told.line == "memory ran out, and the kernel killed java (line 6)", (
        "AWS took the output long after the console fell silent"
    )
    started = replace(one.instance, launched_at=ev.FAILED - timedelta(seconds=6600))
    line = diagnosis_of(started, one.evidence(), NOW).line
    assert line == "memory ran out, and the kernel killed java, about 02:38 (line 6)"


HEALTHY = {
    "all well": ev.WELL,
    "no agent": (*ev.WELL[:6], ev.memory(lambda _: None, absent=True)),
    "much memory in use all the time": ev.with_(ev.memory(96.0)),
    "busy": ev.with_(ev.cpu(100.0)),
    "idle": ev.with_(ev.cpu(0.2)),
    "credits borrowed": ev.with_(ev.credits_left(0.0, 40.0)),
    "no credits, and idle": ev.with_(ev.credits_left(0.0), ev.cpu(1.0)),
    "a read-only image is always full": ev.with_(ev.disk("/snap/lxd/2", 100.0, "squashfs")),
    "a volume at its limit": ev.with_(*ev.volume("vol-0data", 3000.0, 2.0, 4.0)),
    "a volume without work": ev.with_(*ev.volume("vol-0data", 0.0, 0.0, 0.0)),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_worlds_have_no_finding(name: str) -> None:
    log = system_log(ev.log("[   30.0] eth0: link is not ready"), NOW, latest=True)
    changes = (ev.change(30, "ModifyInstanceAttribute", "userData"),)
    assert diagnose(RUNS, HEALTHY[name], log, changes, (), NOW) == ()
    told = diagnosis_of(RUNS, Evidence(NOW, HEALTHY[name], log, changes), NOW)
    assert (told.label, told.line) == ("", "")


def of_log(text: str, instance: Instance = DOWN, minutes: float = 0.0) -> tuple[Finding, ...]:
    return diagnose(
        instance, ev.with_(ev.DOWN_CHECK), system_log(text, ev.at(minutes), latest=True), (), (), NOW
    )


def test_a_finding_of_an_earlier_boot_is_never_the_cause() -> None:
    found = of_log(ev.log("[   50.0] x", before=ev.BOOT + ev.OOM + "\n"))
    assert [(one.key, one.severity, one.boot) for one in found] == [("came-up", 2, 0), ("oom", 1, 1)]
    assert found[1].against == ("of an earlier boot: not what fails now",)
    alone = of_log(ev.log("[   50.0] x", came_up=False, before=ev.BOOT + ev.OOM + "\n"))
    told = diagnosis_of(
        DOWN,
        Evidence(
            NOW,
            None,
            system_log(ev.log("[ 5.0] x", came_up=False, before=ev.BOOT + ev.OOM + "\n"), NOW, True),
        ),
        NOW,
    )
    assert [(one.key, one.severity) for one in alone] == [("oom", 1)]
    assert (told.label, told.line) == ("not known", "no cause was found in what was read")


def test_a_log_that_is_older_than_the_failure_says_so_and_is_no_more_than_a_hint() -> None:
    (only,) = of_log(ev.log(ev.OOM), minutes=130)
    assert (only.key, only.severity) == ("oom", 1)
    assert only.against == ("the log is of 00:50, 1h50m before the check failed",)
    (only,) = of_log(ev.log(ev.OOM), replace(DOWN, launched_at=ev.at(60)), minutes=61)
    assert only.against == ("the log is of 01:59, before its last start",)


def test_what_it_came_through_well_is_a_hint() -> None:
    (only,) = of_log(ev.log(ev.OOM), RUNS)
    assert (only.severity, only.against) == (1, ("its checks are ok: it has come through this",))


@pytest.mark.parametrize(("minutes", "severity"), [(10, 3), (60, 2), (300, 1)])
def test_what_it_went_on_after_counts_less_the_longer_ago_it_was(minutes: float, severity: int) -> None:
    text = ev.log(ev.OOM, f"[{6521 + 60 * minutes:13.6f}] eth0: link is up")
    first, *_ = [
        one for one in diagnose(DOWN, None, system_log(text, ev.FAILED, None), (), (), NOW) if one.line
    ]
    assert (first.key, first.severity, bool(first.against)) == ("oom", severity, severity < 3)


def test_a_check_that_comes_and_goes_fails_since_its_first_time() -> None:
    metrics = ev.with_(ev.check("Instance", lambda since: float(int(since // 10) % 2)))
    log = system_log(ev.BOOT + ev.OOM + "\n", ev.at(60), latest=True)
    assert diagnose(DOWN, metrics, log, (), (), NOW)[0].key == "oom"


def test_after_a_reboot_it_is_given_time() -> None:
    first, *_ = diagnose(DOWN, ev.with_(ev.DOWN_CHECK), None, (ev.change(4, "RebootInstances"),), (), NOW)
    assert (first.key, first.advised) == ("starting", "wait")
    assert first.words == "it was rebooted 4m ago, and may still be on its way up"
    assert diagnose(DOWN, None, None, (ev.change(15, "RebootInstances"),), (), NOW) == ()


def test_a_network_on_which_nothing_comes_in_is_gone_though_something_goes_out() -> None:
    asks = (ev.network(ev.until(3e6, 0.0))[0], ev.network(ev.until(3e6, 900.0))[1])
    first, *_ = diagnose(DOWN, ev.with_(ev.DOWN_CHECK, *asks), None, (), (), NOW)
    assert (first.key, first.evidence) == ("network-gone", ("network: nothing comes in since 02:40",))


def test_what_makes_no_check_fail_is_not_its_cause() -> None:
    found = of_log(ev.log("[FAILED] Failed to start OpenSSH server daemon."))
    assert [(one.key, one.severity) for one in found] == [("came-up", 2), ("sshd", 1)]


def test_the_same_cpu_before_the_failure_speaks_against_a_hung_system() -> None:
    found = diagnose(
        DOWN, ev.with_(ev.DOWN_CHECK, ev.cpu(0.3), *ev.network(ev.until(3e6, 0.0))), None, (), (), NOW
    )
    assert [(one.key, one.severity) for one in found] == [("network-gone", 2), ("hung", 1)]
    assert found[1].against == ("CPU was as low before: it may only be idle",)


def test_what_is_not_known_is_said_and_nothing_is_made_of_it() -> None:
    unread = (("metrics", T("cloudwatch:GetMetricData is denied: ask for it")),)
    told = diagnosis_of(DOWN, Evidence(NOW, None, None, None, unread=unread), NOW)
    assert told == Diagnosis(
        (),
        "not known",
        "neither metrics nor the system log could be read",
        (
            "metrics: cloudwatch:GetMetricData is denied: ask for it",
            "system log: not read",
            "changed last: not read",
        ),
    )
    denied = replace(ev.memory(50.0), state=MetricState.DENIED, points=(), newest=None)
    told = diagnosis_of(DOWN, Evidence(NOW, (denied, ev.cpu(30.0)), system_log("", NOW, True), ()), NOW)
    assert told.findings == ()
    assert told.unknown[:2] == ("memory: not read: denied", "system log: it is empty")


def test_who_stopped_it_is_told_of_a_stopped_instance() -> None:
    stopped = replace(RUNS, state=InstanceState.STOPPED, checks=replace(RUNS.checks))
    (only,) = diagnose(stopped, (), None, (ev.change(12, "StopInstances"),), (), NOW)
    assert (only.key, only.severity, only.words) == ("stopped-by", 1, "kim stopped it")


@pytest.mark.parametrize(
    ("types", "share"),
    [
        ("m6i.xlarge to m6i.large", True),
        ("m6i.xlarge to c6i.xlarge", True),
        ("m6i.large to m6i.xlarge", False),
        ("m6i.large to m7i.large", False),
        ("r6i.large to m6i.xlarge", False),
        ("t3.medium to t3.small", True),
    ],
)
def test_a_smaller_type_is_found_by_the_sizes_of_the_names(types: str, share: bool) -> None:
    changes = (ev.change(60, "ModifyInstanceAttribute", types),)
    found = diagnose(DOWN, None, None, changes, (), NOW)
    assert [one.key for one in found] == ["type-smaller" if share else "changed"]


# What no evidence may do.

_floats = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True), st.sampled_from((0.0, 1.0, 95.0, 100.0, -1.0))
)
_times = st.one_of(st.integers(-500, 20_000).map(ev.at), st.datetimes(timezones=st.just(UTC)), st.datetimes())
_text = st.text(max_size=40).map(clean)
_names = st.one_of(
    _text,
    st.sampled_from([one.name for one in (*ev.WELL, *ev.credits_left(0.0))]),
    st.just(T("EBSIOBalance%")),
)
_metrics = st.lists(
    st.builds(
        Metric,
        st.sampled_from(MetricRow),
        _text,
        _names,
        st.lists(st.tuples(st.sampled_from((T("VolumeId"), T("path"), T("fstype"))), _text), max_size=2).map(
            tuple
        ),
        _text,
        st.integers(-1, 3600),
        st.sampled_from(MetricState),
        _text,
        st.none() | _floats,
        st.none() | _times,
        st.lists(st.tuples(_times, _floats), max_size=8).map(tuple),
    ),
    max_size=8,
)
_changes = st.lists(
    st.builds(
        Change,
        _times,
        st.sampled_from((T("StopInstances"), T("ModifyInstanceAttribute"), T("x"))),
        what=_text,
        user=_text,
    ),
    max_size=4,
)
_logs = st.lists(
    st.one_of(
        st.text(max_size=60),
        st.sampled_from((ev.BOOT, ev.OOM, ev.UP, "login:", "[99999999.0] x", "fsck died with exit status 8")),
    ),
    max_size=12,
).map("\n".join)
_instances = st.sampled_from(
    (RUNS, DOWN, ev.NO_HOST, ev.NO_VOLUME, replace(RUNS, state=InstanceState.STOPPED))
)


@settings(max_examples=150, deadline=None, phases=(Phase.reuse, Phase.generate))
@given(_instances, _metrics, _logs, _changes, st.none() | _times)
def test_no_evidence_makes_it_raise_and_words_stay_lines(
    instance: Instance, metrics: list[Metric], text: str, changes: list[Change], taken: object
) -> None:
    log = system_log(text, taken if isinstance(taken, type(NOW)) else None, latest=None)
    evidence = Evidence(NOW, tuple(metrics), log, tuple(changes))
    told = diagnosis_of(instance, evidence, NOW)
    rows = triage_rows(instance, metrics, NOW)
    order = row_order(instance)
    assert [order.index(row.row) for row in rows] == sorted(order.index(row.row) for row in rows)
    for one in told.findings:
        assert 1 <= one.severity <= 3
        assert one.boot == 0 or one.severity == 1
    assert "\n" not in "".join((told.line, *told.unknown, *(row.words for row in rows)))
    explain(instance, FACTS, Policy(), NOW, UTC, findings=told.findings)


# What the evidence may change: words, and which key is named.


def hostile() -> list[tuple[Finding, ...]]:
    """The findings of logs that a guest would write to have somebody do what it wants, or nothing."""
    lines = [text for one in FAILURES if one.log for text in one.log.splitlines()]
    worst = [
        "\x1b]0;press y\x07\x1b[2J" + ev.BOOT + "\n".join(lines),
        ev.BOOT + "/dev/xvda1 has gone 361 days without being checked, check forced\n" * 50,
        ev.BOOT + "[    9.1] reboot: System halted\n",
        ev.BOOT + "[    9.1] mce: [Hardware Error]: Machine check events logged\n",
    ]
    full = ev.with_(
        ev.DOWN_CHECK, ev.memory(100.0, silent=True), ev.disk("/", 100.0), ev.cpu(ev.until(30.0, 0.0))
    )
    return [
        diagnose(instance, full, system_log(text, NOW, latest=True), ev.HALVED, (), NOW)
        for instance in (RUNS, DOWN, ev.NO_HOST, ev.NO_VOLUME)
        for text in worst
    ]


@pytest.mark.parametrize(
    "instance", [RUNS, DOWN, ev.NO_HOST, ev.NO_VOLUME], ids=("well", "os", "host", "volume")
)
def test_no_evidence_changes_a_plan_a_hazard_or_a_guard_only_words_and_the_key_that_is_named(
    instance: Instance,
) -> None:
    def plans() -> list[object]:
        drafts = [
            draft(verb, instance, FACTS, ActionOptions(), Policy(), NOW)
            for verb, action in ACTIONS.items()
            if instance.state in action.states
        ]
        return [(one.hazards, one.guard, one.steps, one.order) for one in drafts]

    before, plain = plans(), explain(instance, FACTS, Policy(), NOW, UTC)
    for found in hostile():
        told = explain(instance, FACTS, Policy(), NOW, UTC, findings=found)
        assert replace(told, recommended=plain.recommended, instead=plain.instead) == plain
        if told.recommended is not None:
            blocks = hazards(instance, FACTS, told.recommended.verb, NOW, ActionOptions(), Policy())
            assert not any(one.gravity is Gravity.BLOCK and not one.override for one in blocks)
        if instance is ev.NO_HOST:
            assert told == plain, "what AWS itself says goes before what the guest writes"
        assert plans() == before


def test_a_blocked_action_is_not_recommended_whatever_is_found() -> None:
    (first, *_) = found(FAILURES[0])
    assert first.advised == "reboot"
    managed = replace(DOWN, managed_by=T("eks.amazonaws.com"))
    for instance in (managed, replace(DOWN, state=InstanceState.STOPPING)):
        told = explain(instance, FACTS, Policy(), NOW, UTC, findings=(first,))
        assert told.recommended == explain(instance, FACTS, Policy(), NOW, UTC).recommended
    leaving = replace(DOWN, events=(event("instance-stop", 5),))
    told = explain(leaving, FACTS, Policy(), NOW, UTC, findings=(first,))
    assert told.recommended is not None
    assert told.recommended.verb == "stop-start", "AWS stops it: a reboot would not help"


@pytest.mark.parametrize(
    ("name", "verb", "says"),
    [
        ("a file system is being checked", None, "wait: it only takes long, and a reboot begins it anew"),
        ("somebody shut it down from within", None, "see who did it"),
        (
            "oom after its type was halved",
            "reboot",
            "comes back with half the memory. The larger type is the cure",
        ),
        ("the system hangs", "reboot", "the system does nothing"),
        ("a volume stalls and takes the system with it", "stop-start", "a reboot is no remedy for a volume"),
        ("it came up and the check still fails", "reboot", "look at its network first"),
        ("a full disk", None, "grow the volume"),
    ],
)
def test_the_key_that_is_named_follows_the_cause(name: str, verb: str | None, says: str) -> None:
    one = next(each for each in FAILURES if each.name == name)
    told = explain(one.instance, FACTS, Policy(), NOW, UTC, findings=found(one))
    assert (told.recommended.verb if told.recommended else None) == verb
    assert says in (told.recommended.why if told.recommended else told.instead)


def test_a_stop_that_costs_an_address_is_not_recommended_for_a_volume() -> None:
    one = next(each for each in FAILURES if each.name == "a volume stalls and takes the system with it")
    costs = replace(one.instance, public_kind=PublicAddress.AUTO)
    told = explain(costs, FACTS, Policy(), NOW, UTC, findings=found(one))
    assert told.recommended is None
    assert told.instead == "wait, replace the volume, or stop/start (s); a reboot is no remedy for it"


def test_a_volume_is_called_by_its_device_and_a_reboot_is_not_named_for_what_no_instance_check_says() -> None:
    one = next(each for each in FAILURES if each.name == "a volume stalls")
    health = (VolumeHealth(T("vol-0data"), T("impaired")),)
    bare = diagnose(one.instance, None, None, None, (), NOW, facts=replace(FACTS, volumes=health))
    assert [each.words for each in (found(one)[0], bare[0])] == [
        "sdf does not answer: no operation on it ends",
        "sdf (vol-0data) does not answer",
    ]
    application = replace(RUNS, checks=replace(RUNS.checks, application=ev.BAD))
    full = diagnose(application, ev.with_(ev.memory(ev.RISING)), None, (), (), NOW)
    told = explain(application, FACTS, Policy(), NOW, UTC, findings=full)
    assert (full[0].key, told.recommended, told.instead) == ("memory-full", None, full[0].remedy)


def test_a_system_that_hangs_is_known_by_its_volumes_before_cpu_has_a_point() -> None:
    just = replace(DOWN, checks=replace(DOWN.checks, instance=replace(ev.BAD, since=ev.at(5))))
    stops = ev.volume("vol-0root", lambda since: 600.0 if since < 15 else 0.0)
    metrics = ev.with_(stops, ev.cpu(lambda since: 12.0 if since < 10 else None))
    first, *_ = diagnose(just, metrics, system_log(ev.log(), NOW, latest=True), (), (), NOW)
    assert (first.key, first.evidence) == ("hung", ("its volumes do nothing since 02:55",))


def test_a_failure_longer_than_the_metrics_go_back_is_not_taken_for_idleness() -> None:
    long_ago = replace(DOWN, checks=replace(DOWN.checks, instance=replace(ev.BAD, since=ev.at(600))))
    first, *_ = diagnose(long_ago, ev.with_(ev.cpu(0.1), *ev.network(0.0)), None, (), (), NOW)
    assert (first.key, first.severity) == ("hung", 2)


def test_that_it_came_up_is_a_hint_while_no_metric_tells_whether_it_still_works() -> None:
    just = replace(DOWN, checks=replace(DOWN.checks, instance=replace(ev.BAD, since=ev.at(4))))
    log = system_log(ev.log(), NOW, latest=True)
    young = ev.with_(ev.cpu(lambda since: 12.0 if since < 12 else None))
    (only,) = diagnose(just, young, log, (), (), NOW)
    assert (only.key, only.severity) == ("came-up", 1)
    assert only.against == ("CPU has no point since the check failed: it may hang as well",)
    assert diagnosis_of(just, Evidence(NOW, young, log, ()), NOW).label == "a hint"


def test_every_kind_that_the_verdict_knows_more_of_exists() -> None:
    named = {*kinds.ADVICE, *kinds.EXPLAINS, *kinds.WAITS, *kinds.RESCUE, *kinds.WELL, *kinds.TYPE_CHANGE}
    named.update(*kinds.EXPLAINS.values(), *kinds.FAMILIES)
    ours = {"host", "volume-stalled", "event", "came-up", "starting", "changed", "type-smaller", "stopped-by"}
    assert named <= {one.key for one in causes()} | ours | METRIC_KINDS.keys() | HEALTH_KINDS


def test_a_log_of_many_boots_is_weighed_once_a_finding() -> None:
    text = "".join(f"{ev.BOOT}[    1.{n:06}] Out of memory: Killed process {n} (x)\n" for n in range(400))
    found = of_log(text)
    assert (found[0].key, found[0].boot) == ("oom", 0)
    assert all(one.severity == 1 for one in found if one.boot)


@pytest.mark.parametrize(("used", "throttled"), [(0.5, False), (6.0, True), (20.0, True), (80.0, False)])
def test_without_credits_what_runs_below_its_baseline_is_throttled(used: float, throttled: bool) -> None:
    burstable = replace(DOWN, instance_type=T("t3.medium"))
    metrics = ev.with_(ev.DOWN_CHECK, ev.credits_left(ev.until(9.0, 0.0)), ev.cpu(ev.until(40.0, used)))
    keys = [one.key for one in diagnose(burstable, metrics, None, (), (), NOW)]
    assert ("credits-out" in keys) is throttled
