"""A second endpoint, for models that fall back."""

from collections.abc import AsyncIterator

import pytest

from tests.model_server import ModelServer


@pytest.fixture
async def second() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        server.say("From the second.")
        yield server
