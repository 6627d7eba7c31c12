"""Libraries: list, make, delete."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Query

from api.dependencies import EditorDep, ReaderDep, StateDep
from api.doorbell import ring_quietly
from api.routes.responses import COMMON, errors
from api.schemas.common import Page, PageQuery
from api.schemas.libraries import LibraryBody, NewLibrary

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
