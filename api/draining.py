"""A process that is told to stop: it says so, takes nothing new, and lets end what runs."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import response_to
from api.feed import JobFeed
from api.security import route_path
from api.signals import intercepted
from api.streams import Streams
from data.errors import ShuttingDown
from data.settings import ApiSettings

logger = logging.getLogger(__name__)

# Of the grace, for streams to send their errors and for the server to close.
MARGIN_SECONDS = 2.0
POLL_SECONDS = 0.05
NEW_WORK = frozenset({"POST", "PUT"})


class Draining:
    """Knows whether the process stops, and how many requests it still serves.

    From the signal on, readiness and every new question, search, upload and stream get
    ``shutting_down``. What runs goes on; what still runs shortly before the grace is over ends
    with that error. The server accepts connections all the time, so that nobody who comes
    meets a closed door before the load balancer has noticed.
    """

    def __init__(self, settings: ApiSettings) -> None:
        self._notice = settings.drain_notice_seconds
        grace = settings.graceful_seconds
        self._patience = max(0.0, grace - self._notice - min(MARGIN_SECONDS, grace / 4))
        self._running = 0
        self._streams: Streams | None = None
        self._feed: JobFeed | None = None
        self._ending: asyncio.Task[None] | None = None
        self.begun = False

    @contextmanager
    def heeding(self, streams: Streams, feed: JobFeed) -> Iterator[None]:
        """Drain when a signal arrives during the block."""
        self._streams, self._feed = streams, feed
        with intercepted(self.begin, self.hurry):
            yield
        if self._ending is not None:
            self._ending.cancel()

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count a request that is served during the block."""
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1

    def begin(self, stop: Callable[[], None]) -> None:
        """Take nothing new from now on; call ``stop`` when nothing runs any more."""
        assert self._feed is not None
        logger.info("draining", extra={"requests": self._running})
        self.begun = True
        self._feed.drain()
        self._ending = asyncio.create_task(self._end(stop), name="draining")

    def hurry(self) -> None:
        """End everything now."""
        assert self._streams is not None
        self._streams.end_all(ShuttingDown())

    async def _end(self, stop: Callable[[], None]) -> None:
        await asyncio.sleep(self._notice)
        if not await self._is_idle_within(self._patience):
            self.hurry()
            await self._is_idle_within(MARGIN_SECONDS / 2)
        logger.info("drained", extra={"requests": self._running})
        stop()

    async def _is_idle_within(self, seconds: float) -> bool:
        assert self._streams is not None
        try:
            async with asyncio.timeout(seconds):
                while self._running or self._streams.are_open:  # noqa: ASYNC110 - two owners
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            return False
        return True


class Door:
    """Middleware: nothing new comes in while the process is draining."""

    def __init__(self, app: ASGIApp, draining: Draining) -> None:
        self._app = app
        self._draining = draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif not (self._draining.begun and is_new_work(scope)):
            # A web socket may stay open for ever; its answers are streams of their own.
            with self._draining.request() if scope["type"] == "http" else _nothing():
                await self._app(scope, receive, send)
        else:
            response = response_to(ShuttingDown())
            # The next request may well go to another process.
            response.headers["Connection"] = "close"
            await response(scope, receive, send)


def is_new_work(scope: Scope) -> bool:
    """Whether a request asks for more than a look at something."""
    path = route_path(scope)
    asks = scope["type"] == "websocket" or scope["method"] in NEW_WORK or path.endswith("/events")
    return path.startswith("/v1/") and asks


@contextmanager
def _nothing() -> Iterator[None]:
    yield
