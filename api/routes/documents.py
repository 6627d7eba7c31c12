"""Documents: upload, list, read, delete."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Query, Request, Response
from starlette.responses import StreamingResponse

from api.content import content_of
from api.dependencies import EditorDep, MetricsDep, ReaderDep, StateDep
from api.doorbell import ring_quietly
from api.routes.responses import COMMON, errors
from api.schemas.common import LARGEST, Page
from api.schemas.documents import (
    UPLOAD_FORM,
    VERSION_FORM,
    DocumentBody,
    DocumentQuery,
    PageBody,
    UploadBody,
)
from data.errors import PageNotFound
from data.records import Receipt

router = APIRouter(prefix="/v1/documents", tags=["documents"], responses=COMMON)

Version = Annotated[int | None, Query(ge=1, le=LARGEST, description="the shown version by default")]


@router.post(
    "",
    status_code=202,
    openapi_extra=UPLOAD_FORM,
    responses={
        200: {"model": UploadBody, "description": "The same bytes are in this library already"},
        **errors(404, 415),
    },
)
async def upload_document(
    request: Request, response: Response, key: EditorDep, state: StateDep, metrics: MetricsDep
) -> UploadBody:
    """Store a file and have it indexed in the background."""
    async with state.uploads.received(request, key.workspace) as (fields, file):
        receipt = await state.lanes.blobs.run(state.intake.accept, key.workspace, fields, file)
    metrics.note_upload(file.bytes)
    return _answered(receipt, response)


@router.put(
    "/{document_id}/content",
    status_code=202,
    openapi_extra=VERSION_FORM,
    responses={
        200: {"model": UploadBody, "description": "The document has these bytes already"},
        **errors(404, 409, 415),
    },
)
async def replace_content(
    document_id: str,
    request: Request,
    response: Response,
    key: EditorDep,
    state: StateDep,
    metrics: MetricsDep,
) -> UploadBody:
    """Store a new version and have it indexed; the old one answers until the new one is ready."""
    async with state.uploads.received(request, key.workspace, document_id) as (fields, file):
        receipt = await state.lanes.blobs.run(
            state.intake.replace, key.workspace, document_id, fields, file
        )
    metrics.note_upload(file.bytes)
    return _answered(receipt, response)


@router.get("", responses=errors(404))
async def list_documents(
    key: ReaderDep, state: StateDep, query: Annotated[DocumentQuery, Query()]
) -> Page[DocumentBody]:
    """List documents, newest first."""
    run, stores = state.lanes.catalogue.run, state.stores
    if query.library is not None:
        await run(stores.libraries.named, key.workspace, (query.library,))
    found = await run(
        stores.documents.newest,
        key.workspace,
        query.library,
        query.state,
        tuple(query.tag),
        query.limit,
        query.cursor,
    )
    return Page[DocumentBody].model_validate(found)


@router.get("/{document_id}", responses=errors(404))
async def show_document(document_id: str, key: ReaderDep, state: StateDep) -> DocumentBody:
    """Show a document."""
    found = await state.lanes.catalogue.run(state.stores.documents.get, key.workspace, document_id)
    return DocumentBody.model_validate(found)


@router.delete("/{document_id}", status_code=204, responses=errors(404))
async def delete_document(
    document_id: str, key: EditorDep, state: StateDep, tasks: BackgroundTasks
) -> None:
    """Hide a document at once, and have all that is left of it removed in the background."""
    delete = state.stores.catalogue.delete_document
    await state.lanes.catalogue.run(delete, key.workspace, document_id)
    tasks.add_task(ring_quietly, state.ring, state.lanes.blobs)


@router.get(
    "/{document_id}/content",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The original bytes",
            "content": {
                "*/*": {"schema": {"type": "string", "format": "binary"}},
            },
        },
        **errors(404),
    },
)
async def download_content(
    document_id: str, key: ReaderDep, state: StateDep, version: Version = None
) -> Response:
    """Send the file as it was uploaded."""
    file = await state.lanes.catalogue.run(
        state.stores.documents.file, key.workspace, document_id, version
    )
    return await content_of(file, state.stores.blobs, state.lanes.blobs)


@router.get("/{document_id}/pages/{page}", responses=errors(404))
async def show_page(
    document_id: str, page: int, key: ReaderDep, state: StateDep, version: Version = None
) -> PageBody:
    """Show the text of a page, of which citations count the characters."""
    run, documents = state.lanes.catalogue.run, state.stores.documents
    if version is None:
        version = (await run(documents.get, key.workspace, document_id)).version
    if not 1 <= page <= LARGEST:
        raise PageNotFound("Pages are counted from 1.")
    found = await run(documents.page, key.workspace, document_id, version, page)
    return PageBody(
        page=found.number, version=version, text=found.text, ocr=found.ocr, label=found.label
    )


def _answered(receipt: Receipt, response: Response) -> UploadBody:
    if receipt.duplicate and not receipt.requeued:
        response.status_code = 200
    response.headers["Location"] = f"/v1/jobs/{receipt.job.id}"
    return UploadBody.of(receipt)
