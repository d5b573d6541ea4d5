"""Who uses an AMI: what names it, and with whom it is shared.

Sources: ec2 model and API reference (DescribeImageReferences: 1 to 10 images, resource types or all; DescribeImageAttribute),
autoscaling model (DescribeLaunchConfigurations).
"""

from __future__ import annotations

from typing import Any

from tui.demo import filters
from tui.demo.request import Request
from tui.demo.world import AwsError

Doc = dict[str, Any]


def _image(request: Request, image_id: str) -> Doc:
    found: Doc | None = request.region.images.get(image_id)
    if found is None:
        raise AwsError("InvalidAMIID.NotFound", f"The image id '[{image_id}]' does not exist")
    return found


def DescribeImageReferences(request: Request, params: Doc) -> Doc:
    """The instances and launch templates that name these images."""
    region, wanted = request.region, params["ImageIds"]
    if not 1 <= len(wanted) <= 10:
        raise AwsError("InvalidParameterValue", "ImageIds takes 1 to 10 images")
    kinds = {one["ResourceType"] for one in params.get("ResourceTypes", [])}
    if not kinds and not params.get("IncludeAllResourceTypes"):
        raise AwsError(
            "MissingParameter", "Either IncludeAllResourceTypes or ResourceTypes must be specified"
        )
    holders: dict[str, list[tuple[str, Any]]] = {
        "ec2:Instance": [(f"instance/{one.id}", one.doc.get("ImageId")) for one in region.instances.values()],
        "ec2:LaunchTemplate": [
            (f"launch-template/{name}", image) for name, image in region.launch_templates.items()
        ],
    }
    found = [
        {"ImageId": image, "ResourceType": kind, "Arn": f"arn:aws:ec2:{region.name}:{region.account}:{name}"}
        for kind, pairs in holders.items()
        for name, image in pairs
        if image in wanted and (not kinds or kind in kinds)
    ]
    docs, token = filters.page(found, params)
    return {"ImageReferences": docs, "NextToken": token}


def DescribeImageAttribute(request: Request, params: Doc) -> Doc:
    """Of an AMI's attributes the launch permissions alone: with whom it is shared."""
    image = _image(request, params["ImageId"])
    if params["Attribute"] != "launchPermission":
        raise AwsError(
            "InvalidParameterValue", f"Value ({params['Attribute']}) for parameter attribute is invalid"
        )
    everybody = [{"Group": "all"}] if image.get("Public") else []
    return {
        "ImageId": image["ImageId"],
        "LaunchPermissions": everybody + image.get("_launch_permissions", []),
    }


def DescribeLaunchConfigurations(request: Request, params: Doc) -> Doc:
    """Launch configurations with the AMI each names, which that AMI is in use by."""
    docs = [
        {"LaunchConfigurationName": name, "ImageId": image}
        for name, image in request.region.launch_configurations.items()
    ]
    docs, token = filters.page(docs, params)
    return {"LaunchConfigurations": docs, "NextToken": token}
