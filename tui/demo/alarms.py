"""CloudWatch's alarms: put, listed, deleted, tagged, their history. What they do when they go off is in alarm_states.py.

Sources: cloudwatch model (PutMetricAlarm overwrites whole and leaves state and tags, DescribeAlarms' parameters, 100 a page),
user guide, cloudwatch_limits (names); seen in public issues: the ValidationErrors of EC2 actions (Terraform's tests, Cloud
Custodian #2935, which is also why recover is refused for a type that does not support it; its words are ours).
Unsourced: what a partial ARN as ActionPrefix answers (moto answers by prefix, and so does this).
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from tui.demo import filters
from tui.demo.alarm_acts import ec2_action
from tui.demo.alarm_evaluation import watch
from tui.demo.alarm_states import become, delete, put
from tui.demo.instance_types import type_info
from tui.demo.request import Request
from tui.demo.world import AwsError

Doc = dict[str, Any]
_PAGE, _KEPT = 100, timedelta(days=30)
_MATH = ("Metrics", "EvaluationCriteria")
_OF_ONE_METRIC = ("Namespace", "MetricName", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic")
_TREATED = ("breaching", "notBreaching", "ignore", "missing")
_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
_ACTION = re.compile(r"arn:aws[\w-]*:(automate|swf|sns|lambda|ssm|ssm-incidents|autoscaling|aiops):")
_DAY = 86_400


def _refuse(text: str, code: str = "ValidationError") -> AwsError:
    return AwsError(code, text)


def PutMetricAlarm(request: Request, params: Doc) -> Doc:
    """Makes one, or overwrites the one of that name whole; tags only when it is made."""
    _valid(request, params)
    watch(request.world, request.region, put(request.world, request.region, params))
    return {}


def _valid(request: Request, params: Doc) -> None:
    """Refuse what CloudWatch refuses (cloudwatch model, PutMetricAlarmInput)."""
    name = params.get("AlarmName", "")
    if not 1 <= len(name) <= 255 or re.search(r"[\x00-\x1f\x7f]", name):
        raise _refuse("1 validation error detected: Value at 'alarmName' failed to satisfy constraint")
    watched = [one for one in ("MetricName", *_MATH) if params.get(one)]
    if len(watched) != 1:
        text = "Exactly one of the parameters MetricName, Metrics or EvaluationCriteria must be specified"
        raise _refuse(text, "InvalidParameterCombination" if watched else "MissingParameter")
    if watched[0] == "Metrics" and (mixed := [one for one in _OF_ONE_METRIC if params.get(one)]):
        text = f"Metrics list in the request must not be combined with {', '.join(mixed)}"
        raise _refuse(text)
    if watched[0] == "MetricName":
        _one_metric(params)
    if params.get("TreatMissingData", "missing") not in _TREATED:
        raise _refuse(f"Value for TreatMissingData must be one of {', '.join(_TREATED)}")
    if len(params.get("Tags", [])) > 50:
        raise _refuse("You can associate as many as 50 tags with an alarm")
    for kind in _ACTIONS:
        actions = params.get(kind, [])
        if len(actions) > 5:
            raise _refuse(f"{kind} must have length less than or equal to 5")
        for action in actions:
            _action(request, params, action)


def _one_metric(params: Doc) -> None:
    """What an alarm on one metric must have."""
    if not params.get("Namespace"):
        raise _refuse("The parameter Namespace is required.", "MissingParameter")
    if bool(params.get("Statistic")) == bool(params.get("ExtendedStatistic")):
        raise _refuse("Exactly one of the parameters Statistic and ExtendedStatistic must be specified.")
    for name in ("Period", "EvaluationPeriods", "Threshold", "ComparisonOperator"):
        if params.get(name) is None:
            raise _refuse(f"The parameter {name} is required.", "MissingParameter")
    period, count = params["Period"], params["EvaluationPeriods"]
    if period not in (10, 20, 30) and (period < 60 or period % 60):
        raise _refuse(f"Period must be 10, 20, 30 or a multiple of 60, not {period}")
    if period * count > (_DAY if period < 3600 else 7 * _DAY):
        raise _refuse("Metrics cannot be checked across more than a day (EvaluationPeriods * Period)")
    if "DatapointsToAlarm" in params and not 1 <= params["DatapointsToAlarm"] <= count:
        raise _refuse("DatapointsToAlarm must be at least 1 and at most EvaluationPeriods")


def _action(request: Request, params: Doc, action: str) -> None:
    """An action must be of a known kind, of this region, and one of EC2's must have its instance."""
    if not _ACTION.match(action):
        raise _refuse(f"Invalid arn syntax: {action}", "InvalidParameterValue")
    region = action.split(":")[3]
    if region != request.region.name:
        raise _refuse(f"Invalid region {region} specified. Only {request.region.name} is supported.")
    kind = ec2_action(action)
    if not kind:
        return
    dimensions = {one["Name"]: one["Value"] for one in params.get("Dimensions", [])}
    if "InstanceId" not in dimensions or params.get("Metrics"):
        text = "Invalid use of EC2 action. An EC2 action can only be used if the alarm is monitoring an EC2 instance."
        raise _refuse(text)
    name = dimensions["InstanceId"]
    instance = request.region.instances.get(name)
    if instance is None:
        raise _refuse(f"Invalid use of EC2 '{kind.title()}' action. {name} is not a valid EC2 instance.")
    if kind == "recover" and not type_info(instance.doc["InstanceType"])["AutoRecoverySupported"]:
        text = f"Invalid use of EC2 'Recover' action. {instance.doc['InstanceType']} does not support it."
        raise _refuse(text)


