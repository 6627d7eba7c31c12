"""Which jobs are owed a ring, and whether workers follow them."""

from sqlalchemy import ColumnElement, case, or_, select, update

from data.claims import LONGEST_PAUSE_SECONDS
from data.database import Database, clock
from data.jobs import is_open
from data.records import JobState
from data.settings import JobSettings
from data.tables import jobs, workers
from data.waiting import unheld

# No job is ever told to wait so many times as long as the longest wait.
ABSURD = 5


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
        return self._claimable(
            limit,
            or_(
                jobs.c.rung_at.is_(None),
                jobs.c.rung_at < clock() - patience,
                # Before it could be claimed, that ring found nothing to do.
                jobs.c.rung_at < jobs.c.lease_until,
                jobs.c.rung_at < jobs.c.not_before,
                # The clock was set back since.
                jobs.c.rung_at > clock(),
            ),
        )

    def waiting(self, limit: int) -> tuple[str, ...]:
        """Return jobs that wait to be claimed, rung for or not, oldest first.

        For a worker that starts: the one before may have died with rings that it had taken.
        """
        return self._claimable(limit)

    def _claimable(self, limit: int, *which: ColumnElement[bool]) -> tuple[str, ...]:
        statement = (
            select(jobs.c.id).where(*unheld(), *which).order_by(jobs.c.created_at).limit(limit)
        )
        with self._database.read() as connection:
            return tuple(connection.execute(statement).scalars())

    def is_idle(self, worker: str, seconds: float) -> bool:
        """Return whether a worker holds no job and took none for so long, while there are some.

        One whose children are not ready yet (``Presence.stir``) is not idle.
        """
        claimable = select(jobs.c.id).where(*unheld()).limit(1)
        holds = select(jobs.c.id).where(
            # For the index of open jobs: those that are over are many.
            is_open(),
            jobs.c.worker == worker,
            jobs.c.state == JobState.RUNNING,
            jobs.c.lease_until > clock(),
        )
        could = select(workers.c.id).where(
            workers.c.id == worker,
            ~workers.c.active_at.between(clock() - seconds, clock()),
        )
        with self._database.read() as connection:
            return (
                connection.execute(claimable).first() is not None
                and connection.execute(holds.limit(1)).first() is None
                and connection.execute(could).first() is not None
            )

    def note(self, job_id: str) -> None:
        """Note that the broker took a ring for this job: the reconciler need not ring yet."""
        with self._database.write() as connection:
            connection.execute(update(jobs).where(jobs.c.id == job_id).values(rung_at=clock()))

    def rein_in(self) -> int:
        """Bring near what is due absurdly late, and return how many jobs that were.

        That is left when the database's clock was wrong for a while: a job of a dead worker
        would wait for it to come round again.
        """
        lease = self._settings.lease_seconds
        pause = max(LONGEST_PAUSE_SECONDS, self._settings.outage_wait_seconds, lease)
        far = {
            jobs.c.lease_until: (clock() + ABSURD * lease, clock() + lease),
            jobs.c.not_before: (clock() + ABSURD * pause, clock()),
        }
        count = 0
        for column, (limit, instead) in far.items():
            with self._database.read() as connection:
                ids = connection.execute(select(jobs.c.id).where(column > limit)).scalars().all()
            for job_id in ids:
                mend = update(jobs).where(jobs.c.id == job_id, column > limit)
                with self._database.write() as connection:
                    count += connection.execute(mend.values({column: instead})).rowcount
        return count
