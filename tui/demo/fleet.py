"""The sample fleet: every event code in every state, every failing check, every hazard, with believable names."""

from __future__ import annotations

from tui.demo.console import Console, facts_of
from tui.demo.cover_sample import cover_all
from tui.demo.instance import DemoInstance
from tui.demo.sample import DATA, PROD, STAGING, Builder, accounts
from tui.demo.world import World

DEGRADED = "The instance is running on degraded hardware"
REBOOT = "The instance is scheduled for a reboot"
STORE_ROOT = {"RootDeviceType": "instance-store", "RootDeviceName": "/dev/sda1"}


def prod_seoul(b: Builder) -> None:
    """Payments; the screens' examples are here."""
    payments = b.image(
        b.instance("payments-db-1", "r6i.4xlarge", ip="eip", tag_team="payments", tag_env="prod"), 0.4
    )
    payments.doc["Monitoring"]["State"] = "enabled"
    b.fail(payments, "host", 6)
    b.event(payments, "instance-stop", DEGRADED, 3.2)
    peers = [
        b.image(b.instance(f"payments-db-{n}", "r6i.4xlarge", zone, ip="eip"), 0.4)
        for n, zone in ((2, "b"), (3, "c"))
    ]
    b.balance("pay-db", {payments: "healthy", peers[0]: "healthy", peers[1]: "healthy"})
    webs = [
        b.instance(f"web-{n}", "m5.large", "abc"[n % 3], ip="auto", tag_env="prod", tag_role="web")
        for n in range(1, 9)
    ]
    b.event(webs[6], "system-reboot", REBOOT, 21, 160)
    b.event(webs[2], "instance-reboot", "scheduled reboot", 50, 240)
    b.group("web-prod", webs, 6)
    b.balance("web", dict.fromkeys(webs, "healthy"), "web-prod")
    b.event(
        b.instance("cache-1", "r6i.large", "b"),
        "system-maintenance",
        "Scheduled network maintenance",
        30,
        until=32,
    )
    b.event(
        b.instance("cache-2", "r6i.large", "c"),
        "system-maintenance",
        "Scheduled power maintenance",
        54,
        90,
        until=56,
    )
    two = b.instance("ledger-1", "m6i.2xlarge", "a", ip="auto")
    b.event(two, "system-reboot", REBOOT, 80, 200)
    b.event(two, "instance-retirement", DEGRADED, 150)
    b.event(b.instance("ledger-2", "m6i.2xlarge", "b"), "instance-reboot", f"[Completed] {REBOOT}", -30)
    b.event(
        b.instance("ledger-3", "m6i.2xlarge", "c"),
        "system-maintenance",
        "[Canceled] Scheduled power maintenance",
        40,
    )
    search = [b.instance("search-1", "c6i.xlarge", "a"), b.instance("search-2", "c6i.xlarge", "b")]
    b.event(search[0], "system-reboot", REBOOT, -0.2)
    b.event(search[1], "instance-stop", DEGRADED, -2)
    b.classic("search", search)
    guarded = b.instance("vault-1", "m6i.large", "c", ip="eip", tag_team="security")
    guarded.attributes["disableApiStop"] = guarded.attributes["disableApiTermination"] = True
    guarded.shutdown_behavior = "terminate"
    b.event(guarded, "instance-stop", DEGRADED, 100)
    eni = b.instance("nat-1", "c6i.large", "a", ip="auto")
    second = {**eni.doc["NetworkInterfaces"][0], "NetworkInterfaceId": b.world.hex_id("eni")}
    second.pop("Association", None)
    second["PrivateIpAddresses"] = [{"PrivateIpAddress": "10.2.9.9", "Primary": True}]
    second["Attachment"] = {**second["Attachment"], "DeviceIndex": 1}
    eni.doc["NetworkInterfaces"].append(second)
    eni.agent = "absent"
    search[0].agent, search[1].agent = "custom", "host"
    b.routed("rtb-0a1b2c3d4e5f60718", None, "", main=True)
    b.routed("rtb-0a1b2c3d4e5f60719", eni, "b")
    secondary = b.instance("mail-1", "t3.medium", "b", ip="auto")
    secondary.agent = "absent"
    extra = {"PublicIp": "198.51.100.200", "IpOwnerId": PROD}
    secondary.doc["NetworkInterfaces"][0]["PrivateIpAddresses"].append(
        {"PrivateIpAddress": "10.2.9.10", "Primary": False, "Association": extra}
    )
    for name, number in (("eks-node-a", "1"), ("eks-node-b", "2")):
        b.instance(
            name,
            "m6i.xlarge",
            "a",
            tags={"eks:cluster-name": "prod", "kubernetes.io/cluster/prod": "owned", "node": number},
        )
    managed = b.instance("eks-auto-1", "m6i.xlarge", "b")
    managed.doc["Operator"] = {"Managed": True, "Principal": "eks.amazonaws.com"}


