"""How soon a lone question's events come, beside what the model itself takes."""

import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx

from benchmarks.baseline import SCRIPT, Baseline
from benchmarks.indexing import index
from tests.running_stack import RunningStack, events

MODEL = Path("../shared/tools/mock_llm.py")
FIRST_TOKEN_MS = 300
QUESTIONS = (
    "What were the net sales of the year?",
    "Who audits the consolidated financial statements?",
    "Which risks does the company name?",
    "How many shares were outstanding?",
    "What does the report say about older adults and technology?",
)
ROUNDS = 8


def measure(pdfs: Path, baseline: Baseline | None) -> dict[str, Any]:
    if not MODEL.exists():
        return {"skipped": f"{MODEL} is not there"}
    figures: dict[str, Any] = {}
    with model_server() as model, tempfile.TemporaryDirectory() as folder:
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
    port = _free_port()
    environment = {**baseline.environment(folder), "LLM_BASE_URL": model, "LLM_MODEL": "mock"}
    command: list[str | Path] = [
        *(baseline.python, "-m", "uvicorn", f"{SCRIPT.stem}:app"),
        *("--port", str(port), "--log-level", "warning"),
    ]
    with subprocess.Popen(command, env=environment) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/docs")
            token = []
            for question in QUESTIONS * ROUNDS:
                connection = HTTPConnection("127.0.0.1", port, timeout=60)
                sent = time.perf_counter()
                next(line for line in lines(connection, "/ask", question) if '"token"' in line)
                token.append((time.perf_counter() - sent) * 1000 - FIRST_TOKEN_MS)
                connection.close()
        finally:
            server.terminate()
    return {"tutorial: first token beyond the model's own, ms": _spread(token)}


@contextmanager
def model_server() -> Iterator[str]:
    """A language model whose own times are known."""
    port = _free_port()
    knobs = ("--ttft-ms", str(FIRST_TOKEN_MS), "--itl-ms", "5", "--tokens", "30")
    command = [sys.executable, str(MODEL), "--port", str(port), *knobs]
    with subprocess.Popen(command) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/stats")
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()


def lines(
    connection: HTTPConnection, path: str, question: str, key: str = "", **fields: object
) -> Iterator[str]:
    """Ask, and give the lines of the answer as they come; a larger client costs milliseconds."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    connection.request("POST", path, json.dumps({"question": question, **fields}), headers)
    for line in connection.getresponse():
        yield line.decode().rstrip("\r\n")


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            httpx.get(address, timeout=5)
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(address)


def _spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "median": round(statistics.median(ordered), 1),
        "p95": round(ordered[int(0.95 * (len(ordered) - 1))], 1),
        "n": len(ordered),
    }


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
