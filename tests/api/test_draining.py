"""A real server that is told to stop while it answers."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import httpx
import pytest

from data.settings import Settings
from tests.running_stack import events

ROOT = Path(__file__).parents[2]


class Running:
    """The sleepy application under uvicorn."""

    def __init__(self, settings: Settings, workers: int, grace: int) -> None:
        home = settings.folder
        self.listener = socket.create_server(("127.0.0.1", 0))
        options = {
            "fd": str(self.listener.fileno()),
            "workers": str(workers),
            "timeout-graceful-shutdown": str(grace),
            "log-level": "error",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "--factory", "tests.api.sleepy:create", *words],
            env={
                **os.environ,
                "FOOTNOTE_HOME": str(home),
                "FOOTNOTE_BROKER__URL": settings.broker_url,
                "FOOTNOTE_API__GRACEFUL_SECONDS": str(grace),
                "FOOTNOTE_API__DRAIN_NOTICE_SECONDS": "0.5",
                "FOOTNOTE_LOGS__LEVEL": "ERROR",
            },
            cwd=ROOT,
            pass_fds=[self.listener.fileno()],
            stderr=subprocess.PIPE,
        )
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{self.listener.getsockname()[1]}",
            headers={"Authorization": f"Bearer {(home / 'admin.key').read_text().strip()}"},
            timeout=60,
            trust_env=False,
        )

    @contextmanager
    def asked(self, seconds: float) -> Iterator[Iterator[tuple[str, dict[str, Any]]]]:
        """Ask what takes so long; give the events after the first one."""
        with self.client.stream("POST", "/v1/ask", json={"question": str(seconds)}) as stream:
            found = events(stream.iter_lines())
            assert next(found)[0] == "accepted"
            yield found

    def stop(self) -> None:
        """Tell it to stop, and return as soon as it says so."""
        self.process.send_signal(signal.SIGTERM)
        while self.client.get("/health/ready").json()["checks"].get("process") is None:
            pass

    def ended(self) -> str:
        """Return what it said once it has ended well."""
        _, said = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, said
        return said.decode()


@contextmanager
def running(settings: Settings, workers: int = 1, grace: int = 4) -> Iterator[Running]:
    server = Running(settings, workers, grace)
    try:
        assert server.client.get("/health/live").status_code == 200
        yield server
    finally:
        server.client.close()
        server.listener.close()
        server.process.kill()
        server.process.communicate()


@pytest.mark.parametrize("workers", [1, 2])
def test_answers_that_run_end_before_the_server_does(settings: Settings, workers: int) -> None:
    with running(settings, workers) as server:
        with server.asked(1.0) as short, server.asked(600) as endless:
            server.stop()
            last_of_short = list(short)[-1]
            last_of_endless = list(endless)[-1]
        said = server.ended()

    assert last_of_short[0] == "done"
    assert (last_of_endless[0], last_of_endless[1]["error"]["code"]) == ("error", "shutting_down")
    assert "Traceback" not in said


def test_nothing_new_is_taken_from_the_signal_on(settings: Settings) -> None:
    with running(settings) as server:
        with server.asked(2.0) as answer:
            server.stop()
            health = server.client.get("/health/ready")
            live = server.client.get("/health/live")
            look = server.client.get("/v1/documents")
            refused = [
                server.client.post("/v1/ask", json={"question": "1"}),
                server.client.post("/v1/search", json={"query": "1"}),
                server.client.post("/v1/documents", files={"file": ("a.pdf", b"%PDF-1.7\n")}),
                server.client.get("/v1/jobs/any/events"),
            ]
            assert [name for name, _ in answer][-1] == "done"
        server.ended()

    assert (health.status_code, health.json()["status"]) == (503, "unavailable")
    assert "stopping" in health.json()["checks"]["process"]["detail"]
    assert (live.status_code, look.status_code) == (200, 200)
    for answered in refused:
        assert (answered.status_code, answered.json()["error"]["code"]) == (503, "shutting_down")
        assert int(answered.headers["Retry-After"]) > 0
        assert answered.headers["Connection"] == "close"


@pytest.mark.parametrize(
    ("path", "request_body"),
    [("ask", b'{"question": "600", "stream": false}'), ("search", b'{"query": "600"}')],
)
def test_whole_answers_and_searches_that_still_run_are_told(
    settings: Settings, path: str, request_body: bytes
) -> None:
    with running(settings) as server:
        head = (
            f"POST /v1/{path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(request_body)}\r\n"
            "Content-Type: application/json\r\n"
            f"Authorization: {server.client.headers['Authorization']}\r\n\r\n"
        )
        with socket.create_connection(server.listener.getsockname(), timeout=30) as connection:
            connection.sendall(head.encode() + request_body)
            while not server.client.get("/v1/admin/status").json()["limits"]["answers_running"]:
                pass
            server.stop()
            answer = HTTPResponse(connection)
            answer.begin()
            body = answer.read()
        server.ended()

    assert answer.status == 503
    assert b"shutting_down" in body


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_same_signal_again_ends_everything_at_once(
    settings: Settings, number: signal.Signals
) -> None:
    with running(settings, grace=600) as server:
        with server.asked(600) as endless:
            server.process.send_signal(number)
            while server.client.get("/health/ready").json()["checks"].get("process") is None:
                pass
            server.process.send_signal(number)
            last = list(endless)[-1]
        said = server.ended()

    assert last[1]["error"]["code"] == "shutting_down"
    assert "Traceback" not in said
