"""The two that are measured, as a crowd sees them."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from benchmarks.baseline import Baseline
from benchmarks.load.library import NO_OCR
from benchmarks.load.streaming import Door
from tests.chaos.processes import API_PROCESS, WORKER_ROLES, by_role
from tests.running_stack import RunningStack

INDEXING_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class Side:
    """A service that runs: how it is asked, what it is made of, how it takes a file."""

    name: str
    address: str
    door: Door
    processes: list[int]
    workers: list[int] = field(default_factory=list)
    api_processes: list[int] = field(default_factory=list)
    stack: RunningStack | None = None

    def index(self, pdf: Path) -> None:
        """Upload a file, and return when it is indexed."""
        if self.stack is not None:
            with self.stack.client() as client:
                job = self.stack.upload(client, pdf)["job"]["id"]
                self.stack.finished(client, job, INDEXING_SECONDS)
            return
        with pdf.open("rb") as file:
            httpx.post(
                f"{self.address}/documents",
                files={"file": (pdf.name, file, "application/pdf")},
                timeout=INDEXING_SECONDS,
                trust_env=False,
            ).raise_for_status()


@contextmanager
def ours(home: Path, model: str, model_name: str = "mock") -> Iterator[Side]:
    """Start Footnote on a home."""
    environment = {
        **NO_OCR,
        "FOOTNOTE_MODEL__BASE_URL": model,
        "FOOTNOTE_MODEL__NAME": model_name,
    }
    with RunningStack(home, **environment) as stack:
        roles = by_role(stack)
        yield Side(
            name="Footnote",
            address=stack.address,
            door=ours_at(stack, "/v1/ask"),
            processes=list(stack.processes()),
            workers=[pid for role in WORKER_ROLES for pid in roles.get(role, [])],
            api_processes=roles[API_PROCESS],
            stack=stack,
        )


def ours_at(stack: RunningStack, path: str) -> Door:
    """Return a door of a running stack."""
    return Door(stack.port, path, b"event: token", (f"authorization: Bearer {stack.key}",))


@contextmanager
def theirs(baseline: Baseline, home: Path, model: str) -> Iterator[Side]:
    """Start the tutorial pipeline on what it has indexed."""
    with baseline.serving(home, model) as (port, pid):
        door = Door(port, "/ask", b'"token"', error=b'"error"')
        yield Side("tutorial", f"http://127.0.0.1:{port}", door, [pid])


@contextmanager
def copied(home: Path) -> Iterator[Path]:
    """Copy a home beside itself for a while, so that the next run finds it as it was."""
    copy = home.with_name(f"{home.name}-{time.time_ns()}")
    shutil.copytree(home, copy, ignore=lambda _folder, names: [n for n in names if n == "run"])
    try:
        yield copy
    finally:
        shutil.rmtree(copy)


def question_body(question: str) -> bytes:
    """Return what both sides are sent."""
    return json.dumps({"question": question}).encode()
