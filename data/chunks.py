"""Chunks and their vectors, as the holder of a claim writes them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import delete, func, insert, select, update

from data.claims import require_held
from data.contents import Chunk, Vector, Vectors
from data.database import Database
from data.records import Claim
from data.tables import chunks, libraries, vectors

# Rows of one write transaction, so that it stays under 20 ms.
ROWS = 200


def chunk_id(document_id: str, version: int, number: int) -> str:
    """Return a chunk's id, the same whenever and however often it is written."""
    return f"{document_id}-{version}-{number}"


def version_of(chunk: str) -> tuple[str, int]:
    """Return the document and the version that a chunk's id names."""
    document_id, version, _ = chunk.rsplit("-", 2)
    return document_id, int(version)


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

    def known_vectors(self, workspace: str, reuse_keys: Sequence[str]) -> dict[str, Vector]:
        """Return the vectors of texts that were embedded before, by reuse key."""
        found: dict[str, Vector] = {}
        with self._database.read() as connection:
            for start in range(0, len(reuse_keys), ROWS):
                rows = connection.execute(
                    select(vectors.c.reuse_key, vectors.c.vector).where(
                        vectors.c.workspace_id == workspace,
                        vectors.c.reuse_key.in_(reuse_keys[start : start + ROWS]),
                    )
                )
                for row in rows:
                    found[row.reuse_key] = np.frombuffer(row.vector, "<f2").astype(np.float32)
        return found

    def write(
        self,
        claim: Claim,
        drafts: Sequence[Chunk],
        embedded: Vectors,
        reuse_keys: Sequence[str],
    ) -> tuple[str, ...]:
        """Add chunks, and return their ids; or raise ``ClaimLost``."""
        rows = [_row(claim, draft) for draft in drafts]
        vector_rows = [
            {
                "chunk_id": row["id"],
                "workspace_id": claim.workspace,
                "reuse_key": key,
                "vector": vector.tobytes(),
            }
            for row, key, vector in zip(rows, reuse_keys, embedded.astype("<f2"), strict=True)
        ]
        for start in range(0, len(rows), ROWS):
            part = slice(start, start + ROWS)
            with self._database.write() as connection:
                require_held(connection, claim)
                connection.execute(insert(chunks), rows[part])
                connection.execute(insert(vectors), vector_rows[part])
        return tuple(row["id"] for row in rows)

    def some_ids(
        self, document_id: str, version: int | None, after_page: int = 0
    ) -> tuple[str, ...]:
        """Return a batch of the chunk ids of a version, or of all versions."""
        statement = select(chunks.c.id).where(
            chunks.c.document_id == document_id, chunks.c.page > after_page
        )
        if version is not None:
            statement = statement.where(chunks.c.version == version)
        with self._database.read() as connection:
            return tuple(connection.execute(statement.limit(ROWS)).scalars())

    def remove(self, claim: Claim, ids: Sequence[str]) -> None:
        """Remove chunks with their vectors, and note how many the vector index keeps as dead."""
        dying = (
            update(libraries)
            .where(libraries.c.id == claim.library_id)
            .values(dead=libraries.c.dead + len(ids))
        )
        with self._database.write() as connection:
            connection.execute(dying)
            require_held(connection, claim)
            connection.execute(delete(chunks).where(chunks.c.id.in_(ids)))


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
