"""Who does the next slice of a job: fencing tokens, leases and checkpoints."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case, func, select, update

from data.counters import JOBS, advance
from data.database import Database, clock
from data.errors import AttemptsExhausted, ClaimLost
from data.jobs import OPEN, fail_job
from data.presence import stir
from data.records import Claim, JobKind, JobStage, JobState
from data.settings import JobSettings
from data.tables import documents, jobs, workspaces
from data.waiting import by_merit, unheld

FIRST_STAGES = {JobKind.INGEST: JobStage.PARSING, JobKind.REINDEX: JobStage.INDEXING}
# Between two attempts at what keeps going wrong.
LONGEST_PAUSE_SECONDS = 60
DIED = "The worker's process died."


class Claims:
    """Hands jobs to workers, and takes back what they did while their token is the latest."""

    def __init__(self, database: Database, settings: JobSettings) -> None:
        self._database = database
        self._settings = settings

    def claim(self, worker: str = "", job_id: str | None = None) -> Claim | None:
        """Take the most deserving job that nobody holds, or the one asked for, or return None."""
        which = () if job_id is None else (jobs.c.id == job_id,)
        due = (
            select(jobs, clock().label("now"))
            .join(workspaces, workspaces.c.id == jobs.c.workspace_id)
            .where(*unheld(), *which)
            .order_by(*by_merit())
            .limit(1)
            .with_for_update(of=jobs, skip_locked=True)
        )
        while True:
            with self._database.write() as connection:
                row = connection.execute(due).first()
                if row is None:
                    return None
                # What was deleted must go, however often its removal fails.
                is_spent = row.attempts >= self._settings.max_attempts
                if row.kind == JobKind.PURGE or not is_spent:
                    return self._take(connection, row, worker)
            # In a transaction of its own: it locks the document before the job.
            self._exhaust(row)

    def _take(self, connection: Connection, row: Row[Any], worker: str) -> Claim:
        stage = row.stage or FIRST_STAGES.get(JobKind(row.kind))
        connection.execute(
            update(workspaces).where(workspaces.c.id == row.workspace_id).values(served_at=clock())
        )
        stir(connection, worker)
        connection.execute(
            update(jobs)
            .where(jobs.c.id == row.id)
            .values(
                state=JobState.RUNNING,
                stage=stage,
                token=row.token + 1,
                attempts=row.attempts + 1,
                worker=worker,
                lease_until=clock() + self._settings.lease_seconds,
                checkpoint_at=func.coalesce(jobs.c.checkpoint_at, clock()),
                started_at=func.coalesce(jobs.c.started_at, clock()),
                rung_at=None,
                changed=advance(connection, JOBS),
            )
        )
        return Claim(
            job_id=row.id,
            workspace=row.workspace_id,
            document_id=row.document_id or "",
            library_id=row.library_id,
            version=row.version,
            kind=JobKind(row.kind),
            stage=JobStage(stage) if stage else None,
            token=row.token + 1,
            cursor=row.cursor,
            total=row.total,
            attempts=row.attempts + 1,
        )

    def _exhaust(self, row: Row[Any]) -> None:
        reason = f" The last reason: {row.error_message}" if row.error_message else ""
        error = AttemptsExhausted(f"{AttemptsExhausted.__doc__}{reason}")
        with self._database.write() as connection:
            lock_document(connection, row.document_id)
            # Another one may have ended it before, and somebody had it tried again since.
            is_spent = jobs.c.attempts == row.attempts
            if _is_latest(connection, row.id, row.token, OPEN, is_spent):
                fail_job(connection, row.id, row.document_id, error.code, str(error))

    def extend(self, claim: Claim) -> None:
        """Prolong the claim's lease, or raise ``ClaimLost``; one let go is not taken back."""
        statement = (
            update(jobs)
            .where(
                jobs.c.id == claim.job_id,
                jobs.c.token == claim.token,
                jobs.c.state == JobState.RUNNING,
                jobs.c.lease_until.is_not(None),
            )
            .values(lease_until=clock() + self._settings.lease_seconds)
        )
        with self._database.write() as connection:
            if connection.execute(statement).rowcount == 0:
                raise ClaimLost

    def checkpoint(self, claim: Claim, stage: JobStage, cursor: int, total: int) -> None:
        """Record that a slice is done and let the job go, or raise ``ClaimLost``."""
        with self._database.write() as connection:
            checkpoint(connection, claim, stage, cursor, total)

    def require(self, claim: Claim) -> None:
        """Raise ``ClaimLost`` unless the claim is still the latest of a running job."""
        held = select(jobs.c.id).where(
            jobs.c.id == claim.job_id,
            jobs.c.token == claim.token,
            jobs.c.state == JobState.RUNNING,
        )
        with self._database.read() as connection:
            if connection.execute(held).first() is None:
                raise ClaimLost

    def hand_back(self, claim: Claim) -> None:
        """Let the job go as it was claimed, for another worker: this one is stopping."""
        with self._database.write() as connection:
            write_held(
                connection,
                claim,
                attempts=claim.attempts - 1,
                lease_until=None,
                rung_at=None,
            )

    def let_go(self, claim: Claim) -> None:
        """Give up the lease of a job that is over: what this worker did for it has ended.

        Otherwise a retry, and the removal of what it wrote, would wait for the lease to end.
        """
        statement = update(jobs).where(
            jobs.c.id == claim.job_id,
            jobs.c.token == claim.token,
            jobs.c.state != JobState.RUNNING,
        )
        with self._database.write() as connection:
            connection.execute(statement.values(lease_until=None))

    def abandon(self, worker: str) -> None:
        """End the leases of a worker whose only child has died: nobody writes for them."""
        theirs = (jobs.c.worker == worker, jobs.c.lease_until > clock())
        # All jobs are looked through for them, cancelled ones too: not while others can't write.
        with self._database.read() as connection:
            ids = connection.execute(select(jobs.c.id).where(*theirs)).scalars().all()
        for job_id in ids:
            let_go = update(jobs).where(jobs.c.id == job_id, *theirs)
            reason = case((jobs.c.state == JobState.RUNNING, DIED), else_=jobs.c.error_message)
            let_go = let_go.values(
                lease_until=None,
                # As after any attempt that went wrong: three deaths take some seconds.
                not_before=clock() + jobs.c.attempts * jobs.c.attempts,
                rung_at=None,
                error_message=reason,
            )
            with self._database.write() as connection:
                connection.execute(let_go)

    def wait(self, claim: Claim, reason: str) -> None:
        """Let the job go until an outage may be over; it does not count as an attempt."""
        with self._database.write() as connection:
            write_held(
                connection,
                claim,
                attempts=claim.attempts - 1,
                lease_until=None,
                rung_at=None,
                not_before=clock() + self._settings.outage_wait_seconds,
                error_message=reason,
            )

    def release(self, claim: Claim, reason: str) -> None:
        """Let the job go after an attempt that went wrong, to be tried again shortly."""
        pause = min(claim.attempts**2, LONGEST_PAUSE_SECONDS)
        with self._database.write() as connection:
            write_held(
                connection,
                claim,
                lease_until=None,
                not_before=clock() + pause,
                error_message=reason,
            )

    def fail(self, claim: Claim, code: str, message: str) -> None:
        """End the job with an error that a person can act on, or raise ``ClaimLost``."""
        with self._database.write() as connection:
            lock_document(connection, claim.document_id)
            require_held(connection, claim)
            fail_job(connection, claim.job_id, claim.document_id, code, message)


