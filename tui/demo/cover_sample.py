"""What covers the sample fleet: alarms of every kind, those that only look like cover too, copies, plans, windows, AWS Health."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tui.demo import alarm_evaluation, alarm_states, copies, copy_plans, event_windows, health
from tui.demo.alarm_settings import settings
from tui.demo.sample import DATA, PROD, Builder
from tui.demo.world import World

Doc = dict[str, Any]
_DAY = 1440.0
_NIGHTS = [{"StartWeekDay": "saturday", "StartHour": 0, "EndWeekDay": "saturday", "EndHour": 6}]


class Cover:
    """Adds what covers the instances of one region of one account."""

    def __init__(self, world: World, account: str, region: str) -> None:
        self.world, self.account = world, world.accounts[account]
        self.build = Builder(world, account, region)
        self.region = self.build.region
        self.named = {
            tag["Value"]: instance
            for instance in self.region.instances.values()
            for tag in instance.doc["Tags"] if tag["Key"] == "Name"
        }  # fmt: skip
        self.topic = f"arn:aws:sns:{region}:{account}:oncall"

    def alarm(
        self, name: str, kind: str = "recover", state: str = "OK", minutes: float = 3 * _DAY, **changed: Any
    ) -> Doc:
        """A good alarm of that kind (`recover`, `reboot`), but for what is changed; since so long in that state."""
        instance, tags = self.named[name], changed.pop("Tags", [])
        wanted = {**settings(instance, self.region.name, kind), "Tags": tags, **changed}
        wanted["AlarmName"] = changed.get("AlarmName", f"{name}-{kind}")
        doc = alarm_states.put(self.world, self.region, wanted)
        alarm_states.settled(doc, state, self.world.clock.now - timedelta(minutes=minutes))
        alarm_evaluation.wake_with(self.world, self.region, instance)
        return doc

    def service(self, name: str, *members: str) -> None:
        """They are one service, by their tag."""
        for one in members:
            self.named[one].doc["Tags"].append({"Key": "service", "Value": name})

    def own(self, name: str, kind: str) -> None:
        """An alarm of the name and settings that evac itself would give it."""
        instance = self.named[name]
        tags = [{"Key": "evac:operation", "Value": f"demo-{kind}-{name}"}]
        self.alarm(name, kind, AlarmName=f"evac/{kind}/{instance.id}", Tags=tags)

    def acts(self, *verbs: str) -> list[str]:
        """The ARNs of EC2's actions."""
        return [f"arn:aws:automate:{self.region.name}:ec2:{verb}" for verb in verbs]

    def swf(self, verb: str) -> list[str]:
        """The older ARN of an action."""
        return [
            f"arn:aws:swf:{self.region.name}:{self.region.account}:action/actions/AWS_EC2.InstanceId.{verb}/1.0"
        ]

    def point(self, name: str, hours: float, status: str = "COMPLETED") -> None:
        """A recovery point of AWS Backup, whose AMI is gone from here."""
        mark = f"ami-0{len(self.region.recovery_points):016x}"
        at = self.build.ago(hours=hours)
        copies.add_point(self.region, self.named[name], {"ImageId": mark}, at, status)

    def snapshots(self, name: str, hours: float) -> None:
        """Somebody's snapshots of its volumes."""
        copies.add_snapshot(
            self.region, self.named[name], self.build.ago(hours=hours), Description="nightly script"
        )

    def health(self, code: str, entities: list[str], minutes: float, text: str, **more: Any) -> None:
        """An event of AWS Health that began so long ago (negative: begins)."""
        begins = self.build.ago(minutes=minutes)
        more = {"startTime": begins, "lastUpdatedTime": min(begins, self.build.ago()), "text": text, **more}
        health.announce(self.world, self.account, code, entities, self.region.name, **more)


