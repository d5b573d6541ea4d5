"""`evac watch`: incidents as they begin and end, without a terminal."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime

import click
from msgspec.structs import replace

from tui.cli import output, streams
from tui.cli.options import json_option, shared_options
from tui.cli.session import INTERRUPTED, WELL, Session, Shared, open_session
from tui.domain.incidents import DEFAULT_ALARMS, IncidentChange, read_alarm_rule
from tui.domain.time_format import short_date
from tui.fleet import scope
from tui.fleet.collector_client import Link
from tui.operations.journal import Journal
from tui.paths import default_journal_path, state_folder
from tui.watch.notify import VARIABLES, Notifier
from tui.watch.state_file import StateFile
from tui.watch.watcher import Watcher


@click.command("watch")
@json_option("One JSON object a line.")
@click.option(
    "--metrics", metavar="ADDR:PORT", help="Answer Prometheus there; needs the extra evac[metrics]."
)
@click.option("--metrics-public", is_flag=True, help="Let ADDR be one that other machines reach.")
@shared_options
def watch_command(shared: Shared, as_json: bool, metrics: str | None, metrics_public: bool) -> int:
    """Tell each incident when it begins and when it is over, until told to end (SIGTERM, Ctrl+C). Changes nothing.

    Of what it tells [alarm] on says; where that names nothing, of all kinds there are.
    """
    if metrics_public and metrics is None:
        raise click.UsageError("--metrics-public: only with --metrics")
    with open_session(shared) as session, ExitStack() as stack:
        rules = tuple(map(read_alarm_rule, session.settings.alarm.on or DEFAULT_ALARMS))
        gauges = None
        if metrics is not None:
            from tui.watch.metrics import Gauges, read_place, serve_metrics

            place = read_place(metrics, public=metrics_public)
            gauges = Gauges([rule.text for rule in rules], _now, output.version())
            port, end = serve_metrics(gauges, *place)
            stack.callback(end)
            host = f"[{place[0]}]" if ":" in place[0] else place[0]
            output.say(f"metrics: http://{host}:{port}/metrics")
        key = scope.key(session.settings)
        state = StateFile(state_folder(session.environ) / (f"watch-{key}.json" if key else "watch.json"))
        notifier = Notifier(session.environ)
        watcher = Watcher(
            session.settings,
            session.environ,
            rules,
            state,
            Journal(default_journal_path(session.environ), standing=False),
            _teller(session, as_json=as_json),
            _say,
            _now,
            gauges=gauges,
            notifier=notifier,
        )
        if watcher.calls.why_none:
            _say(f"the program of [alarm] command is not run: {watcher.calls.why_none}")
        return asyncio.run(_watched(watcher, session))


def _teller(session: Session, *, as_json: bool) -> Callable[[IncidentChange], bool]:
    """What tells a change, and answers whether stdout took it."""
    zone = session.settings.zone()

    def tell(change: IncidentChange) -> bool:
        if as_json:
            output.json_line(change.as_object())
        else:
            who = " ".join(filter(None, (change.name, change.instance_id, change.region)))
            line = f"{short_date(change.at, zone, change.at)} {change.state:5} {change.kind:14} {who}: {change.why}"
            output.line(line, flush=True)
        return not streams.is_lost()

    return tell


async def _watched(watcher: Watcher, session: Session) -> int:
    """Watch until a signal, or until nobody reads stdout; the exit code."""
    stop, told = asyncio.Event(), []

    def end(number: int) -> None:
        told.append(number)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, end, number)
    watcher.begin()  # which may tell already
    environ = {name: value for name, value in session.environ.items() if name not in VARIABLES}
    try:
        await watcher.run(Link(replace(session.settings, read_only=True), environ), stop, streams.is_lost)
    finally:
        watcher.end()
    return INTERRUPTED if told[:1] == [signal.SIGINT] else WELL


def _say(text: str) -> None:
    output.say(f"evac: {text}")


def _now() -> datetime:
    return datetime.now(UTC)
