"""Jobs: list, show, follow, cancel, retry."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Query
from fastapi.responses import Response

from api.dependencies import EditorDep, ReaderDep, StateDep
from api.doorbell import ring_quietly
from api.feed import JobFeed
from api.routes.responses import COMMON, EVENTS, errors
from api.schemas.common import Page
from api.schemas.jobs import JobBody, JobQuery, RetryRequest
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
    return EventStream(events, state.streams)


async def job_events(feed: JobFeed, workspace: str, job_id: str) -> AsyncGenerator[bytes, None]:
    """Yield the events of a job, numbered as its changes are: also when they are taken up again.

    Who comes back gets the job as it is now, whatever was seen of it.
    """
    async with aclosing(feed.follow(workspace, job_id)) as jobs:
        async for job in jobs:
            yield encoded("job", JobBody.of(job).model_dump_json().encode(), job.changed)


@router.post("/{job_id}/cancel", status_code=202, responses=errors(404, 409))
async def cancel_job(job_id: str, key: EditorDep, state: StateDep) -> JobBody:
    """End a job that is not over; its worker stops within seconds."""
    cancel = state.stores.interventions.cancel
    return JobBody.of(await state.lanes.catalogue.run(cancel, key.workspace, job_id))


@router.post("/{job_id}/retry", status_code=202, responses=errors(404, 409))
async def retry_job(
    job_id: str,
    key: EditorDep,
    state: StateDep,
    tasks: BackgroundTasks,
    body: RetryRequest | None = None,
) -> JobBody:
    """Queue a failed or cancelled job again; it goes on after its last checkpoint."""
    password = body and body.password
    seal = partial(state.stores.secrets.seal, password) if password else None
    retry = state.stores.interventions.retry
    job = await state.lanes.catalogue.run(retry, key.workspace, job_id, seal)
    tasks.add_task(ring_quietly, state.ring, state.lanes.blobs)
    return JobBody.of(job)