def prod_virginia(b: Builder) -> None:
    """The edge."""
    b.event(
        b.image(b.instance("bastion", "t3.small", ip="auto"), 40), "instance-retirement", DEGRADED, 6 * 24
    )
    b.event(
        b.instance("edge-1", "c6i.large", "b", ip="eip"),
        "instance-retirement",
        f"[Completed] {DEGRADED}",
        -60,
    )
    probe = b.instance("edge-2", "c6i.large", "c", ip="eip")
    b.fail(probe, "oom", 11)
    app = b.instance("checkout-1", "m6i.large", "a")
    b.fail(app, "overload", 4)
    slow = b.instance("checkout-2", "m6i.large", "b")
    b.fail(slow, "busy", 50)
    b.instance("checkout-3", "m6i.large", "c").insufficient = True
    fresh = b.instance("checkout-4", "m6i.large", "a")
    fresh._initialize()
    last = b.instance("report-1", "m6i.large", "b")
    b.balance("report", {last: "healthy"})
    b.event(last, "instance-stop", DEGRADED, 70)
    hostile = b.instance(
        '=HYPERLINK("x")[red]\u202eevil\x1b]0;owned\x07',
        "t3.nano",
        "c",
        ip="auto",
        tags={"note": "[bold]markup[/]"},
    )
    hostile.serial = Console("hostile", b.ago(days=9), b.ago(minutes=30), facts=facts_of(hostile.doc))
    b.instance("", "t3.micro", "a")
    for number, state in (("standby-1", "stopped"), ("standby-2", "stopped")):
        b.instance(number, "m6i.large", "b", state=state)
    stuck = b.instance("stuck-1", "m6i.large", "c", state="stopping")
    stuck.stuck_stopping = True
    down = b.instance("down-1", "m6i.large", "a", state="stopped")
    down.ran.clear()
    down.ran.add(down.doc["LaunchTime"], b.ago(hours=5))
    text = "Stopped due to a scheduled retirement"
    down.doc["StateReason"] = {"Code": "Server.ScheduledStop", "Message": f"Server.ScheduledStop: {text}"}
    down.doc["StateTransitionReason"] = f"Server.ScheduledStop ({b.ago(hours=5):%Y-%m-%d %H:%M:%S} GMT)"
    b.event(down, "instance-stop", f"[Completed] {DEGRADED}", -5)


