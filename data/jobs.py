"""Background work as clients see it: every upload, purge and reindex has its row."""

import secrets
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    insert,
    or_,
    select,
    update,
)

from data.counters import JOBS, advance, current
from data.database import Database, clock, moment
from data.errors import JobNotFound
from data.listing import Listing, listing
from data.records import DocumentState, Job, JobKind, JobStage, JobState, PageWarning
from data.tables import documents, jobs

OPEN = (JobState.QUEUED, JobState.RUNNING)
# Of the whole effort for a page, what reading it takes; the rest is embedding it.
PARSING_SHARE = 0.1
# What embedding a page takes while nothing is known of this file yet: two cores, 16 pages a second.
EMBEDDING_SECONDS = 0.06
# A job that got no further for so much longer than all of it should take waits for something.
LATE_SECONDS = 30.0


def is_open() -> ColumnElement[bool]:
    """Return the condition of jobs that are not over, for queries over many documents.

    The states are in its text: a parameter would keep SQLite from the index of open jobs.
    """
    states: BindParameter[Any] = bindparam(
        "open", OPEN, unique=True, expanding=True, literal_execute=True
    )
    return jobs.c.state.in_(states)


def job_columns() -> Select[Any]:
    """Select jobs with the database's time, from which the ETA is computed."""
    return select(jobs, clock().label("now"))


def job_of(row: Row[Any]) -> Job:
    """Return the record of a row of ``job_columns``."""
    state = JobState(row.state)
    return Job(
        id=row.id,
        document_id=row.document_id,
        version=row.version,
        kind=JobKind(row.kind),
        state=state,
        stage=JobStage(row.stage) if row.stage and state is JobState.RUNNING else None,
        done=int(_share_done(row) * row.total),
        total=row.total,
        eta_seconds=_eta(row),
        attempts=row.attempts,
        error_code=row.error_code,
        error_message=row.error_message,
        warnings=warnings_of(row.warnings),
        created_at=moment(row.created_at),
        started_at=moment(row.started_at) if row.started_at else None,
        finished_at=moment(row.finished_at) if row.finished_at else None,
        changed=row.changed,
    )


def _eta(row: Row[Any]) -> float | None:
    """Return the seconds that a job still takes at the pace of its stage, once that is known.

    While it waits for its turn or for an outage to end nobody can know.
    """
    if row.state != JobState.RUNNING or row.pace is None or row.not_before > row.now:
        return None
    left: float = row.pace * (row.total - row.cursor)
    if row.stage == JobStage.PARSING:
        left += EMBEDDING_SECONDS * row.total
    since: float = row.now - row.checkpoint_at
    if since > left + LATE_SECONDS:
        return None
    # What is not at a checkpoint yet counts as done, but never as most of it.
    return round(max(left - since, left / 2), 1)


def _share_done(row: Row[Any]) -> float:
    if row.state == JobState.SUCCEEDED:
        return 1.0
    if not row.total:
        return 0.0
    share: float = row.cursor / row.total
    if row.kind == JobKind.REINDEX:
        return share
    if row.stage == JobStage.PARSING:
        return share * PARSING_SHARE
    return PARSING_SHARE + share * (1 - PARSING_SHARE) if row.stage else 0.0


def warnings_of(stored: list[dict[str, Any]]) -> tuple[PageWarning, ...]:
    """Return warnings as they are stored in JSON columns."""
    return tuple(PageWarning(w["code"], w["message"], tuple(w["pages"])) for w in stored)


def insert_job(
    connection: Connection,
    workspace: str,
    library_id: str,
    document_id: str | None,
    version: int,
    kind: JobKind,
    delay_seconds: float = 0,
    size: int = 0,
) -> Job:
    """Queue work within the caller's transaction; ``size`` is the file's, in bytes."""
    identity = f"job-{secrets.token_hex(10)}"
    connection.execute(
        insert(jobs).values(
            id=identity,
            workspace_id=workspace,
            library_id=library_id,
            document_id=document_id,
            version=version,
            kind=kind,
            bytes=size,
            state=JobState.QUEUED,
            warnings=[],
            not_before=clock() + delay_seconds if delay_seconds else 0,
            changed=advance(connection, JOBS),
            created_at=clock(),
        )
    )
    return job_of(connection.execute(job_columns().where(jobs.c.id == identity)).one())


