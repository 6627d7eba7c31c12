"""One embedded stack for the session, with a scripted model behind it."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.model_server import ModelServer
from tests.running_stack import RunningStack


@pytest.fixture(scope="session")
def model() -> Iterator[ModelServer]:
    """A model server that has a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = ModelServer()
    asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(10)
    yield server
    asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.fixture(scope="session")
def stack(model: ModelServer, make_home: Callable[[], Path]) -> Iterator[RunningStack]:
    environment = {
        "FOOTNOTE_MODEL__BASE_URL": model.base_url,
        "FOOTNOTE_MODEL__NAME": "scripted",
        # Faults of one test are not to be waited for in the next.
        "FOOTNOTE_MODEL__BREAKER_SECONDS": "3",
        # So few that a crowd has to wait in line.
        "FOOTNOTE_ANSWERS__MAX_RUNNING": "64",
    }
    with RunningStack(make_home(), **environment) as running:
        yield running


@pytest.fixture
def client(stack: RunningStack) -> Iterator[httpx.Client]:
    with stack.client() as opened:
        yield opened
