"""The whole of Footnote as a user runs it: ``footnote up`` in a folder, spoken to over HTTP."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

START_SECONDS = 120.0


class RunningStack:
    """Starts the embedded stack on a free port, and stops it with everything it started."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.port = _free_port()
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("FOOTNOTE_")},
            "FOOTNOTE_HOME": str(home),
            "FOOTNOTE_API__PORT": str(self.port),
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.seconds_to_ready = 0.0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def key(self) -> str:
        return (self.home / "admin.key").read_text().strip()

    def client(self, timeout: float = 60.0) -> httpx.Client:
        """A client with the admin key."""
        return httpx.Client(
            base_url=self.address,
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=timeout,
            trust_env=False,
        )

    def start(self) -> None:
        """Start, and wait until it is ready."""
        self.home.mkdir(parents=True, exist_ok=True)
        started = time.monotonic()
        with (self.home / "up.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "api.cli.main", "up"],
                env=self.environment,
                stdout=log,
                stderr=log,
                cwd=Path(__file__).parent.parent,
            )
        while time.monotonic() < started + START_SECONDS:
            if self._is_ready():
                self.seconds_to_ready = time.monotonic() - started
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        log_text = (self.home / "up.log").read_text()
        self.stop()
        raise AssertionError(f"The stack did not become ready:\n{log_text[-4000:]}")

    def _is_ready(self) -> bool:
        try:
            answer = httpx.get(f"{self.address}/health/ready", trust_env=False, timeout=5)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200 and answer.json()["status"] == "ready"

    def stop(self) -> int:
        """Stop as Ctrl-C does, and return the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def processes(self) -> dict[int, str]:
        """The command lines of every process that works on this home, by pid."""
        mine: dict[int, str] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    environment = (entry / "environ").read_bytes()
                    line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                except OSError:
                    continue
                if f"FOOTNOTE_HOME={self.home}".encode() in environment.split(b"\0"):
                    mine[int(entry.name)] = line.strip()
        return mine

    def upload(self, client: httpx.Client, path: Path, **fields: str) -> dict[str, Any]:
        """Upload a file, and return the answer's body."""
        with path.open("rb") as file:
            answer = client.post(
                "/v1/documents",
                files={"file": (path.name, file, "application/pdf")},
                data=fields,
            )
        assert answer.status_code in (200, 202), answer.text
        body: dict[str, Any] = answer.json()
        return body

    def finished(self, client: httpx.Client, job_id: str, seconds: float = 300) -> dict[str, Any]:
        """Wait for a job's final state, and return it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            job: dict[str, Any] = client.get(f"/v1/jobs/{job_id}").json()
            if job["state"] not in ("queued", "running"):
                return job
            time.sleep(0.25)
        raise AssertionError(f"The job did not end: {job}")


def events(lines: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the events of a stream as names and data."""
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
