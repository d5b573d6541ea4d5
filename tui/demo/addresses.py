"""The public address that AWS assigns to an instance by itself: released at a stop, another one at a start.

Source: user guide, ec2-instance-lifecycle and using-instance-addressing (none with several interfaces or an Elastic IP).
"""

from __future__ import annotations

from typing import Any

Doc = dict[str, Any]


def assigned_by_aws(doc: Doc) -> Doc | None:
    """The association of such an address, if it has one."""
    interfaces = doc.get("NetworkInterfaces") or []
    association = interfaces[0].get("Association") if interfaces else None
    return association if association and association.get("IpOwnerId") == "amazon" else None


def release(doc: Doc) -> None:
    """Take a public address of AWS's own away from the instance, as a stop does; an Elastic IP stays."""
    if assigned_by_aws(doc) is None:
        return
    for key in ("PublicIpAddress", "PublicDnsName"):
        doc.pop(key, None)
    interface = doc["NetworkInterfaces"][0]
    interface.pop("Association", None)
    for address in interface.get("PrivateIpAddresses", []):
        if address.get("Primary"):
            address.pop("Association", None)


def has_several(doc: Doc) -> bool:
    """Whether none is assigned: with several interfaces, or with an Elastic IP."""
    interfaces = doc.get("NetworkInterfaces") or []
    private = interfaces[0].get("PrivateIpAddresses", []) if interfaces else []
    return len(interfaces) > 1 or any("Association" in address for address in private)


def assign(doc: Doc, region: str, number: int) -> None:
    """One that ends with the number."""
    address = f"203.0.113.{number}"
    name = f"ec2-{address.replace('.', '-')}.{region}.compute.amazonaws.com"
    association = {"IpOwnerId": "amazon", "PublicIp": address, "PublicDnsName": name}
    doc["PublicIpAddress"], doc["PublicDnsName"] = address, name
    interface = doc["NetworkInterfaces"][0]
    interface["Association"] = association
    interface["PrivateIpAddresses"][0]["Association"] = association
