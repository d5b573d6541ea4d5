"""How fast a fleet is read, and at what cost: evac's collector, a script with boto3, the AWS CLI in a loop."""

from __future__ import annotations

import json
import sys
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

from bench.tools import PEERS, ROOT, Figure, clean, cpu, evac, fleet, median, timed
from tui.demo.environment import Demo


def parser(repeat: int) -> list[Figure]:
    """CPU of botocore's parser against ours on the same bodies, one after the other: the memory that one gives back is not
    for the other to fetch again."""
    program = (
        "import json,time\nfrom bench.bodies import bodies\nfrom tui.aws import parser\n"
        "from botocore.parsers import create_parser\n"
        "def spent(read):\n"
        "  times = []\n"
        f"  for _ in range({repeat}):\n"
        "    t=time.process_time(); read(); times.append(time.process_time()-t)\n"
        "  return sorted(times)[len(times)//2]\n"
        "out=[]\n"
        "for op, body, n in bodies(1000):\n"
        "  theirs = create_parser('ec2'); answer = {'body':body,'headers':{},'status_code':200}\n"
        "  out.append((op.name, spent(lambda: parser.parse_answer(op, body)),"
        " spent(lambda: theirs.parse(answer, op.output_shape)), len(body)/n))\n"
        "print(json.dumps(out))\n"
    )
    _, _, out = timed([sys.executable, "-c", program], {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"})
    found = []
    for name, ours, theirs, size in json.loads(out):
        found.append(
            Figure(
                f"parse 1,000 of {name} ({size / 1024:.1f} KB each), CPU",
                f"{ours * 1000:.0f} ms",
                f"botocore {theirs * 1000:.0f} ms",
                ours / theirs,
                "≤ 0.20",
                ours / theirs <= 0.20,
                values={"evac": ours, "botocore": theirs},
            )
        )
    return found


def server(demo: Demo) -> Figure:
    """The server by itself: the same answer over one connection, as fast as it comes."""
    host = urlsplit(demo.url)
    connection = HTTPConnection(host.hostname or "", host.port)
    scope = "Credential=AKIALARGE00000000001/20260101/us-east-1/ec2/aws4_request"
    headers = {"Authorization": scope, "Content-Type": "application/x-www-form-urlencoded"}
    body, size, count = "Action=DescribeInstances&MaxResults=1000", 0, 0
    before, begun = cpu(demo.process.pid), time.monotonic()
    while time.monotonic() - begun < 3:
        connection.request("POST", "/", body, headers)
        size += len(connection.getresponse().read())
        count += 1
    wall, used = time.monotonic() - begun, cpu(demo.process.pid) - before
    return Figure(
        "fleet server alone, bare HTTP loop",
        f"{count / wall:.0f} answers/s, {size / wall / 1e6:.0f} MB/s",
        note=f"{used / wall:.0%} of a core",
        values={"answers_per_second": count / wall, "bytes_per_second": size / wall},
    )


def full(repeat: int, instances: int = 10_000) -> list[Figure]:
    """10,000 instances in 20 x 5 targets."""
    with fleet(instances, 20, 5) as demo:
        with clean(demo) as environ:  # the server's answers are made once, before anything is measured
            names, regions = ",".join(demo.profiles), ",".join(demo.regions)
            timed([sys.executable, str(PEERS / "boto3_pool.py"), names, regions], environ)
            timed([sys.executable, "-m", "bench.follow", str(instances)], environ)
        found = [server(demo)]
        ours: list[dict[str, float]] = []
        pool: list[tuple[float, float, dict[str, float]]] = []
        shares: list[float] = []
        for _ in range(repeat):
            with clean(demo) as environ:
                before = cpu(demo.process.pid)
                demo.control("calls", method="DELETE")
                _, used, out = timed([sys.executable, "-m", "bench.follow", str(instances)], environ)
                one = json.loads(out)
                one["cpu"] = used
                one["calls"] = len(demo.control("calls"))
                shares.append((cpu(demo.process.pid) - before) / used)
                ours.append(one)
                wall, used, out = timed(
                    [sys.executable, str(PEERS / "boto3_pool.py"), names, regions], environ
                )
                pool.append((wall, used, json.loads(out)))
        with clean(demo) as environ:
            loop = [_cli(environ, demo.profiles[n], demo.regions[n % 5]) for n in range(3)]
    targets = len(demo.profiles) * len(demo.regions)
    cli = median(loop) * targets
    wall = median([one["all"] for one in ours])
    used = median([one["cpu"] for one in ours])
    lean = median([one["cpu_all"] for one in ours])
    trouble = median([one["trouble"] for one in ours])
    peer_wall, peer_used = median([one[2]["all"] for one in pool]), median([one[1] for one in pool])
    calls = f"{median([one['calls'] for one in ours]):.0f} calls, AMIs and types included"
    found += [
        Figure("full read, 10,000 in 100 targets, wall", f"{wall:.1f} s", f"AWS CLI loop {cli:.0f} s", cli / wall,
               "≥ 10", cli / wall >= 10, f"CLI: 3 targets measured, x{targets / 3:.0f}", {"evac": wall, "cli": cli}),
        Figure("the same, CPU until every row and check is there", f"{lean:.1f} s", f"boto3, 16 threads {peer_used:.1f} s",
               lean / peer_used, "≤ 0.33", lean / peer_used <= 0.334, "collector and store; exec to full inventory",
               {"evac": lean, "boto3": peer_used}),
        Figure("the same, CPU of everything evac reads at a start", f"{used:.1f} s", f"boto3, 16 threads {peer_used:.1f} s",
               used / peer_used, "", None, calls, {"evac": used}),
        Figure("the same, wall", f"{wall:.1f} s", f"boto3, 16 threads {peer_wall:.1f} s", wall / peer_wall, "", None,
               values={"evac": wall, "boto3": peer_wall}),
        Figure("first trouble, share of the time to the full inventory", f"{trouble:.2f} s of {wall:.2f} s", "",
               trouble / wall, "≤ 0.10", trouble / wall <= 0.10, values={"trouble": trouble, "all": wall}),
        Figure("server's CPU beside evac's", f"{median(shares):.0%}", "", median(shares), "≤ 0.10", median(shares) <= 0.10),
    ]  # fmt: skip
    return found


def _cli(environ: dict[str, str], profile: str, region: str) -> float:
    total = 0.0
    for call in (["describe-instances"], ["describe-instance-status", "--include-all-instances"]):
        command = [sys.executable, "-m", "awscli", "ec2", *call, "--profile", profile, "--region", region]
        total += timed([*command, "--output", "json"], environ)[0]
    return total


def commands(repeat: int) -> list[Figure]:
    """Commands that a script calls."""
    found = []
    with fleet(0, 1, 1) as demo, clean(demo) as environ:
        bare = median([timed([sys.executable, "-c", "pass"], environ)[0] for _ in range(repeat)])
        boto = median([timed([sys.executable, "-c", "import boto3"], environ)[0] for _ in range(repeat)])
        for arguments in (("--version",), ("events",)):
            wall = median([timed(evac(*arguments), environ)[0] for _ in range(repeat)])
            what = f"evac {' '.join(arguments)}" + ("" if arguments == ("--version",) else ", empty account")
            peer = f"python {bare * 1000:.0f} ms, import boto3 {boto * 1000:.0f} ms"
            found.append(
                Figure(what, f"{wall * 1000:.0f} ms", peer, values={"evac": wall, "import_boto3": boto})
            )
    return found
