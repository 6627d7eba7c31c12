"""What people do to jobs: stop them, and have them tried again."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Row, select, update

from data.claims import lock_document
from data.counters import JOBS, advance
from data.database import Database, clock
from data.documents import live
from data.errors import Conflict, JobNotFound
from data.jobs import OPEN, cancel_jobs, job_columns, job_of, latest_ingest, lock_jobs
from data.records import DocumentState, Job, JobKind, JobState
from data.tables import documents, jobs, libraries, versions

# A document's id to its file's password, encrypted for that document.
Seal = Callable[[str], bytes]


class Interventions:
    """Changes jobs on somebody's request, each in one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def cancel(self, workspace: str, job_id: str) -> Job:
        """End an open job; its worker stops at its next write. Raises ``Conflict`` when final."""
        with self._database.write() as connection:
            row = _locked(connection, workspace, job_id)
            if row.state not in OPEN:
                raise Conflict(f"The job is {row.state} already.")
            if row.kind == JobKind.PURGE:
                raise Conflict("What was deleted is removed for good: this can't be cancelled.")
            connection.execute(
                update(documents)
                .where(
                    documents.c.id == row.document_id,
                    documents.c.published_version.is_(None),
                )
                .values(state=DocumentState.FAILED, updated_at=clock())
            )
            cancel_jobs(connection, "cancelled", "Somebody cancelled it.", jobs.c.id == job_id)
            return _job(connection, job_id)

    def retry(self, workspace: str, job_id: str, seal: Seal | None = None) -> Job:
        """Queue a failed or cancelled job again; it goes on after its last checkpoint.

        Raises ``Conflict`` when it is not over, or when something newer has taken its place.
        """
        with self._database.write() as connection:
            row = _locked(connection, workspace, job_id)
            if row.state not in (JobState.FAILED, JobState.CANCELLED):
                raise Conflict(f"The job is {row.state}: only what failed can be retried.")
            if row.kind == JobKind.INGEST:
                _require_latest(connection, row)
                password = seal and seal(row.document_id)
                reopen(connection, row.document_id, row.version, password)
            elif row.kind == JobKind.REINDEX:
                _require_alone(connection, row)
            connection.execute(
                update(jobs)
                .where(jobs.c.id == job_id)
                .values(
                    state=JobState.QUEUED,
                    attempts=0,
                    # Who held it may still be writing: the next one waits for the lease's end.
                    not_before=0,
                    rung_at=None,
                    checkpoint_at=None,
                    pace=None,
                    error_code=None,
                    error_message=None,
                    finished_at=None,
                    changed=advance(connection, JOBS),
                )
            )
            return _job(connection, job_id)


def _locked(connection: Connection, workspace: str, job_id: str) -> Row[Any]:
    """Return a job of the workspace, locked after what it is about, or raise ``JobNotFound``."""
    mine = select(jobs).where(jobs.c.workspace_id == workspace, jobs.c.id == job_id)
    row = connection.execute(mine).first()
    if row is None:
        raise JobNotFound
    if row.document_id:
        lock_document(connection, row.document_id)
        lock_jobs(connection, row.document_id)
    else:
        library = select(libraries.c.id).where(libraries.c.id == row.library_id)
        connection.execute(library.with_for_update())
    return connection.execute(mine.with_for_update()).one()


def _require_latest(connection: Connection, row: Row[Any]) -> None:
    document = connection.execute(
        select(documents).where(documents.c.id == row.document_id, live())
    ).first()
    if document is None:
        raise Conflict("The document was deleted.")
    if document.latest_version != row.version:
        raise Conflict("A newer version of the document was uploaded since.")
    if document.published_version == row.version:
        raise Conflict("The document was indexed by another job since.")
    # Its checkpoint counts no more: the newer job has started over.
    if latest_ingest(connection, row.document_id, row.version).id != row.id:
        raise Conflict("The document was queued again since, as another job.")


def _require_alone(connection: Connection, row: Row[Any]) -> None:
    library = select(libraries.c.deleted_at).where(libraries.c.id == row.library_id)
    found = connection.execute(library).first()
    if found is None or found.deleted_at is not None:
        raise Conflict("The library was deleted.")
    other = select(jobs.c.id).where(
        jobs.c.library_id == row.library_id, jobs.c.kind == JobKind.REINDEX, jobs.c.state.in_(OPEN)
    )
    if connection.execute(other.limit(1)).first():
        raise Conflict("Another job rebuilds the library already.")


def reopen(connection: Connection, document_id: str, version: int, password: bytes | None) -> None:
    """Let a version be indexed once more, within the caller's transaction."""
    this = (versions.c.document_id == document_id, versions.c.version == version)
    connection.execute(update(versions).where(*this).values(reading_seconds=0, ocr_seconds=0))
    if password:
        connection.execute(update(versions).where(*this).values(password=password))
    connection.execute(
        update(documents)
        .where(documents.c.id == document_id, documents.c.published_version.is_(None))
        .values(state=DocumentState.INDEXING, updated_at=clock())
    )


def _job(connection: Connection, job_id: str) -> Job:
    return job_of(connection.execute(job_columns().where(jobs.c.id == job_id)).one())
