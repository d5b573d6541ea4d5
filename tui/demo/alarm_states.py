"""An alarm's state: how it changes, and what is done at a change.

Source: user guide, AlarmThatSendsEmail (actions run at a transition only), cloudwatch model (a new alarm is INSUFFICIENT_DATA; an
overwritten one keeps its state and its tags).
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from tui.demo.alarm_acts import act
from tui.demo.world import Region, World

Doc = dict[str, Any]
ACTIONS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
_NOT_KEPT = ("AlarmName", "Tags")
_NEW = "Unchecked: Initial alarm creation"


def arn_of(region: Region, name: str) -> str:
    """The ARN of an alarm of that name."""
    return f"arn:aws:cloudwatch:{region.name}:{region.account}:alarm:{name}"


def put(world: World, region: Region, params: Doc) -> Doc:
    """Make the alarm, or overwrite it; the document as DescribeAlarms answers it (keys with `_` are not shown).

    `params` as PutMetricAlarm has them; nothing of them is looked at here.
    """
    name, now = params["AlarmName"], world.clock.now
    old = region.alarms.get(name)
    doc: Doc = {
        "AlarmName": name, "AlarmArn": arn_of(region, name), "ActionsEnabled": True, "OKActions": [], "AlarmActions": [],
        "InsufficientDataActions": [], "Dimensions": [],
        **{key: value for key, value in params.items() if key not in _NOT_KEPT and value is not None},
        "AlarmConfigurationUpdatedTimestamp": now,
    }  # fmt: skip
    if old is None:
        doc["_tags"] = {tag["Key"]: tag["Value"] for tag in params.get("Tags", [])}
        doc |= {"StateValue": "INSUFFICIENT_DATA", "StateReason": _NEW, "StateUpdatedTimestamp": now,
                "StateTransitionedTimestamp": now}  # fmt: skip
    else:
        kept = ("StateValue", "StateReason", "StateUpdatedTimestamp", "StateTransitionedTimestamp", "_tags")
        doc |= {key: old[key] for key in kept}
    region.alarms[name] = doc
    for one in doc["Dimensions"]:
        if one["Name"] == "InstanceId":
            region.alarms_on.setdefault(one["Value"], set()).add(name)
    world.revision += 1
    text = f'Alarm "{name}" {"created" if old is None else "updated"}'
    remember(world, region, doc, "ConfigurationUpdate", text)
    return doc


def delete(world: World, region: Region, name: str) -> None:
    """Take it away, a metric's or a composite one. Its history stays."""
    doc = region.alarms.pop(name, None) or region.composite_alarms.pop(name)
    for names in region.alarms_on.values():
        names.discard(name)
    world.revision += 1
    remember(world, region, doc, "ConfigurationUpdate", f'Alarm "{name}" deleted')


def become(world: World, region: Region, alarm: Doc, state: str, reason: str) -> None:
    """It is in this state from now on. If it was in another, its actions of the new one run."""
    now, before = world.clock.now, alarm["StateValue"]
    alarm |= {"StateValue": state, "StateReason": reason, "StateUpdatedTimestamp": now}
    world.revision += 1
    if state == before:
        return
    alarm["StateTransitionedTimestamp"] = now
    remember(world, region, alarm, "StateUpdate", f"Alarm updated from {before} to {state}", reason=reason)
    if alarm["ActionsEnabled"] and not alarm.get("_quiet"):
        for arn in alarm[ACTIONS[state]]:
            remember(world, region, alarm, "Action", act(world, region, alarm, arn))


def remember(world: World, region: Region, alarm: Doc, kind: str, summary: str, **data: Any) -> None:
    """Keep a line of its history."""
    told = {"version": "1.0", "alarmName": alarm["AlarmName"], "type": kind, **data}
    region.alarm_history.append({
        "AlarmName": alarm["AlarmName"], "AlarmType": "CompositeAlarm" if "AlarmRule" in alarm else "MetricAlarm",
        "Timestamp": world.clock.now, "HistoryItemType": kind, "HistorySummary": summary[:255],
        "HistoryData": json.dumps(told, default=str),
    })  # fmt: skip


def settled(alarm: Doc, state: str, since: datetime) -> None:
    """It is in this state since then (UTC), and nobody acted on it; nor will it act, until it is put again by the API."""
    reason = "Threshold Crossed" if state == "ALARM" else _NEW if state == "INSUFFICIENT_DATA" else "Well"
    alarm |= {
        "StateValue": state,
        "StateReason": reason,
        "StateUpdatedTimestamp": since,
        "StateTransitionedTimestamp": since,
    }
    alarm["_quiet"] = True
