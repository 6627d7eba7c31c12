"""How rows are mended: by queueing the work that was lost, or by telling those who follow."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, exists, func, select

from data.catalogue import record_change
from data.claims import lock_document
from data.database import Database, clock
from data.documents import live
from data.interventions import reopen
from data.jobs import insert_job, is_open
from data.purges import Purges
from data.records import JobKind
from data.tables import documents, jobs, libraries, versions

# The sweeper comes every half hour, and may once be away.
SWEEPER_SECONDS = 3600.0


class Mending:
    """Each method is one transaction that looks again, and returns the id of the job it queued."""

    def __init__(self, database: Database, purges: Purges) -> None:
        self._database = database
        self._purges = purges

    def purge(self, document_id: str, version: int) -> str | None:
        """Queue the removal of a deleted document, or of an old version."""
        return self._purges.queue(document_id, version)

    def ingest(self, document_id: str) -> str | None:
        """Queue the indexing of a document's latest version, unless it is queued or done."""
        with self._database.write() as connection:
            lock_document(connection, document_id)
            row = connection.execute(
                select(documents, versions.c.bytes)
                .join(versions, versions.c.document_id == documents.c.id)
                .where(
                    documents.c.id == document_id,
                    versions.c.version == documents.c.latest_version,
                    documents.c.published_version.is_distinct_from(documents.c.latest_version),
                    live(),
                )
            ).first()
            if row is None or _is_open(connection, document_id, row.latest_version):
                return None
            reopen(connection, document_id, row.latest_version, None)
            place = (row.workspace_id, row.library_id, document_id, row.latest_version)
            return insert_job(connection, *place, JobKind.INGEST, size=row.bytes).id

    def forgotten_libraries(self) -> tuple[str, ...]:
        """Return the deleted libraries that no open job removes."""
        with self._database.read() as connection:
            forgotten = select(libraries.c.id).where(_is_forgotten())
            return tuple(connection.execute(forgotten).scalars())

    def purge_library(self, library_id: str) -> str | None:
        """Queue the removal of a deleted library."""
        with self._database.write() as connection:
            mine = select(libraries).where(libraries.c.id == library_id, _is_forgotten())
            row = connection.execute(mine.with_for_update()).first()
            if row is None:
                return None
            return insert_job(connection, row.workspace_id, library_id, None, 0, JobKind.PURGE).id

    def rebuilding(self) -> set[str]:
        """Return the libraries whose vectors are being stored anew, or are about to be."""
        rebuilt = select(jobs.c.library_id).where(jobs.c.kind == JobKind.REINDEX, is_open())
        with self._database.read() as connection:
            return set(connection.execute(rebuilt).scalars())

    def has_dropped_lately(self) -> bool:
        """Return whether a collection was dropped within the time that the sweeper may take."""
        dropping = select(jobs.c.id).where(
            jobs.c.document_id.is_(None), jobs.c.finished_at > clock() - SWEEPER_SECONDS
        )
        with self._database.read() as connection:
            return connection.execute(dropping.limit(1)).first() is not None

    def was_ours(self, library_id: str) -> bool:
        """Return whether a library that is gone was one of this catalogue: its jobs tell."""
        job = select(jobs.c.id).where(jobs.c.library_id == library_id).limit(1)
        with self._database.read() as connection:
            return connection.execute(job).first() is not None

    def count_open(self, job_ids: Sequence[str]) -> int:
        """Return how many of the jobs are not over."""
        still = select(func.count()).select_from(jobs).where(jobs.c.id.in_(job_ids), is_open())
        with self._database.read() as connection:
            return connection.execute(still).scalar_one()

    def announce(self, document_id: str, version: int) -> None:
        """Have every lexical index take a version up anew, or forget it."""
        with self._database.write() as connection:
            lock_document(connection, document_id)
            published = connection.execute(
                select(documents.c.published_version).where(documents.c.id == document_id, live())
            ).scalar()
            record_change(connection, document_id, version, published=published == version)


def _is_open(connection: Connection, document_id: str, version: int) -> bool:
    ingest = exists().where(
        jobs.c.document_id == document_id,
        jobs.c.version == version,
        jobs.c.kind == JobKind.INGEST,
        is_open(),
    )
    return bool(connection.execute(select(ingest)).scalar())


def _is_forgotten() -> ColumnElement[bool]:
    purge = exists().where(
        jobs.c.library_id == libraries.c.id,
        jobs.c.document_id.is_(None),
        jobs.c.kind == JobKind.PURGE,
        is_open(),
    )
    return libraries.c.deleted_at.is_not(None) & ~purge.correlate(libraries)
