"""What readers see: publish, delete and finish, each in one transaction."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, exists, func, insert, or_, select, update

from data.claims import lock_document, require_held, succeed
from data.counters import CATALOGUE, advance, current
from data.database import Database, clock
from data.documents import get_document
from data.errors import Conflict, DocumentNotFound
from data.jobs import cancel_jobs, insert_job, lock_jobs
from data.libraries import DEFAULT, hold_library
from data.records import (
    Change,
    Claim,
    DocumentState,
    JobKind,
    PageWarning,
)
from data.tables import changes, documents, jobs, libraries, versions

# Documents of a library that are deleted in one transaction. Measured: 2 to 4 ms each.
DOCUMENTS = 4
# Older versions that a publication has removed; if there are more, the next one has the rest.
RETIRED = 20


class Catalogue:
    """Keeps documents, versions, jobs and the sequence of changes true to each other."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def publish(
        self, claim: Claim, pages: int, chunks: int, warnings: tuple[PageWarning, ...]
    ) -> None:
        """Make a version what readers see, and end its job, in one step."""
        noted = [{"code": w.code, "message": w.message, "pages": w.pages} for w in warnings]
        this = (
            versions.c.document_id == claim.document_id,
            versions.c.version == claim.version,
        )
        with self._database.write() as connection:
            lock_document(connection, claim.document_id)
            require_held(connection, claim)
            connection.execute(
                update(versions).where(*this).values(pages=pages, chunks=chunks, warnings=noted)
            )
            old = connection.execute(
                select(documents.c.published_version).where(documents.c.id == claim.document_id)
            ).scalar_one()
            filename = select(versions.c.filename).where(*this).scalar_subquery()
            published = connection.execute(
                update(documents)
                .where(
                    documents.c.id == claim.document_id,
                    or_(
                        documents.c.published_version.is_(None),
                        documents.c.published_version < claim.version,
                    ),
                )
                .values(
                    published_version=claim.version,
                    filename=func.coalesce(filename, documents.c.filename),
                    state=DocumentState.READY,
                    updated_at=clock(),
                )
            )
            if published.rowcount:
                delay = lock_jobs(connection, claim.document_id, but=claim.job_id)
                if old:
                    _supersede(connection, claim.document_id, old)
                record_change(connection, claim.document_id, claim.version, published=True)
                _retire(connection, claim, delay)
            succeed(connection, claim, warnings=noted)

    def delete_document(self, workspace: str, document_id: str) -> None:
        """Hide a document from this moment on, and queue the removal of all that is left."""
        with self._database.write() as connection:
            document = get_document(connection, workspace, document_id)
            if not _delete(connection, workspace, document.library_id, (document_id,)):
                raise DocumentNotFound

    def delete_library(self, workspace: str, name: str) -> None:
        """Hide a library with its documents, however many, and queue the removal of all of it."""
        if name == DEFAULT:
            raise Conflict("The default library can't be deleted; delete its documents instead.")
        with self._database.write() as connection:
            library_id = hold_library(connection, workspace, name, alone=True)
            connection.execute(
                update(libraries).where(libraries.c.id == library_id).values(deleted_at=clock())
            )
            insert_job(connection, workspace, library_id, None, 0, JobKind.PURGE)

    def delete_some(self, claim: Claim) -> bool:
        """Delete the next documents of a deleted library; False when there were none.

        What the library's own jobs were doing ends with the last of them.
        """
        next_ones = (
            select(documents.c.id)
            .where(documents.c.library_id == claim.library_id, documents.c.deleted_at.is_(None))
            # The order of the index that has only these rows.
            .order_by(documents.c.sha256)
            .limit(DOCUMENTS)
        )
        own = (
            jobs.c.document_id.is_(None),
            jobs.c.library_id == claim.library_id,
            jobs.c.id != claim.job_id,
        )
        with self._database.write() as connection:
            # A library's job: nobody who waits for it holds a document.
            require_held(connection, claim)
            found = connection.execute(next_ones).scalars().all()
            _delete(connection, claim.workspace, claim.library_id, found)
            if not found:
                connection.execute(select(jobs.c.id).where(*own).with_for_update())
                cancel_jobs(connection, "cancelled", "The library was deleted.", *own)
            return bool(found)

    def sequence(self) -> int:
        """Return the number of the last committed change."""
        with self._database.read() as connection:
            return current(connection, CATALOGUE)

    def changes_after(self, sequence: int, limit: int) -> tuple[Change, ...]:
        """Return the next changes that the lexical index is to follow."""
        statement = (
            select(changes)
            .where(changes.c.sequence > sequence)
            .order_by(changes.c.sequence)
            .limit(limit)
        )
        with self._database.read() as connection:
            rows = connection.execute(statement)
            return tuple(Change(r.sequence, r.document_id, r.version, r.published) for r in rows)


def _delete(
    connection: Connection, workspace: str, library_id: str, document_ids: Sequence[str]
) -> int:
    """Delete documents, and return how many of them nobody else had deleted."""
    # Step by step over all of them, for the order of locks: documents, jobs, counters.
    hidden = (_hide(connection, document_id) for document_id in document_ids)
    gone = [row for row in hidden if row is not None]
    delays = [lock_jobs(connection, row.id) for row in gone]
    for row in gone:
        if row.published_version:
            record_change(connection, row.id, row.published_version, published=False)
    for row, delay in zip(gone, delays, strict=True):
        mine = jobs.c.document_id == row.id
        cancel_jobs(connection, "cancelled", "The document was deleted.", mine)
        version = row.latest_version
        insert_job(connection, workspace, library_id, row.id, version, JobKind.PURGE, delay)
    return len(gone)


def _hide(connection: Connection, document_id: str) -> Row[Any] | None:
    return connection.execute(
        update(documents)
        .where(documents.c.id == document_id, documents.c.deleted_at.is_(None))
        .values(deleted_at=clock(), updated_at=clock())
        .returning(documents.c.id, documents.c.latest_version, documents.c.published_version)
    ).first()


def _supersede(connection: Connection, document_id: str, version: int) -> None:
    connection.execute(
        update(versions)
        .where(versions.c.document_id == document_id, versions.c.version == version)
        .values(superseded_at=clock())
    )
    record_change(connection, document_id, version, published=False)


def _retire(connection: Connection, claim: Claim, delay_seconds: float) -> None:
    """Queue the removal of all that older versions have left, published or not."""
    purge = exists().where(
        jobs.c.document_id == versions.c.document_id,
        jobs.c.version == versions.c.version,
        jobs.c.kind == JobKind.PURGE,
    )
    older = (
        select(versions.c.version)
        .where(
            versions.c.document_id == claim.document_id,
            versions.c.version < claim.version,
            ~purge.correlate(versions),
        )
        # First the one that was published, which has the most to remove.
        .order_by(versions.c.superseded_at.is_(None), versions.c.version)
        .limit(RETIRED)
    )
    place = (claim.workspace, claim.library_id, claim.document_id)
    for version in connection.execute(older).scalars().all():
        insert_job(connection, *place, version, JobKind.PURGE, delay_seconds)


def record_change(
    connection: Connection, document_id: str, version: int, *, published: bool
) -> None:
    """Have the indexes that follow the catalogue take a version up, or forget it."""
    connection.execute(
        insert(changes).values(
            sequence=advance(connection, CATALOGUE),
            document_id=document_id,
            version=version,
            published=published,
        )
    )
