"""The best a script can do: boto3, 16 threads, a session a profile, one shared loader. Prints JSON."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

import boto3
import botocore.session
from botocore.loaders import Loader

begun = time.monotonic()
profiles, regions = sys.argv[1].split(","), sys.argv[2].split(",")
loader = Loader()
loader.load_service_model("ec2", "service-2")
clients = {}
for profile in profiles:
    core = botocore.session.Session(profile=profile)
    core.register_component("data_loader", loader)
    session = boto3.session.Session(botocore_session=core)
    for region in regions:
        clients[profile, region] = session.client("ec2", region_name=region)


def read(target):
    """Both calls of one target."""
    client = clients[target]
    rows = [
        row
        for page in client.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 1000})
        for one in page["Reservations"]
        for row in one["Instances"]
    ]
    checks = [
        row
        for page in client.get_paginator("describe_instance_status").paginate(
            IncludeAllInstances=True, PaginationConfig={"PageSize": 1000}
        )
        for row in page["InstanceStatuses"]
    ]
    return rows, checks


first, count, checked, trouble = 0.0, 0, 0, 0.0
with ThreadPoolExecutor(16) as pool:
    for done in as_completed([pool.submit(read, target) for target in clients]):
        rows, checks = done.result()
        first = first or time.monotonic() - begun
        if not trouble and any(one.get("Events") for one in checks):
            trouble = time.monotonic() - begun
        count, checked = count + len(rows), checked + len(checks)
sys.stdout.write(
    json.dumps(
        {
            "first": first,
            "trouble": trouble,
            "all": time.monotonic() - begun,
            "rows": count,
            "checks": checked,
        }
    )
)