def prod_seoul(c: Cover) -> None:
    """Good ones, and those that look good."""
    c.service("mail", "mail-1")
    c.alarm("payments-db-1", state="ALARM", minutes=4, AlarmActions=[*c.acts("recover"), c.topic])
    c.own("payments-db-2", "recover")
    c.own("payments-db-2", "reboot")
    c.alarm("payments-db-3")
    c.alarm("payments-db-3", "reboot", ActionsEnabled=False)
    c.alarm("ledger-1", AlarmActions=c.swf("Recover"))
    c.alarm("ledger-1", "reboot", AlarmActions=c.swf("Reboot"))
    c.alarm("ledger-2", Statistic="SampleCount")
    c.alarm("ledger-2", "reboot", Period=300, EvaluationPeriods=6)
    c.alarm("ledger-3", "reboot", Threshold=2.0)
    c.alarm("search-1", MetricName="StatusCheckFailed", AlarmName="search-1-status")
    c.alarm("search-2", AlarmActions=c.acts("reboot"), AlarmName="search-2-autoreboot")
    c.alarm("cache-1", AlarmActions=[f"arn:aws:lambda:{c.region.name}:{PROD}:function:replace-cache"])
    c.alarm("cache-2", "reboot", AlarmActions=[c.topic], AlarmName="cache-2 is down")
    c.alarm("nat-1", TreatMissingData="breaching")
    c.alarm("nat-1", "reboot", DatapointsToAlarm=2)
    idle: Doc = {"MetricName": "CPUUtilization", "Statistic": "Average", "Period": 300, "EvaluationPeriods": 12,
                 "Threshold": 2.0, "ComparisonOperator": "LessThanThreshold"}  # fmt: skip
    c.alarm("mail-1", AlarmName="mail-1-idle", AlarmActions=c.acts("stop"), **idle)
    c.alarm("eks-node-b", AlarmName="scale-in-eks-node-b", AlarmActions=c.acts("terminate"), **idle)
    c.alarm("vault-1")
    c.alarm("vault-1", "reboot", AlarmActions=[*c.acts("reboot"), c.topic])
    c.alarm("eks-auto-1", "reboot")
    c.point("ledger-1", 11)
    c.point("ledger-2", 11)
    c.point("cache-1", 5 * 24)
    c.snapshots("search-1", 9)
    copy_plans.add_backup_plan(
        c.world, c.region, "nightly",
        [{"RuleName": "nightly", "ScheduleExpression": "cron(0 18 * * ? *)", "Lifecycle": {"DeleteAfterDays": 14}}],
        [{"SelectionName": "payments", "Conditions": {"StringEquals": [
            {"ConditionKey": "aws:ResourceTag/team", "ConditionValue": "payments"}]}},
         {"SelectionName": "ledgers", "Resources": [
             f"arn:aws:ec2:{c.region.name}:{PROD}:instance/{c.named[f'ledger-{number}'].id}" for number in (1, 2)]}],
    )  # fmt: skip
    event_windows.add_window(
        c.region, "nights", {"Tags": [{"Key": "env", "Value": "prod"}]}, TimeRanges=_NIGHTS
    )
    moved = c.named["eks-node-b"]
    c.health("AWS_EC2_SIMPLIFIED_AUTO_RECOVERY_SUCCESS", [moved.id], 5 * 60,
             f"Instance {moved.id} was recovered from a system status check failure.", statusCode="closed",
             endTime=c.build.ago(minutes=4 * 60 + 52))  # fmt: skip
    failed = c.named["nat-1"]
    c.health("AWS_EC2_INSTANCE_AUTO_RECOVERY_FAILURE", [failed.id], 20 * _DAY, f"Recovery of {failed.id} failed.",
             statusCode="closed", endTime=c.build.ago(days=20))  # fmt: skip
    stops = c.named["payments-db-1"]
    begins = stops.events[0]["NotBefore"]
    c.health("AWS_EC2_INSTANCE_STOP_SCHEDULED", [stops.id], 2 * _DAY, "It runs on degraded hardware.", startTime=begins,
             statusCode="upcoming")  # fmt: skip
    volume = c.named["cache-2"].doc["BlockDeviceMappings"][1]["Ebs"]["VolumeId"]
    c.health("AWS_EBS_DEGRADED_EBS_VOLUME_PERFORMANCE", [volume], 3 * _DAY, "The volume was slow.", statusCode="closed",
             endTime=c.build.ago(days=2))  # fmt: skip


