"""An alarm that evac sets recovers a failing instance, and its undo leaves what was there before, equal in all that can be set.

`python -P tests/chaos/recoveries.py --recoveries 50 --undos 200 --seed 1`: real runners against the embedded AWS. Before each
undo an alarm of evac's name may have been there, as anybody might have edited it; half of the runners die once on their way.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import traceback
from typing import Any

from tests.chaos.alarms_of import OLDER
from tests.chaos.trial_processes import REGION, Stage
from tests.chaos.trials import Result, Trial
from tests.unit.test_alarm_steps import at_random
from tui.demo.environment import start
from tui.domain.actions import ActionOptions
from tui.domain.alarm_settings import SETTABLE, AlarmSettings, alarm_name
from tui.domain.plan import Draft, GuardKind, draft
from tui.domain.policy import Policy
from tui.operations.journal import Journal
from tui.operations.model import Operation, OperationState
from tui.operations.undo import undo_options
from tui.paths import default_journal_path

DEATHS = [
    "runner//after commit/lease",
    "runner/{}/before send/{}",
    "runner/{}/sent/{}",
    "runner/{}/answered/{}",
    "runner/{}/before commit/outcome",
    "runner/{}/after commit/outcome",
    "runner/{}/after commit/intent",
    "runner/{}/before commit/end_step",
]


class Rounds:
    """Both proofs, on one stage. `wrong` is what was not as it must be."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.stage, self.chance = stage, random.Random(seed)
        self.cloudwatch = stage.client_of("cloudwatch")
        self.wrong: list[str] = []

    def plan(self, action: str, options: ActionOptions) -> Draft:
        """As a console plans after a close look."""
        row, facts = self.stage.closely()
        made = draft(action, row, facts, options, Policy(), self.stage.clock.now())
        assert made.guard.kind is not GuardKind.BLOCKED, made.guard
        return made

    def carry_out(self, plan: Draft, deaths: list[int | str]) -> Operation:
        """By a runner, and by another after each death."""
        trial = Trial("recover-alarm", deaths)
        result = Result(trial)
        with self.stage.awaited(result):
            self.stage.fork_console(plan, trial)
        self.stage.go_on(trial, result)
        assert not result.wrong, result.wrong
        journal = Journal(default_journal_path(os.environ))
        try:
            found = journal.list(1)[0]
        finally:
            journal.close()
        if found.state is not OperationState.SUCCEEDED:
            self.wrong.append(f"{found.title}: {found.state}: {found.note}")
        return found

    def deaths(self, step: str, call: str) -> list[int | str]:
        """One for half of them."""
        return [self.chance.choice(DEATHS).format(step, call)] if self.chance.random() < 0.5 else []

    def alarm(self, does: str) -> dict[str, Any] | None:
        """As CloudWatch tells it, in all that can be set."""
        found = self.cloudwatch.describe_alarms(AlarmNames=[alarm_name(does, self.stage.instance_id)])[
            "MetricAlarms"
        ]
        return {key: value for key, value in found[0].items() if key in SETTABLE} if found else None

    def recovery(self, number: int) -> bool:
        """Set, let its system check fail, see it moved and well again by this alarm and nothing else."""
        stage, chance = self.stage, self.chance
        stage.begin(Trial("recover-alarm"))
        stage.demo.control("settings", {"strict": False, "limits": False})
        self._alone()
        stage.demo.control("events", {"instance": stage.instance_id, "sick": "system"})
        stage.clock.advance(1200)
        alone = self._system()
        stage.demo.control("events", {"instance": stage.instance_id, "well": "system"})
        stage.clock.advance(chance.choice([60, 300]))
        self.carry_out(self.plan("recover-alarm", ActionOptions()), [])
        stage.clock.advance(chance.choice([5, 90, 600, 7200]))
        stage.demo.control("events", {"instance": stage.instance_id, "sick": "system"})
        stage.clock.advance(1200)
        well = self._system()
        name = alarm_name("recover", stage.instance_id)
        history = self.cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="Action")
        acted = [one["HistorySummary"] for one in history["AlarmHistoryItems"]]
        good = alone != "ok" and well == "ok" and len(acted) == 1 and acted[0].startswith("Successfully")
        if not good:
            self.wrong.append(f"recovery {number}: {alone} without, {well} with it; {acted}")
        return good

    def _alone(self) -> None:
        """No other alarm is on it: the sample fleet has some of every kind."""
        pages = self.cloudwatch.get_paginator("describe_alarms").paginate()
        on_it = {"Name": "InstanceId", "Value": self.stage.instance_id}
        for one in [one for page in pages for one in page["MetricAlarms"] if on_it in one["Dimensions"]]:
            self.cloudwatch.delete_alarms(AlarmNames=[one["AlarmName"]])

    def _system(self) -> str:
        status = self.stage.state()["status"]
        return str(status["SystemStatus"]["Status"])

    def undo(self, number: int) -> bool:
        """Set over whatever is there, take it back, and compare."""
        stage, chance = self.stage, self.chance
        stage.begin(Trial("recover-alarm"))
        stage.demo.control("settings", {"strict": False, "limits": False})
        name, former = alarm_name("recover", stage.instance_id), None
        if chance.random() < 0.6:
            edited = at_random(chance, "").params
            own = {"AlarmName": name, "Dimensions": [{"Name": "InstanceId", "Value": stage.instance_id}]}
            arn = f"arn:aws:automate:{REGION}:ec2:{chance.choice(['recover', 'reboot'])}"
            told = {key: value for key, value in edited.items() if value != [""]}
            params = {**told, **own, "AlarmActions": chance.choice([[arn], []])}
            self.cloudwatch.put_metric_alarm(**params, Tags=[{"Key": "evac:operation", "Value": OLDER}])
            former = self.alarm("recover")
        done = self.carry_out(
            self.plan("recover-alarm", ActionOptions(minutes=chance.choice([0, 4]))),
            self.deaths("set-alarm", "PutMetricAlarm"),
        )
        stage.clock.advance(chance.choice([1, 100]))
        call = "DeleteAlarms" if former is None else "PutMetricAlarm"
        self.carry_out(self.plan("undo", undo_options(done)), self.deaths("put-back", call))
        after = self.alarm("recover")
        same = after == former
        if former is not None and after is not None:
            same = AlarmSettings(after).same(AlarmSettings(former))
        if not same:
            self.wrong.append(f"undo {number}: before {former}, after {after}")
        return same


