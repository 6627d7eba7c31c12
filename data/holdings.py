"""What the vector index is to hold: the catalogue's stored vectors of a library."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Column, ColumnElement, Connection, Row, Table, and_, func, select, tuple_

from data.contents import Vectors
from data.database import Database
from data.tables import chunks, documents, vectors, versions

# Ids or documents of one query.
TOGETHER = 500


class Holdings:
    """Reads stored vectors, a batch at a time: a library may be larger than the memory."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rows(self, library_id: str, after_id: str, limit: int) -> tuple[tuple[str, ...], Vectors]:
        """Return the next chunk ids of a library with their vectors, published or not.

        In the order of their documents; an empty ``after_id`` is before the first.
        """
        document_id, version, number = _address(after_id)
        found: list[Row[Any, Any]] = []
        with self._database.read() as connection:
            for document in _documents_from(connection, library_id, document_id):
                rest = (
                    select(chunks.c.id, vectors.c.vector)
                    .join(vectors, vectors.c.chunk_id == chunks.c.id)
                    .where(chunks.c.document_id == document)
                    .order_by(chunks.c.version, chunks.c.number)
                    .limit(limit - len(found))
                )
                if document == document_id:
                    rest = rest.where(
                        tuple_(chunks.c.version, chunks.c.number) > tuple_(version, number)
                    )
                found += connection.execute(rest).all()
                if len(found) == limit:
                    break
        return _unpacked(found)

    def vectors_of(self, ids: Sequence[str]) -> tuple[tuple[str, ...], Vectors]:
        """Return those of the ids that the catalogue has, with their vectors."""
        statement = select(vectors.c.chunk_id.label("id"), vectors.c.vector)
        with self._database.read() as connection:
            wanted = statement.where(vectors.c.chunk_id.in_(ids))
            return _unpacked(connection.execute(wanted).all())

    def known(self, ids: Sequence[str]) -> set[str]:
        """Return those of the ids that the catalogue has, published or not."""
        return self._those(ids)

    def readable(self, ids: Sequence[str]) -> set[str]:
        """Return those of the ids that belong to published versions of live documents."""
        published = select(documents.c.id).where(_published(chunks))
        return self._those(ids, published.exists())

    def published(self, library_id: str) -> int:
        """Return how many chunks the published versions of a library's live documents have."""
        return self._sum(versions.c.chunks, library_id)

    def pages(self, library_id: str) -> int:
        """Return how many pages those versions have."""
        return self._sum(versions.c.pages, library_id)

    def published_by_library(self) -> dict[str, int]:
        """Return how many chunks are published, of each library in which any is."""
        counted = func.sum(versions.c.chunks).label("chunks")
        statement = (
            select(documents.c.library_id, counted)
            .join(documents, _published(versions))
            .group_by(documents.c.library_id)
        )
        with self._database.read() as connection:
            return {row.library_id: int(row.chunks) for row in connection.execute(statement)}

    def stored(self, library_id: str) -> int:
        """Return how many chunks all versions of a library's documents have."""
        statement = (
            select(func.count())
            .select_from(chunks)
            .join(documents, documents.c.id == chunks.c.document_id)
            .where(documents.c.library_id == library_id)
        )
        with self._database.read() as connection:
            return connection.execute(statement).scalar_one()

    def _sum(self, column: Column[int], library_id: str) -> int:
        statement = (
            select(func.coalesce(func.sum(column), 0))
            .join(documents, _published(versions))
            .where(documents.c.library_id == library_id)
        )
        with self._database.read() as connection:
            return int(connection.execute(statement).scalar_one())

    def _those(self, ids: Sequence[str], *conditions: ColumnElement[bool]) -> set[str]:
        found: set[str] = set()
        with self._database.read() as connection:
            for start in range(0, len(ids), TOGETHER):
                some = chunks.c.id.in_(ids[start : start + TOGETHER])
                rows = connection.execute(select(chunks.c.id).where(some, *conditions))
                found.update(rows.scalars())
        return found


def _published(table: Table) -> ColumnElement[bool]:
    """Return the condition that joins live documents with what is of their published version."""
    return and_(
        documents.c.id == table.c.document_id,
        documents.c.published_version == table.c.version,
        documents.c.deleted_at.is_(None),
    )


def _address(chunk: str) -> tuple[str, int, int]:
    """Take a chunk's id apart (data/chunks.py)."""
    if not chunk:
        return "", 0, 0
    document_id, version, number = chunk.rsplit("-", 2)
    return document_id, int(version), int(number)


def _documents_from(connection: Connection, library_id: str, first: str) -> Iterator[str]:
    """Give the ids of a library's documents, deleted ones too, from ``first`` on."""
    mine = (
        select(documents.c.id)
        .where(documents.c.library_id == library_id)
        .order_by(documents.c.id)
        .limit(TOGETHER)
    )
    some = connection.execute(mine.where(documents.c.id >= first)).scalars().all()
    while some:
        yield from some
        some = connection.execute(mine.where(documents.c.id > some[-1])).scalars().all()


def _unpacked(rows: Sequence[Row[Any, Any]]) -> tuple[tuple[str, ...], Vectors]:
    if not rows:
        return (), np.zeros((0, 0), np.float32)
    matrix = np.frombuffer(b"".join(row.vector for row in rows), "<f2")
    return tuple(row.id for row in rows), matrix.reshape(len(rows), -1).astype(np.float32)
