"""What is asked about: the same PDFs on both sides, indexed once into homes that can be kept."""

import json
import random
import shutil
from pathlib import Path

import httpx

from benchmarks.baseline import Baseline
from tests.running_stack import RunningStack

SHARED = Path("../shared/eval")
QUESTIONS = SHARED / "squad" / "questions.jsonl"
ANSWERS_ARE_IN = SHARED / "squad" / "pdfs"
BESIDE = SHARED / "pdfqa" / "pdfs"
# The next of the files beside has a thousand chunks: this comes nearest to 5,000.
ENOUGH_CHUNKS = 4_500
# Its 190 pages are indexed while ten clients ask.
LATER = "BOEING_2022_10K.pdf"
NO_OCR = {"FOOTNOTE_OCR__ENABLED": "false"}


def answerable_questions() -> list[str]:
    """Return the questions that the indexed PDFs answer, each of them once."""
    rows = (json.loads(line) for line in QUESTIONS.read_text().splitlines())
    return list(dict.fromkeys(row["question"] for row in rows if row["answerable"]))


def other_questions() -> list[str]:
    """Return questions about the same PDFs that these do not quite answer."""
    rows = (json.loads(line) for line in QUESTIONS.read_text().splitlines())
    return list(dict.fromkeys(row["question"] for row in rows if not row["answerable"]))


def every_question() -> list[str]:
    """Return all the questions there are, in any language, with or without an answer."""
    rows = (
        json.loads(line)
        for path in sorted(SHARED.glob("*/questions*.jsonl"))
        for line in path.read_text().splitlines()
    )
    every = list(dict.fromkeys(row["question"] for row in rows))
    random.Random(0).shuffle(every)  # noqa: S311 - an order, no secret
    return every


def index(home: Path) -> tuple[list[Path], int]:
    """Index about 5,000 chunks into a home, and return the PDFs and how many chunks they made.

    Files that are in the home already cost nothing.
    """
    with RunningStack(home, **NO_OCR) as stack, stack.client() as client:
        answers = sorted(ANSWERS_ARE_IN.glob("*.pdf"))
        jobs = [stack.upload(client, path)["job"]["id"] for path in answers]
        for job in jobs:
            stack.finished(client, job, seconds=1800)
        # The smallest first: many documents rather than few.
        beside = sorted(BESIDE.glob("*.pdf"), key=lambda path: path.stat().st_size)
        for path in (one for one in beside if one.name != LATER):
            if _chunks(client) >= ENOUGH_CHUNKS:
                break
            stack.finished(client, stack.upload(client, path)["job"]["id"], seconds=1800)
        listed = client.get("/v1/documents", params={"limit": 100}).json()["items"]
        ready = {one["filename"] for one in listed if one["state"] == "ready"}
        return [one for one in [*answers, *beside] if one.name in ready], _chunks(client)


def index_theirs(baseline: Baseline, pdfs: list[Path], home: Path) -> int:
    """Index the same PDFs with the tutorial pipeline, and return how many chunks they made."""
    summary = home / "ingest.json"
    if not summary.exists():
        folder = home / "pdfs"
        folder.mkdir(parents=True, exist_ok=True)
        for path in pdfs:
            shutil.copyfile(path, folder / path.name)
        baseline.ingest(folder, home)
    return int(json.loads(summary.read_text())["summary"]["chunks"])


def _chunks(client: httpx.Client) -> int:
    return int(client.get("/v1/admin/status").json()["stores"]["chunks"])
