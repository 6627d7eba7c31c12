"""How much may wait to be indexed: a queue has a bound."""

from sqlalchemy import Connection, func, select

from data.errors import QueueFull
from data.jobs import OPEN
from data.records import JobKind
from data.settings import UploadSettings
from data.tables import jobs


def require_room(
    connection: Connection, workspace: str, size: int, settings: UploadSettings
) -> None:
    """Raise ``QueueFull`` when a workspace may not queue so many bytes more now."""
    waiting = connection.execute(
        select(
            func.count().label("jobs"), func.coalesce(func.sum(jobs.c.bytes), 0).label("bytes")
        ).where(
            jobs.c.workspace_id == workspace,
            jobs.c.state.in_(OPEN),
            jobs.c.kind == JobKind.INGEST,
        )
    ).one()
    if waiting.jobs >= settings.max_queued_jobs:
        raise QueueFull(jobs=waiting.jobs, limit=settings.max_queued_jobs)
    # A lone file is always taken.
    if waiting.jobs and waiting.bytes + size > settings.max_queued_bytes:
        raise QueueFull(bytes=int(waiting.bytes), limit=settings.max_queued_bytes)
