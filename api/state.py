"""What a process of the API works with."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from api.feed import JobFeed
from api.health import Health
from api.images import PageImages
from api.metrics import Metrics
from api.resuming import Resuming
from api.security import Authentication
from api.streams import Streams
from api.uploads import Uploads
from data.census import Census
from data.settings import Settings
from data.stores import Stores
from ingestion.intake import Intake
from retrieval.admission import Admission
from retrieval.answering import Answerer
from retrieval.lanes import Lane
from retrieval.passages import Found, Scope


class Searches(Protocol):
    """The search (retrieval/search.py)."""

    async def search(self, scope: Scope, query: str, limit: int) -> Found:
        """Return single chunks, best first."""
        ...


@dataclass(frozen=True, slots=True)
class Lanes:
    """The threads in which blocking work is done, by its kind."""

    catalogue: Lane
    lexical: Lane
    embedder: Lane
    blobs: Lane
    # Of its own: a busy service is not an unavailable one.
    checks: Lane


@dataclass(frozen=True, slots=True)
class State:
    """Built once by the lifespan; routes get its parts by dependencies."""

    settings: Settings
    stores: Stores
    census: Census
    lanes: Lanes
    authentication: Authentication
    uploads: Uploads
    intake: Intake
    ring: Callable[[], None]
    searcher: Searches
    answerer: Answerer
    admission: Admission
    feed: JobFeed
    streams: Streams
    resuming: Resuming
    health: Health
    images: PageImages


# Opens everything for the time that a process serves.
Lifespan = Callable[[Settings, Metrics], AbstractAsyncContextManager[State]]
