"""The connections to a model's endpoint: a fixed array of HTTP clients, least busy first."""

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx

from data.settings import ModelSettings

# A pool's bookkeeping grows with the square of its streams: many small pools, not a big one.
_STREAMS = 64


@dataclass(slots=True)
class _Client:
    http: httpx.AsyncClient
    streams: int = 0


class Connections:
    """Streams requests to ``base_url``; open it as a context manager."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._url = httpx.URL((settings.base_url or "").rstrip("/") + "/chat/completions")
        self._clients: list[_Client] = []
        self._stack = AsyncExitStack()
        # What errors may name: no path, no user, no key.
        self.host = self._url.host + (f":{self._url.port}" if self._url.port else "")

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return sum(client.streams for client in self._clients)

    @asynccontextmanager
    async def stream(self, body: bytes) -> AsyncIterator[httpx.Response]:
        """Send a request and hold its response open; leaving early closes the connection."""
        client = min(self._clients, key=lambda one: one.streams)
        client.streams += 1
        try:
            async with client.http.stream("POST", self._url, content=body) as response:
                yield response
        finally:
            client.streams -= 1

    async def __aenter__(self) -> Self:
        headers = {"content-type": "application/json", "accept-encoding": "identity"}
        if self._settings.api_key is not None:
            headers["authorization"] = f"Bearer {self._settings.api_key.get_secret_value()}"
        # Shared: making one takes longer than making all the clients.
        certificates = ssl.create_default_context()
        for _ in range(self._settings.clients):
            http = httpx.AsyncClient(
                headers=headers,
                verify=certificates,
                trust_env=False,
                # Reads are limited by whoever reads, who knows what has come so far.
                timeout=httpx.Timeout(self._settings.connect_seconds, read=None),
                limits=httpx.Limits(
                    max_connections=_STREAMS,
                    max_keepalive_connections=_STREAMS,
                    keepalive_expiry=30.0,
                ),
            )
            self._clients.append(_Client(await self._stack.enter_async_context(http)))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()
