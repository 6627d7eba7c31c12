"""``footnote doctor`` and ``footnote purge`` while everything runs."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from uuid import UUID

import httpx
import numpy as np

from data.settings import IndexSettings
from data.vectors import BlockingVectors, VectorIndex
from tests.running_stack import RunningStack

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "samples" / "lighthouse-report.pdf"
ORPHAN = str(UUID(int=7))


def footnote(stack: RunningStack, *words: str) -> tuple[int, str]:
    """Run a command on the stack's home, and return its exit code and what it printed."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FOOTNOTE_")}
    done = subprocess.run(
        [sys.executable, "-m", "api.cli.main", *words],
        env={**environment, "FOOTNOTE_HOME": str(stack.home)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


def opened_index(stack: RunningStack) -> BlockingVectors:
    port = (stack.home / "run" / "chroma.port").read_text()
    return BlockingVectors(VectorIndex(f"http://127.0.0.1:{port}", IndexSettings()))


def test_what_is_broken_by_hand_is_found_and_mended_while_everything_runs(
    stack: RunningStack, client: httpx.Client
) -> None:
    client.post("/v1/libraries", json={"name": "doctored"})
    document = stack.upload(client, SAMPLE, library="doctored")
    assert stack.finished(client, document["job"]["id"])["state"] == "succeeded"
    document_id = document["document"]["id"]
    with closing(sqlite3.connect(stack.home / "catalogue.db")) as database:
        mine = "id = (SELECT library_id FROM documents WHERE id = ?)"
        database.execute(f"UPDATE libraries SET dead = 5000 WHERE {mine}", (document_id,))
        page = (document_id, 9, 1, "", b"", "[]", False)
        database.execute(
            "INSERT INTO pages (document_id, version, page, text, boxes, lines, ocr)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            page,
        )
        library = database.execute(
            f"SELECT id, fingerprint, generation FROM libraries WHERE {mine}", (document_id,)
        ).fetchone()
        database.commit()
    with opened_index(stack) as vectors:
        collection = f"fn-{library[0]}-{library[1][:8]}-{library[2]}"
        vectors.upsert(collection, ["doc-never-1-0"], np.ones((1, 384), np.float32))
    orphan = stack.home / "blobs" / ".staging" / "of an upload that broke off"
    orphan.touch()
    os.utime(orphan, (time.time() - 7200,) * 2)
    (stack.home / "chroma" / ORPHAN).mkdir()

    code, told = footnote(stack, "doctor")

    assert code == 1, told
    for finding in ("stray_rows", "vectors_dead", "vectors_unknown", "file_orphaned"):
        assert told.count(f"{finding}: ") == 1, told
    assert "lighthouse" not in told

    code, told = footnote(stack, "doctor", "--repair")

    assert code == 0, told
    assert "Nothing differs" in told
    assert not orphan.exists()
    assert not (stack.home / "chroma" / ORPHAN).exists()
    kinds = {job["kind"] for job in client.get("/v1/jobs").json()["items"]}
    assert "reindex" in kinds

    client.delete(f"/v1/documents/{document_id}")
    purge = client.get("/v1/jobs", params={"document_id": document_id}).json()["items"][0]
    assert stack.finished(client, purge["id"])["state"] == "succeeded"
    code, told = footnote(stack, "purge", "--bytes")

    assert code == 0, told
    assert "Freed" in told
    code, told = footnote(stack, "doctor", "--json")
    assert (code, json.loads(told)["findings"]) == (0, [])
    client.delete("/v1/libraries/doctored")


def test_a_purge_of_nothing_in_particular_is_refused(stack: RunningStack) -> None:
    assert footnote(stack, "purge")[0] == 2
