"""What happens to a slice when its worker is told to stop, when nobody wants it any more, and
when the worker does not hear the bell. A slice here lasts as long as its file."""

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.test_killed_worker import PAGES, children_of_celery, long_file
from tests.running_stack import RunningStack

SMALL = Path(__file__).parents[2] / "data" / "samples" / "lighthouse-report.pdf"


@pytest.fixture(scope="module")
def stack(make_home: Callable[[], Path]) -> Iterator[RunningStack]:
    with RunningStack(
        make_home(),
        FOOTNOTE_JOBS__SECONDS_PER_SLICE="600",
        FOOTNOTE_JOBS__PAGES_PER_SLICE="5000",
        FOOTNOTE_JOBS__DEAF_SECONDS="5",
    ) as running:
        yield running


def until(is_so: Callable[[], Any], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def processes(stack: RunningStack, words: str) -> set[int]:
    return {pid for pid, line in stack.processes().items() if words in line}


def begun(stack: RunningStack, client: httpx.Client, path: Path, library: str) -> dict[str, Any]:
    """Upload a file, and wait until some of its chunks are stored; its job is not at its end."""
    client.post("/v1/libraries", json={"name": library})
    uploaded = stack.upload(client, path, library=library)
    count = "SELECT count(*) FROM chunks WHERE document_id = ?"
    with closing(sqlite3.connect(stack.home / "catalogue.db")) as catalogue:
        until(lambda: catalogue.execute(count, (uploaded["document"]["id"],)).fetchone()[0])
    return uploaded


def job_of(client: httpx.Client, uploaded: dict[str, Any]) -> dict[str, Any]:
    job: dict[str, Any] = client.get(f"/v1/jobs/{uploaded['job']['id']}").json()
    return job


def test_a_worker_that_is_told_to_stop_keeps_what_it_has_done(
    stack: RunningStack, client: httpx.Client, tmp_path: Path
) -> None:
    uploaded = begun(stack, client, long_file(tmp_path), "stopped")
    (worker,) = processes(stack, "api.cli.main worker")
    before = job_of(client, uploaded)

    os.kill(worker, signal.SIGTERM)

    until(lambda: worker not in stack.processes(), seconds=30)
    job = job_of(client, uploaded)
    assert job["state"] == "running"
    assert job["progress"]["done"] > before["progress"]["done"]
    assert job["attempts"] == 0
    assert stack.finished(client, job["id"])["state"] == "succeeded"
    document = client.get(f"/v1/documents/{uploaded['document']['id']}").json()
    assert document["pages"] == PAGES


def test_a_job_that_is_cancelled_makes_room_and_can_be_retried(
    stack: RunningStack, client: httpx.Client, tmp_path: Path
) -> None:
    uploaded = begun(stack, client, long_file(tmp_path), "cancelled")

    answer = client.post(f"/v1/jobs/{uploaded['job']['id']}/cancel")

    assert answer.status_code == 202
    small = stack.upload(client, SMALL)
    assert stack.finished(client, small["job"]["id"])["state"] == "succeeded"
    job = job_of(client, uploaded)
    assert (job["state"], job["error"]["code"]) == ("cancelled", "cancelled")
    assert client.post(f"/v1/jobs/{job['id']}/retry").status_code == 202
    assert stack.finished(client, job["id"])["state"] == "succeeded"


def test_a_celery_that_does_not_hear_the_bell_is_started_anew(
    stack: RunningStack, client: httpx.Client
) -> None:
    until(lambda: children_of_celery(stack))
    client.post("/v1/libraries", json={"name": "deaf"})
    deaf = processes(stack, "-m celery") - set(children_of_celery(stack))

    for pid in deaf:
        os.kill(pid, signal.SIGSTOP)

    uploaded = stack.upload(client, SMALL, library="deaf")
    assert stack.finished(client, uploaded["job"]["id"])["state"] == "succeeded"
    assert deaf.isdisjoint(stack.processes())
