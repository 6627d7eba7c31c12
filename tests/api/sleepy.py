"""An application whose searches take as many seconds as the question says, and find nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api.app import create_app
from api.metrics import Metrics
from api.state import State
from data.settings import Settings
from data.stores import open_stores
from retrieval.passages import Found, Scope
from tests.api.conftest import FakeSearcher, Service


class SleepySearcher(FakeSearcher):
    async def search(self, scope: Scope, query: str, limit: int) -> Found:
        await asyncio.sleep(float(query))
        return await super().search(scope, query, limit)


@asynccontextmanager
async def lifespan(settings: Settings, metrics: Metrics) -> AsyncIterator[State]:
    with open_stores(settings) as stores:
        service = Service(settings, stores, workspace="", key="", searcher=SleepySearcher())
        async with service.lifespan(settings, metrics) as state:
            yield state


def create() -> FastAPI:
    return create_app(Settings(), lifespan)