def prod_virginia(c: Cover) -> None:
    """The edge: what has fired, what has no data, formulas."""
    c.service("report", "report-1")
    for number in (1, 2, 4):
        c.alarm(f"checkout-{number}", "reboot", AlarmActions=[*c.acts("reboot"), c.topic])
        c.point(f"checkout-{number}", 3)
    c.alarm("edge-2", "reboot", state="ALARM", minutes=8)
    c.alarm("edge-1", EvaluationPeriods=3, DatapointsToAlarm=1)
    c.alarm("checkout-3", "reboot", state="INSUFFICIENT_DATA", minutes=2 * _DAY)
    own = settings(c.named["report-1"], c.region.name)["Dimensions"]
    either: list[Doc] = [
        {"Id": f"m{number}", "ReturnData": False, "MetricStat": {"Period": 60, "Stat": "Maximum", "Metric": {
            "Namespace": "AWS/EC2", "MetricName": f"StatusCheckFailed_{check}", "Dimensions": own}}}
        for number, check in enumerate(("System", "Instance"))
    ]  # fmt: skip
    either.append({"Id": "either", "Expression": "m0 + m1", "ReturnData": True})
    c.alarm("report-1", "reboot", AlarmName="report-1-either", Metrics=either, MetricName=None, Namespace=None,
            Statistic=None, Period=None, Dimensions=[], AlarmActions=[c.topic])  # fmt: skip
    c.own("bastion", "reboot")
    retires = c.named["bastion"]
    c.health("AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED", [retires.id], 3 * _DAY, "Its hardware is degraded.",
             startTime=retires.events[0]["NotBefore"], statusCode="upcoming")  # fmt: skip


def data_virginia(c: Cover) -> None:
    """Nobody and nothing; what no recovery helps; copies by plans."""
    c.alarm("kafka-1", "reboot")
    c.snapshots("kafka-1", 3 * 24)
    c.alarm("dream-1", state="INSUFFICIENT_DATA", minutes=9 * _DAY)
    c.named["jump-old"].doc["MaintenanceOptions"]["AutoRecovery"] = "disabled"
    c.alarm("jump-old", "reboot")
    c.point("jump-old", 6)
    for name in ("reserved-1", "spot-etl-1", "spot-etl-2"):
        c.alarm(name, "reboot")
    c.point("reserved-1", 20)
    c.point("market-1", 14)
    c.point("spot-etl-1", 30, "EXPIRED")
    c.named["hpc-1"].doc["NetworkInterfaces"][0]["InterfaceType"] = "efa"
    c.alarm("licence-1", "reboot")
    daily = {
        "ResourceTypes": ["INSTANCE"], "ResourceLocations": ["CLOUD"], "TargetTags": [{"Key": "backup", "Value": "daily"}],
        "Schedules": [{"Name": "Daily", "CreateRule": {"Interval": 24, "IntervalUnit": "HOURS", "Times": ["03:00"]},
                       "RetainRule": {"Count": 7}, "VariableTags": [{"Key": "instance-id", "Value": "$(instance-id)"}]}],
        "Parameters": {"NoReboot": True},
    }  # fmt: skip
    copy_plans.add_policy(c.world, c.region, daily, Description="AMIs every night")
    c.named["gpu-1"].doc["Tags"].append({"Key": "backup", "Value": "daily"})
    volumes = {**daily, "PolicyType": "EBS_SNAPSHOT_MANAGEMENT", "ResourceTypes": ["VOLUME"]}
    copy_plans.add_policy(c.world, c.region, volumes, Description="Volumes every night")
    copy_plans.add_policy(
        c.world, c.region, {**daily, "TargetTags": [{"Key": "team", "Value": "etl"}]}, Description="AMIs of etl",
        State="ERROR", StatusMessage="The role of the policy is not allowed ec2:CreateImage.",
    )  # fmt: skip
    hosts = list(c.region.hosts)
    event_windows.add_window(
        c.region, "licence hosts", {"DedicatedHostIds": hosts}, CronExpression="* 1-5 * * 0,6"
    )
    event_windows.add_window(c.region, "kafka", {"InstanceIds": [c.named["kafka-2"].id]}, TimeRanges=_NIGHTS)


def data_ireland(c: Cover) -> None:
    """Ireland has a default policy of Data Lifecycle Manager: it copies all but its exclusions."""
    c.service("notebooks", *(f"notebook-{number}" for number in range(2, 7)))
    c.named["notebook-2"].doc["MaintenanceOptions"]["AutoRecovery"] = "disabled"
    for number in range(3, 7):
        c.alarm(f"notebook-{number}", "reboot")
    copy_plans.add_policy(
        c.world, c.region,
        {"PolicyLanguage": "SIMPLIFIED", "ResourceType": "INSTANCE", "CreateInterval": 1, "RetainInterval": 7,
         "Exclusions": {"ExcludeTags": [{"Key": "env", "Value": "staging"}]}},
        DefaultPolicy=True, Description="default policy for AMIs",
    )  # fmt: skip


def cover_all(world: World) -> None:
    """What covers the sample fleet."""
    prod_seoul(Cover(world, PROD, "ap-northeast-2"))
    prod_virginia(Cover(world, PROD, "us-east-1"))
    data_virginia(Cover(world, DATA, "us-east-1"))
    data_ireland(Cover(world, DATA, "eu-west-1"))
