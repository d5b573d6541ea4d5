"""What `evac doctor` looks at on this machine: our own packages, folders, terminal. Each check is a line and a remedy."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from importlib import metadata, util
from pathlib import Path

from msgspec import Struct

from tui.cli import streams
from tui.cli.session import Session
from tui.operations.redis_lock import Away, LockService
from tui.paths import state_folder

WELL, DOUBT, BAD = "ok", "warn", "fail"


class DoctorLine(Struct, frozen=True):
    """One line of doctor: `mark` is ok, warn or fail; `remedy` is empty where there is nothing to do."""

    mark: str
    subject: str
    said: str
    remedy: str = ""


well, doubt, bad = partial(DoctorLine, WELL), partial(DoctorLine, DOUBT), partial(DoctorLine, BAD)


def here(session: Session) -> Iterator[DoctorLine]:
    """Everything that can be told without asking AWS."""
    yield well("python", f"{sys.version.split()[0]} at {sys.executable}")
    yield from distribution()
    yield from _config(session)
    yield from _folders(session.environ)
    yield _lock(session)
    yield from terminal(session.environ)


def distribution() -> Iterator[DoctorLine]:
    """`tui` and `screens` are common names: another distribution's package of that name would run with credentials."""
    homes = {name: _home(name) for name in ("tui", "screens")}
    try:
        ours = metadata.distribution("evac")
    except metadata.PackageNotFoundError:
        yield doubt("packages", "evac is not installed: running from a checkout", "pipx install evac")
        ours = None
    owners = metadata.packages_distributions()
    for name, home in homes.items():
        others = sorted({owner for owner in owners.get(name, ()) if owner.lower() != "evac"})
        if home is None:
            yield bad("packages", f"{name} cannot be found", "reinstall evac in an environment of its own")
        elif others:
            remedy = f"uninstall {others[0]}, or install evac with pipx"
            yield bad("packages", f"{name} is also installed by {', '.join(others)}", remedy)
        elif home.parent != Path(__file__).parents[2]:
            yield bad("packages", f"{name} comes from {home}", "start evac from another folder, or with pipx")
        else:
            version = f" {ours.version}" if ours else ""
            yield well("packages", f"{name} is evac's{version}: {home}")


def _home(name: str) -> Path | None:
    found = util.find_spec(name)
    return Path(found.origin).parent if found and found.origin else None


def _config(session: Session) -> Iterator[DoctorLine]:
    path = session.loaded.path
    where = str(path) if path.exists() else f"{path} is not there: defaults"
    yield well("config", where, "" if path.exists() else "evac config init writes a commented one")
    if session.settings.columns or session.settings.views:
        from tui.config.views import view_doubts

        for told in view_doubts(session.settings.columns, session.settings.views):
            yield doubt("views", told, f"the console opens without it; mend it in {path}")
    policy = session.loaded.policy_path
    yield well("policy", str(policy) if policy else "no site policy")
    if session.settings.read_only:
        yield well("mode", f"read-only, by {session.loaded.sources['read_only']}")


def _lock(session: Session) -> DoctorLine:
    """Whether two machines are kept from one instance, and whether what does it answers."""
    service = LockService.of(session.settings)
    if not service.asked_for:
        return well("lock", "none: only this journal keeps two operations from one instance", "lock.url")
    found = service.check()
    if isinstance(found, Away):
        new = (
            "operations go on without it"
            if session.settings.lock.unreachable == "proceed"
            else "nothing is begun"
        )
        return bad("lock", f"{found.why}: {new}", found.remedy)
    where, _, doubt = found.partition("! ")
    return DoctorLine(
        DOUBT if doubt else WELL,
        "lock",
        f"{where} answers" + (f", but {doubt}" if doubt else ""),
        "set its maxmemory-policy to noeviction" if doubt else "",
    )


def _folders(environ: Mapping[str, str]) -> Iterator[DoctorLine]:
    """The journal says who may do what to servers: only its owner may read or write it."""
    folder = state_folder(environ)
    if not folder.exists():
        parent = next(parent for parent in folder.parents if parent.exists())
        if os.access(parent, os.W_OK):
            yield well("state", f"{folder} will be made when first needed")
        else:
            yield bad("state", f"{parent} cannot be written", "set XDG_STATE_HOME to a folder you own")
        return
    found = folder.stat()
    if found.st_uid != os.getuid():
        yield bad("state", f"{folder} belongs to somebody else", "set XDG_STATE_HOME to a folder you own")
    elif stat.S_IMODE(found.st_mode) & 0o077:
        yield bad("state", f"{folder} is open to others", f"chmod 700 {folder}")
    else:
        free = shutil.disk_usage(folder).free // 1024**2
        enough = free >= 50
        yield DoctorLine(
            WELL if enough else BAD,
            "state",
            f"{folder}, {free} MB free",
            "" if enough else "make room: the journal is written before anything is done",
        )


def terminal(environ: Mapping[str, str]) -> Iterator[DoctorLine]:
    """What the console will find."""
    if not streams.is_terminal(sys.stdout):
        yield doubt(
            "terminal", "none here: the console will not open", "status, events, explain, do and ops work"
        )
        return
    size = shutil.get_terminal_size()
    small = size.columns < 80 or size.lines < 24
    yield DoctorLine(
        DOUBT if small else WELL,
        "terminal",
        f"{environ.get('TERM', 'TERM is not set')}, {size.columns}x{size.lines}",
        "80x24 is the least the console is drawn for" if small else "",
    )
