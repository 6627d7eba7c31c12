"""Which jobs wait to be claimed, and which of them is next."""

from typing import Any

from sqlalchemy import ColumnElement, case, exists, or_

from data.database import clock
from data.jobs import is_open
from data.records import JobKind
from data.tables import jobs, libraries, workspaces


def unheld() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of the jobs that anyone may claim now.

    In a deleted library there is nothing left to do but to remove what is in it.
    """
    hidden = exists().where(
        libraries.c.id == jobs.c.library_id, libraries.c.deleted_at.is_not(None)
    )
    return (
        is_open(),
        or_(jobs.c.kind == JobKind.PURGE, ~hidden.correlate(jobs)),
        or_(jobs.c.lease_until.is_(None), jobs.c.lease_until < clock()),
        jobs.c.not_before <= clock(),
    )


def by_merit() -> tuple[ColumnElement[Any], ...]:
    """Return the order of jobs with their workspaces, the most deserving first.

    The least recently served workspace, then the fewest slices done, then age: a small
    file never waits behind a huge one, nor one workspace behind another's many files.
    """
    # A time to come is left from a clock that was set back.
    is_wrong = workspaces.c.served_at > clock()
    served_at = case((is_wrong, 0.0), else_=workspaces.c.served_at)
    return served_at, jobs.c.slices, jobs.c.created_at, jobs.c.id
