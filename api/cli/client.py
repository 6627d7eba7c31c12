"""The HTTP contract as the command line speaks it."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import IO, Any

import httpx

from api.cli.events import Event, EventReader
from api.cli.target import Target
from data.errors import FootnoteError, NothingAnswers, ServerRefused, Unavailable

# A quiet stream says something every 15 s; an upload is answered when it is on the disk.
CONNECT_SECONDS, SILENCE_SECONDS = 5.0, 120.0
PASSING = frozenset({429, 502, 503, 504})
Answer = dict[str, Any]


class Client:
    """Calls to one server with one key. Every failure is an error of the tree."""

    def __init__(self, http: httpx.AsyncClient, address: str) -> None:
        self._http = http
        self._address = address

    async def get(self, path: str, **parameters: str | int | None) -> Answer:
        """Return the answer to a GET; parameters that are None are not sent."""
        given = {name: value for name, value in parameters.items() if value is not None}
        with translated(self._address):
            return answered(await self._http.get(path, params=given))

    async def post(self, path: str, body: Mapping[str, object], seconds: float) -> Answer:
        """Return the answer to a POST, which may take so many seconds."""
        timeout = httpx.Timeout(seconds, connect=CONNECT_SECONDS)
        with translated(self._address):
            return answered(await self._http.post(path, json=body, timeout=timeout))

    async def upload(
        self,
        method: str,
        path: str,
        fields: Mapping[str, str | list[str]],
        name: str,
        file: IO[bytes],
    ) -> Answer:
        """Send a file, read piece by piece, and return the answer."""
        files = {"file": (name, file, "application/octet-stream")}
        with translated(self._address):
            return answered(await self._http.request(method, path, data=fields, files=files))

    async def items(self, path: str, limit: int, **filters: str | None) -> list[Answer]:
        """Return up to ``limit`` items of a list, newest first."""
        found: list[Answer] = []
        cursor: str | None = None
        while len(found) < limit:
            size = min(100, limit - len(found))
            page = await self.get(path, limit=size, cursor=cursor, **filters)
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None or not page["items"]:
                break
        return found[:limit]

    @asynccontextmanager
    async def events(
        self, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> AsyncIterator[AsyncIterator[Event]]:
        """Open a stream of events; leaving the block closes it, which cancels its work."""
        headers = {"Accept": "text/event-stream"}
        with translated(self._address):
            async with self._http.stream(method, path, json=body, headers=headers) as response:
                if not response.is_success:
                    await response.aread()
                    answered(response)
                yield _events(response)


@asynccontextmanager
async def connected(target: Target) -> AsyncIterator[Client]:
    """Yield a client of the target; no connection outlives the block."""
    http = httpx.AsyncClient(
        base_url=target.address,
        headers={"Authorization": f"Bearer {target.key}"},
        timeout=httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS, pool=None),
        trust_env=not target.is_near,
    )
    async with http:
        yield Client(http, target.address)


def is_passing(error: FootnoteError) -> bool:
    """Whether the same call may succeed in a moment."""
    return isinstance(error, Unavailable) or error.details.get("status") in PASSING


def answered(response: httpx.Response) -> Answer:
    """Return the body of a success, or raise ``ServerRefused`` with what the server said."""
    try:
        body = response.json()
        if response.is_success and isinstance(body, dict):
            return body
        code, message = str(body["error"]["code"]), str(body["error"]["message"])
    except (ValueError, KeyError, TypeError, UnicodeDecodeError):
        raise ServerRefused(
            f"{response.url.copy_with(path='/', query=None)} answered {response.status_code}, but "
            "not as Footnote does. Is it another program?",
            status=response.status_code,
        ) from None
    wait = response.headers.get("Retry-After", "")
    raise ServerRefused(
        message,
        code=code,
        status=response.status_code,
        retry_after=float(wait) if wait.isdecimal() else None,
    )


@contextmanager
def translated(address: str) -> Iterator[None]:
    """Raise this project's errors for those of the transport."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise NothingAnswers(f"Nothing answers at {address}: start it with `make run`.") from error
    except httpx.TimeoutException as error:
        raise Unavailable(f"{address} did not answer in time.") from error
    except httpx.TransportError as error:
        raise Unavailable(f"The connection to {address} broke off.") from error


async def _events(response: httpx.Response) -> AsyncIterator[Event]:
    reader = EventReader()
    async for piece in response.aiter_bytes():
        for event in reader.feed(piece):
            yield event
