"""The sample fleet's accounts and profiles, and the tools that build it. Names are invented, addresses documentation ranges."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tui.demo import copies, failing, groups
from tui.demo.balancing import Registered, runs_again
from tui.demo.instance import CODES, DemoInstance
from tui.demo.instance_types import STORE_GB, is_xen
from tui.demo.world import READ_ONLY, Account, Identity, Region, World

Doc = dict[str, Any]
SAMPLE_REGIONS = ("ap-northeast-2", "us-east-1", "eu-west-1")
PROD, DATA, STAGING, LEGACY = "111122223333", "222233334444", "333344445555", "444455556666"
PROFILES: list[Doc] = [
    {"name": "prod", "key": "AKIADEMOPROD00000001", "account": PROD, "region": "ap-northeast-2", "label": "PROD",
     "color": "red", "regions": SAMPLE_REGIONS},
    {"name": "prod-audit", "key": "AKIADEMOAUDIT0000001", "account": PROD, "region": "ap-northeast-2", "allow": READ_ONLY},
    {"name": "data", "key": "AKIADEMODATA00000001", "account": DATA, "region": "us-east-1", "label": "DATA", "color": "yellow"},
    {"name": "staging", "account": STAGING, "region": "eu-west-1", "label": "STAGE", "color": "green",
     "key": "AKIADEMOSTAGING00001", "denied_regions": ("us-east-1",), "deny": ("backup:*",)},
    {"name": "legacy", "key": "AKIADEMOLEGACY000001", "account": LEGACY, "region": "us-east-1", "expired": True},
    {"name": "analytics", "role_arn": f"arn:aws:iam::{DATA}:role/analytics-readonly", "source_profile": "prod",
     "account": DATA, "region": "us-east-1"},
]  # fmt: skip


def _domain(region: str) -> str:
    """The domain of private DNS names in a region (user guide, vpc-dns)."""
    return "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"


def accounts(world: World) -> None:
    """Create the accounts and their access keys."""
    for number, alias in (
        (PROD, "acme-prod"),
        (DATA, "acme-data"),
        (STAGING, "acme-staging"),
        (LEGACY, "acme-legacy"),
    ):
        world.accounts[number] = Account(number, alias, health=number == PROD)
    for one in PROFILES:
        if "key" in one:
            world.identities[one["key"]] = Identity(
                one["account"],
                f"arn:aws:iam::{one['account']}:user/{one['name']}",
                tuple(one.get("allow", ("*",))),
                one.get("expired", False),
                tuple(one.get("denied_regions", ())),
                tuple(one.get("deny", ())),
            )
        else:
            world.assume(one["role_arn"], "kept")


class Builder:
    """Adds instances to one region of one account."""

    def __init__(self, world: World, account: str, region: str) -> None:
        self.world, self.account, self.name = world, account, region
        self.region: Region = world.region(account, region)
        self.region.another = self.another
        # An id is unique in AWS: no two regions share a network, though their addresses may be the same.
        first = (account, region) == (PROD, SAMPLE_REGIONS[0])
        number = f"{account}{sum(region.encode()):04x}"
        self.vpc = "vpc-0a1b2c3d4e5f60718" if first else f"vpc-0{number}"
        self.subnet = "subnet-0a1b2c3d4e5f6071" if first else f"subnet-0{number[1:]}"

    def ago(self, **parts: float) -> Any:
        """A UTC time in the past."""
        return (self.world.clock.now - timedelta(**parts)).replace(microsecond=0)

    def instance(
        self,
        name: str,
        kind: str = "m6i.large",
        zone: str = "a",
        ip: str = "",
        state: str = "running",
        **extra: Any,
    ) -> DemoInstance:
        """A running EBS instance with two volumes. `ip`: `auto`, `eip` or none; `extra` goes into the document.

        Names of `extra` that start with `tag_` become tags.
        """
        world, serial = self.world, len(self.region.instances) + 1
        instance_id = world.hex_id("i")
        octet = {"ap-northeast-2": 2, "us-east-1": 8, "eu-west-1": 5}.get(self.name, 9)
        private = f"10.{octet}.{serial // 250}.{serial % 250 + 4}"
        launched = self.ago(days=world.random.randrange(2, 400), hours=serial % 24)
        address: Doc = {"PrivateIpAddress": private, "Primary": True}
        eni: Doc = {
            "NetworkInterfaceId": world.hex_id("eni"), "PrivateIpAddress": private, "PrivateIpAddresses": [address],
            "Attachment": {"AttachmentId": world.hex_id("eni-attach"), "DeviceIndex": 0, "AttachTime": launched,
                           "Status": "attached", "DeleteOnTermination": True},
            "Status": "in-use", "OwnerId": self.account, "Ipv6Addresses": [], "SourceDestCheck": True,
        }  # fmt: skip
        tags = [{"Key": "Name", "Value": name}] if name else []
        tags += [
            {"Key": key[4:], "Value": extra.pop(key)} for key in [k for k in extra if k.startswith("tag_")]
        ]
        tags += [{"Key": key, "Value": value} for key, value in extra.pop("tags", {}).items()]
        doc: Doc = {
            "InstanceId": instance_id, "InstanceType": kind, "ImageId": "ami-0a1b2c3d4e5f60718", "Architecture": "x86_64",
            "State": {"Code": CODES[state], "Name": state}, "LaunchTime": launched, "PrivateIpAddress": private,
            "PrivateDnsName": f"ip-{private.replace('.', '-')}.{_domain(self.name)}", "PlatformDetails": "Linux/UNIX",
            "Placement": {"AvailabilityZone": self.name + zone, "Tenancy": "default", "GroupName": ""},
            "RootDeviceType": "ebs", "RootDeviceName": "/dev/xvda", "VirtualizationType": "hvm", "Hypervisor": "xen",
            "VpcId": self.vpc, "SubnetId": f"{self.subnet}{zone}", "KeyName": "ops", "SourceDestCheck": True,
            "SecurityGroups": [{"GroupId": "sg-0a1b2c3d4e5f60718", "GroupName": "default"}], "EbsOptimized": True,
            "NetworkInterfaces": [eni], "Tags": tags, "Monitoring": {"State": "disabled"}, "StateTransitionReason": "",
            "MaintenanceOptions": {"AutoRecovery": "default", "RebootMigration": "default"},
            "HibernationOptions": {"Configured": False}, "BlockDeviceMappings": [],
        }  # fmt: skip
        if ip:
            public = f"{'203.0.113' if ip == 'auto' else '198.51.100'}.{serial % 250 + 4}"
            association = {"PublicIp": public, "IpOwnerId": "amazon" if ip == "auto" else self.account}
            association["PublicDnsName"] = f"ec2-{public.replace('.', '-')}.{self.name}.compute.amazonaws.com"
            doc["PublicIpAddress"], doc["PublicDnsName"] = public, association["PublicDnsName"]
            eni["Association"] = address["Association"] = association
            if ip == "eip":
                allocation = world.hex_id("eipalloc")
                self.region.addresses[allocation] = {
                    "AllocationId": allocation,
                    "PublicIp": public,
                    "InstanceId": instance_id,
                    "Domain": "vpc",
                    "NetworkInterfaceId": eni["NetworkInterfaceId"],
                }
        placement = extra.pop("placement", None)
        doc.update(extra)
        doc["Placement"].update(placement or {})
        if doc["RootDeviceType"] == "ebs":
            for device in ("/dev/xvda", "/dev/sdf"):
                self._volume(doc, device)
        doc["_store_gb"], doc["_xen"] = STORE_GB.get(kind), is_xen(kind)
        instance = DemoInstance(world, self.region, doc)
        instance.watchers.append(
            lambda state: (
                runs_again(world, self.region, instance) if state in ("running", "rebooted") else None
            )
        )
        self.region.instances[instance_id] = instance
        return instance

    def _volume(self, doc: Doc, device: str) -> None:
        volume = self.world.hex_id("vol")
        attached = {
            "AttachTime": doc["LaunchTime"],
            "DeleteOnTermination": device == "/dev/xvda",
            "Status": "attached",
        }
        doc["BlockDeviceMappings"].append({"DeviceName": device, "Ebs": {"VolumeId": volume, **attached}})
        self.region.volumes[volume] = {
            "VolumeId": volume, "Size": 100, "VolumeType": "gp3", "State": "in-use", "Encrypted": True,
            "AvailabilityZone": doc["Placement"]["AvailabilityZone"],
            "Attachments": [{"InstanceId": doc["InstanceId"], "VolumeId": volume, "Device": device, "State": "attached",
                             "DeleteOnTermination": device == "/dev/xvda"}],
        }  # fmt: skip

    def another(self, like: DemoInstance) -> DemoInstance:
        """As an Auto Scaling group launches it: the same type, zone and tags, and pending."""
        zone = like.doc["Placement"]["AvailabilityZone"][-1]
        tags = {tag["Key"]: tag["Value"] for tag in like.doc["Tags"] if not tag["Key"].startswith("aws:")}
        kind, ip = like.doc["InstanceType"], "auto" if like.auto_ip else ""
        instance = self.instance("", kind, zone, ip=ip, state="pending", tags=tags)
        instance.doc["LaunchTime"] = self.world.clock.now.replace(microsecond=0)
        return instance

    def event(
        self,
        instance: DemoInstance,
        code: str,
        text: str,
        hours: float,
        deadline: float | None = None,
        **more: float,
    ) -> DemoInstance:
        """Announce an event, `hours` from now (negative: it has begun). `deadline` and `until` are hours from now too."""
        now = self.world.clock.now.replace(microsecond=0)
        event: Doc = {"InstanceEventId": "instance-event-0" + self.world.hex_id("e")[3:], "Code": code, "Description": text,
                      "NotBefore": now + timedelta(hours=hours)}  # fmt: skip
        if deadline is not None:
            event["NotBeforeDeadline"] = now + timedelta(hours=deadline)
        if "until" in more:
            event["NotAfter"] = now + timedelta(hours=more["until"])
        instance.add_event(event)
        return instance

    def image(self, instance: DemoInstance, days: float, state: str = "available") -> DemoInstance:
        """An AMI made from it so many days ago."""
        image = self.world.hex_id("ami")
        told = instance.doc["Tags"][0]["Value"] if instance.doc["Tags"] else instance.id
        more: Doc = {"ImageId": image, "Name": f"{told}-{int(days * 24)}h", "State": state}
        copies.add_copy(self.region, instance, "create-image", self.ago(days=days), **more)
        return instance

    def fail(self, instance: DemoInstance, script: str, minutes: float) -> DemoInstance:
        """It has failed in a scripted way for so many minutes."""
        failing.begin(self.region, instance, script, minutes)
        return instance

    def kept_by(self, instance: DemoInstance, maker: str, hours: float, **more: Any) -> None:
        """An AMI that a service made of it by a plan, without SourceInstanceId: `dlm` or `backup`."""
        copies.add_copy(self.region, instance, maker, self.ago(hours=hours), **more)

    def group(self, name: str, instances: list[DemoInstance], least: int) -> None:
        """Put these instances into a new Auto Scaling group."""
        self.region.groups[name] = {
            "AutoScalingGroupName": name, "MinSize": least, "MaxSize": len(instances) + 2, "DesiredCapacity": len(instances),
            "DefaultCooldown": 300, "AvailabilityZones": [self.name + "a"], "HealthCheckType": "EC2",
            "HealthCheckGracePeriod": 300, "CreatedTime": self.ago(days=90),
        }  # fmt: skip
        for instance in instances:
            groups.join(self.world, self.region, instance, name)

    def balance(self, name: str, members: dict[DemoInstance, str], group: str = "") -> None:
        """A target group with these members and their health; `group` is the Auto Scaling group that fills it."""
        arn = f"arn:aws:elasticloadbalancing:{self.name}:{self.account}:targetgroup/{name}/0123456789abcdef"
        self.region.target_groups[arn] = {"TargetGroupArn": arn, "TargetGroupName": name, "TargetType": "instance",
                                          "Protocol": "HTTP", "Port": 80, "VpcId": self.vpc}  # fmt: skip
        self.region.targets[arn] = {instance.id: Registered(health) for instance, health in members.items()}
        if group:
            self.region.groups[group]["TargetGroupARNs"] = [arn]

    def routed(self, table: str, through: DemoInstance | None, zones: str, *, main: bool = False) -> None:
        """A route table of the zones' subnets, whose way out is an instance, or the internet gateway."""
        routes: list[Doc] = [{"DestinationCidrBlock": "10.0.0.0/8", "GatewayId": "local", "State": "active"}]
        out: Doc = {"DestinationCidrBlock": "0.0.0.0/0", "State": "active", "Origin": "CreateRoute"}
        if through is None:
            out["GatewayId"] = "igw-0a1b2c3d4e5f60718"
        else:
            out["InstanceId"], out["InstanceOwnerId"] = through.id, self.account
            out["NetworkInterfaceId"] = through.doc["NetworkInterfaces"][0]["NetworkInterfaceId"]
            through.doc["SourceDestCheck"] = through.doc["NetworkInterfaces"][0]["SourceDestCheck"] = False
        held = [{"RouteTableAssociationId": f"rtbassoc-{table[4:-1]}{zone}", "RouteTableId": table, "Main": False,
                 "SubnetId": f"{self.subnet}{zone}", "AssociationState": {"State": "associated"}} for zone in zones]  # fmt: skip
        if main:
            held.append({"RouteTableAssociationId": f"rtbassoc-{table[4:]}", "RouteTableId": table, "Main": True,
                         "AssociationState": {"State": "associated"}})  # fmt: skip
        self.region.route_tables[table] = {"RouteTableId": table, "VpcId": self.vpc, "OwnerId": self.account,
                                           "Routes": [*routes, out], "Associations": held, "Tags": []}  # fmt: skip

    def classic(self, name: str, members: list[DemoInstance]) -> None:
        """Register these instances with a new classic load balancer."""
        self.region.classic[name] = {
            "LoadBalancerName": name, "VPCId": self.vpc, "Scheme": "internal",
            "Instances": [{"InstanceId": instance.id} for instance in members],
        }  # fmt: skip


def scale(world: World, count: int, into: str = "") -> None:
    """A generated fleet beside the sample's: `count` more instances, 2 % with an event, 0.5 % impaired.

    `into` (`account/region`) puts all of them there; otherwise they are spread over the accounts.
    """
    names = [(account, region) for account in (PROD, DATA, STAGING) for region in SAMPLE_REGIONS]
    if into:
        account, _, region = into.partition("/")
        names = [(account, region)]
    for serial in range(count):
        builder = Builder(world, *names[serial % len(names)])
        instance = builder.instance(f"app-{serial:05d}", tag_team=f"team-{serial % 17}", tag_env="prod")
        if serial % 50 == 0:
            builder.event(
                instance, "system-reboot", "The instance is scheduled for a reboot", 24 + serial % 300, 400
            )
        if serial % 200 == 0:
            instance.sick["instance"] = builder.ago(minutes=12)
