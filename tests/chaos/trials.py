"""Which trials there are: who dies where, which faults the server has, and what a trial came to."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.trial_conditions import faults_of

DOWN = ("stop-start", "standby", "image-first", "drain")
"""Those that take an instance down."""
_SENT = ("stop", "wait-stopped", "start", "wait-running", "wait-checks", "exit-standby", "register")
"""Steps at which something may have been sent that must be brought to its end."""
ALARMS = ("recover-alarm", "undo-new", "undo-over", "auto-recovery")
"""Those that set what acts by itself, and that take it back: an alarm that was not there before, and one that was another."""
KINDS = ("stop-start", "start", "reboot", "image", "image-first", "reschedule", "standby", "drain", *ALARMS)


@dataclass
class Trial:
    """What happens in one trial. A death is a boundary's number or its name; in a sweep each must come."""

    kind: str
    runner_deaths: list[int | str] = field(default_factory=list)
    console_death: int | str | None = None
    faults: list[dict[str, Any]] = field(default_factory=list)
    lag: float = 0.0
    speed: float = 5.0
    sweep: bool = False
    plight: str = ""
    full_at: list[str] = field(default_factory=list)
    full_for: float = 0.0


@dataclass
class Result:
    """What came of it. `wrong` is empty if all is well."""

    trial: Trial
    state: str = ""
    note: str = ""
    died: list[str] = field(default_factory=list)
    boundaries: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    left_stopped: int = 0
    second_stops: int = 0
    second_images: int = 0
    second_reboots: int = 0
    out_of_service: int = 0
    without_intent: int = 0
    bare_starts: int = 0
    in_need: int = 0
    starts: int = 0
    sent: list[str] = field(default_factory=list)


def whole(kind: str) -> Trial:
    """Nobody dies: its boundaries are those to die at."""
    return Trial(kind)


def distinct(boundaries: Sequence[str], who: str) -> list[str]:
    """Each boundary's name once: the step, what kind, which call or write."""
    return [one for one in dict.fromkeys(boundaries) if one.startswith(f"{who}/")]


IN_A_CHAIN, IN_A_LONG_ONE = 4, 16
"""Deaths in one trial: in the whole run, and where each boundary is to be had once at little cost."""


