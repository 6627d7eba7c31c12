"""Providers that do not speak OpenAI's protocol, through LangChain's chat models."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

from data.errors import ModelUnavailable, SetupError
from data.model_settings import ModelSettings
from retrieval.models.breaker import Breaker, Changed, ignored
from retrieval.models.limits import Limits
from retrieval.models.model import Finish
from retrieval.models.remote import REWRITING_TOKENS, RemoteModel, Request
from retrieval.models.retries import Refusal

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessageChunk

_COUNTS = {
    "input_tokens": "prompt_tokens",
    "output_tokens": "completion_tokens",
    "total_tokens": "total_tokens",
}
# Why it stopped, as providers call it, and what they say when it was the limit on length.
_REASONS = ("finish_reason", "stop_reason", "done_reason")
_TOO_LONG = {"length", "max_tokens"}


class LangChainModel(RemoteModel):
    """A model that ``init_chat_model`` knows; ``opened`` gives one.

    The provider's package is the user's to install; LangChain is loaded only here.
    """

    def __init__(
        self,
        settings: ModelSettings,
        writer: "BaseChatModel",
        rewriter: "BaseChatModel",
        breaker: Breaker,
    ) -> None:
        super().__init__(settings.provider or "", settings, breaker)
        self._writer = writer
        self._rewriter = rewriter

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, settings: ModelSettings, changed: Changed = ignored
    ) -> "AsyncIterator[LangChainModel]":
        """Give the model; raises ``SetupError`` when its provider is unknown or not installed."""
        breaker = Breaker(settings.provider or "", settings, changed)
        writer = _chat_model(settings, settings.max_output_tokens, settings.temperature)
        yield cls(settings, writer, _chat_model(settings, REWRITING_TOKENS, 0.0), breaker)

    async def reach(self) -> None:
        """Return: where the provider's servers are is known to its package only."""

    @asynccontextmanager
    async def _sent(self, request: Request, limits: Limits) -> "AsyncIterator[_Reading]":
        rewriting = request.max_tokens == REWRITING_TOKENS
        chat = self._rewriter if rewriting else self._writer
        # LangChain promises an iterator and gives a generator, which can be closed.
        chunks = cast("AsyncGenerator[AIMessageChunk, None]", chat.astream(request.messages))
        async with aclosing(chunks):
            yield _Reading(await _next(chunks, self.host), chunks, limits, self.host)


class _Reading:
    """An answer that is being read, its first chunk already there."""

    def __init__(
        self,
        first: "AIMessageChunk | None",
        chunks: "AsyncGenerator[AIMessageChunk, None]",
        limits: Limits,
        host: str,
    ) -> None:
        self._first = first
        self._chunks = chunks
        self._limits = limits
        self._host = host
        self._usage: dict[str, int] = {}
        self._truncated = False
        self.ended = first is None

    async def read(self) -> list[str]:
        """Return the text of the next chunk."""
        chunk, self._first = self._first, None
        if chunk is None:
            try:
                chunk = await self._limits.until(_next(self._chunks, self._host))
            except Refusal as error:
                raise ModelUnavailable(
                    f"The connection to the model at {self._host} broke."
                ) from error
        if chunk is None:
            self.ended = True
            return []
        # Halves of characters can't be sent on.
        text = str(chunk.text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if text or chunk.content or chunk.additional_kwargs:
            self._limits.moved()
        self._note(chunk)
        return [text] if text else []

    def finish(self) -> Finish:
        """Return how it went."""
        return Finish(self._usage, truncated=self._truncated)

    def _note(self, chunk: "AIMessageChunk") -> None:
        # Some tell it with the first chunk what went in, and with the last what came out.
        for name, count in (chunk.usage_metadata or {}).items():
            if name in _COUNTS and isinstance(count, int):
                ours = _COUNTS[name]
                self._usage[ours] = self._usage.get(ours, 0) + count
        reasons = (chunk.response_metadata.get(name) for name in _REASONS)
        self._truncated |= any(str(reason).lower() in _TOO_LONG for reason in reasons)


async def _next(
    chunks: "AsyncGenerator[AIMessageChunk, None]", host: str
) -> "AIMessageChunk | None":
    """Return the next chunk, None at the end; whatever goes wrong is a ``Refusal``."""
    try:
        return await anext(chunks, None)
    # What providers raise has no ancestor in common.
    except Exception as error:
        raise _refusal(host, error) from error


def _refusal(host: str, error: Exception) -> Refusal:
    status = getattr(error, "status_code", None)
    if not isinstance(status, int):
        problem = ModelUnavailable(f"The model at {host} can't be reached.")
        return Refusal(problem, counts=True, again=True)
    headers = getattr(getattr(error, "response", None), "headers", {})
    return Refusal.of_status(host, status, headers.get("retry-after", ""))


def _chat_model(settings: ModelSettings, max_tokens: int, temperature: float) -> "BaseChatModel":
    # A second, and a hundred megabytes, of which most deployments need nothing.
    from langchain.chat_models import init_chat_model  # noqa: PLC0415 - heavy, seldom needed

    given: dict[str, Any] = {"max_tokens": max_tokens, "temperature": temperature}
    if settings.api_key is not None:
        given["api_key"] = settings.api_key.get_secret_value()
    if settings.base_url is not None:
        given["base_url"] = settings.base_url
    try:
        # We try again ourselves, and know when not to.
        chat = init_chat_model(
            settings.name, model_provider=settings.provider, max_retries=0, **given
        )
    except ImportError as error:  # it says which package
        raise SetupError(str(error)) from error
    # A key that is missing, an unknown provider: each package raises what it likes.
    except Exception as error:
        raise SetupError(
            f"LangChain's provider “{settings.provider}” can't be used: {type(error).__name__}. "
            "Check FOOTNOTE_MODEL__PROVIDER, its name, key and address."
        ) from error
    return cast("BaseChatModel", chat)
