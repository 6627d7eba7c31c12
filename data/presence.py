"""Which workers are there, and which of them holds a duty that only one may have."""

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from data.database import Database, clock
from data.tables import leases, workers

# A worker that was not seen for this long is gone.
FORGOTTEN_SECONDS = 24 * 3600
# Nobody takes a lease that is so many times as long as others take it.
ABSURD = 5


class Presence:
    """Heartbeats and leases, by the database's clock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def beat(self, worker: str) -> None:
        """Note that a worker is alive."""
        with self._database.write() as connection:
            seen = update(workers).where(workers.c.id == worker).values(seen_at=clock())
            if not connection.execute(seen).rowcount:
                connection.execute(
                    insert(workers).values(id=worker, seen_at=clock(), started_at=clock())
                )
                connection.execute(
                    delete(workers).where(workers.c.seen_at < clock() - FORGOTTEN_SECONDS)
                )

    def stir(self, worker: str) -> None:
        """Note that a worker is ready for a job: from now on it is noticed when it takes none."""
        with self._database.write() as connection:
            stir(connection, worker)

    def leave(self, worker: str) -> None:
        """Note that a worker has stopped, and give up what it holds."""
        with self._database.write() as connection:
            connection.execute(delete(workers).where(workers.c.id == worker))
            connection.execute(delete(leases).where(leases.c.holder == worker))

    def seconds_since_seen(self) -> dict[str, float]:
        """Return how long ago each worker was last seen."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(workers.c.id, (clock() - workers.c.seen_at).label("ago"))
            )
            return {row.id: row.ago for row in rows}

    def hold(self, duty: str, holder: str, seconds: float) -> bool:
        """Take or keep a duty for some seconds; False when another one has it."""
        try:
            return self._hold(duty, holder, seconds)
        except IntegrityError:  # another one took the duty for the first time just now
            return False

    def _hold(self, duty: str, holder: str, seconds: float) -> bool:
        with self._database.write() as connection:
            row = connection.execute(
                select(leases.c.holder, _is_over(seconds).label("over"))
                .where(leases.c.name == duty)
                .with_for_update()
            ).first()
            if row is None:
                connection.execute(
                    insert(leases).values(name=duty, holder=holder, until=clock() + seconds)
                )
                return True
            if row.holder != holder and not row.over:
                return False
            connection.execute(
                update(leases)
                .where(leases.c.name == duty)
                .values(holder=holder, until=clock() + seconds)
            )
            return True


def stir(connection: Connection, worker: str) -> None:
    """Note within the caller's transaction that a worker is ready, or that it took a job."""
    connection.execute(update(workers).where(workers.c.id == worker).values(active_at=clock()))


def _is_over(seconds: float) -> ColumnElement[bool]:
    """Return whether a lease has ended, or ends so late that the clock was set back since."""
    return or_(leases.c.until < clock(), leases.c.until > clock() + ABSURD * seconds)
