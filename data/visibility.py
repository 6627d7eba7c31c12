"""Chunks and vectors as readers may see them: of published versions of live documents."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Row, Select, and_, bindparam, func, select, tuple_

from data.chunks import of_version
from data.contents import StoredChunk, Vector, Vectors
from data.database import Database
from data.documents import live, tagged
from data.errors import DocumentNotFound
from data.tables import chunks, documents, libraries, vectors, versions

# Versions of one query: SQLite takes 32,766 parameters.
ADDRESSES = 5_000


class Standing(NamedTuple):
    """What readers see of a document: its published version, in its library."""

    version: int
    library_id: str


class Spot(NamedTuple):
    """What ranking needs of a chunk; it never changes."""

    document_id: str
    version: int
    page: int
    # Halves, as they are stored; None: it was never embedded.
    vector: bytes | None

    @staticmethod
    def similarities(vectors: Sequence[bytes], query: Vector) -> list[float]:
        """Return the cosines of stored vectors to a unit vector."""
        matrix = np.frombuffer(b"".join(vectors), "<f2").reshape(len(vectors), -1)
        found: list[float] = (matrix.astype(np.float32) @ query).tolist()
        return found


class Visibility:
    """Decides what a search may show: a hit counts only if it is found here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def published(self, document_id: str, version: int) -> Iterator[tuple[str, StoredChunk]]:
        """Give a published version's chunks with their workspace, for the lexical index."""
        statement = _visible().where(*of_version(document_id, version)).order_by(chunks.c.number)
        with self._database.read() as connection:
            for row in connection.execute(statement):
                yield row.workspace_id, _stored(row)

    def visible(
        self, workspace: str, ids: Sequence[str], library_ids: Sequence[str]
    ) -> dict[str, StoredChunk]:
        """Return those of the chunks that readers of these libraries may see, by id."""
        values = {"workspace": workspace, "ids": ids, "libraries": library_ids}
        with self._database.read() as connection:
            return {row.id: _stored(row) for row in connection.execute(_visible_chunks(), values)}

    def selected(
        self,
        workspace: str,
        library_ids: Sequence[str],
        document_ids: Sequence[str],
        tags: tuple[str, ...],
    ) -> tuple[tuple[str, int], ...]:
        """Return the (document, version) that a filter selects and that readers may see.

        Raises ``DocumentNotFound`` when a document is named that is not in the workspace.
        """
        named = select(documents.c.id, documents.c.published_version).where(
            documents.c.workspace_id == workspace, live()
        )
        if document_ids:
            named = named.where(documents.c.id.in_(document_ids))
            with self._database.read() as connection:
                found = {row.id for row in connection.execute(named)}
            if missing := [one for one in document_ids if one not in found]:
                raise DocumentNotFound(f"There is no document {missing[0]}.")
        wanted = tagged(named, tags).where(
            documents.c.library_id.in_(library_ids), documents.c.published_version.is_not(None)
        )
        with self._database.read() as connection:
            return tuple((row.id, row.published_version) for row in connection.execute(wanted))

    def count(self, selected: Sequence[tuple[str, int]]) -> int:
        """Return how many chunks some versions have."""
        address = tuple_(chunks.c.document_id, chunks.c.version)
        counted = select(func.count()).select_from(chunks)
        with self._database.read() as connection:
            return sum(
                connection.execute(
                    counted.where(address.in_(selected[start : start + ADDRESSES]))
                ).scalar_one()
                for start in range(0, len(selected), ADDRESSES)
            )

    def vectors_of(self, document_id: str, version: int) -> tuple[tuple[str, ...], Vectors]:
        """Return the ids and the vectors of a version's chunks, row by row."""
        statement = (
            select(vectors.c.chunk_id, vectors.c.vector)
            .join(chunks, chunks.c.id == vectors.c.chunk_id)
            .where(*of_version(document_id, version))
            .order_by(chunks.c.number)
        )
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        if not rows:
            return (), np.zeros((0, 0), np.float32)
        matrix = np.frombuffer(b"".join(row.vector for row in rows), "<f2")
        return (
            tuple(row.chunk_id for row in rows),
            matrix.reshape(len(rows), -1).astype(np.float32),
        )

    def standing(self, workspace: str, document_ids: Sequence[str]) -> dict[str, Standing]:
        """Return which version of each document readers see, and where; others are left out."""
        values = {"workspace": workspace, "ids": document_ids}
        with self._database.read() as connection:
            return {
                id_: Standing(version, library)
                for id_, version, library in connection.execute(_standing_documents(), values)
            }

    def spots(self, ids: Sequence[str]) -> dict[str, Spot]:
        """Return where chunks stand, seen or not, by id."""
        with self._database.read() as connection:
            return {
                id_: Spot(document, version, page, vector)
                for id_, document, version, page, vector in connection.execute(
                    _spots(), {"ids": ids}
                )
            }

    def any_ready(self, library_ids: Sequence[str]) -> bool:
        """Return whether any document of these libraries is published."""
        statement = (
            select(documents.c.id)
            .where(
                documents.c.library_id.in_(library_ids),
                live(),
                documents.c.published_version.is_not(None),
            )
            .limit(1)
        )
        with self._database.read() as connection:
            return connection.execute(statement).first() is not None


# What every question asks is put together once: that takes longer than SQLite takes to answer.
@cache
def _visible_chunks() -> Select[Any]:
    return _visible().where(
        chunks.c.workspace_id == bindparam("workspace"),
        chunks.c.library_id.in_(bindparam("libraries", expanding=True)),
        chunks.c.id.in_(bindparam("ids", expanding=True)),
    )


@cache
def _standing_documents() -> Select[Any]:
    return (
        select(documents.c.id, documents.c.published_version, documents.c.library_id)
        .join(libraries, libraries.c.id == documents.c.library_id)
        .where(
            documents.c.workspace_id == bindparam("workspace"),
            documents.c.id.in_(bindparam("ids", expanding=True)),
            documents.c.published_version.is_not(None),
            documents.c.deleted_at.is_(None),
            libraries.c.deleted_at.is_(None),
        )
    )


@cache
def _spots() -> Select[Any]:
    return (
        select(chunks.c.id, chunks.c.document_id, chunks.c.version, chunks.c.page, vectors.c.vector)
        .join(vectors, vectors.c.chunk_id == chunks.c.id, isouter=True)
        .where(chunks.c.id.in_(bindparam("ids", expanding=True)))
    )


def _visible() -> Select[Any]:
    """Select the chunks of the published versions of live documents."""
    return (
        select(
            chunks,
            documents.c.filename,
            func.coalesce(documents.c.title, versions.c.title).label("title"),
            libraries.c.name.label("library"),
        )
        .join(
            documents,
            and_(
                documents.c.id == chunks.c.document_id,
                documents.c.published_version == chunks.c.version,
            ),
        )
        .join(
            versions,
            and_(
                versions.c.document_id == chunks.c.document_id,
                versions.c.version == chunks.c.version,
            ),
        )
        .join(libraries, libraries.c.id == documents.c.library_id)
        .where(documents.c.deleted_at.is_(None), libraries.c.deleted_at.is_(None))
    )


def _stored(row: Row[Any]) -> StoredChunk:
    return StoredChunk(
        id=row.id,
        document_id=row.document_id,
        library_id=row.library_id,
        library=row.library,
        version=row.version,
        filename=row.filename,
        title=row.title,
        number=row.number,
        page=row.page,
        ranges=tuple((start, end) for start, end in row.ranges),
        section=row.section,
        text=row.text,
    )
