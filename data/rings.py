"""Which jobs are owed a ring, and whether workers follow them."""

from sqlalchemy import case, or_, select, update

from data.claims import unheld
from data.database import Database, clock
from data.records import JobState
from data.settings import JobSettings
from data.tables import jobs, workers


class Rings:
    """Keeps an eye on what waits to be claimed."""

    def __init__(self, database: Database, settings: JobSettings) -> None:
        self._database = database
        self._settings = settings

    def due(self, limit: int) -> tuple[str, ...]:
        """Return jobs that wait to be claimed and that nobody has rung for, oldest first.

        A ring for a job that has begun is missed sooner: it may have gone to a worker that died.
        """
        patience = case(
            (jobs.c.state == JobState.RUNNING, self._settings.lease_seconds),
            else_=self._settings.ring_again_seconds,
        )
        owed = (
            select(jobs.c.id)
            .where(
                *unheld(),
                or_(
                    jobs.c.rung_at.is_(None),
                    jobs.c.rung_at < clock() - patience,
                    jobs.c.rung_at < jobs.c.lease_until,
                ),
            )
            .order_by(jobs.c.created_at)
            .limit(limit)
        )
        with self._database.read() as connection:
            return tuple(connection.execute(owed).scalars())

    def is_idle(self, worker: str, seconds: float) -> bool:
        """Return whether a worker holds no job and took none for so long, while there are some."""
        claimable = select(jobs.c.id).where(*unheld()).limit(1)
        holds = select(jobs.c.id).where(
            jobs.c.worker == worker,
            jobs.c.state == JobState.RUNNING,
            jobs.c.lease_until > clock(),
        )
        took = select(workers.c.id).where(
            workers.c.id == worker,
            or_(
                workers.c.active_at > clock() - seconds,
                workers.c.started_at > clock() - seconds,
            ),
        )
        with self._database.read() as connection:
            return (
                connection.execute(claimable).first() is not None
                and connection.execute(holds.limit(1)).first() is None
                and connection.execute(took).first() is None
            )

    def note(self, job_id: str) -> None:
        """Note that the broker took a ring for this job: the reconciler need not ring yet."""
        with self._database.write() as connection:
            connection.execute(update(jobs).where(jobs.c.id == job_id).values(rung_at=clock()))
