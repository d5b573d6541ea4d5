"""What a good alarm is put with (user guide, UsingAlarmActions: recover 2 x 1 minute, reboot 3 x 1 minute)."""

from __future__ import annotations

from typing import Any

from tui.demo.instance import DemoInstance

Doc = dict[str, Any]


def settings(instance: DemoInstance, region: str, kind: str = "recover") -> Doc:
    """What PutMetricAlarm is given for a good alarm of this kind: `recover` or `reboot`."""
    recover = kind == "recover"
    return {
        "AlarmName": f"{kind}-{instance.id}", "Namespace": "AWS/EC2",
        "MetricName": f"StatusCheckFailed_{'System' if recover else 'Instance'}",
        "Dimensions": [{"Name": "InstanceId", "Value": instance.id}], "Statistic": "Maximum", "Period": 60,
        "EvaluationPeriods": 2 if recover else 3, "Threshold": 1.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "missing", "AlarmActions": [f"arn:aws:automate:{region}:ec2:{kind}"],
    }  # fmt: skip
