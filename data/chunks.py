"""Chunks and their vectors, as the holder of a claim writes them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import delete, func, insert, select

from data.claims import checkpoint, require_held
from data.database import Database
from data.records import Chunk, Claim, JobStage, Vectors
from data.tables import chunks, vectors

# Rows of one write transaction, so that it stays under 20 ms.
ROWS = 200


def chunk_id(document_id: str, version: int, number: int) -> str:
    """Return a chunk's id, the same whenever and however often it is written."""
    return f"{document_id}-{version}-{number}"


class Chunks:
    """Writes chunks, which nobody sees before their version is published."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count_until(self, claim: Claim, page: int) -> int:
        """Return how many chunks the pages up to ``page`` have: the next chunk's number."""
        statement = (
            select(func.count())
            .select_from(chunks)
            .where(*of_version(claim.document_id, claim.version), chunks.c.page <= page)
        )
        with self._database.read() as connection:
            return connection.execute(statement).scalar_one()

    def known_vectors(self, workspace: str, reuse_keys: Sequence[str]) -> dict[str, np.ndarray]:
        """Return the vectors of texts that were embedded before, by reuse key."""
        statement = select(vectors.c.reuse_key, vectors.c.vector).where(
            vectors.c.workspace_id == workspace, vectors.c.reuse_key.in_(reuse_keys)
        )
        with self._database.read() as connection:
            return {
                row.reuse_key: np.frombuffer(row.vector, "<f2").astype(np.float32)
                for row in connection.execute(statement)
            }

    def write(
        self,
        claim: Claim,
        drafts: Sequence[Chunk],
        embedded: Vectors,
        reuse_keys: Sequence[str],
        last_page: int,
        pages: int,
    ) -> None:
        """Replace the chunks after the claim's cursor by these, and checkpoint at ``last_page``.

        Raises ``ClaimLost`` when the claim is no longer held. The rows are visible to nobody
        before the version is published.
        """
        self._clear(claim)
        halves = embedded.astype("<f2")
        for start in range(0, len(drafts), ROWS):
            part = drafts[start : start + ROWS]
            rows = [_row(claim, draft) for draft in part]
            vector_rows = [
                {
                    "chunk_id": row["id"],
                    "workspace_id": claim.workspace,
                    "reuse_key": reuse_keys[start + index],
                    "vector": halves[start + index].tobytes(),
                }
                for index, row in enumerate(rows)
            ]
            with self._database.write() as connection:
                require_held(connection, claim)
                connection.execute(insert(chunks), rows)
                connection.execute(insert(vectors), vector_rows)
        with self._database.write() as connection:
            checkpoint(connection, claim, JobStage.EMBEDDING, last_page, pages)

    def _clear(self, claim: Claim) -> None:
        """Remove what a lost attempt wrote after the last checkpoint."""
        stale = (*of_version(claim.document_id, claim.version), chunks.c.page > claim.cursor)
        with self._database.read() as connection:
            if connection.execute(select(chunks.c.id).where(*stale).limit(1)).first() is None:
                return
        with self._database.write() as connection:
            require_held(connection, claim)
            connection.execute(delete(chunks).where(*stale))

    def remove(self, claim: Claim) -> None:
        """Remove a batch of a purged document's chunks with their vectors."""
        batch = select(chunks.c.id).where(chunks.c.document_id == claim.document_id).limit(ROWS)
        with self._database.write() as connection:
            require_held(connection, claim)
            connection.execute(delete(chunks).where(chunks.c.id.in_(batch)))

    def some_ids(self, document_id: str) -> tuple[str, ...]:
        """Return a batch of a document's chunk ids, of all versions."""
        statement = (
            select(chunks.c.id)
            .where(chunks.c.document_id == document_id)
            .order_by(chunks.c.id)
            .limit(ROWS)
        )
        with self._database.read() as connection:
            return tuple(connection.execute(statement).scalars())


def of_version(document_id: str, version: int) -> tuple[Any, Any]:
    """Return the conditions that select a version's chunks."""
    return chunks.c.document_id == document_id, chunks.c.version == version


def _row(claim: Claim, draft: Chunk) -> dict[str, Any]:
    return {
        "id": chunk_id(claim.document_id, claim.version, draft.number),
        "workspace_id": claim.workspace,
        "library_id": claim.library_id,
        "document_id": claim.document_id,
        "version": claim.version,
        "number": draft.number,
        "page": draft.page,
        "ranges": draft.ranges,
        "section": draft.section,
        "text": draft.text,
    }
