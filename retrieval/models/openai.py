"""Any endpoint that speaks OpenAI's chat completions, streamed over shared connections."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from data.errors import ModelUnavailable
from data.model_settings import ModelSettings
from retrieval.models.breaker import Breaker, Changed, ignored
from retrieval.models.completion import Completion
from retrieval.models.connections import Connections
from retrieval.models.limits import Limits
from retrieval.models.model import Finish
from retrieval.models.pace import Pace, Pauses
from retrieval.models.remote import RemoteModel, Request
from retrieval.models.retries import Refusal

# The terminating chunk comes with the last event or right behind it, and only a connection that
# was read to its end can be used again.
_DRAIN_SECONDS = 0.05
_REFUSAL_BYTES = 16 * 1024
_OK, _UNWANTED = 200, (400, 422)
STREAM_OPTIONS = b"stream_options"
_BROKEN = (aiohttp.ClientError, HttpProcessingError, OSError)


class OpenAIModel(RemoteModel):
    """A model behind an OpenAI-compatible endpoint; ``opened`` gives one."""

    def __init__(
        self, settings: ModelSettings, connections: Connections, breaker: Breaker, pace: Pace
    ) -> None:
        super().__init__(connections.host, settings, breaker)
        self._connections = connections
        self._pace = pace
        self._knows_stream_options = True

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, settings: ModelSettings, changed: Changed = ignored, pace: Pace | None = None
    ) -> "AsyncIterator[OpenAIModel]":
        """Hold the connections to the endpoint for as long as the context lasts.

        Endpoints that share a ``pace`` are one crowd.
        """
        async with Connections.opened(settings) as connections:
            breaker = Breaker(connections.host, settings, changed)
            yield cls(settings, connections, breaker, pace or Pace())

    async def reach(self) -> None:
        """Raise ``ModelUnavailable`` when its server takes no connections."""
        await self._connections.reach()

    @asynccontextmanager
    async def _sent(self, request: Request, limits: Limits) -> "AsyncIterator[_Reading]":
        try:
            async with self._answered(request) as response:
                with (
                    limits.watching(response.close),
                    _ending_with_its_connection(response),
                    self._pace.reading(response) as pauses,
                ):
                    yield _Reading(response.content, pauses, limits, self.host)
                await _drain(response.content)
        except _BROKEN as error:
            problem = ModelUnavailable(f"The model at {self.host} can't be reached.")
            raise Refusal(problem, counts=True, again=True) from error

    @asynccontextmanager
    async def _answered(self, request: Request) -> AsyncIterator[aiohttp.ClientResponse]:
        """Hold the response, the first or the second; a refusal is raised."""
        usage = self._knows_stream_options
        async with self._connections.post(self._body(request, usage=usage)) as response:
            if not usage or not await _refuses_stream_options(response):
                self._require_ok(response)
                yield response
                return
        async with self._connections.post(self._body(request, usage=False)) as response:
            self._require_ok(response)
            # It was refused for nothing else: the wish is never sent again.
            self._knows_stream_options = False
            yield response

    def _require_ok(self, response: aiohttp.ClientResponse) -> None:
        if response.status != _OK:
            retry_after = response.headers.get("retry-after", "")
            raise Refusal.of_status(self.host, response.status, retry_after)

    def _body(self, request: Request, *, usage: bool) -> bytes:
        body: dict[str, Any] = {
            "model": self.name,
            "messages": request.messages,
            "stream": True,
            "temperature": request.temperature,
            "max_tokens": request.max_tokens,
        }
        if usage:
            body["stream_options"] = {"include_usage": True}
        return json.dumps(body).encode()


class _Reading:
    """A stream of chat completions that is being read."""

    def __init__(
        self, content: aiohttp.StreamReader, pauses: Pauses, limits: Limits, host: str
    ) -> None:
        self._content = content
        self._pauses = pauses
        self._limits = limits
        self._host = host
        self._completion = Completion(host)
        self.ended = False

    async def read(self) -> list[str]:
        """Return the texts of what came."""
        limits, completion = self._limits, self._completion
        await self._pauses.end()
        signs = completion.signs
        limits.wait()
        try:
            chunk = await self._content.readany()
        except _BROKEN as error:
            if completion.is_whole:  # nothing but its usage is missing
                self.ended = True
                return []
            problem = f"The connection to the model at {self._host} broke."
            raise limits.error() or ModelUnavailable(problem) from error
        limits.waited()
        texts = completion.read(chunk or b"\n")
        if texts:
            self._pauses.begin()
        if completion.signs > signs:
            limits.moved()
            if completion.is_whole:
                limits.is_done()
        self.ended = completion.ended or not chunk
        return texts

    def finish(self) -> Finish:
        """Return how it went."""
        return self._completion.close()


async def _refuses_stream_options(response: aiohttp.ClientResponse) -> bool:
    """Whether a request may have been refused for its wish for usage."""
    if response.status not in _UNWANTED:
        return False
    refusal = b""
    while len(refusal) <= _REFUSAL_BYTES and (chunk := await response.content.readany()):
        refusal += chunk
    return STREAM_OPTIONS in refusal


@contextmanager
def _ending_with_its_connection(response: aiohttp.ClientResponse) -> Iterator[None]:
    """Have who reads in the block hear when the connection is closed over what is no HTTP.

    aiohttp closes it, and tells only whoever reads next.
    """

    def end(_: object) -> None:
        if not response.content.is_eof():
            response.close()

    connection = response.connection
    protocol = None if connection is None else connection.protocol
    closed = None if protocol is None else protocol.closed
    if closed is None:  # all has come
        yield
        return
    # Once for each connection, however many answers it brings.
    closed.remove_done_callback(_heard)
    closed.add_done_callback(_heard)
    closed.add_done_callback(end)
    try:
        yield
    finally:
        closed.remove_done_callback(end)


def _heard(closed: "asyncio.Future[None]") -> None:
    """Take note of how a connection ended; who reads from it learns that by reading."""
    if not closed.cancelled():
        closed.exception()


async def _drain(content: aiohttp.StreamReader) -> None:
    """Read to the end, if it is near; else leaving closes the connection."""
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            while not content.at_eof():
                await content.readany()
    except (TimeoutError, *_BROKEN):
        return
