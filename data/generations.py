"""Generations of a library's vectors: one is live, and one may be built beside it."""

from sqlalchemy import Connection, and_, or_, select, update

from data.claims import require_held, succeed
from data.database import Database, clock
from data.jobs import insert_job, is_open, job_columns, job_of
from data.libraries import hold_library
from data.records import Claim, Job, JobKind
from data.tables import jobs, libraries

# A library whose vectors get lost again and again is a case for a person.
REPAIRS_AN_HOUR = 3
# What tells a repair from a rebuild that somebody asked for, and the job's reader why it is there.
LOST = {
    "code": "index_incomplete",
    "message": "The vector index had lost vectors of this library.",
    "pages": [],
}


class Generations:
    """Queues rebuilds, and says which generation is built and which is live."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def queue(self, workspace: str, name: str) -> Job:
        """Queue a rebuild of a library, or return the one that is open already."""
        with self._database.write() as connection:
            library_id = hold_library(connection, workspace, name, alone=True)
            return _open_job(connection, library_id) or _insert(connection, workspace, library_id)

    def queue_repair(self, library_id: str) -> bool:
        """Queue a rebuild of a library that has lost vectors, and return whether that is new.

        Not when one is open already, nor when there were several within the last hour.
        """
        if self._repairs_of_the_last_hour(library_id) >= REPAIRS_AN_HOUR:
            return False
        live = select(libraries.c.workspace_id).where(
            libraries.c.id == library_id, libraries.c.deleted_at.is_(None)
        )
        with self._database.write() as connection:
            workspace = connection.execute(live.with_for_update()).scalar()
            if workspace is None or _open_job(connection, library_id):
                return False
            job = _insert(connection, workspace, library_id)
            connection.execute(update(jobs).where(jobs.c.id == job.id).values(warnings=[LOST]))
        return True

    def repairs(self) -> set[str]:
        """Return the ids of the live libraries that are being repaired, or wait for it."""
        statement = (
            select(jobs.c.library_id, jobs.c.warnings)
            .join(libraries, libraries.c.id == jobs.c.library_id)
            .where(is_open(), jobs.c.kind == JobKind.REINDEX, libraries.c.deleted_at.is_(None))
        )
        with self._database.read() as connection:
            return {row.library_id for row in connection.execute(statement) if row.warnings}

    def begin(self, claim: Claim, generation: int) -> None:
        """Have what is indexed from now on stored in a new generation too."""
        with self._database.write() as connection:
            connection.execute(
                update(libraries)
                .where(libraries.c.id == claim.library_id, libraries.c.building.is_(None))
                .values(building=generation)
            )
            require_held(connection, claim)

    def switch(self, claim: Claim, generation: int) -> bool:
        """Let readers read the generation that was built, and end the job, in one step.

        False when that is not the one that is being built.
        """
        with self._database.write() as connection:
            switched = connection.execute(
                update(libraries)
                .where(libraries.c.id == claim.library_id, libraries.c.building == generation)
                .values(generation=generation, building=None, dead=0)
            )
            if switched.rowcount:
                succeed(connection, claim)
        return switched.rowcount == 1

    def end(self, claim: Claim) -> None:
        """End the job of a library in which nothing was ever embedded."""
        with self._database.write() as connection:
            succeed(connection, claim)

    def give_up_abandoned(self) -> int:
        """Forget the generations whose jobs have ended early, and return how many those were."""
        written_for = select(jobs.c.library_id).where(
            jobs.c.kind == JobKind.REINDEX, or_(is_open(), jobs.c.lease_until > clock())
        )
        abandoned = and_(libraries.c.building.is_not(None), libraries.c.id.not_in(written_for))
        with self._database.read() as connection:
            ids = connection.execute(select(libraries.c.id).where(abandoned)).scalars().all()
        for library_id in ids:
            mine = libraries.c.id == library_id
            with self._database.write() as connection:
                # Nobody queues another rebuild until this one is forgotten.
                connection.execute(select(libraries.c.id).where(mine).with_for_update())
                connection.execute(update(libraries).where(mine, abandoned).values(building=None))
        return len(ids)

    def _repairs_of_the_last_hour(self, library_id: str) -> int:
        statement = select(jobs.c.warnings).where(
            jobs.c.library_id == library_id,
            jobs.c.kind == JobKind.REINDEX,
            jobs.c.created_at > clock() - 3600,
        )
        with self._database.read() as connection:
            return sum(bool(found) for found in connection.execute(statement).scalars())


def _open_job(connection: Connection, library_id: str) -> Job | None:
    """Return the open rebuild of a library, whose row the caller has locked."""
    row = connection.execute(
        job_columns().where(
            jobs.c.library_id == library_id, jobs.c.kind == JobKind.REINDEX, is_open()
        )
    ).first()
    return job_of(row) if row else None


def _insert(connection: Connection, workspace: str, library_id: str) -> Job:
    return insert_job(connection, workspace, library_id, None, 0, JobKind.REINDEX)
