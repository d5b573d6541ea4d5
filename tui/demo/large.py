"""A large fleet to measure with: any number of accounts and regions, instances as big on the wire as real ones (4–8 KB)."""

from __future__ import annotations

from typing import Any

from tui.demo.sample import Builder
from tui.demo.world import REGIONS, Account, Identity, World

Doc = dict[str, Any]
_WORDS = ("checkout", "ledger", "search", "billing", "media", "gateway", "batch", "reports", "auth", "mail")


def profiles(accounts: int, regions: int) -> list[Doc]:
    """One profile per account, all with the same regions."""
    names = [name for name, opt in REGIONS.items() if opt != "not-opted-in"][:regions]
    return [
        {"name": f"acct-{number:02d}", "key": f"AKIALARGE{number:011d}", "account": f"9{number:011d}",
         "region": names[0], "regions": names}
        for number in range(1, accounts + 1)
    ]  # fmt: skip


def populate(world: World, count: int, accounts: int, regions: int) -> None:
    """`count` instances, spread evenly: every 50th with an event, every 100th impaired."""
    places = []
    for one in profiles(accounts, regions):
        account = one["account"]
        world.accounts[account] = Account(account, one["name"])
        world.identities[one["key"]] = Identity(account, f"arn:aws:iam::{account}:user/oncall")
        places += [(account, region) for region in one["regions"]]
    builders = [Builder(world, account, region) for account, region in places]
    for serial in range(count):
        builder = builders[serial % len(builders)]
        word = _WORDS[serial % len(_WORDS)]
        kind = ("m6i.large", "c6i.xlarge", "r6i.8xlarge", "t3.medium")[serial % 4]
        instance = builder.instance(
            f"{word}-{serial:05d}", kind, "abc"[serial % 3], ip=("", "", "auto", "eip")[serial % 4],
            tags=_tags(serial, word), **_rest(world, serial),
        )  # fmt: skip
        _fill(world, instance.doc, serial)
        turn = serial + serial // len(builders)  # so that no place has all of it
        if turn % 50 == 7:
            builder.event(
                instance, "system-reboot", "The instance is scheduled for a reboot", 1 + serial % 300, 400
            )
        if turn % 100 == 13:
            instance.sick[("instance", "system")[turn % 200 == 13]] = builder.ago(minutes=12)


def _tags(serial: int, word: str) -> dict[str, str]:
    return {
        "team": f"team-{serial % 17}",
        "env": ("prod", "prod", "staging")[serial % 3],
        "service": word,
        "cost-center": f"cc-{serial % 40:04d}",
        "owner": f"{word}-oncall@example.com",
        "terraform": f"modules/{word}/instance?ref=v1.{serial % 30}.0",
        "aws:cloudformation:stack-name": f"{word}-stack-{serial % 50}",
        "aws:cloudformation:stack-id": f"arn:aws:cloudformation:eu-west-1:900000000001:stack/{word}-{serial % 50}/0a1b",
        "backup": "daily",
    }


def _rest(world: World, serial: int) -> Doc:
    """Fields of a real answer that evac does not read."""
    return {
        "AmiLaunchIndex": 0,
        "ClientToken": f"terraform-{serial:020d}",
        "EnaSupport": True,
        "SourceDestCheck": True,
        "Monitoring": {"State": "enabled"},
        "CpuOptions": {"CoreCount": 2, "ThreadsPerCore": 2},
        "CapacityReservationSpecification": {"CapacityReservationPreference": "open"},
        "EnclaveOptions": {"Enabled": False},
        "MetadataOptions": {"State": "applied", "HttpTokens": "required", "HttpPutResponseHopLimit": 2,
                            "HttpEndpoint": "enabled", "HttpProtocolIpv6": "disabled", "InstanceMetadataTags": "disabled"},
        "PrivateDnsNameOptions": {"HostnameType": "ip-name", "EnableResourceNameDnsARecord": False,
                                  "EnableResourceNameDnsAAAARecord": False},
        "IamInstanceProfile": {"Arn": "arn:aws:iam::900000000001:instance-profile/node", "Id": world.hex_id("AIPA")},
        "UsageOperation": "RunInstances",
        "CurrentInstanceBootMode": "legacy-bios",
        "SecurityGroups": [{"GroupId": f"sg-0a1b2c3d4e5f6071{n}", "GroupName": f"group-{n}"} for n in range(3)],
    }  # fmt: skip


def _fill(world: World, doc: Doc, serial: int) -> None:
    eni = doc["NetworkInterfaces"][0]
    eni |= {
        "Description": "Primary network interface", "MacAddress": f"0a:1b:2c:3d:{serial // 250 % 250:02x}:{serial % 250:02x}",
        "VpcId": doc["VpcId"], "SubnetId": doc["SubnetId"], "SourceDestCheck": True, "InterfaceType": "interface",
        "PrivateDnsName": doc["PrivateDnsName"], "Groups": doc["SecurityGroups"],
    }  # fmt: skip
    for device in ("/dev/sdg", "/dev/sdh"):
        attached = {"AttachTime": doc["LaunchTime"], "DeleteOnTermination": False, "Status": "attached"}
        doc["BlockDeviceMappings"].append(
            {"DeviceName": device, "Ebs": {"VolumeId": world.hex_id("vol"), **attached}}
        )
