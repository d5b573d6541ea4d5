"""`make matrix`: the tests on every Python from 3.11 on that is installed, and on the oldest Textual that pyproject.toml allows.

Each pair gets a venv under .matrix/, pinned by constraints.txt but for Textual: the newest of the range, or the oldest. A Python
is looked for on the PATH and among pyenv's. One that is missing is said, and is no failure: the classifiers in pyproject.toml
name those that were run. Arguments go to pytest instead of TESTS.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
TESTS = ("tests/unit", "tests/screens", "tests/contracts", "tests/e2e")
PICTURES = "tests/screens/test_snapshots_"
"""Drawn by the newest Textual: another draws a border otherwise now and then."""
QUIET = ("--quiet", "--disable-pip-version-check")


def project() -> dict[str, object]:
    """The table [project]."""
    found: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return found


def textual_range() -> tuple[str, str]:
    """The requirement, and its lower end."""
    dependencies = project()["dependencies"]
    assert isinstance(dependencies, list)
    requirement = next(str(one) for one in dependencies if re.match(r"textual\b", str(one)))
    lowest = re.search(r">=([\d.]+)", requirement)
    assert lowest is not None, requirement
    return requirement, lowest[1]


def python(version: str) -> str | None:
    """The path of an interpreter of that version; what only pretends to be one (a shim) is passed over."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    on_path = shutil.which(f"python{version}")
    found = [str(one) for one in sorted(pyenv.glob(f"{version}.*/bin/python"), reverse=True)]
    for one in [on_path, *found] if on_path else found:
        done = subprocess.run([one, "-c", "import ensurepip"], capture_output=True, check=False)
        if done.returncode == 0:
            return one
    return None


def prepared(interpreter: str, version: str, textual: str) -> Path:
    """The python of a venv with evac, its development tools and that Textual."""
    venv = ROOT / ".matrix" / f"{version}-{textual}"
    inside = venv / "bin" / "python"
    if not inside.exists():
        subprocess.run([interpreter, "-m", "venv", str(venv)], check=True)
    pins = (ROOT / "constraints.txt").read_text()
    (venv / "constraints.txt").write_text(re.sub(r"(?mi)^textual==.*\n", "", pins))
    requirement, lowest = textual_range()
    wanted = requirement if textual == "newest" else f"textual=={lowest}"
    install = [str(inside), "-m", "pip", "install", *QUIET, "-c", str(venv / "constraints.txt")]
    subprocess.run([*install, "--upgrade", "-e", ".[dev]", wanted], cwd=ROOT, check=True)
    return inside


def run(version: str, textual: str, arguments: list[str]) -> str:
    """One line for the table, which begins with *ok* if all was well."""
    interpreter = python(version)
    if interpreter is None:
        return "-- not installed here"
    inside = prepared(interpreter, version, textual)
    asked = subprocess.run(
        [inside, "-c", "import sys, textual; print(sys.version.split()[0], textual.__version__)"],
        capture_output=True,
        text=True,
        check=True,
    )
    about = "Python {} Textual {}".format(*asked.stdout.split())
    print(f"\n== {about}", flush=True)
    tests = arguments or list(TESTS)
    if textual != "newest":
        tests += [f"--ignore-glob={PICTURES}*"]
    types = subprocess.run([inside, "-m", "mypy", "--python-version", version], cwd=ROOT, check=False)
    done = subprocess.run(
        [inside, "-m", "pytest", "-q", "-n", str(os.cpu_count()), "--dist", "worksteal", *tests],
        cwd=ROOT,
        check=False,
    )
    if types.returncode or done.returncode:
        return f"FAILED {about}: mypy {types.returncode}, pytest {done.returncode}"
    return f"ok {about}"


def main(arguments: list[str]) -> int:
    """0 if every pair that could be run is well, and at least one could."""
    pairs = [(version, "newest") for version in VERSIONS] + [(VERSIONS[0], "oldest")]
    told = [(f"{version} {textual}", run(version, textual, arguments)) for version, textual in pairs]
    print("\n".join(["", *(f"{pair:<14} {line}" for pair, line in told)]))
    well = [line for _, line in told if line.startswith("ok")]
    return 0 if well and not any(line.startswith("FAILED") for _, line in told) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
