"""How much may wait to be indexed: a queue has a bound."""

from sqlalchemy import Connection, func, select

from data.errors import QueueFull
from data.jobs import is_open
from data.records import JobKind
from data.settings import UploadSettings
from data.tables import jobs


def require_room(
    connection: Connection,
    workspace: str,
    size: int,
    settings: UploadSettings,
    document_id: str = "",
) -> None:
    """Raise ``QueueFull`` when a workspace may not queue so many bytes more now.

    What waits for ``document_id`` does not count: a new version takes its place. Uploads that
    are accepted at the same moment do not see each other, so the bound may be passed by a few.
    """
    waiting = connection.execute(
        select(
            func.count().label("jobs"), func.coalesce(func.sum(jobs.c.bytes), 0).label("bytes")
        ).where(
            jobs.c.workspace_id == workspace,
            is_open(),
            jobs.c.kind == JobKind.INGEST,
            jobs.c.document_id != document_id,
        )
    ).one()
    if waiting.jobs >= settings.max_queued_jobs:
        raise QueueFull(jobs=waiting.jobs, limit=settings.max_queued_jobs)
    # A lone file is always taken.
    if waiting.jobs and waiting.bytes + size > settings.max_queued_bytes:
        raise QueueFull(bytes=int(waiting.bytes), limit=settings.max_queued_bytes)
