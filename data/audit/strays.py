"""Rows of documents or versions that do not exist."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, Table, and_, delete, exists, func, select, tuple_

from data.audit.shelf import TOGETHER, stored
from data.database import Database
from data.tables import chunks, documents, pages, vectors, versions

# Rows of one write transaction: pages are large, and a chunk takes its vector with it.
ROWS = 20
TABLES = {"versions": versions, "pages": pages, "chunks": chunks, "vectors": vectors}


@dataclass(frozen=True, slots=True)
class Stray:
    """Rows that belong to nothing."""

    table: str
    # Empty: of no chunk.
    document_id: str
    version: int
    rows: int


class Strays:
    """Finds and removes them. None ever is in flight: a version's row comes first and goes last."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def found(self) -> Iterator[Stray]:
        """Give the stray rows of every table."""
        yield from self._versions()
        for name in ("pages", "chunks"):
            after = ""
            while ids := self._documents_of(TABLES[name], after):
                yield from self._of(name, ids)
                after = ids[-1]
        if rows := self._vectors():
            yield Stray("vectors", "", 0, rows)

    def remove(self, stray: Stray) -> None:
        """Remove such rows, unless they belong to something by now."""
        table = TABLES[stray.table]
        key = tuple(table.primary_key.columns)
        some = select(*key).where(~_owner(table)).limit(ROWS)
        if stray.document_id:
            some = some.where(
                table.c.document_id == stray.document_id, table.c.version == stray.version
            )
        is_left = True
        while is_left:
            with self._database.write() as connection:
                found = [tuple(row) for row in connection.execute(some)]
                if table is chunks:
                    ids = [identity for (identity,) in found]
                    connection.execute(delete(vectors).where(vectors.c.chunk_id.in_(ids)))
                connection.execute(delete(table).where(tuple_(*key).in_(found)))
            is_left = len(found) == ROWS

    def _versions(self) -> Iterator[Stray]:
        ownerless = select(versions.c.document_id, versions.c.version).where(~_owner(versions))
        with self._database.read() as connection:
            for row in connection.execute(ownerless):
                yield Stray("versions", row.document_id, row.version, 1)

    def _vectors(self) -> int:
        ownerless = select(func.count()).select_from(vectors).where(~_owner(vectors))
        with self._database.read() as connection:
            return connection.execute(ownerless).scalar_one()

    def _documents_of(self, table: Table, after: str) -> Sequence[str]:
        ids = (
            select(table.c.document_id)
            .where(table.c.document_id > after)
            .distinct()
            .order_by(table.c.document_id)
            .limit(TOGETHER)
        )
        with self._database.read() as connection:
            return connection.execute(ids).scalars().all()

    def _of(self, name: str, ids: Sequence[str]) -> Iterator[Stray]:
        known = _kept().where(versions.c.document_id.in_(ids))
        with self._database.read() as connection:
            there = {(row.document_id, row.version) for row in connection.execute(known)}
            counted = stored(connection, name, ids)
        for (document_id, version), rows in counted.items():
            if (document_id, version) not in there:
                yield Stray(name, document_id, version, rows)


def _kept() -> Select[tuple[str, int]]:
    return select(versions.c.document_id, versions.c.version).join(
        documents, documents.c.id == versions.c.document_id
    )


def _owner(table: Table) -> ColumnElement[bool]:
    """Return the condition that a row of the table belongs to something."""
    if table is vectors:
        return exists().where(chunks.c.id == vectors.c.chunk_id).correlate(vectors)
    if table is versions:
        return exists().where(documents.c.id == versions.c.document_id).correlate(versions)
    mine = and_(
        versions.c.document_id == table.c.document_id, versions.c.version == table.c.version
    )
    return _kept().where(mine).correlate(table).exists()
