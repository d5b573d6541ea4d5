"""Python loads this before a process whose PYTHONPATH leads here: a resolver that can fail, limits on time that a test can wait
for, and disks that are made up. The program itself knows nothing of it.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

NAME, LOST, WITHIN, MOUNTS = (
    os.environ.get(f"EVAC_TEST_{one}", "") for one in ("NAME", "LOST", "WITHIN", "MOUNTS")
)

if NAME:
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        """NAME is this machine, and nobody knows it while there is a file LOST."""
        if host != NAME:
            return resolve(host, *arguments, **options)
        if Path(LOST).exists():
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve("127.0.0.1", *arguments, **options)

    socket.getaddrinfo = getaddrinfo

if WITHIN:
    from tui.aws import sessions

    sessions.CONNECT_WITHIN = sessions.READ_WITHIN = float(WITHIN)  # type: ignore[assignment]  # botocore takes any number

if MOUNTS:
    from tui.operations import network_mounts

    network_mounts.MOUNTS = Path(MOUNTS)
