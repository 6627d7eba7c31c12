"""What a new version costs in which one page has changed."""

import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import pypdfium2

from benchmarks.baseline import Baseline
from benchmarks.indexing import spent
from tests.running_stack import RunningStack


def measure(pdfs: Path, _baseline: Baseline | None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        first, second = _versions(pdfs, Path(folder))
        with RunningStack(Path(folder) / "home") as stack, stack.client() as client:
            # A short one, so that the worker is warm.
            _index(stack, client, min(pdfs.glob("*.pdf"), key=lambda path: path.stat().st_size))
            before = spent(stack)["embedding"]
            document, took = _index(stack, client, first)
            embedding = spent(stack)["embedding"] - before
            again, took_again = _index(stack, client, second, document["id"])
            embedding_again = spent(stack)["embedding"] - embedding - before
    return {
        "pages, chunks": [document["pages"], document["chunks"]],
        "pages, chunks of the new version": [again["pages"], again["chunks"]],
        "first upload: seconds, of which embedding": [round(took, 2), round(embedding, 2)],
        "one page changed: seconds, of which embedding": [
            round(took_again, 2),
            round(embedding_again, 2),
        ],
        "share of the first upload": f"{took_again / took:.1%}",
    }


def _versions(pdfs: Path, folder: Path) -> tuple[Path, Path]:
    """Write the PDF with the most pages anew, and once more with a foreign page in its middle."""
    by_pages = sorted(pdfs.glob("*.pdf"), key=lambda path: len(pypdfium2.PdfDocument(path)))
    longest, foreign = (pypdfium2.PdfDocument(path) for path in (by_pages[-1], by_pages[-2]))
    middle = len(longest) // 2
    paths = (folder / "first.pdf", folder / "second.pdf")
    for path, page_from in zip(paths, (longest, foreign), strict=True):
        written = pypdfium2.PdfDocument.new()
        written.import_pages(longest, list(range(middle)))
        written.import_pages(page_from, [min(middle, len(page_from) - 1)])
        written.import_pages(longest, list(range(middle + 1, len(longest))))
        written.save(path)
    return paths


def _index(
    stack: RunningStack, client: httpx.Client, path: Path, replaced: str | None = None
) -> tuple[dict[str, Any], float]:
    """Upload a file, wait until it is ready, and return its document and the seconds."""
    started = time.perf_counter()
    if replaced is None:
        body = stack.upload(client, path)
    else:
        files = {"file": ("first.pdf", path.read_bytes(), "application/pdf")}
        body = client.put(f"/v1/documents/{replaced}/content", files=files).json()
    job = stack.finished(client, body["job"]["id"], seconds=1800)
    took = time.perf_counter() - started
    assert job["state"] == "succeeded", job
    document: dict[str, Any] = client.get(f"/v1/documents/{body['document']['id']}").json()
    return document, took
