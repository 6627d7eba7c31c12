"""How soon sources come from a library of 100,000 chunks."""

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.asking import TALK, asked
from benchmarks.baseline import Baseline
from benchmarks.indexing import index
from benchmarks.servers import MODEL, model_server
from tests.running_stack import RunningStack

CHUNKS = 100_000
# A comment behind a PDF's end: another file with the same pages, whose vectors are known.
COMMENT = b"\n%% copy %d\n"


def measure(pdfs: Path, _baseline: Baseline | None) -> dict[str, Any]:
    if not MODEL.exists():
        return {"skipped": f"{MODEL} is not there"}
    seconds, copies = 0.0, 0
    with model_server(**TALK) as model, tempfile.TemporaryDirectory() as folder:
        environment = {
            "FOOTNOTE_MODEL__BASE_URL": model,
            "FOOTNOTE_MODEL__NAME": "mock",
            # It would read the same pictures again for every copy.
            "FOOTNOTE_OCR__ENABLED": "false",
        }
        with RunningStack(Path(folder) / "home", **environment) as stack:
            chunks = 0
            while chunks < CHUNKS:
                took, chunks = _add(stack, pdfs, Path(folder) / "pdfs", copies)
                seconds, copies = seconds + took, copies + 1
            figures = asked(stack)
    return {"chunks": chunks, "copies of each file": copies, "seconds": round(seconds), **figures}


def _add(stack: RunningStack, pdfs: Path, folder: Path, copy: int) -> tuple[float, int]:
    """Index every PDF once more, and return the seconds that took and all chunks."""
    folder.mkdir(exist_ok=True)
    for path in pdfs.glob("*.pdf"):
        (folder / path.name).write_bytes(path.read_bytes() + COMMENT % copy)
    seconds, _ = index(stack, folder)
    with stack.client() as client:
        status = client.get("/v1/admin/status").json()
    return seconds, int(status["stores"]["chunks"])
