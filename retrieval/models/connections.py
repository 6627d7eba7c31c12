"""The connections to a model's endpoint."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Self

import aiohttp
from yarl import URL

from data.errors import ModelUnavailable, SetupError
from data.model_settings import ModelSettings

# Bytes that may wait to be read before the endpoint is held back (aiohttp holds twice as many).
_BUFFER = 64 * 1024
_KEPT_SECONDS = 30.0


class Connections:
    """Posts requests to ``base_url``; ``opened`` gives them.

    aiohttp, because reading a token costs a third of what it does over httpx (README, Decisions).
    """

    def __init__(self, url: URL, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session

    @classmethod
    @asynccontextmanager
    async def opened(cls, settings: ModelSettings) -> AsyncIterator[Self]:
        """Keep connections open between requests for as long as the context lasts."""
        url = _address_of(settings)
        headers = {"content-type": "application/json", "accept-encoding": "identity"}
        if settings.api_key is not None:
            headers["authorization"] = f"Bearer {settings.api_key.get_secret_value()}"
        elif url.user is not None:
            headers["authorization"] = aiohttp.encode_basic_auth(url.user, url.password or "")
        connector = aiohttp.TCPConnector(
            ssl=ssl.create_default_context(),
            limit=settings.connections,
            keepalive_timeout=_KEPT_SECONDS,
        )
        async with aiohttp.ClientSession(
            connector=connector,
            headers=headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=_BUFFER,
            # All but connecting is limited by whoever reads, who knows what has come so far.
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=settings.connect_seconds),
        ) as session:
            yield cls(url.with_user(None) / "chat" / "completions", session)

    @property
    def host(self) -> str:
        """What errors may name: no path, no user, no key."""
        return host_of(self._url)

    def post(self, body: bytes) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """Send a request and hold its response open; leaving early closes the connection."""
        # An endpoint that moved must not take the key and the passages along.
        return self._session.post(self._url, data=body, allow_redirects=False)

    async def reach(self) -> None:
        """Raise ``ModelUnavailable`` when the server takes no connections."""
        try:
            _, writer = await asyncio.open_connection(self._url.host, self._url.port)
        except OSError as error:
            raise ModelUnavailable(f"{self.host} takes no connections") from error
        writer.close()


def _address_of(settings: ModelSettings) -> URL:
    try:
        url = URL(settings.base_url or "")
    except ValueError:
        url = URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise SetupError("Set FOOTNOTE_MODEL__BASE_URL to the model's endpoint, http(s)://….")
    return url


def host_of(url: URL) -> str:
    """Return host and port, as far as the address says one."""
    return f"{url.host}:{url.explicit_port}" if url.explicit_port else f"{url.host}"
