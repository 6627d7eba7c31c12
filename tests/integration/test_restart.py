"""Stopping leaves no process and no lock, and the next start finds everything again."""

from collections.abc import Callable
from pathlib import Path

from tests.running_stack import RunningStack

SAMPLES = Path(__file__).parents[2] / "data" / "samples"


def test_a_second_start_has_what_the_first_one_indexed(make_home: Callable[[], Path]) -> None:
    stack = RunningStack(make_home())
    with stack, stack.client() as client:
        uploaded = stack.upload(client, SAMPLES / "cargo-bicycle-manual.pdf")
        assert stack.finished(client, uploaded["job"]["id"])["state"] == "succeeded"
        assert len(stack.processes()) >= 6
    assert stack.processes() == {}
    assert not (stack.home / "run" / "address").exists()

    with stack, stack.client() as client:
        answer = client.post(
            "/v1/ask",
            json={"question": "How long does the battery take to charge?", "stream": False},
        ).json()

    assert answer["model"] == "extractive"
    assert "4 hours and 30 minutes" in answer["answer"]
    assert answer["citations"][0]["filename"] == "cargo-bicycle-manual.pdf"