def _progress(what: str, count: int, of: int) -> None:
    if of % 25 == 0:
        print(f"{what}: {count} of {of}", file=sys.stderr, flush=True)


def main() -> int:
    """Both counts; 1 if one of them is not whole."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--recoveries", type=int, default=50)
    parser.add_argument("--undos", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    demo = start("--speed", "5")
    child = os.fork()
    if child:  # the embedded AWS is no child of what waits for all its children
        try:
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        finally:
            demo.stop()
    code = 1
    stage = Stage(demo)
    try:
        rounds = Rounds(stage, args.seed)
        recovered = equal = 0
        for number in range(args.recoveries):
            recovered += rounds.recovery(number)
            _progress("recovered", recovered, number + 1)
        for number in range(args.undos):
            equal += rounds.undo(number)
            _progress("equal", equal, number + 1)
        print("| counted | |\n|---|---|")
        print(f"| failing instances recovered by an alarm that evac set | {recovered} of {args.recoveries} |")
        print(f"| undos after which all that can be set is as before | {equal} of {args.undos} |")
        print(f"| wrong | {len(rounds.wrong)} |", flush=True)
        for one in rounds.wrong:
            print(one, file=sys.stderr, flush=True)
        code = 1 if rounds.wrong or (recovered, equal) != (args.recoveries, args.undos) else 0
    except Exception:
        traceback.print_exc()
    finally:
        stage.close()
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
