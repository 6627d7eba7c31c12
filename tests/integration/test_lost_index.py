"""The index's folders are deleted by hand: they are rebuilt, and questions answered meanwhile."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.running_stack import RunningStack

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
QUESTION = {"question": "How long does the battery take to charge?", "stream": False}
ANSWER = "4 hours and 30 minutes"


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


def test_folders_deleted_while_it_is_stopped_are_filled_again(
    make_home: Callable[[], Path],
) -> None:
    home = make_home()
    with RunningStack(home) as stack, stack.client() as client:
        uploaded = stack.upload(client, SAMPLES / "cargo-bicycle-manual.pdf")
        assert stack.finished(client, uploaded["job"]["id"])["state"] == "succeeded"
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
