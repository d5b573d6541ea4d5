"""Classic load balancers: which there are, and what they find of their instances.

Sources: elb model (2012-06-01; InstanceState), classic load balancer guide (a stopped instance stays registered, OutOfService).
Unsourced, built as commonly seen: an instance that runs again is in service at once.
"""

from __future__ import annotations

from typing import Any

from tui.demo.request import Request
from tui.demo.world import AwsError

Doc = dict[str, Any]


def _named(request: Request, name: str) -> Doc:
    found: Doc | None = request.region.classic.get(name)
    if request.service != "elb" or found is None:
        raise AwsError("LoadBalancerNotFound", f"There is no ACTIVE Load Balancer named '{name}'")
    return found


def DescribeLoadBalancers(request: Request, params: Doc) -> Doc:
    """The classic load balancers of the region (elbv2 has an operation of the same name)."""
    if request.service != "elb":
        return {"LoadBalancers": []}
    return {"LoadBalancerDescriptions": list(request.region.classic.values())}


def DescribeInstanceHealth(request: Request, params: Doc) -> Doc:
    """The health of each registered instance."""
    rows = []
    for one in _named(request, params["LoadBalancerName"])["Instances"]:
        instance = request.region.instances.get(one["InstanceId"])
        up = instance is not None and instance.serves
        why = {"ReasonCode": "N/A", "Description": "N/A"}
        if instance is not None and instance.rebooting:
            text = (
                "Instance has failed at least the UnhealthyThreshold number of health checks consecutively."
            )
            why = {"ReasonCode": "Instance", "Description": text}
        elif not up:
            why = {"ReasonCode": "Instance", "Description": "Instance is in stopped state."}
        rows.append({**one, "State": "InService" if up else "OutOfService", **why})
    return {"InstanceStates": rows}


def CreateLoadBalancer(request: Request, params: Doc) -> Doc:
    """Minimal: what the contract suite needs."""
    if request.service != "elb":
        raise AwsError("InvalidAction", "CreateLoadBalancer of elbv2 is not served by the embedded AWS")
    name, region = params["LoadBalancerName"], request.region
    region.classic[name] = {"LoadBalancerName": name, "Instances": []}
    return {"DNSName": f"{name}.{region.name}.elb.amazonaws.com"}


def RegisterInstancesWithLoadBalancer(request: Request, params: Doc) -> Doc:
    """Register instances; those already registered stay."""
    held: list[Doc] = _named(request, params["LoadBalancerName"])["Instances"]
    held += [one for one in params["Instances"] if one not in held]
    return {"Instances": held}
