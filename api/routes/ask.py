"""Ask: an answer with footnotes, streamed or in one piece."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.answers import answer_events, whole_answer
from api.dependencies import MetricsDep, ReaderDep, StateDep
from api.disconnects import unless_gone
from api.routes.responses import COMMON, EVENTS, errors
from api.schemas.ask import AskRequest, WholeAnswerBody
from api.scopes import require_scope
from api.streaming import EventStream, json_response
from api.timings import server_timing
from retrieval.deadline import Deadline

router = APIRouter(prefix="/v1/ask", tags=["search and ask"], responses=COMMON)

EITHER = {
    "model": WholeAnswerBody,
    "description": "With `stream`: the events accepted, sources, token (many), then done or error",
    **EVENTS,
}


@router.post("", response_class=Response, responses={200: EITHER, **errors(404, 504)})
async def ask(
    asked: AskRequest, request: Request, key: ReaderDep, state: StateDep, metrics: MetricsDep
) -> Response:
    """Answer a question from the documents, with a checked footnote under every sentence."""
    question = asked.question_for(key)
    deadline = Deadline(question.timeout_seconds)
    await deadline.wait(require_scope(question.scope, state))
    answer = await state.answerer.answer(question, deadline)
    if asked.resumable:
        events = state.resuming.begin(answer, key.workspace)
        return EventStream(events, state.streams, kept_after=-1)
    if asked.stream:
        return EventStream(answer_events(answer, metrics), state.streams, deadline)
    work = state.streams.unless_over(whole_answer(answer, metrics))
    whole = await unless_gone(request.receive, work)
    return json_response(WholeAnswerBody.of(*whole), server_timing(whole.done.timings_ms))
