"""What readiness and metrics say of the language models' endpoints."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from api.checks import of_model
from api.metrics import Metrics
from data.errors import ModelUnavailable
from data.model_settings import EndpointSettings, ModelSettings
from retrieval.deadline import Deadline
from retrieval.models.breaker import Circuit
from retrieval.models.model import Task
from retrieval.models.opening import Models, opened_models
from tests.model_server import ModelServer, Script
from tests.retrieval.models.chain import Quoting

NOWHERE = "http://user:secret@127.0.0.1:1/v1"


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@asynccontextmanager
async def models_at(
    metrics: Metrics, *addresses: str, quotes: bool = True
) -> AsyncIterator[Models]:
    first, *others = (EndpointSettings(base_url=one, name=one[-9:]) for one in addresses)
    settings = ModelSettings(
        base_url=first.base_url,
        fallbacks=tuple(others),
        fall_back_to_extractive=quotes,
        breaker_failures=1,
    )

    def note(place: int, circuit: Circuit) -> None:
        metrics.note_breaker(place, circuit.value)

    async with opened_models(settings, Quoting(), note) as models:
        yield models


async def ask(models: Models) -> None:
    async for _ in models.askable[0].write(Task("?", ()), Deadline(10)):
        pass


def host_of(server: ModelServer) -> str:
    return server.base_url.removeprefix("http://").removesuffix("/v1")


async def test_without_a_model_it_is_well() -> None:
    async with opened_models(ModelSettings(), Quoting(), lambda *_: None) as models:
        assert "no model is configured" in await of_model(models)()


async def test_an_endpoint_that_takes_connections_is_well(
    metrics: Metrics, server: ModelServer
) -> None:
    async with models_at(metrics, server.base_url, NOWHERE) as models:
        said = await of_model(models)()

    assert said == f"It can be asked. Breakers: {host_of(server)} closed, 127.0.0.1:1 closed."


@pytest.mark.parametrize(
    ("quotes", "instead"),
    [(True, "Answers are quotes instead."), (False, "Nothing answers instead.")],
)
async def test_one_that_takes_none_is_down(metrics: Metrics, *, quotes: bool, instead: str) -> None:
    async with models_at(metrics, NOWHERE, quotes=quotes) as models:
        with pytest.raises(ModelUnavailable) as caught:
            await of_model(models)()

    assert str(caught.value) == (
        f"127.0.0.1:1 takes no connections. {instead} Breakers: 127.0.0.1:1 closed."
    )


async def test_one_that_fails_is_down_and_the_next_is_named(
    metrics: Metrics, server: ModelServer
) -> None:
    server.scripts = [Script(status=500)]
    async with (
        ModelServer() as second,
        models_at(metrics, server.base_url, second.base_url) as models,
    ):
        await ask(models)
        first, other = host_of(server), host_of(second)

        with pytest.raises(ModelUnavailable) as caught:
            await of_model(models)()

    assert str(caught.value) == (
        f"{first} failed lately and is left alone. {other} is asked instead. "
        f"Breakers: {first} open, {other} closed."
    )


async def test_the_gauge_has_places_and_no_names(metrics: Metrics, server: ModelServer) -> None:
    server.scripts = [Script(status=500)]
    async with models_at(metrics, server.base_url, NOWHERE) as models:
        before = metrics.text({}).decode()
        await ask(models)
        after = metrics.text({}).decode()

    assert [line for line in before.splitlines() if line.startswith("footnote_model_breaker{")] == [
        'footnote_model_breaker{endpoint="0"} 0.0',
        'footnote_model_breaker{endpoint="1"} 0.0',
    ]
    assert 'footnote_model_breaker{endpoint="0"} 1.0' in after
    assert 'footnote_model_breaker{endpoint="1"} 1.0' in after
