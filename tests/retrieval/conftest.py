"""What tests of answers need: pages to cite, and a model that says what it is told."""

from collections.abc import AsyncIterator

import pytest

from tests.model_server import ModelServer
from tests.retrieval.shelf import Shelf


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server
