"""What readers see: publish, delete and finish, each in one transaction."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from data.claims import lock_document, require_held, write_held
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
    JobState,
    PageWarning,
)
from data.tables import changes, documents, jobs, libraries, versions


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
                if old:
                    _supersede(connection, claim.document_id, old)
                _record(connection, claim.document_id, claim.version, published=True)
                _retire(connection, claim)
            _succeed(connection, claim, warnings=noted)

    def delete_document(self, workspace: str, document_id: str) -> None:
        """Hide a document from this moment on, and queue the removal of all that is left."""
        with self._database.write() as connection:
            document = get_document(connection, workspace, document_id)
            _delete(connection, workspace, document.library_id, (document_id,))

    def delete_library(self, workspace: str, name: str) -> None:
        """Hide a library with its documents, and queue the removal of all that is left."""
        if name == DEFAULT:
            raise Conflict("The default library can't be deleted; delete its documents instead.")
        with self._database.write() as connection:
            library_id = hold_library(connection, workspace, name, alone=True)
            connection.execute(
                update(libraries).where(libraries.c.id == library_id).values(deleted_at=clock())
            )
            live = select(documents.c.id).where(
                documents.c.library_id == library_id, documents.c.deleted_at.is_(None)
            )
            _delete(connection, workspace, library_id, connection.execute(live).scalars().all())
            insert_job(connection, workspace, library_id, None, 0, JobKind.PURGE)

    def finish_purge(self, claim: Claim) -> None:
        """Remove the last row of a purged document or library, and end the job."""
        with self._database.write() as connection:
            lock_document(connection, claim.document_id)
            require_held(connection, claim)
            if claim.document_id:
                connection.execute(delete(documents).where(documents.c.id == claim.document_id))
            else:
                connection.execute(delete(libraries).where(libraries.c.id == claim.library_id))
            _succeed(connection, claim)

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
) -> None:
    # Step by step over all of them, for the order of locks: documents, jobs, counters.
    gone = [_hide(connection, document_id) for document_id in document_ids]
    delays = [lock_jobs(connection, row.id) for row in gone]
    for row in gone:
        if row.published_version:
            _record(connection, row.id, row.published_version, published=False)
    for row, delay in zip(gone, delays, strict=True):
        mine = jobs.c.document_id == row.id
        cancel_jobs(connection, "cancelled", "The document was deleted.", mine)
        version = row.latest_version
        insert_job(connection, workspace, library_id, row.id, version, JobKind.PURGE, delay)


def _hide(connection: Connection, document_id: str) -> Row[Any]:
    row = connection.execute(
        update(documents)
        .where(documents.c.id == document_id, documents.c.deleted_at.is_(None))
        .values(deleted_at=clock(), updated_at=clock())
        .returning(documents.c.id, documents.c.latest_version, documents.c.published_version)
    ).first()
    if row is None:
        raise DocumentNotFound
    return row


def _supersede(connection: Connection, document_id: str, version: int) -> None:
    connection.execute(
        update(versions)
        .where(versions.c.document_id == document_id, versions.c.version == version)
        .values(superseded_at=clock())
    )
    _record(connection, document_id, version, published=False)


def _retire(connection: Connection, claim: Claim) -> None:
    """Queue the removal of all that older versions have left, published or not."""
    older = (
        select(versions.c.version)
        .where(versions.c.document_id == claim.document_id, versions.c.version < claim.version)
        .order_by(versions.c.version)
    )
    for version in connection.execute(older).scalars().all():
        insert_job(
            connection,
            claim.workspace,
            claim.library_id,
            claim.document_id,
            version,
            JobKind.PURGE,
        )


def _succeed(connection: Connection, claim: Claim, **values: object) -> None:
    write_held(
        connection,
        claim,
        state=JobState.SUCCEEDED,
        stage=None,
        lease_until=None,
        error_message=None,
        finished_at=clock(),
        **values,
    )


def _record(connection: Connection, document_id: str, version: int, *, published: bool) -> None:
    connection.execute(
        insert(changes).values(
            sequence=advance(connection, CATALOGUE),
            document_id=document_id,
            version=version,
            published=published,
        )
    )
