"""The models of a deployment, opened together."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from data.model_settings import ModelSettings
from retrieval.models.breaker import Changed, Circuit
from retrieval.models.fallback import Fallback
from retrieval.models.langchain import LangChainModel
from retrieval.models.model import Model
from retrieval.models.pace import Pace
from retrieval.models.remote import RemoteModel


@dataclass(frozen=True, slots=True)
class Models:
    """What clients may ask for, and what is behind it."""

    # The first is the default; of those with the same name, the last one is asked for by it.
    askable: tuple[Model, ...]
    endpoints: tuple[RemoteModel, ...]
    # Who quotes when no endpoint answers, if anybody may.
    last: Model | None


@asynccontextmanager
async def opened_models(
    settings: ModelSettings, extractive: Model, changed: Callable[[int, Circuit], None]
) -> AsyncIterator[Models]:
    """Hold all models; ``changed`` hears how the endpoints stand, by their places."""
    pace = Pace()
    async with AsyncExitStack() as stack:
        endpoints = [
            await stack.enter_async_context(_opened(one, partial(changed, place), pace))
            for place, one in enumerate(settings.endpoints)
        ]
        if not endpoints:
            yield Models((extractive,), (), extractive)
            return
        last = extractive if settings.fall_back_to_extractive else None
        default = Fallback(endpoints, last, settings.rewriting_seconds)
        # The same model in several places is one model.
        by_name: dict[str, list[RemoteModel]] = {}
        for one in endpoints:
            by_name.setdefault(one.name, []).append(one)
        named = [
            Fallback(group, None, settings.rewriting_seconds) if len(group) > 1 else group[0]
            for group in by_name.values()
        ]
        yield Models((default, *named, extractive), tuple(endpoints), last)


def _opened(
    settings: ModelSettings, changed: Changed, pace: Pace
) -> AbstractAsyncContextManager[RemoteModel]:
    if settings.provider is not None:
        return LangChainModel.opened(settings, changed)
    # It takes aiohttp along, a seventh of what the process takes to start.
    from retrieval.models.openai import OpenAIModel  # noqa: PLC0415 - heavy, not always needed

    return OpenAIModel.opened(settings, changed, pace)
