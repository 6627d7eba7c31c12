"""Several models in an order, opened as a deployment does, and what the first of them says."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

from data.model_settings import EndpointSettings, ModelSettings
from retrieval.deadline import Deadline
from retrieval.models.model import Finish, Task
from retrieval.models.opening import Models, opened_models
from retrieval.passages import Turn

TURNS = (Turn("user", "What was revenue in 2020?"), Turn("assistant", "$5."))
NOWHERE = "http://127.0.0.1:1/v1"


class Quoting:
    """Says what it was asked, after a moment."""

    name = "extractive"

    async def write(self, task: Task, deadline: Deadline) -> AsyncGenerator[str | Finish, None]:
        await deadline.wait(asyncio.sleep(0.01))
        yield f"“{task.question}”"
        yield Finish()


@asynccontextmanager
async def models_at(*addresses: str, **settings: Any) -> AsyncIterator[Models]:
    first, *others = (
        EndpointSettings(base_url=one, name=f"m{place}") for place, one in enumerate(addresses)
    )
    given = ModelSettings(**{**dict(first), "fallbacks": tuple(others), **settings})
    async with opened_models(given, Quoting(), lambda *_: None) as models:
        yield models


async def answer_of(models: Models, seconds: float = 10, **task: Any) -> tuple[str, Finish]:
    said = ""
    pieces = models.askable[0].write(Task("How much?", (), **task), Deadline(seconds))
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, Finish):
                return said, piece
            said += piece
    raise AssertionError("no finish")
