"""How fast uploads become searchable, and where the time goes."""

import json
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.baseline import Baseline
from tests.running_stack import RunningStack


def measure(pdfs: Path, baseline: Baseline | None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, RunningStack(Path(folder)) as stack:
        wall, documents = index(stack, pdfs)
        seconds = spent(stack)
    pages = sum(one["pages"] for one in documents)
    chunks = sum(one["chunks"] for one in documents)
    figures: dict[str, Any] = {
        "documents, pages, chunks": [len(documents), pages, chunks],
        "seconds": round(wall, 1),
        "pages per second": round(pages / wall, 1),
        "chunks per second": round(chunks / wall, 1),
        "seconds in each part": {part: round(s, 1) for part, s in seconds.items()},
        "share of the time that the encoder runs": round(seconds["embedding"] / wall, 3),
    }
    if baseline:
        theirs = baseline.indexed(pdfs)
        figures["tutorial: pages per second"] = theirs["pages_per_s"]
        figures["tutorial: chunks per second"] = theirs["chunks_per_s"]
        figures["times the tutorial's pages per second"] = round(
            pages / wall / theirs["pages_per_s"], 2
        )
    return figures


def index(stack: RunningStack, pdfs: Path) -> tuple[float, list[dict[str, Any]]]:
    """Upload every PDF, wait for all, and return the seconds and the ready documents."""
    with stack.client() as client:
        started = time.perf_counter()
        jobs = [stack.upload(client, path)["job"]["id"] for path in sorted(pdfs.glob("*.pdf"))]
        for job in jobs:
            stack.finished(client, job, seconds=1800)
        wall = time.perf_counter() - started
        listed = client.get("/v1/documents", params={"limit": 100}).json()["items"]
    return wall, [one for one in listed if one["state"] == "ready"]


def spent(stack: RunningStack) -> Counter[str]:
    """Add up the seconds that the worker's log tells of each part."""
    seconds: Counter[str] = Counter()
    for line in (stack.home / "logs" / "worker.log").read_text().splitlines():
        if line.startswith("{") and '"seconds"' in line:
            told = json.loads(line)["seconds"]
            seconds.update(told if isinstance(told, dict) else {})
    return seconds
