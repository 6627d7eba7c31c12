"""How soon a lone question's events come, beside what the model itself takes."""

import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks.baseline import Baseline
from benchmarks.indexing import index
from benchmarks.servers import FIRST_TOKEN_MS, MODEL, model_server
from tests.running_stack import RunningStack, events

QUESTIONS = (
    "What were the net sales of the year?",
    "Who audits the consolidated financial statements?",
    "Which risks does the company name?",
    "How many shares were outstanding?",
    "What does the report say about older adults and technology?",
)
ROUNDS = 8
# Short answers: what is measured is over before the second word.
TALK = {"between_tokens_ms": 5, "tokens": 30}


def measure(pdfs: Path, baseline: Baseline | None) -> dict[str, Any]:
    if not MODEL.exists():
        return {"skipped": f"{MODEL} is not there"}
    figures: dict[str, Any] = {}
    with model_server(**TALK) as model, tempfile.TemporaryDirectory() as folder:
        environment = {"FOOTNOTE_MODEL__BASE_URL": model, "FOOTNOTE_MODEL__NAME": "mock"}
        with RunningStack(Path(folder) / "home", **environment) as stack:
            _, documents = index(stack, pdfs)
            figures["chunks indexed"] = sum(one["chunks"] for one in documents)
            figures |= asked(stack)
        if baseline:
            figures |= _theirs(baseline, pdfs, Path(folder), model)
    return figures


def asked(stack: RunningStack) -> dict[str, Any]:
    took: dict[str, list[float]] = {}
    stages: dict[str, list[float]] = {}
    connection = HTTPConnection("127.0.0.1", stack.port, timeout=60)
    for question in QUESTIONS * ROUNDS:
        seen = set()
        sent = time.perf_counter()
        for name, data in events(lines(connection, "/v1/ask", question, stack.key)):
            if name not in seen:
                seen.add(name)
                took.setdefault(name, []).append((time.perf_counter() - sent) * 1000)
            if name == "done":
                for stage, ms in data["timings_ms"].items():
                    stages.setdefault(stage, []).append(ms)
    connection.close()
    token = [ms - FIRST_TOKEN_MS for ms in took["token"]]
    return {
        "accepted, ms": _spread(took["accepted"]),
        "sources, ms": _spread(took["sources"]),
        "first token beyond the model's own, ms": _spread(token),
        "stages, median ms": {stage: round(statistics.median(v), 1) for stage, v in stages.items()},
    }


def _theirs(baseline: Baseline, pdfs: Path, folder: Path, model: str) -> dict[str, Any]:
    baseline.ingest(pdfs, folder)
    with baseline.serving(folder, model) as (port, _):
        token = []
        for question in QUESTIONS * ROUNDS:
            connection = HTTPConnection("127.0.0.1", port, timeout=60)
            sent = time.perf_counter()
            next(line for line in lines(connection, "/ask", question) if '"token"' in line)
            token.append((time.perf_counter() - sent) * 1000 - FIRST_TOKEN_MS)
            connection.close()
    return {"tutorial: first token beyond the model's own, ms": _spread(token)}


def lines(
    connection: HTTPConnection, path: str, question: str, key: str = "", **fields: object
) -> Iterator[str]:
    """Ask, and give the lines of the answer as they come; a larger client costs milliseconds."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    connection.request("POST", path, json.dumps({"question": question, **fields}), headers)
    for line in connection.getresponse():
        yield line.decode().rstrip("\r\n")


def _spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "median": round(statistics.median(ordered), 1),
        "p95": round(ordered[int(0.95 * (len(ordered) - 1))], 1),
        "n": len(ordered),
    }
