"""Search."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.dependencies import MetricsDep, ReaderDep, StateDep
from api.disconnects import unless_gone
from api.routes.responses import COMMON, errors
from api.schemas.search import SearchBody, SearchRequest
from api.timings import server_timing
from retrieval.deadline import Deadline
from retrieval.passages import Found

router = APIRouter(prefix="/v1/search", tags=["search and ask"], responses=COMMON)

# Each of its parts has a shorter limit; this one is for all of them together.
SECONDS = 30.0


@router.post("", responses=errors(404, 504))
async def search(
    asked: SearchRequest,
    request: Request,
    response: Response,
    key: ReaderDep,
    state: StateDep,
    metrics: MetricsDep,
) -> SearchBody:
    """Find the passages that are nearest to a query, in meaning and in words."""
    scope = asked.scope(key.workspace)

    async def found_in_turn() -> Found:
        async with state.admission.place(key.id):
            return await state.searcher.search(scope, asked.query, asked.limit)

    work = state.streams.unless_over(Deadline(SECONDS).wait(found_in_turn()))
    found = await unless_gone(request.receive, work)
    metrics.note_stages(found.timings_ms)
    response.headers.update(server_timing(found.timings_ms))
    return SearchBody.of(found)
