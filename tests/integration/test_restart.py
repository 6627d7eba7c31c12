"""Stopping leaves no process and no lock, and the next start finds everything again: also what
was deleted from the index by hand is rebuilt, and questions are answered meanwhile."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.running_stack import RunningStack

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
QUESTION = {"question": "How long does the battery take to charge?", "stream": False}
ANSWER = "4 hours and 30 minutes"


@dataclass(frozen=True)
class Stopped:
    """A stack that has indexed a manual and was stopped, and the processes that it had."""

    stack: RunningStack
    processes: dict[int, str]


@pytest.fixture(scope="module")
def stopped(make_home: Callable[[], Path]) -> Stopped:
    stack = RunningStack(make_home())
    with stack, stack.client() as client:
        uploaded = stack.upload(client, SAMPLES / "cargo-bicycle-manual.pdf")
        assert stack.finished(client, uploaded["job"]["id"])["state"] == "succeeded"
        processes = stack.processes()
    return Stopped(stack, processes)


class WatchedStack(RunningStack):
    """Notes what health says, and asks, from the first answer until it is ready."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.seen: list[dict[str, Any]] = []
        self.answers: list[str] = []

    def _is_ready(self) -> bool:
        try:
            health = httpx.get(f"{self.address}/health/ready", trust_env=False, timeout=5).json()
            if health["status"] == "degraded":
                with self.client() as client:
                    self.answers.append(client.post("/v1/ask", json=QUESTION).json()["answer"])
        except httpx.HTTPError:
            return False
        self.seen.append(health)
        return bool(health["status"] == "ready")

    def details(self, check: str) -> set[str]:
        """Return what was wrong with a part."""
        checks = (health["checks"][check] for health in self.seen)
        return {each["detail"] for each in checks if each["status"] == "down"}


def test_stopping_leaves_no_process_and_no_address(stopped: Stopped) -> None:
    assert len(stopped.processes) >= 6
    assert stopped.stack.processes() == {}
    assert not (stopped.stack.home / "run" / "address").exists()


def test_a_second_start_has_what_the_first_one_indexed(stopped: Stopped) -> None:
    with stopped.stack as stack, stack.client() as client:
        answer = client.post("/v1/ask", json=QUESTION).json()

    assert answer["model"] == "extractive"
    assert ANSWER in answer["answer"]
    assert answer["citations"][0]["filename"] == "cargo-bicycle-manual.pdf"


def test_folders_deleted_while_it_is_stopped_are_filled_again(
    stopped: Stopped, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(stopped.stack.home, home)
    for folder in ("chroma", "lexical"):
        shutil.rmtree(home / folder)

    with WatchedStack(home) as stack, stack.client() as client:
        jobs = client.get("/v1/jobs").json()["items"]
        found = client.post("/v1/search", json={"query": QUESTION["question"]}).json()
        answer = client.post("/v1/ask", json=QUESTION).json()["answer"]

    assert "The index of 1 library is being rebuilt." in stack.details("index")
    assert stack.answers
    assert all(ANSWER in one for one in [*stack.answers, answer])
    assert [(job["kind"], job["state"]) for job in jobs] == [
        ("reindex", "succeeded"),
        ("ingest", "succeeded"),
    ]
    assert set(found["passages"][0]["ranks"]) == {"dense", "lexical"}
