"""Pages as images."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import ReaderDep, StateDep
from api.disconnects import unless_gone
from api.freshness import is_fresh
from api.routes.responses import COMMON, errors
from api.schemas.common import LARGEST
from api.schemas.documents import ImageQuery
from data.errors import PageNotFound
from ingestion.png import MEDIA_TYPE

router = APIRouter(prefix="/v1/documents", tags=["documents"], responses=COMMON)

# A replaced version is readable for a day, so nobody keeps its pages for longer.
IMMUTABLE = "private, max-age=86400, immutable"


@router.get(
    "/{document_id}/pages/{page}/image",
    response_class=Response,
    responses={
        200: {
            "description": "The page, 1.5 pixels for a point at scale 1",
            "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        },
        304: {"description": "The client has it already (`If-None-Match`)"},
        **errors(404),
    },
)
async def show_page_image(
    document_id: str,
    page: int,
    request: Request,
    key: ReaderDep,
    state: StateDep,
    asked: Annotated[ImageQuery, Query()],
) -> Response:
    """Show a page of a PDF as it looks, with a range of its text marked."""
    if not 1 <= page <= LARGEST:
        raise PageNotFound("Pages are counted from 1.")
    sheet = await state.images.sheet(key.workspace, document_id, page, asked)
    headers = {
        "ETag": sheet.tag,
        "Cache-Control": "private, no-cache" if asked.version is None else IMMUTABLE,
        "Vary": "Authorization",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    if is_fresh(request.headers, sheet.tag):
        return Response(status_code=304, headers=headers)
    png = await unless_gone(request.receive, state.images.png(sheet))
    return Response(png, headers=headers, media_type=MEDIA_TYPE)
