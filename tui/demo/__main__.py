"""`python -P -m tui.demo`: serve until told to stop, or until the parent is gone. Prints one line of JSON first."""

from __future__ import annotations

import argparse
import atexit
import gc
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path
from types import FrameType

from tui.demo import campaign, large, large_cover
from tui.demo.clock import Clock
from tui.demo.environment import environment, write_folder
from tui.demo.fleet import populate
from tui.demo.sample import PROFILES, SAMPLE_REGIONS, scale
from tui.demo.server import Server
from tui.demo.world import World


def _leave(signum: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Parse the options, build the fleet, serve."""
    parser = argparse.ArgumentParser(prog="python -P -m tui.demo")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--speed", type=float, default=4.0, help="how many times faster instances stop, start and recover"
    )
    parser.add_argument(
        "--lag", type=float, default=0.0, help="seconds for which describes answer from before a change"
    )
    parser.add_argument(
        "--scale", type=int, default=0, help="instances of a generated fleet beside the sample"
    )
    parser.add_argument("--into", default="", help="account/region that takes them all; else they are spread")
    parser.add_argument(
        "--accounts",
        type=int,
        default=0,
        help="spread the generated fleet over so many accounts of its own, no sample",
    )
    parser.add_argument("--regions", type=int, default=5, help="regions of each of those accounts")
    parser.add_argument(
        "--cover", action="store_true", help="an alarm and an AMI of each instance of them, and AWS Health"
    )
    parser.add_argument(
        "--campaign",
        type=int,
        default=0,
        help="so many instances in groups of every kind, all with a stop to come",
    )
    parser.add_argument("--calm", action="store_true", help="of those, none that a campaign would leave out")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--now", type=datetime.fromisoformat, default=None)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--parent-pid", type=int, default=0)
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)

    def build() -> World:
        world = World(Clock(args.now, args.speed), args.seed, args.lag)
        if args.campaign:
            campaign.populate(world, args.campaign, calm=args.calm)
        if args.accounts:
            large.populate(world, args.scale, args.accounts, args.regions)
            if args.cover:
                large_cover.populate(world)
        if args.campaign or args.accounts:
            return world
        populate(world)
        if args.scale:
            scale(world, args.scale, args.into)
        return world

    try:
        server = Server(build, args.port)
    except OSError as error:
        sys.exit(f"evac: port {args.port}: {error.strerror}")
    folder = args.folder or Path(tempfile.mkdtemp(prefix="evac-demo-"))
    profiles = (
        large.profiles(args.accounts, args.regions) if args.accounts else [] if args.campaign else PROFILES
    )
    regions = profiles[0]["regions"] if args.accounts else SAMPLE_REGIONS
    if args.campaign:
        profiles = [*campaign.PROFILES, *profiles]
        regions = tuple(dict.fromkeys(region for one in profiles for region in one["regions"]))
    write_folder(folder, profiles, args.speed)
    if args.parent_pid:
        threading.Thread(target=_watch, args=(args.parent_pid,), daemon=True).start()
    sets, unsets = environment(server.url, folder)
    line = {"url": server.url, "environment": sets, "unset": unsets, "folder": str(folder), "pid": os.getpid(),
            "profiles": [one["name"] for one in profiles], "regions": list(regions)}  # fmt: skip
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    finally:
        server.server_close()
        if args.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    atexit.register(gc.freeze)  # or it looks for garbage at its end
    main()
