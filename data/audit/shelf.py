"""Documents with all that the catalogue has of them, a few at a time and in one view."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from data.database import Database, clock
from data.documents import SUPERSEDED_SECONDS, live
from data.jobs import OPEN
from data.records import JobKind
from data.tables import chunks, documents, jobs, pages, vectors, versions

# Documents of one look, and ids of one question.
TOGETHER = 100
PARAMETERS = 5_000
# After its day, a version may wait so long for the sweeper.
SWEEPER_SECONDS = 2 * 3600.0


@dataclass(frozen=True, slots=True)
class Volume:
    """A version: what its row says, and what is stored."""

    version: int
    pages: int
    chunks: int
    stored_pages: int
    stored_chunks: int
    stored_vectors: int
    is_superseded: bool
    # It was to be removed some time ago.
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A document with its versions and its jobs."""

    id: str
    workspace: str
    is_deleted: bool
    # Neither deleted nor in a deleted library.
    is_live: bool
    state: str
    latest: int
    published: int | None
    volumes: tuple[Volume, ...]
    # Of jobs: (kind, version, state).
    jobs: frozenset[tuple[str, int, str]]

    def has_open(self, kind: JobKind, version: int) -> bool:
        """Return whether such a job waits or runs."""
        return any((kind, version, state) in self.jobs for state in OPEN)

    def needs(self, volume: Volume) -> bool:
        """Return whether the version is there to stay."""
        return self.is_live and volume.version >= (self.published or 0)


class Shelf:
    """Reads documents in the order of their ids."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def entries(self) -> Iterator[Entry]:
        """Give all documents, deleted ones too; each is as it was at one moment."""
        after = ""
        while some := self._those(documents.c.id > after):
            yield from some
            after = some[-1].id

    def entry(self, document_id: str) -> Entry | None:
        """Return a document as it is now."""
        return next(iter(self._those(documents.c.id == document_id)), None)

    def published(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the published versions of those of the documents that are live."""
        statement = select(documents.c.id, documents.c.published_version).where(
            documents.c.published_version.is_not(None), live()
        )
        found: dict[str, int] = {}
        with self._database.read() as connection:
            for start in range(0, len(ids), PARAMETERS):
                some = documents.c.id.in_(ids[start : start + PARAMETERS])
                for row in connection.execute(statement.where(some)):
                    found[row.id] = row.published_version
        return found

    def _those(self, which: ColumnElement[bool]) -> list[Entry]:
        statement = (
            select(documents, live().label("is_live"))
            .where(which)
            .order_by(documents.c.id)
            .limit(TOGETHER)
        )
        with self._database.read() as connection:
            found = connection.execute(statement).all()
            ids = [row.id for row in found]
            return _entries(connection, found, ids)


def _entries(connection: Connection, found: Sequence[Row[Any]], ids: Sequence[str]) -> list[Entry]:
    volumes = _volumes(connection, ids)
    work: dict[str, set[tuple[str, int, str]]] = defaultdict(set)
    columns = (jobs.c.document_id, jobs.c.kind, jobs.c.version, jobs.c.state)
    for row in connection.execute(select(*columns).where(jobs.c.document_id.in_(ids)).distinct()):
        work[row.document_id].add((row.kind, row.version, row.state))
    return [
        Entry(
            id=row.id,
            workspace=row.workspace_id,
            is_deleted=row.deleted_at is not None,
            is_live=bool(row.is_live),
            state=row.state,
            latest=row.latest_version,
            published=row.published_version,
            volumes=tuple(volumes[row.id]),
            jobs=frozenset(work[row.id]),
        )
        for row in found
    ]


def _volumes(connection: Connection, ids: Sequence[str]) -> dict[str, list[Volume]]:
    overdue = versions.c.superseded_at < clock() - SUPERSEDED_SECONDS - SWEEPER_SECONDS
    address = (versions.c.document_id, versions.c.version)
    said = (versions.c.pages, versions.c.chunks, versions.c.superseded_at)
    statement = (
        select(*address, *said, overdue.label("is_overdue"))
        .where(versions.c.document_id.in_(ids))
        .order_by(*address)
    )
    read = stored(connection, "pages", ids)
    cut = stored(connection, "chunks", ids)
    embedded = stored(connection, "vectors", ids)
    found: dict[str, list[Volume]] = defaultdict(list)
    for row in connection.execute(statement):
        place = (row.document_id, row.version)
        volume = Volume(
            version=row.version,
            pages=row.pages,
            chunks=row.chunks,
            stored_pages=read.get(place, 0),
            stored_chunks=cut.get(place, 0),
            stored_vectors=embedded.get(place, 0),
            is_superseded=row.superseded_at is not None,
            is_overdue=bool(row.is_overdue),
        )
        found[row.document_id].append(volume)
    return found


def stored(connection: Connection, what: str, ids: Sequence[str]) -> dict[tuple[str, int], int]:
    """Count the pages, chunks or vectors of documents, by document and version."""
    table = pages if what == "pages" else chunks
    address = (table.c.document_id, table.c.version)
    counted = select(*address, func.count().label("rows"))
    if what == "vectors":
        counted = counted.join(vectors, vectors.c.chunk_id == chunks.c.id)
    counted = counted.where(table.c.document_id.in_(ids)).group_by(*address)
    return {(row.document_id, row.version): row.rows for row in connection.execute(counted)}
