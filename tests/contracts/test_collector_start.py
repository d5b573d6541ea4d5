"""What the collector loads before it can ask AWS: each module there is time until the first trouble is on screen."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import tui.fleet.collector.__main__
from tui.fleet.collector.cache import Cache
from tui.config.sections import CacheSettings
Cache(CacheSettings(), print)
for name in ("redis", "aiomcache", "boto3", "s3transfer", "textual", "tui.aws.mutate"):
    if sys.modules.get(name) is not None:
        print(name)
import redis  # whoever wants it later finds it
"""


def test_the_eyes_start_without_what_they_do_not_need() -> None:
    done = subprocess.run([sys.executable, "-P", "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
