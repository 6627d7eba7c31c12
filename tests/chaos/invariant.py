"""What holds after every run, whatever died in it. Each part gives what is wrong, in words."""

import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import httpx

from tests.chaos.digests import Digest, catalogue, digest
from tests.chaos.papers import Paper
from tests.chaos.patient_client import Accepted, PatientClient
from tests.chaos.story import Story
from tests.running_stack import RunningStack

DOCTOR_SECONDS = 120


def lost_or_doubled(home_rows: sqlite3.Connection, story: Story) -> Iterator[str]:
    """Every 202 has one job in a final state, and every file is one document."""
    for promise in story.client.promises:
        rows = home_rows.execute("SELECT state FROM jobs WHERE id = ?", (promise.job_id,))
        states = [state for (state,) in rows]
        if len(states) != 1 or states[0] not in ("succeeded", "failed", "cancelled"):
            yield f"{promise.paper.name}: its job {promise.job_id} is {states or 'lost'}"
    documents = story.client.everything("/v1/documents", library=story.client.library)
    names = Counter(document["filename"] for document in documents)
    expected = Counter(list(story.expected))
    if names != expected:
        yield f"documents {sorted((names - expected).elements())} too many"
        yield f"documents {sorted((expected - names).elements())} too few"
    yield from (f"{d['filename']} is {d['state']}" for d in documents if d["state"] != "ready")
    for identity, version, times in home_rows.execute(
        "SELECT document_id, version, count(*) FROM jobs WHERE kind = 'ingest' AND"
        " state = 'succeeded' GROUP BY document_id, version HAVING count(*) > 1"
    ):
        yield f"{identity} version {version} was indexed by {times} jobs"


def changed(
    home_rows: sqlite3.Connection, story: Story, calm: dict[Paper, Digest]
) -> Iterator[str]:
    """Every document has exactly the pages and chunks of an undisturbed run."""
    for document in story.client.everything("/v1/documents", library=story.client.library):
        paper = story.expected.get(document["filename"])
        if paper is not None:
            found = digest(home_rows, document["id"], document["version"])
            yield from (f"{paper.name}: {what}" for what in found.differences(calm[paper]))


def not_found(client: PatientClient, papers: list[Paper]) -> Iterator[str]:
    """A sentence of every file is found on its page, by its words and by its meaning."""
    for paper in papers:
        passages = client.search(paper.fact)
        where = [(p["filename"], p["page"]) for p in passages[:1]]
        if where != [(paper.name, paper.fact_page)]:
            yield f"“{paper.fact}” is found on {where} and not on page {paper.fact_page}"
        elif set(passages[0]["ranks"]) != {"dense", "lexical"}:
            yield f"“{paper.fact}” is found by {passages[0]['ranks']} only"


def left_of(promise: Accepted, stack: RunningStack, client: PatientClient) -> Iterator[str]:
    """Nothing of a deleted document is anywhere."""
    gone = promise.document_id
    for path in ("", "/content", f"/pages/{promise.paper.fact_page}"):
        status = client.send("GET", f"/v1/documents/{gone}{path}").status_code
        if status != 404:
            yield f"GET …{path} of a deleted document answers {status}"
    if any(passage["document_id"] == gone for passage in client.search(promise.paper.fact)):
        yield "a deleted document is found"
    yield from (f"{path} is left" for path in (stack.home / "blobs").rglob(gone))
    with catalogue(stack.home) as rows:
        for table in ("versions", "pages", "chunks", "document_tags"):
            where = f"SELECT count(*) FROM {table} WHERE document_id = ?"
            if (count := rows.execute(where, (gone,)).fetchone()[0]) > 0:
                yield f"{count} rows of a deleted document are left in {table}"
        where = "SELECT count(*) FROM vectors WHERE chunk_id LIKE ?"
        if (count := rows.execute(where, (f"{gone}-%",)).fetchone()[0]) > 0:
            yield f"{count} vectors of a deleted document are left in the catalogue"
    if ids := [one for one in indexed_ids(stack) if one.startswith(gone)]:
        yield f"{len(ids)} vectors of a deleted document are left in Chroma"


def unequal_index(stack: RunningStack) -> Iterator[str]:
    """Chroma has the vectors of every published version, and of nothing that is unknown."""
    with catalogue(stack.home) as rows:
        known = {one for (one,) in rows.execute("SELECT id FROM chunks")}
        published = {
            one
            for (one,) in rows.execute(
                "SELECT chunks.id FROM chunks JOIN documents ON documents.id = chunks.document_id"
                " AND published_version = version WHERE deleted_at IS NULL"
            )
        }
    indexed = indexed_ids(stack)
    if missing := published - set(indexed):
        yield f"{len(missing)} published chunks are not in Chroma: {sorted(missing)[:3]}"
    if strays := set(indexed) - known:
        yield f"{len(strays)} vectors in Chroma belong to nothing: {sorted(strays)[:3]}"


def indexed_ids(stack: RunningStack) -> list[str]:
    """Return the ids that Chroma itself has, in all collections."""
    port = int((stack.home / "run" / "chroma.port").read_text())
    root = "/api/v2/tenants/default_tenant/databases/default_database/collections"
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as chroma:
        found: list[str] = []
        for collection in chroma.get(root).json():
            what = {"include": [], "limit": 100_000}
            found += chroma.post(f"{root}/{collection['id']}/get", json=what).json()["ids"]
        return found


def doctor(stack: RunningStack) -> Iterator[str]:
    """``footnote doctor`` finds nothing."""
    command = [sys.executable, "-m", "api.cli.main", "doctor"]
    told = subprocess.run(
        command,
        env=stack.environment,
        capture_output=True,
        text=True,
        timeout=DOCTOR_SECONDS,
        check=False,
    )
    if told.returncode != 0:
        yield f"doctor ends with {told.returncode}: {told.stdout[-1500:]}{told.stderr[-1500:]}"
