"""Answers that run or have just ended: take them up again, stop them."""

from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import Response

from api.dependencies import ReaderDep, StateDep
from api.routes.responses import COMMON, EVENTS, errors
from api.streaming import EventStream

router = APIRouter(prefix="/v1/answers", tags=["search and ask"], responses=COMMON)

# No answer has as many events; -1: none was received.
Number = Annotated[int | None, Query(ge=-1, le=10_000_000)]
NumberInHeader = Annotated[int | None, Header(alias="Last-Event-ID", ge=-1, le=10_000_000)]


@router.get(
    "/{answer_id}/events",
    response_class=Response,
    responses={
        200: {"description": "The events that followed, and those to come", **EVENTS},
        **errors(404),
    },
)
async def follow_answer(
    answer_id: str,
    key: ReaderDep,
    state: StateDep,
    received: NumberInHeader = None,
    last_event_id: Number = None,
) -> Response:
    """Take up the stream of a resumable answer behind the last event that was received."""
    said = (number for number in (received, last_event_id) if number is not None)
    after = next(said, -1)
    events = await state.resuming.follow(key.workspace, answer_id, after)
    return EventStream(events, state.streams, kept_after=after)


@router.delete("/{answer_id}", status_code=204, responses=errors(404))
async def stop_answer(answer_id: str, key: ReaderDep, state: StateDep) -> None:
    """Stop a resumable answer; nothing happens to one that has ended."""
    await state.resuming.cancel(key.workspace, answer_id)
