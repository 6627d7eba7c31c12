"""A worker child that is killed in the middle of a file costs time, and nothing else."""

import io
import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx
from reportlab.pdfgen.canvas import Canvas

from tests.running_stack import RunningStack

PAGES = 100


def long_file(folder: Path) -> Path:
    """A hundred pages that all differ."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1)
    for page in range(1, PAGES + 1):
        for line in range(40):
            canvas.drawString(60, 780 - 18 * line, f"Entry {page}-{line} of the log was kept well.")
        canvas.showPage()
    canvas.save()
    path = folder / "log.pdf"
    path.write_bytes(buffer.getvalue())
    return path


def children_of_celery(stack: RunningStack) -> list[int]:
    celery = {pid for pid, line in stack.processes().items() if " celery " in f" {line} "}
    return [pid for pid in celery if _parent(pid) in celery]


def _parent(pid: int) -> int:
    status = Path(f"/proc/{pid}/stat").read_text()
    return int(status.rpartition(")")[2].split()[1])


def embedding(client: httpx.Client, job_id: str) -> dict[str, Any]:
    """Wait until the job is in the middle of its work."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        job: dict[str, Any] = client.get(f"/v1/jobs/{job_id}").json()
        if job["stage"] == "embedding" and job["state"] == "running":
            return job
        assert job["state"] in ("queued", "running")
        time.sleep(0.01)
    raise AssertionError(job)


def test_the_job_ends_in_success_with_every_page_and_chunk(
    stack: RunningStack, client: httpx.Client, tmp_path: Path
) -> None:
    path = long_file(tmp_path)
    client.post("/v1/libraries", json={"name": "killed"})
    client.post("/v1/libraries", json={"name": "undisturbed"})
    uploaded = stack.upload(client, path, library="killed")
    embedding(client, uploaded["job"]["id"])

    (child,) = children_of_celery(stack)
    os.kill(child, signal.SIGKILL)

    job = stack.finished(client, uploaded["job"]["id"])
    assert (job["state"], job["error"]) == ("succeeded", None)
    killed = client.get(f"/v1/documents/{uploaded['document']['id']}").json()
    calm = stack.upload(client, path, library="undisturbed")
    stack.finished(client, calm["job"]["id"])
    undisturbed = client.get(f"/v1/documents/{calm['document']['id']}").json()
    assert (killed["pages"], killed["chunks"]) == (PAGES, undisturbed["chunks"])
    found = client.post(
        "/v1/search", json={"query": "Entry 97-3 of the log", "libraries": ["killed"]}
    ).json()["passages"]
    assert any("Entry 97-3 of the log" in passage["text"] for passage in found)
