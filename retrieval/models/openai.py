"""Any endpoint that speaks OpenAI's chat completions, streamed over shared connections."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeVar, cast

import httpx

from data.errors import DeadlineExceeded, ModelUnavailable, SetupError
from data.settings import ModelSettings
from retrieval.deadline import Deadline
from retrieval.models.completion import Completion
from retrieval.models.connections import Connections
from retrieval.models.model import Finish, Task
from retrieval.models.retries import is_worth_retrying, pause_seconds
from retrieval.passages import Turn
from retrieval.prompting import messages_for, messages_for_rewriting

T = TypeVar("T")
# The terminating chunk comes with the last event or right behind it, and only a connection that
# was read to its end can be used again.
_DRAIN_SECONDS = 0.05
_REFUSAL_BYTES = 16 * 1024
STREAM_OPTIONS = b"stream_options"
# A question is no longer.
_REWRITING_TOKENS = 64


class OpenAIModel:
    """A model behind an OpenAI-compatible endpoint; ``opened`` gives one."""

    def __init__(self, settings: ModelSettings, connections: Connections) -> None:
        self._settings = settings
        self._connections = connections
        self._knows_stream_options = True

    @classmethod
    @asynccontextmanager
    async def opened(cls, settings: ModelSettings) -> "AsyncIterator[OpenAIModel]":
        """Hold the connections to the endpoint for as long as the context lasts."""
        if settings.base_url is None:
            raise SetupError("Set FOOTNOTE_MODEL__BASE_URL to the model's endpoint.")
        async with Connections(settings) as connections:
            yield cls(settings, connections)

    @property
    def name(self) -> str:
        """The name that the endpoint knows it by."""
        return self._settings.name or "default"

    def write(self, task: Task, deadline: Deadline) -> AsyncGenerator[str | Finish, None]:
        """Yield the text as it comes; what comes faster than it is read comes in one piece."""
        settings = self._settings
        messages = messages_for(task, settings)
        request = _Request(messages, settings.max_output_tokens, settings.temperature)
        return self._completed(request, deadline)

    async def rewrite(self, question: str, history: tuple[Turn, ...], deadline: Deadline) -> str:
        """Return what the model makes of a follow-up; nothing when it does not come to an end."""
        messages = messages_for_rewriting(question, history, self._settings)
        soon = Deadline(min(self._settings.rewriting_seconds, deadline.remaining()))
        said = ""
        async with aclosing(self._completed(_Request(messages, _REWRITING_TOKENS), soon)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Finish):
                    return "" if piece.truncated else said
                said += piece
        return ""

    async def _completed(
        self, request: "_Request", deadline: Deadline
    ) -> AsyncGenerator[str | Finish, None]:
        """Yield the text of a completion, then how it went."""
        waiting = _Waiting(deadline, self._settings, self._connections.host)
        completion = Completion(self._connections.host)
        try:
            async with (
                self._accepted(request, waiting) as response,
                aclosing(_chunks_of(response)) as chunks,
            ):
                while not completion.ended and (chunk := await waiting.chunk(chunks)):
                    events = completion.events
                    text = completion.read(chunk)
                    if completion.events > events:
                        waiting.moved()
                    if text:
                        yield text
                await _drain(chunks)
        except httpx.TransportError as error:
            raise ModelUnavailable(
                f"The connection to the model at {self._connections.host} broke."
            ) from error
        yield completion.close()

    @asynccontextmanager
    async def _accepted(
        self, request: "_Request", waiting: "_Waiting"
    ) -> AsyncIterator[httpx.Response]:
        """Hold the response that the endpoint accepted it with, trying again if needed."""
        host = self._connections.host
        for attempt in count():
            refusal: httpx.Response | None = None
            async with AsyncExitStack() as stack:
                try:
                    body = self._body(request)
                    sending = self._connections.stream(body)
                    response = await waiting.until(stack.enter_async_context(sending))
                except httpx.TransportError as error:
                    problem = ModelUnavailable(f"The model at {host} can't be reached.")
                    problem.__cause__ = error
                else:
                    if response.status_code == httpx.codes.OK:
                        yield response
                        return
                    if await waiting.until(self._refused_stream_options(body, response)):
                        continue
                    refusal = response
                    problem = ModelUnavailable(
                        f"The model at {host} answered with status {response.status_code}."
                    )
            pause = pause_seconds(attempt, refusal)
            hopeless = refusal is not None and not is_worth_retrying(refusal.status_code)
            if hopeless or pause is None or pause > waiting.left():
                raise problem
            await asyncio.sleep(pause)

    def _body(self, request: "_Request") -> bytes:
        body: dict[str, Any] = {
            "model": self.name,
            "messages": request.messages,
            "stream": True,
            "temperature": request.temperature,
            "max_tokens": request.max_tokens,
        }
        if self._knows_stream_options:
            body["stream_options"] = {"include_usage": True}
        return json.dumps(body).encode()

    async def _refused_stream_options(self, body: bytes, response: httpx.Response) -> bool:
        """Whether the endpoint refused only the wish for usage, which is then never sent again."""
        if STREAM_OPTIONS not in body or response.status_code not in (400, 422):
            return False
        refusal = b""
        async for chunk in response.aiter_bytes():
            refusal += chunk
            if len(refusal) > _REFUSAL_BYTES:
                break
        refused = STREAM_OPTIONS in refusal
        if refused:
            self._knows_stream_options = False
        return refused


@dataclass(frozen=True, slots=True)
class _Request:
    """What an endpoint is asked for."""

    messages: list[dict[str, str]]
    max_tokens: int
    temperature: float = 0.0


class _Waiting:
    """How long to wait for an endpoint's next sign of life."""

    def __init__(self, deadline: Deadline, settings: ModelSettings, host: str) -> None:
        self._deadline = deadline
        self._between = settings.between_tokens_seconds
        self._host = host
        self._time = asyncio.get_running_loop().time
        self._limit: float | None = self._time() + settings.first_token_seconds

    def moved(self) -> None:
        """Wait anew from when the next bytes are asked for: a slow reader is not the model."""
        self._limit = None

    def left(self) -> float:
        """Return the seconds until waiting ends."""
        return self._until() - self._time()

    async def chunk(self, chunks: AsyncGenerator[bytes, None]) -> bytes:
        """Return the next bytes, none at the end."""
        try:
            return await self.until(chunks.__anext__())
        except StopAsyncIteration:
            return b""

    async def until(self, awaitable: Awaitable[T]) -> T:
        """Return what is awaited, or raise the error of the limit that was met."""
        try:
            async with asyncio.timeout_at(self._until()):
                return await awaitable
        except TimeoutError as error:
            if self._deadline.remaining() <= 0:
                raise DeadlineExceeded from error
            raise ModelUnavailable(f"The model at {self._host} has gone silent.") from error

    def _until(self) -> float:
        if self._limit is None:
            self._limit = self._time() + self._between
        return min(self._limit, self._deadline.at)


def _chunks_of(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """Return the body as it comes; decoding costs a layer that plain bodies do not need."""
    encoded = "content-encoding" in response.headers
    chunks = response.aiter_bytes() if encoded else response.aiter_raw()
    # httpx promises an iterator and gives a generator, which can be closed.
    return cast(AsyncGenerator[bytes, None], chunks)


async def _drain(chunks: AsyncGenerator[bytes, None]) -> None:
    """Read to the end, if it is near; else leaving closes the connection."""
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for _ in chunks:
                pass
    except (TimeoutError, httpx.TransportError):
        return
