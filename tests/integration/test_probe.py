"""A real runner asks the instance itself whether it serves, where no balancer tells, before it says that it is done."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from msgspec.structs import replace

from tests.integration.test_service import Bench, bench
from tui.config.durations import Duration
from tui.config.schema import policy
from tui.config.sections import ProbeSettings
from tui.operations.model import OperationState

__all__ = ["bench"]


class Application(BaseHTTPRequestHandler):
    """It answers 503 for as long as it begins."""

    status = 503

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/healthz" else 500)
        self.end_headers()

    def log_message(self, *said: object) -> None:
        """Nobody reads it."""


def test_it_is_done_once_it_answers_and_a_person_is_asked_where_it_does_not(bench: Bench) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Application))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        stack.callback(server.shutdown)
        bench.demo.control("events", {"instance": "ledger-2", "private_ip": "127.0.0.1"})
        healthz = ProbeSettings(
            when="name:ledger", http=f":{server.server_port}/healthz", within=Duration("1h")
        )
        bench.settings = replace(bench.settings, demo=True, probe=(healthz,))
        rules = policy(bench.settings, "prod")
        plan = bench.plan("stop-start", "ledger-2", policy=rules)
        assert [one.about for one in plan.steps if one.name == "wait-healthy"] == [
            f"an answer to GET :{server.server_port}/healthz, for up to 1h"
        ]
        operation, _ = bench.begin(plan)
        waits = bench.wait(operation, lambda one: "answers 503" in one.note)
        assert waits.state is OperationState.RUNNING
        assert waits.step == "wait-healthy"
        Application.status = 200
        done = bench.ended(operation)
        assert done.state is OperationState.SUCCEEDED
        assert f"127.0.0.1:{server.server_port}/healthz answers 200" in done.note
        Application.status = 404
        late = bench.plan("reboot", "ledger-2", policy=rules)
        assert late.order.probe is not None
        soon = replace(late.order.probe, within=timedelta(seconds=1))
        stuck = bench.ended(bench.begin(replace(late, order=replace(late.order, probe=soon)))[0])
    assert stuck.state is OperationState.NEEDS_ATTENTION
    assert stuck.note.startswith("it runs, but after 1s there is not an answer to GET")
    assert stuck.remedy == "look at the application, then resume"
