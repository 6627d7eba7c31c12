"""Jobs: list, show, follow."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api.dependencies import ReaderDep, StateDep
from api.feed import JobFeed
from api.routes.responses import COMMON, EVENTS, errors
from api.schemas.common import Page
from api.schemas.jobs import JobBody, JobQuery
from api.streaming import EventStream, encoded

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], responses=COMMON)


@router.get("")
async def list_jobs(
    key: ReaderDep, state: StateDep, query: Annotated[JobQuery, Query()]
) -> Page[JobBody]:
    """List jobs, newest first."""
    found = await state.lanes.catalogue.run(
        state.stores.jobs.newest,
        key.workspace,
        query.state,
        query.document_id,
        query.limit,
        query.cursor,
    )
    return Page(items=list(map(JobBody.of, found.items)), next_cursor=found.next_cursor)


@router.get("/{job_id}", responses=errors(404))
async def show_job(job_id: str, key: ReaderDep, state: StateDep) -> JobBody:
    """Show a job."""
    return JobBody.of(await state.lanes.catalogue.run(state.stores.jobs.get, key.workspace, job_id))


@router.get(
    "/{job_id}/events",
    response_class=Response,
    responses={
        200: {"description": "`event: job` at once and at every change, to the end", **EVENTS},
        **errors(404),
    },
)
async def follow_job(job_id: str, key: ReaderDep, state: StateDep) -> Response:
    """Follow a job until its final state."""
    await state.lanes.catalogue.run(state.stores.jobs.get, key.workspace, job_id)
    events = job_events(state.feed, key.workspace, job_id)
    return EventStream(events, state.settings.api.keep_alive_comment_seconds)


async def job_events(feed: JobFeed, workspace: str, job_id: str) -> AsyncGenerator[bytes, None]:
    """Yield the events of a job."""
    async with aclosing(feed.follow(workspace, job_id)) as jobs:
        number = 0
        async for job in jobs:
            yield encoded("job", JobBody.of(job).model_dump_json().encode(), number)
            number += 1
