"""Models in an order: the next one answers when one does not."""

import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from data.errors import ModelUnavailable
from retrieval.deadline import Deadline
from retrieval.models.model import Finish, Model, Task
from retrieval.models.remote import RemoteModel
from retrieval.passages import Turn

# Of the time left, for endpoints; the rest is enough for the model that quotes.
_SHARE = 0.9


class Fallback:
    """Asks endpoints in order, then the model that is always there, if there is one.

    Another one is asked before the first word only. Until then an endpoint may take no more than
    an equal share, with those behind it, of the time that is left.
    """

    def __init__(
        self, endpoints: Sequence[RemoteModel], last: Model | None, rewriting_seconds: float
    ) -> None:
        self._endpoints = endpoints
        self._last = last
        self._rewriting_seconds = rewriting_seconds

    @property
    def name(self) -> str:
        """The name of the one that is asked first."""
        return self._endpoints[0].name

    async def write(self, task: Task, deadline: Deadline) -> AsyncGenerator[str | Finish, None]:
        """Yield what the first one says that says anything; ``Finish`` names it."""
        for place, endpoint in enumerate(self._endpoints):
            has_text = False
            pieces = endpoint.write(task, deadline, self._first_by(place, deadline))
            try:
                async with aclosing(pieces):
                    async for piece in pieces:
                        has_text = True
                        yield _signed(piece, endpoint) if place else piece
            except ModelUnavailable:
                if has_text or not self._has_another(place):
                    raise
            else:
                return
        assert self._last is not None
        # It can't read the conversation.
        task = replace(task, question=task.query or task.question)
        async with aclosing(self._last.write(task, deadline)) as pieces:
            async for piece in pieces:
                yield _signed(piece, self._last)

    async def rewrite(self, question: str, history: tuple[Turn, ...], deadline: Deadline) -> str:
        """Return what the first one makes of a follow-up that makes anything of it."""
        soon = Deadline(min(self._rewriting_seconds, deadline.remaining()))
        for place, endpoint in enumerate(self._endpoints[:-1]):
            try:
                first_by = self._first_by(place, soon)
                return await endpoint.rewrite(question, history, soon, first_by)
            except ModelUnavailable:
                continue
        return await self._endpoints[-1].rewrite(question, history, soon)

    def _has_another(self, place: int) -> bool:
        return place + 1 < len(self._endpoints) or self._last is not None

    def _first_by(self, place: int, deadline: Deadline) -> float:
        """Return by when an endpoint has to have said something."""
        if not self._has_another(place):
            return math.inf
        left = deadline.remaining()
        share = left * (_SHARE if self._last else 1.0) / (len(self._endpoints) - place)
        return deadline.at - left + share


def _signed(piece: str | Finish, model: Model) -> str | Finish:
    if isinstance(piece, Finish):
        return replace(piece, model=model.name, degraded=True)
    return piece
