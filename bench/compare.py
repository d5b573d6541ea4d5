"""`make bench-compare A=… B=…`: two result files beside each other, ratio by ratio."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main() -> None:
    """Print what both have."""
    one, other = (
        {f["what"]: f for f in json.loads(Path(name).read_text())["figures"]} for name in sys.argv[1:3]
    )
    for what in [name for name in one if name in other]:
        before, after = one[what]["ratio"], other[what]["ratio"]
        change = f"{after / before - 1:+.0%}" if before and after else ""
        sys.stdout.write(f"{what:62} {one[what]['evac']:>24} {other[what]['evac']:>24}  {change}\n")


if __name__ == "__main__":
    main()
