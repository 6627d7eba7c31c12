"""Libraries: list, make, delete, rebuild."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Query, Response

from api.dependencies import AdminDep, EditorDep, ReaderDep, StateDep
from api.doorbell import ring_quietly
from api.routes.responses import COMMON, errors
from api.schemas.common import Page, PageQuery
from api.schemas.jobs import JobBody
from api.schemas.libraries import LibraryBody, NewLibrary, Reindexing

router = APIRouter(prefix="/v1/libraries", tags=["libraries"], responses=COMMON)


@router.get("")
async def list_libraries(
    key: ReaderDep, state: StateDep, query: Annotated[PageQuery, Query()]
) -> Page[LibraryBody]:
    """List libraries, newest first."""
    found = await state.lanes.catalogue.run(
        state.stores.libraries.newest, key.workspace, query.limit, query.cursor
    )
    return Page[LibraryBody].model_validate(found)


@router.post("", status_code=201, responses=errors(409))
async def create_library(new: NewLibrary, key: EditorDep, state: StateDep) -> LibraryBody:
    """Make a library."""
    made = await state.lanes.catalogue.run(state.stores.libraries.create, key.workspace, new.name)
    return LibraryBody.model_validate(made)


@router.delete("/{name}", status_code=204, responses=errors(404, 409))
async def delete_library(
    name: str, key: EditorDep, state: StateDep, tasks: BackgroundTasks
) -> None:
    """Hide a library with its documents, and have all that is left of them removed."""
    delete = state.stores.catalogue.delete_library
    await state.lanes.catalogue.run(delete, key.workspace, name)
    tasks.add_task(ring_quietly, state.ring, state.lanes.blobs)


@router.post("/{name}/reindex", status_code=202, responses=errors(404))
async def reindex_library(
    name: str, response: Response, key: AdminDep, state: StateDep, tasks: BackgroundTasks
) -> Reindexing:
    """Have a library's vector index built anew from the stored vectors, without embedding.

    It is searched as it is until the new one is complete. While a rebuild is open that one is
    returned.
    """
    queue = state.stores.generations.queue
    job = await state.lanes.catalogue.run(queue, key.workspace, name)
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    tasks.add_task(ring_quietly, state.ring, state.lanes.blobs)
    return Reindexing(job=JobBody.of(job))
