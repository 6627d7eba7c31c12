"""The deployment in numbers, over all workspaces."""

from sqlalchemy import func, select

from data.database import Database, clock
from data.records import JobState
from data.tables import chunks, documents, jobs, pages


class Census:
    """Counts; never names."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def jobs_by_state(self) -> dict[str, int]:
        """Return how many jobs stand where; every state is there."""
        statement = select(jobs.c.state, func.count().label("jobs")).group_by(jobs.c.state)
        with self._database.read() as connection:
            counted = {row.state: row.jobs for row in connection.execute(statement)}
        return {state.value: counted.get(state.value, 0) for state in JobState}

    def oldest_queued_seconds(self) -> float | None:
        """Return how long the oldest job that may be done now has waited for a worker."""
        statement = select(clock() - func.min(jobs.c.created_at)).where(
            jobs.c.state == JobState.QUEUED, jobs.c.not_before <= clock()
        )
        with self._database.read() as connection:
            age = connection.execute(statement).scalar_one()
        return None if age is None else round(max(0.0, age), 3)

    def rows(self) -> dict[str, int]:
        """Return how much the catalogue holds."""
        live = select(func.count()).select_from(documents).where(documents.c.deleted_at.is_(None))
        with self._database.read() as connection:
            return {
                "documents": connection.execute(live).scalar_one(),
                "pages": connection.execute(select(func.count()).select_from(pages)).scalar_one(),
                "chunks": connection.execute(select(func.count()).select_from(chunks)).scalar_one(),
            }
