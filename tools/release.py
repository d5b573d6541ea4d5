"""`make release`: build sdist and wheel of the commit that is checked out into dist/, and check what somebody would install.

The version stands in pyproject.toml alone; CHANGELOG.md must have a dated section for it. Both are built from what is committed,
the wheel from the sdist, and the wheel is installed by its pins (constraints.txt) into a fresh venv. Nothing is uploaded.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from email import message_from_string
from email.message import Message
from pathlib import Path

ROOT = Path(__file__).parents[1]
QUIET = ("--quiet", "--disable-pip-version-check")


def git(*arguments: str) -> str:
    """What git says, in the repository."""
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def demand(holds: object, line: str) -> None:
    """End with the line, unless it holds."""
    if not holds:
        sys.exit(f"no release: {line}")


def version() -> str:
    """The one in pyproject.toml, once the change log has a section for it."""
    told: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    heading = rf"^## \[{re.escape(told)}\] - \d{{4}}-\d\d-\d\d$"
    found = re.search(heading, (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    demand(found, f"CHANGELOG.md has no line '## [{told}] - YYYY-MM-DD'")
    return told


def built(told: str) -> tuple[Path, Path]:
    """sdist and wheel, made without the network from an export of HEAD."""
    dist = ROOT / "dist"
    names = dist / f"evac-{told}.tar.gz", dist / f"evac-{told}-py3-none-any.whl"
    for name in names:
        name.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "archive", "--output", f"{folder}/head.tar", "HEAD"], cwd=ROOT, check=True)
        with tarfile.open(f"{folder}/head.tar") as archive:
            archive.extractall(f"{folder}/evac", filter="data")
        command = [sys.executable, "-P", "-m", "build", "--no-isolation", "--outdir", str(dist)]
        subprocess.run([*command, f"{folder}/evac"], check=True, stdout=subprocess.DEVNULL)
    return names


def check_sdist(path: Path) -> None:
    """It holds every file of the commit: who has it can run the tests and read the documents."""
    with tarfile.open(path) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    missing = set(git("ls-files").splitlines()) - held - {".gitattributes"}
    demand(not missing, f"the sdist lacks {', '.join(sorted(missing)[:9])}")
    private = [name for name in held if name.startswith((".venv", ".git/", "dist/"))]
    demand(not private, f"the sdist holds {private[:3]}")


def metadata(path: Path) -> Message:
    """The wheel's METADATA."""
    with zipfile.ZipFile(path) as archive:
        (name,) = [one for one in archive.namelist() if one.endswith(".dist-info/METADATA")]
        return message_from_string(archive.read(name).decode())


def check_wheel(path: Path, told: str) -> None:
    """What an index and an installer read of it."""
    about = metadata(path)
    demand(about["Version"] == told, f"the wheel says version {about['Version']}")
    demand(about["Description-Content-Type"] == "text/markdown", "the README's type is not said")
    demand(len(str(about.get_payload())) > 1000, "the README is not in the wheel")
    demand(about["License-File"] == "LICENSE", "the licence is not in the wheel")
    with zipfile.ZipFile(path) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {*git("ls-files", "tui", "screens").splitlines(), "tui/config.example.toml"}
    demand(held == expected, f"the wheel's files differ: {sorted(held ^ expected)[:9]}")


def check_installed(path: Path, told: str) -> None:
    """As a user would: by its pins, into a venv of its own; then it is asked who it is, from elsewhere."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", f"{folder}/venv"], check=True)
        pip = [f"{folder}/venv/bin/python", "-m", "pip", *QUIET]
        subprocess.run([*pip, "install", "-c", str(ROOT / "constraints.txt"), str(path)], check=True)
        subprocess.run([*pip, "check"], check=True, stdout=subprocess.DEVNULL)
        asked = [f"{folder}/venv/bin/evac", "--version"]
        done = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=True)
        demand(done.stdout == f"evac {told}\n", f"installed, it says {done.stdout!r}")


def main() -> int:
    """0 once both are made and checked."""
    demand(not git("status", "--porcelain"), "something is not committed")
    told = version()
    sdist, wheel = built(told)
    check_sdist(sdist)
    check_wheel(wheel, told)
    check_installed(wheel, told)
    print(f"evac {told}: {sdist.relative_to(ROOT)} and {wheel.relative_to(ROOT)} are built and checked")
    print(f"then: git tag -a v{told} -m 'evac {told}'")
    return 0


if __name__ == "__main__":
    sys.exit(main())
