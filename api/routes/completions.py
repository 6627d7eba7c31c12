"""Chat completions: the same answers for programs that speak OpenAI's protocol."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.answers import whole_answer
from api.completions import completion_events, completion_of
from api.dependencies import MetricsDep, ReaderDep, StateDep
from api.disconnects import unless_gone
from api.routes.responses import COMMON, errors
from api.schemas.completions import CompletionBody, CompletionRequest
from api.schemas.models import library_named
from api.scopes import require_scope
from api.streaming import EventStream, json_response
from api.timings import server_timing
from data.errors import LibraryNotFound, ModelNotFound
from retrieval.deadline import Deadline

router = APIRouter(prefix="/v1/chat/completions", tags=["OpenAI-compatible"], responses=COMMON)

EITHER = {
    "model": CompletionBody,
    "description": "With `stream`: chunks, then `[DONE]`",
    "content": {"text/event-stream": {"example": "data: {a chunk on one line}\n\n"}},
}


@router.post("", response_class=Response, responses={200: EITHER, **errors(404, 504)})
async def complete_chat(
    asked: CompletionRequest, request: Request, key: ReaderDep, state: StateDep, metrics: MetricsDep
) -> Response:
    """Answer the last message of the user from a library, each sentence with its `[1]`."""
    question = asked.question_for(key, library_named(asked.model))
    deadline = Deadline(question.timeout_seconds)
    try:
        await deadline.wait(require_scope(question.scope, state))
    except LibraryNotFound as error:
        raise ModelNotFound from error
    answer = await state.answerer.answer(question, deadline)
    if asked.stream:
        events = completion_events(
            answer, metrics, asked.model, includes_usage=asked.includes_usage
        )
        return EventStream(events, state.streams, deadline)
    work = state.streams.unless_over(whole_answer(answer, metrics))
    whole = await unless_gone(request.receive, work)
    return json_response(completion_of(whole, asked.model), server_timing(whole.done.timings_ms))