def lock_jobs(connection: Connection, document_id: str, but: str = "") -> float:
    """Lock a document's open jobs, and those that are still written for, until the commit.

    Returns how many seconds the longest lease among them still runs, also of a cancelled one:
    until then its holder may be writing to places that know no token (Chroma). One of them may
    be left out.
    """
    leases = (
        select(jobs.c.lease_until - clock())
        .where(
            jobs.c.document_id == document_id,
            jobs.c.id != but,
            or_(jobs.c.state.in_(OPEN), jobs.c.lease_until > clock()),
        )
        .with_for_update()
    )
    running = [float(left) for left in connection.execute(leases).scalars() if left]
    return max([0.0, *running])


def cancel_jobs(
    connection: Connection, code: str, message: str, *which: ColumnElement[bool]
) -> None:
    """Cancel open jobs, locked before, within the caller's transaction.

    Their leases stay: whoever holds one may still be writing to Chroma.
    """
    connection.execute(
        update(jobs)
        .where(jobs.c.state.in_(OPEN), *which)
        .values(
            state=JobState.CANCELLED,
            error_code=code,
            error_message=message,
            changed=advance(connection, JOBS),
            finished_at=clock(),
        )
    )


def latest_ingest(connection: Connection, document_id: str, version: int) -> Job:
    """Return the job that last indexed a version, or is to."""
    latest = (
        job_columns()
        .where(
            jobs.c.document_id == document_id,
            jobs.c.version == version,
            jobs.c.kind == JobKind.INGEST,
        )
        .order_by(jobs.c.created_at.desc())
        .limit(1)
    )
    return job_of(connection.execute(latest).one())


def fail_job(
    connection: Connection, job_id: str, document_id: str | None, code: str, message: str
) -> None:
    """Fail a job, and its document when no version of it is published; both are locked."""
    connection.execute(
        update(documents)
        .where(documents.c.id == document_id, documents.c.published_version.is_(None))
        .values(state=DocumentState.FAILED, updated_at=clock())
    )
    connection.execute(
        update(jobs)
        .where(jobs.c.id == job_id)
        .values(
            state=JobState.FAILED,
            error_code=code,
            error_message=message,
            lease_until=None,
            finished_at=clock(),
            changed=advance(connection, JOBS),
        )
    )


class Jobs:
    """Reads jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, workspace: str, job_id: str) -> Job:
        """Return a job, or raise ``JobNotFound``."""
        statement = job_columns().where(jobs.c.workspace_id == workspace, jobs.c.id == job_id)
        with self._database.read() as connection:
            row = connection.execute(statement).first()
        if row is None:
            raise JobNotFound
        return job_of(row)

    def newest(
        self,
        workspace: str,
        state: JobState | None,
        document_id: str | None,
        limit: int,
        cursor: str | None,
    ) -> Listing[Job]:
        """Return jobs, newest first."""
        statement = job_columns().where(jobs.c.workspace_id == workspace)
        if state:
            statement = statement.where(jobs.c.state == state)
        if document_id:
            statement = statement.where(jobs.c.document_id == document_id)
        with self._database.read() as connection:
            return listing(connection, statement, jobs, limit, cursor, job_of)

    def changed_since(self, sequence: int) -> tuple[int, tuple[Job, ...]]:
        """Return the counter of all workspaces' job changes, and the jobs changed since."""
        with self._database.read() as connection:
            latest = current(connection, JOBS)
            if latest == sequence:
                return latest, ()
            rows = connection.execute(job_columns().where(jobs.c.changed > sequence)).all()
        return latest, tuple(map(job_of, rows))