def data_virginia(b: Builder) -> None:
    """Batch and storage: instance store, spot, Xen instances."""
    batch = b.instance("batch-14", "i3.2xlarge", "c")
    b.fail(batch, "volume-stall", 21)
    for serial in (1, 2, 3):
        b.instance(f"batch-{serial}", "i3.2xlarge", "c")
    b.event(b.instance("kafka-1", "i4i.large", "a"), "instance-stop", DEGRADED, 60)
    b.event(b.instance("kafka-2", "i4i.large", "b"), "system-reboot", REBOOT, 90, 200)
    b.event(b.instance("old-root", "m3.medium", "a", **STORE_ROOT), "instance-retirement", DEGRADED, 200)
    b.instance("hadoop-1", "d2.xlarge", "b", placement={"GroupName": "hadoop", "PartitionNumber": 2})
    for name, persistent in (("spot-etl-1", True), ("spot-etl-2", False)):
        spot = b.instance(
            name, "c6i.2xlarge", "a", InstanceLifecycle="spot", SpotInstanceRequestId=b.world.hex_id("sir")
        )
        spot.doc["_one_time_spot"] = not persistent
        request = spot.doc["SpotInstanceRequestId"]
        b.region.spot_requests[request] = {
            "SpotInstanceRequestId": request, "InstanceId": spot.id, "State": "active",
            "Type": "persistent" if persistent else "one-time",
        }  # fmt: skip
    for name, state in (("licence-1", "available"), ("licence-2", "permanent-failure")):
        host = b.world.hex_id("h")
        b.region.hosts[host] = {
            "HostId": host,
            "State": state,
            "AvailabilityZone": b.name + "a",
            "AutoPlacement": "off",
        }
        placement = {"Tenancy": "host", "HostId": host, "Affinity": "host"}
        b.event(b.instance(name, "m6i.large", "a", placement=placement), "instance-reboot", REBOOT, 300, 460)
    b.instance("hpc-1", "c6i.4xlarge", "b", placement={"GroupName": "hpc-cluster"})
    b.instance("reserved-1", "p3.2xlarge", "b", CapacityReservationId=b.world.hex_id("cr"))
    b.instance("dream-1", "m6i.large", "c", HibernationOptions={"Configured": True})
    b.instance(
        "market-1",
        "m6i.large",
        "c",
        ProductCodes=[{"ProductCodeId": "abc123", "ProductCodeType": "marketplace"}],
    )
    b.instance("build-mac", "mac2.metal", "c")
    both = b.image(b.instance("warehouse-1", "r6i.8xlarge", "a"), 9)
    b.fail(both, "host-and-volumes", 120)


def data_ireland(b: Builder) -> None:
    """Analytics."""
    disabled = b.instance("notebook-1", "m6i.large", "a", ip="auto")
    disabled.doc["MaintenanceOptions"]["RebootMigration"] = "disabled"
    b.event(disabled, "system-reboot", REBOOT, 20, 100)
    for serial in range(2, 7):
        b.image(b.instance(f"notebook-{serial}", "m6i.large", "b", ip="auto"), serial)
    b.image(b.instance("metal-1", "i3.metal", "a"), 0.01, "pending")
    b.instance(
        "edge-outpost",
        "m5.large",
        "a",
        OutpostArn="arn:aws:outposts:eu-west-1:222233334444:outpost/op-0123456789abcdef0",
    )


def staging(b: Builder) -> None:
    """A rehearsal of everything."""
    instances: list[DemoInstance] = [
        b.instance(f"stage-web-{n}", "t3.medium", "ab"[n % 2], ip="auto", tag_env="staging")
        for n in range(1, 7)
    ]
    b.group("stage-web", instances[:3], 3)
    b.event(instances[4], "instance-reboot", REBOOT, 10, 20)
    b.event(instances[5], "system-reboot", REBOOT, 0.05, 30)


def staging_seoul(b: Builder) -> None:
    """Load tests."""
    for serial in range(1, 6):
        b.instance(f"load-{serial}", "c6i.xlarge", "a", tag_env="staging")


def data_rest(b: Builder) -> None:
    """Rarer kinds."""
    windows = b.instance("ad-1", "m6i.large", "b", Platform="windows", PlatformDetails="Windows")
    b.event(windows, "instance-reboot", REBOOT, 26, 120)
    gpu = b.instance("gpu-1", "p4d.24xlarge", "c", InstanceLifecycle="capacity-block")
    b.instance("jump-old", "t2.small", "a", ip="auto")
    b.kept_by(windows, "backup", 20)
    b.kept_by(gpu, "dlm", 7)


def populate(world: World) -> None:
    """The sample fleet."""
    accounts(world)
    prod_seoul(Builder(world, PROD, "ap-northeast-2"))
    prod_virginia(Builder(world, PROD, "us-east-1"))
    data_virginia(Builder(world, DATA, "us-east-1"))
    data_ireland(Builder(world, DATA, "eu-west-1"))
    staging(Builder(world, STAGING, "eu-west-1"))
    staging_seoul(Builder(world, STAGING, "ap-northeast-2"))
    data_rest(Builder(world, DATA, "us-east-1"))
    cover_all(world)
