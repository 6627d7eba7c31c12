"""The one call that every question makes of Chroma's server."""

from typing import TYPE_CHECKING
from urllib.parse import SplitResult

import numpy as np
import numpy.typing as npt
import orjson
from chromadb.errors import ChromaError, NotFoundError

if TYPE_CHECKING:
    from aiohttp import ClientSession

_QUERY = "{url}/api/v2/tenants/default_tenant/databases/default_database/collections/{id}/query"
_HEADERS = {"content-type": "application/json"}
_MISSING = 404


class NearestCall:
    """Asks for nearest neighbours as Chroma's client does, for a third of its time.

    (1 ms of CPU for a question there, 0.4 here; 3.5 and 1.3 for sixteen.)
    """

    def __init__(self, address: SplitResult) -> None:
        self._url = f"{address.scheme}://{address.hostname}:{address.port or 8000}"
        self._session: ClientSession | None = None

    async def find(
        self, collection: object, vectors: npt.NDArray[np.float32], limit: int
    ) -> tuple[list[list[str]], list[list[float]]]:
        """Return the ids and the distances for each vector, nearest first.

        Raises ``NotFoundError`` when there is no collection of that id, another ``ChromaError``
        when the server can't do it, and what aiohttp raises.
        """
        body = orjson.dumps(
            {"query_embeddings": vectors, "n_results": limit, "include": ["distances"]},
            option=orjson.OPT_SERIALIZE_NUMPY,
        )
        url = _QUERY.format(url=self._url, id=collection)
        async with self._opened().post(url, data=body, headers=_HEADERS) as response:
            said = await response.read()
            if response.status == _MISSING:
                raise NotFoundError
            if response.status >= 400:
                raise ChromaError
        found = orjson.loads(said)
        return found["ids"], found["distances"]

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _opened(self) -> "ClientSession":
        if self._session is None:
            # A worker asks no questions: it need not load it.
            from aiohttp import ClientSession, ClientTimeout, DummyCookieJar  # noqa: PLC0415 - late

            # Whoever calls limits the time.
            timeout = ClientTimeout(total=None)
            self._session = ClientSession(timeout=timeout, cookie_jar=DummyCookieJar())
        return self._session
