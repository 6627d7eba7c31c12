"""An open model, and all that it says."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

from data.model_settings import ModelSettings
from retrieval.deadline import Deadline
from retrieval.models.model import Finish, Task
from retrieval.models.openai import OpenAIModel
from retrieval.models.pace import Pace
from tests.model_server import ModelServer
from tests.retrieval.shelf import Shelf


@asynccontextmanager
async def model_at(server: ModelServer, **settings: Any) -> AsyncIterator[OpenAIModel]:
    pace: Pace | None = settings.pop("pace", None)
    given = {"base_url": server.base_url, "name": "m", **settings}
    async with OpenAIModel.opened(ModelSettings(**given), pace=pace) as model:
        yield model


async def all_of(
    model: OpenAIModel, shelf: Shelf, seconds: float = 10.0
) -> tuple[list[str], Finish]:
    task = Task("How much?", tuple(shelf.passages))
    said: list[str] = []
    async with aclosing(model.write(task, Deadline(seconds))) as pieces:
        async for piece in pieces:
            if isinstance(piece, Finish):
                return said, piece
            said.append(piece)
    raise AssertionError("no finish")