def every_boundary(kind: str, boundaries: Sequence[str], chain: int = IN_A_CHAIN) -> list[Trial]:
    """Each boundary of the runner once, several deaths a trial, in their order; and each of the console."""
    names = distinct(boundaries, "runner")
    apart = -(-len(names) // chain)
    trials = [Trial(kind, list(names[at::apart]), sweep=True) for at in range(apart)]
    return trials + [Trial(kind, console_death=one, sweep=True) for one in distinct(boundaries, "console")]


def anew(known: dict[str, list[str]]) -> dict[str, list[str]]:
    """Of each kind the boundaries that no kind before it has: a start after a drain is a start."""
    seen, found = set[str](), dict[str, list[str]]()
    for kind, boundaries in known.items():
        found[kind] = [one for one in boundaries if one not in seen]
        seen.update(boundaries)
    return found


_CALLS = {
    "stop-start": ("StopInstances", "StartInstances"), "image-first": ("CreateImage", "StopInstances", "StartInstances"),
    "start": ("StartInstances",), "reboot": ("RebootInstances",), "image": ("CreateImage",),
    "reschedule": ("ModifyInstanceEventStartTime",),
    "standby": ("EnterStandby", "StopInstances", "StartInstances", "ExitStandby"),
    "drain": ("DeregisterTargets", "StopInstances", "StartInstances", "RegisterTargets"),
    "recover-alarm": ("PutMetricAlarm",), "undo-new": ("DeleteAlarms",), "undo-over": ("PutMetricAlarm",),
    "auto-recovery": ("ModifyInstanceMaintenanceOptions",),
}  # fmt: skip


def _fault(chance: random.Random, kind: str) -> dict[str, Any]:
    call = chance.choice(_CALLS[kind])
    looks = chance.choice(["DescribeInstances", "DescribeInstanceStatus", "Describe*", "*"])
    when, skip = chance.choice(["before", "after"]), chance.randrange(6)
    on_call = {"match": {"operation": call}, "dry": False, "times": chance.randint(1, 2)}
    on_look = {"match": {"operation": looks}, "dry": False, "skip": skip, "times": chance.randint(1, 8)}
    return chance.choice(
        [
            {**on_call, "then": {"error": "RequestLimitExceeded"}},
            {**on_call, "when": when, "then": {"error": "InternalError", "status": 500}},
            {**on_call, "when": when, "then": {"hang": 1.0}, "times": 1},
            {**on_call, "when": "after", "then": {"reset": True}},
            {**on_call, "then": {"reset": True}},
            {**on_call, "then": {"cut": 60}},
            {**on_call, "then": {"raw": "<html><body>proxy</body></html>"}, "times": 1},
            {"match": {"operation": "StartInstances"}, "dry": False, "times": chance.randint(1, 9),
             "then": {"error": "InsufficientInstanceCapacity"}},
            {**on_look, "then": {"error": "RequestLimitExceeded"}},
            {**on_look, "then": {"error": "InternalError", "status": 500}},
            {**on_look, "then": {"cut": 300}, "times": 2},
            {**on_look, "then": {"hang": 1.0}, "times": 1, "match": {"operation": "DescribeInstances"}},
            {"match": {"key": "AKIADEMOPROD00000001"}, "dry": False, "skip": chance.randrange(20),
             "times": chance.randint(3, 30), "then": {"error": "RequestExpired"}},
        ]
    )  # fmt: skip


def in_plights(
    chance: random.Random, known: dict[str, list[str]], plights: Sequence[str], each: int
) -> list[Trial]:
    """So many trials of each plight, in the kinds that take an instance down or bring it up; most of them with a death."""
    found = []
    kinds = [one for one in DOWN if one in known]
    for plight in plights if kinds else ():
        for number in range(each):
            kind = kinds[number % len(kinds)]
            names = distinct([one for one in known[kind] if one.startswith("runner/")], "runner")
            sent = [one for one in names if one.split("/")[1] in _SENT]
            deaths: list[int | str] = (
                [chance.choice(sent)] if plight == "login" or chance.random() < 0.5 else []
            )
            full = [chance.choice(_SENT[:4])] if plight in ("full disk", "emptied Redis") else []
            times = chance.choice([1, 2, 2, 3])
            faults = faults_of(plight, times) or ([_fault(chance, kind)] if chance.random() < 0.3 else [])
            found.append(
                Trial(
                    kind,
                    deaths,
                    faults=faults,
                    lag=chance.choice([0, 0, 3, 20]),
                    plight=plight,
                    full_at=full,
                    full_for=chance.choice([10.0, 70.0, 200.0]),
                )
            )
    return found


def at_random(chance: random.Random, known: dict[str, list[str]]) -> Trial:
    """Up to three deaths of runners, perhaps the console's, up to three faults, lag and slowness."""
    kind = chance.choice(list(known))
    boundaries = [one for one in known[kind] if one.startswith("runner/")]
    names, last = distinct(boundaries, "runner"), len(boundaries)
    deaths: list[int | str] = []
    for _ in range(chance.choice([1, 1, 2, 3])):
        deaths.append(chance.choice(names) if chance.random() < 0.6 else chance.randint(1, last))
    console = chance.choice(distinct(known[kind], "console")) if chance.random() < 0.25 else None
    faults = [_fault(chance, kind) for _ in range(chance.choice([0, 0, 1, 2, 3]))]
    lag, speed = chance.choice([0, 0, 3, 20, 50]), chance.choice([0.5, 2, 5, 20])
    return Trial(kind, deaths, console, faults, lag, speed)