def write_held(connection: Connection, claim: Claim, **values: Any) -> None:
    """Change a job that the claim still holds, else raise ``ClaimLost``."""
    require_held(connection, claim)
    connection.execute(
        update(jobs)
        .where(jobs.c.id == claim.job_id)
        .values(changed=advance(connection, JOBS), **values)
    )


def succeed(connection: Connection, claim: Claim, **values: object) -> None:
    """End a job that the claim still holds, within the caller's transaction."""
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


def require_held(connection: Connection, claim: Claim) -> None:
    """Raise ``ClaimLost`` unless the claim is held until this transaction ends."""
    if not _is_latest(connection, claim.job_id, claim.token, (JobState.RUNNING,)):
        raise ClaimLost


def lock_document(connection: Connection, document_id: str | None) -> None:
    """Let nobody else publish, delete or fail a document until this transaction ends.

    To be called before the job's row is locked, in every transaction that touches both.
    """
    mine = select(documents.c.id).where(documents.c.id == document_id)
    connection.execute(mine.with_for_update(key_share=True))


def _is_latest(
    connection: Connection,
    job_id: str,
    token: int,
    states: tuple[JobState, ...],
    *which: ColumnElement[bool],
) -> bool:
    statement = (
        select(jobs.c.id)
        .where(jobs.c.id == job_id, jobs.c.token == token, jobs.c.state.in_(states), *which)
        .with_for_update()
    )
    return connection.execute(statement).first() is not None


def checkpoint(
    connection: Connection, claim: Claim, stage: JobStage, cursor: int, total: int
) -> None:
    """Record progress within the caller's transaction; the job is anybody's again."""
    goes_on = stage is claim.stage and cursor > claim.cursor
    took = (clock() - jobs.c.checkpoint_at) / max(1, cursor - claim.cursor)
    write_held(
        connection,
        claim,
        stage=stage,
        # Half of what it was, so that an outage is soon forgotten. Another stage has its own.
        pace=(func.coalesce(jobs.c.pace, took) + took) / 2 if goes_on else None,
        checkpoint_at=clock(),
        cursor=cursor,
        total=total,
        slices=jobs.c.slices + 1,
        attempts=0,
        error_message=None,
        lease_until=None,
        rung_at=None,
    )
