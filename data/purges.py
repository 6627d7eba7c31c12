"""What is left of deleted documents and of old versions, as the holder of a purge removes it."""

from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Table, delete, exists, func, or_, select, tuple_

from data.claims import lock_document, require_held, succeed, write_held
from data.database import Database, clock
from data.documents import SUPERSEDED_SECONDS, live
from data.errors import Unavailable
from data.jobs import OPEN, insert_job
from data.records import Claim, JobKind
from data.tables import documents, jobs, libraries, pages, versions

# Pages with their boxes, or versions with their profiles, of one write transaction.
ROWS = 20


class Remains(StrEnum):
    """What a purge removes."""

    # The version is needed, or is gone already.
    NOTHING = "nothing"
    # Nobody finds the version any more; its pages and its file stay readable for a day.
    CHUNKS = "chunks"
    VERSION = "version"
    # With all of its versions.
    DOCUMENT = "document"


class Purges:
    """Decides what a purge is for, and removes rows; a purge is safe to be done twice."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remains(self, claim: Claim) -> Remains:
        """Return what the claim is to remove, by what the catalogue says now.

        Of a document that lives that is never the published version, the latest one, or any
        between them. Raises ``Unavailable`` while somebody may still be writing for it.
        """
        document = select(documents).where(documents.c.id == claim.document_id)
        version = select(
            (versions.c.superseded_at > clock() - SUPERSEDED_SECONDS).label("is_readable")
        ).where(versions.c.document_id == claim.document_id, versions.c.version == claim.version)
        with self._database.read() as connection:
            row = connection.execute(document).first()
            # In a deleted library its own purge comes when the indexes are told to forget it.
            if row is None or row.deleted_at is not None:
                _require_unwritten(connection, jobs.c.document_id == claim.document_id)
                return Remains.DOCUMENT
            if not row.published_version or claim.version >= row.published_version:
                return Remains.NOTHING
            _require_unwritten(
                connection,
                jobs.c.document_id == claim.document_id,
                jobs.c.version == claim.version,
            )
            is_readable = connection.execute(version).scalar()
            return Remains.CHUNKS if is_readable else Remains.VERSION

    def remove_pages(self, claim: Claim, version: int | None) -> bool:
        """Remove a batch of a version's pages, or of all versions'; False when there were none."""
        return self._remove_some(claim, pages, version)

    def finish(self, claim: Claim, removed: Remains) -> None:
        """Remove the last row of what was purged, and end the job."""
        while removed is Remains.DOCUMENT and self._remove_some(claim, versions, None):
            pass
        with self._database.write() as connection:
            lock_document(connection, claim.document_id)
            require_held(connection, claim)
            if removed is Remains.DOCUMENT:
                connection.execute(delete(documents).where(documents.c.id == claim.document_id))
            elif removed is Remains.VERSION:
                connection.execute(
                    delete(versions).where(
                        versions.c.document_id == claim.document_id,
                        versions.c.version == claim.version,
                    )
                )
                _queue_next(connection, claim)
            succeed(connection, claim)

    def require_alone(self, claim: Claim) -> None:
        """Raise ``Unavailable`` while somebody may still be writing for the claim's library."""
        with self._database.read() as connection:
            _require_unwritten(
                connection,
                jobs.c.document_id.is_(None),
                jobs.c.library_id == claim.library_id,
                jobs.c.id != claim.job_id,
            )

    def finish_library(self, claim: Claim) -> None:
        """Remove the row of a library that is empty, and end the job."""
        with self._database.write() as connection:
            connection.execute(delete(libraries).where(libraries.c.id == claim.library_id))
            succeed(connection, claim)

    def hand_on(self, claim: Claim) -> None:
        """Keep what a slice of the purge has removed, and let another worker go on."""
        with self._database.write() as connection:
            write_held(
                connection,
                claim,
                slices=jobs.c.slices + 1,
                attempts=0,
                error_message=None,
                lease_until=None,
                rung_at=None,
            )

    def queue_expired(self) -> int:
        """Queue the removal of some versions that were readable for a day; return how many."""
        expired = (
            select(versions.c.document_id, versions.c.version)
            .join(documents, documents.c.id == versions.c.document_id)
            .where(versions.c.superseded_at <= clock() - SUPERSEDED_SECONDS, live(), ~_is_queued())
            .limit(ROWS)
        )
        with self._database.read() as connection:
            found = connection.execute(expired).all()
        return sum(self.queue(row.document_id, row.version) is not None for row in found)

    def queue(self, document_id: str, version: int) -> str | None:
        """Queue a purge of a version unless there is one, and return the job's id.

        What it is to remove it will find out.
        """
        is_queued = exists().where(
            jobs.c.document_id == document_id,
            jobs.c.version == version,
            jobs.c.kind == JobKind.PURGE,
            jobs.c.state.in_(OPEN),
        )
        with self._database.write() as connection:
            lock_document(connection, document_id)
            owner = connection.execute(
                select(documents.c.workspace_id, documents.c.library_id).where(
                    documents.c.id == document_id, ~is_queued
                )
            ).first()
            if owner is None:
                return None
            place = (owner.workspace_id, owner.library_id, document_id, version)
            return insert_job(connection, *place, JobKind.PURGE).id

    def _remove_some(self, claim: Claim, table: Table, version: int | None) -> bool:
        keys = tuple(table.primary_key.columns)
        mine = [table.c.document_id == claim.document_id]
        if version is not None:
            mine.append(table.c.version == version)
        some = select(*keys).where(*mine).limit(ROWS)
        with self._database.write() as connection:
            require_held(connection, claim)
            return connection.execute(delete(table).where(tuple_(*keys).in_(some))).rowcount > 0


def _queue_next(connection: Connection, claim: Claim) -> None:
    """Queue one of the versions that were never published: a publication queues only some."""
    older = (
        select(versions.c.version)
        .join(documents, documents.c.id == versions.c.document_id)
        .where(
            versions.c.document_id == claim.document_id,
            versions.c.version < documents.c.published_version,
            versions.c.superseded_at.is_(None),
            ~_is_queued(),
        )
    )
    version = connection.execute(older.order_by(versions.c.version).limit(1)).scalar()
    if version is not None:
        place = (claim.workspace, claim.library_id, claim.document_id, version)
        insert_job(connection, *place, JobKind.PURGE)


def _is_queued() -> ColumnElement[bool]:
    """Return whether a purge of the version, or of its whole document, is still to be done."""
    purge = exists().where(
        jobs.c.document_id == versions.c.document_id,
        jobs.c.version == versions.c.version,
        jobs.c.kind == JobKind.PURGE,
        jobs.c.state.in_(OPEN),
    )
    return purge.correlate(versions)


def _require_unwritten(connection: Connection, *which: ColumnElement[bool]) -> None:
    """Raise ``Unavailable`` while one of the jobs is open or has a lease, also when cancelled."""
    writing = (
        select(func.count())
        .select_from(jobs)
        .where(
            *which,
            jobs.c.kind != JobKind.PURGE,
            or_(jobs.c.state.in_(OPEN), jobs.c.lease_until > clock()),
        )
    )
    if connection.execute(writing).scalar_one():
        raise Unavailable("Somebody may still be writing what is to be removed.")
