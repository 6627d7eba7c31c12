"""How soon indexing goes on, and the API answers, after something was killed with -9."""

import signal
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from benchmarks.baseline import Baseline
from tests.chaos.papers import Paper
from tests.chaos.processes import (
    API_PARENT,
    API_PROCESS,
    BROKER,
    CELERY_PARENT,
    INDEX,
    WORKER_CHILD,
    WORKER_PARENT,
    by_role,
    send,
)
from tests.running_stack import RunningStack

ROUNDS = 3
NOTHING = "nothing"
VICTIMS = (NOTHING, WORKER_CHILD, BROKER, WORKER_PARENT, INDEX, CELERY_PARENT)
API_VICTIMS = (API_PROCESS, API_PARENT)
# The longest pause is looked for in the time of so many checkpoints after the kill.
CHECKPOINTS = 4
# Short slices, so that a pause is not hidden between two checkpoints.
FINE = {"FOOTNOTE_JOBS__SECONDS_PER_SLICE": "1"}
PAGES = 1500
PATIENCE_SECONDS = 180.0
# The API counts as being back when it has answered for so long without a break.
STEADY_SECONDS = 10.0


def measure(_pdfs: Path, _baseline: Baseline | None) -> dict[str, Any]:
    pauses: dict[str, list[float]] = {victim: [] for victim in (*VICTIMS, *API_VICTIMS)}
    with tempfile.TemporaryDirectory() as folder:
        stack = RunningStack(Path(folder) / "home", **FINE)
        for round_number in range(ROUNDS):
            # Started anew each time: a supervisor waits longer for what dies often.
            with stack:
                work = Work(stack, Path(folder), round_number)
                for victim in VICTIMS:
                    pauses[victim].append(work.longest_pause_after(victim))
                for victim in API_VICTIMS:
                    pauses[victim].append(unanswered_seconds(stack, victim))
    return {
        f"{victim}: {'no answer' if victim in API_VICTIMS else 'no checkpoint'} for, s": [
            round(statistics.median(seconds), 1),
            [round(one, 1) for one in seconds],
        ]
        for victim, seconds in pauses.items()
    }


class Work:
    """Long files that are being indexed, one after the other, for as long as it is needed."""

    def __init__(self, stack: RunningStack, folder: Path, number: int) -> None:
        self._stack = stack
        self._folder = folder
        self._number = 6 * number
        self._job = self._document = ""

    def longest_pause_after(self, victim: str) -> float:
        """Kill it in the middle of the work, and return the longest time without a checkpoint."""
        with self._stack.client() as client:
            self._begin(client)
            if victim != NOTHING:
                kill(self._stack, victim)
            last = time.perf_counter()
            pauses: list[float] = []
            done = self._progress(client)
            while len(pauses) < CHECKPOINTS:
                now = self._progress(client)
                if now != done:
                    pauses.append(time.perf_counter() - last)
                    last, done = time.perf_counter(), now
                assert time.perf_counter() < last + PATIENCE_SECONDS, victim
                time.sleep(0.02)
            client.delete(f"/v1/documents/{self._document}")
            return max(pauses)

    def _begin(self, client: httpx.Client) -> None:
        """Upload a file that nobody has seen, and wait until it is being embedded."""
        self._number += 1
        path = self._folder / f"{self._number}.pdf"
        path.write_bytes(Paper(self._number, PAGES).pdf())
        uploaded = self._stack.upload(client, path)
        self._job, self._document = uploaded["job"]["id"], uploaded["document"]["id"]
        while self._show(client)["stage"] != "embedding":
            time.sleep(0.05)
        first = self._progress(client)
        while self._progress(client) == first:
            time.sleep(0.05)

    def _progress(self, client: httpx.Client) -> int:
        done: int = self._show(client)["progress"]["done"]
        return done

    def _show(self, client: httpx.Client) -> dict[str, Any]:
        job: dict[str, Any] = client.get(f"/v1/jobs/{self._job}").json()
        assert job["state"] in ("queued", "running"), job
        return job


def unanswered_seconds(stack: RunningStack, victim: str) -> float:
    """Kill a part of the API, and return the seconds until it answers without a break."""
    kill(stack, victim)
    killed = last_failure = time.perf_counter()
    while time.perf_counter() < last_failure + STEADY_SECONDS:
        try:
            # A new connection each time, as a new client would have.
            httpx.get(f"{stack.address}/health/live", trust_env=False, timeout=30)
        except httpx.TransportError:
            last_failure = time.perf_counter()
        time.sleep(0.02)
    return last_failure - killed


def kill(stack: RunningStack, victim: str) -> None:
    pids = by_role(stack)[victim]
    assert send(pids[0], signal.SIGKILL)