def DescribeAlarms(request: Request, params: Doc) -> Doc:
    """Metric alarms, and composite ones where AlarmTypes has them; by name; 100 a page."""
    if params.get("AlarmNames") and params.get("AlarmNamePrefix"):
        raise _refuse(
            "AlarmNames and AlarmNamePrefix cannot both be specified", "InvalidParameterCombination"
        )
    kinds, names = params.get("AlarmTypes") or ["MetricAlarm"], params.get("AlarmNames")
    region, prefix = request.region, params.get("AlarmNamePrefix", "")
    held = [("MetricAlarms", one) for one in region.alarms.values() if "MetricAlarm" in kinds]
    held += [
        ("CompositeAlarms", one) for one in region.composite_alarms.values() if "CompositeAlarm" in kinds
    ]
    found = [
        (kind, one) for kind, one in held
        if (names is None or one["AlarmName"] in names) and one["AlarmName"].startswith(prefix)
        and params.get("StateValue", one["StateValue"]) == one["StateValue"]
        and (not params.get("ActionPrefix") or _acts(one, params["ActionPrefix"]))
    ]  # fmt: skip
    found.sort(key=lambda pair: pair[1]["AlarmName"])
    page, token = _page(found, params)
    answer: Doc = {"MetricAlarms": [], "CompositeAlarms": [], "LogAlarms": []}
    for kind, one in page:
        answer[kind].append(filters.public(one))
    return answer | token


def _acts(alarm: Doc, prefix: str) -> bool:
    return any(action.startswith(prefix) for kind in _ACTIONS for action in alarm[kind])


def _page(found: list[Any], params: Doc) -> tuple[list[Any], Doc]:
    """A page of at most MaxRecords, and the next one's token if there is one."""
    size = params.get("MaxRecords", _PAGE)
    if not 1 <= size <= _PAGE:
        raise _refuse(f"Value '{size}' at 'maxRecords' failed to satisfy constraint: at most {_PAGE}")
    token = params.get("NextToken") or "a0"
    if not re.fullmatch(r"a\d+", token):
        raise _refuse("The provided next token is invalid", "InvalidNextToken")
    at = int(token[1:])
    more = {"NextToken": f"a{at + size}"} if len(found) > at + size else {}
    return found[at : at + size], more


def DescribeAlarmsForMetric(request: Request, params: Doc) -> Doc:
    """Those on exactly this metric with exactly these dimensions; none of metric math."""
    wanted = {one["Name"]: one["Value"] for one in params.get("Dimensions", [])}
    narrow = ("Namespace", "MetricName", "Statistic", "ExtendedStatistic", "Period", "Unit")
    found = [
        filters.public(one) for one in request.region.alarms.values()
        if {d["Name"]: d["Value"] for d in one["Dimensions"]} == wanted
        and all(params.get(name, one.get(name)) == one.get(name) for name in narrow)
    ]  # fmt: skip
    return {"MetricAlarms": found}


def DeleteAlarms(request: Request, params: Doc) -> Doc:
    """All or none: a name that is not there refuses the call."""
    region = request.region
    missing = [
        one for one in params["AlarmNames"] if one not in region.alarms and one not in region.composite_alarms
    ]
    if missing:
        raise AwsError("ResourceNotFound", f"Unknown alarm(s): {', '.join(missing)}", 404)
    for one in params["AlarmNames"]:
        delete(request.world, region, one)
    return {}


def SetAlarmState(request: Request, params: Doc) -> Doc:
    """For the moment: it acts as any transition does, and the next evaluation sets it again."""
    alarm = request.region.alarms.get(params["AlarmName"])
    if alarm is None:
        raise AwsError("ResourceNotFound", f"Unknown alarm: {params['AlarmName']}", 404)
    become(request.world, request.region, alarm, params["StateValue"], params["StateReason"])
    watch(request.world, request.region, alarm)
    return {}


def DescribeAlarmHistory(request: Request, params: Doc) -> Doc:
    """What happened to an alarm, the newest first; kept when it is gone (30 days: user guide, AlarmThatSendsEmail)."""
    now = request.world.clock.now
    since = max(params.get("StartDate", now - _KEPT), now - _KEPT)
    found = [
        one for one in request.region.alarm_history
        if params.get("AlarmName", one["AlarmName"]) == one["AlarmName"]
        and params.get("HistoryItemType", one["HistoryItemType"]) == one["HistoryItemType"]
        and since <= one["Timestamp"] <= params.get("EndDate", now)
    ]  # fmt: skip
    if params.get("ScanBy", "TimestampDescending") == "TimestampDescending":
        found.reverse()
    page, token = _page(found, params)
    return {"AlarmHistoryItems": page, **token}


def _tagged(request: Request, params: Doc) -> dict[str, str]:
    """The tags of the alarm of an ARN. Raises ResourceNotFoundException."""
    arn = params["ResourceARN"]
    if request.service == "cloudwatch":
        for held in (request.region.alarms, request.region.composite_alarms):
            for alarm in held.values():
                if alarm["AlarmArn"] == arn:
                    tags: dict[str, str] = alarm["_tags"]
                    return tags
    raise AwsError("ResourceNotFoundException", f"Unknown resource {arn}", 404)


def ListTagsForResource(request: Request, params: Doc) -> Doc:
    """The tags of an alarm."""
    return {"Tags": [{"Key": key, "Value": value} for key, value in _tagged(request, params).items()]}


def TagResource(request: Request, params: Doc) -> Doc:
    """Set tags of an alarm."""
    _tagged(request, params).update({tag["Key"]: tag["Value"] for tag in params["Tags"]})
    return {}


def UntagResource(request: Request, params: Doc) -> Doc:
    """Take tags from an alarm."""
    for key in params["TagKeys"]:
        _tagged(request, params).pop(key, None)
    return {}
