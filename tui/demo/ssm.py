"""Systems Manager, as far as it tells which instances have an agent that reports.

Sources: ssm model (DescribeInstanceInformation: filters, 5 to 50 a page; nothing of stopped and terminated ones), user guide,
ssm-agent-status. Here every instance on Nitro has an agent, and loses its connection while it hangs.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tui.demo.instance import DemoInstance
from tui.demo.request import Request
from tui.demo.world import AwsError

Doc = dict[str, Any]
_KEYS = {
    "InstanceIds": "InstanceId",
    "PingStatus": "PingStatus",
    "PlatformType": "PlatformType",
    "ResourceType": "ResourceType",
}
_PAGE = 50
_LOST = timedelta(minutes=12)


def DescribeInstanceInformation(request: Request, params: Doc) -> Doc:
    """What the agents of this account in this Region told last."""
    wanted = []
    for one in params.get("Filters", ()):
        if one["Key"] not in _KEYS:
            raise AwsError(
                "InvalidFilterKey", f"The filter key {one['Key']} is not served by the embedded AWS"
            )
        wanted.append((_KEYS[one["Key"]], set(one["Values"])))
    found = [
        doc
        for instance in request.region.instances.values()
        if (doc := _told(request, instance)) is not None and all(doc[key] in values for key, values in wanted)
    ]
    size, start = int(params.get("MaxResults", _PAGE)), int(params.get("NextToken") or 0)
    answer: Doc = {"InstanceInformationList": found[start : start + size]}
    if start + size < len(found):
        answer["NextToken"] = str(start + size)
    return answer


def _told(request: Request, instance: DemoInstance) -> Doc | None:
    if instance.state != "running" or instance.doc.get("_xen"):
        return None
    hangs = bool({"instance", "system"} & instance.sick.keys())
    now = request.world.clock.now.replace(microsecond=0)
    windows = instance.doc.get("Platform") == "windows"
    return {
        "InstanceId": instance.id, "PingStatus": "ConnectionLost" if hangs else "Online",
        "LastPingDateTime": now - (_LOST if hangs else timedelta(seconds=40)), "AgentVersion": "3.3.2299.0",
        "IsLatestVersion": True, "PlatformType": "Windows" if windows else "Linux",
        "PlatformName": "Microsoft Windows Server" if windows else "Amazon Linux", "PlatformVersion": "2023",
        "ResourceType": "EC2Instance", "IPAddress": instance.doc.get("PrivateIpAddress", ""),
        "ComputerName": instance.doc.get("PrivateDnsName", ""),
    }  # fmt: skip
