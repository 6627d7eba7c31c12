"""``footnote doctor`` and ``footnote purge`` while everything runs."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from uuid import UUID

import httpx

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


def test_what_is_broken_by_hand_is_found_and_mended_while_everything_runs(
    stack: RunningStack, client: httpx.Client
) -> None:
    client.post("/v1/libraries", json={"name": "doctored"})
    document = stack.upload(client, SAMPLE, library="doctored")
    assert stack.finished(client, document["job"]["id"])["state"] == "succeeded"
    document_id = document["document"]["id"]
    with closing(sqlite3.connect(stack.home / "catalogue.db")) as database:
        place = "WHERE id = (SELECT library_id FROM documents WHERE id = ?)"
        library, fingerprint = database.execute(
            f"SELECT id, fingerprint FROM libraries {place}", (document_id,)
        ).fetchone()
        database.execute(f"UPDATE libraries SET dead = 5000 {place}", (document_id,))
        database.commit()
    port = (stack.home / "run" / "chroma.port").read_text()
    index = VectorIndex(f"http://127.0.0.1:{port}", IndexSettings())
    with BlockingVectors(index) as vectors:
        vectors.delete(f"fn-{library}-{fingerprint[:8]}-1", [f"{document_id}-1-0"])
    (stack.home / "chroma" / ORPHAN).mkdir()

    code, told = footnote(stack, "doctor")

    assert code == 1, told
    for finding in ("vectors_missing", "vectors_dead", "index_folder_orphaned"):
        assert told.count(finding) == 1, told
    assert "lighthouse" not in told

    code, told = footnote(stack, "doctor", "--repair")

    assert code == 0, told
    assert "Nothing differs" in told
    assert not (stack.home / "chroma" / ORPHAN).exists()

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
