"""The demonstration's own folders and environment, and the start of its server in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

UNSET = (
    "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION",
    "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL_EC2", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_AUTO_SCALING", "AWS_CA_BUNDLE",
    "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2", "AWS_ENDPOINT_URL_CLOUDWATCH", "AWS_ENDPOINT_URL_CLOUDTRAIL",
    "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "HTTP_PROXY", "HTTPS_PROXY",
    "http_proxy", "https_proxy", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)  # fmt: skip
"""What a user's own shell may hold and the demonstration must not inherit."""


def environment(url: str, folder: Path) -> tuple[dict[str, str], list[str]]:
    """What to set and what to unset, for any AWS client and for evac's own processes."""
    sets = {
        "AWS_ENDPOINT_URL": url,
        "AWS_CONFIG_FILE": str(folder / "aws" / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "aws" / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "EVAC_DEMO": "1",
    }
    return sets, list(UNSET)


def write_folder(folder: Path, profiles: Sequence[Mapping[str, Any]], speed: float = 1.0) -> None:
    """Make the folders (0700) and the AWS files in them, as `aws configure` would; evac's settings fit its `speed`."""
    for name in ("aws", "config", "state", "cache"):
        (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    config, credentials = [], []
    for one in profiles:
        config.append(f"[profile {one['name']}]\nregion = {one['region']}\n")
        if one.get("role_arn"):
            config[-1] += f"role_arn = {one['role_arn']}\nsource_profile = {one['source_profile']}\n"
        else:
            credentials.append(
                f"[{one['name']}]\naws_access_key_id = {one['key']}\naws_secret_access_key = demo\n"
            )
    (folder / "aws" / "config").write_text("\n".join(config))
    (folder / "aws" / "credentials").write_text("\n".join(credentials))
    settings = folder / "config" / "evac" / "config.toml"
    if not settings.exists():
        settings.parent.mkdir(mode=0o700, exist_ok=True)
        regions = sorted({region for one in profiles for region in one.get("regions", ())})
        lines = [f"regions = {json.dumps(regions)}\n"] if regions else []
        lines.append('\n[cover]\nservice = "tag:service"\n')
        if speed > 1:  # as its instances reboot so many times faster
            lines.append(f"\n[actions]\nreboot_settle = {max(1.0, 120 / speed):.1f}\n")
        for one in profiles:
            if one.get("color"):
                lines.append(
                    f'\n[profiles.{one["name"]}]\nlabel = "{one["label"]}"\ncolor = "{one["color"]}"\n'
                )
                lines += ["production = true\n"] * bool(one.get("production"))
        settings.write_text("".join(lines))


@dataclass(frozen=True)
class Demo:
    """A running embedded AWS."""

    url: str
    environment: dict[str, str]
    unset: list[str]
    folder: Path
    profiles: list[str]
    regions: list[str]
    process: subprocess.Popen[str]

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def apply(self, environ: Mapping[str, str] | None = None) -> dict[str, str]:
        """A copy of an environment (this process's, by default) that leads here and nowhere else."""
        base = dict(os.environ if environ is None else environ)
        for name in self.unset:
            base.pop(name, None)
        return {**base, **self.environment}

    def control(self, path: str, body: Any = None, method: str | None = None) -> Any:
        """Ask a control path: `control("advance", {"seconds": 60})`, `control("calls")`."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_evac/{path}", data, method=method)  # noqa: S310 - loopback http
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
            return json.loads(answer.read() or b"{}")


def start(*arguments: str, seconds: float = 30) -> Demo:
    """Start the server and wait for its first line. Raises RuntimeError if it ends before."""
    command = [sys.executable, "-P", "-m", "tui.demo", "--parent-pid", str(os.getpid()), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.wait(seconds)
        raise RuntimeError(f"the embedded AWS did not start (exit code {process.returncode})")
    said = json.loads(line)
    return Demo(
        said["url"],
        said["environment"],
        said["unset"],
        Path(said["folder"]),
        said["profiles"],
        said["regions"],
        process,
    )
