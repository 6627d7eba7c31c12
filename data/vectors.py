"""Chroma over HTTP: ids and vectors only, one collection for a library and its model."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlsplit

import chromadb
import numpy as np
import numpy.typing as npt
from chromadb.api.async_fastapi import AsyncFastAPI
from chromadb.errors import NotFoundError

from data.contents import Vectors
from data.errors import IndexUnavailable
from data.settings import IndexSettings

Result = TypeVar("Result")
# Recall of nearest neighbours against time; Chroma's defaults but for the distance.
CONFIGURATION = {"hnsw": {"space": "cosine", "ef_construction": 100, "ef_search": 100}}


class VectorIndex:
    """Every call is bounded in time, and fails as ``IndexUnavailable``."""

    def __init__(self, url: str, settings: IndexSettings) -> None:
        self._address = urlsplit(url)
        self._settings = settings
        self._client: Any = None
        self._collections: dict[str, Any] = {}

    async def nearest(
        self, collection: str, vectors: npt.NDArray[np.float32], limit: int
    ) -> list[list[tuple[str, float]]]:
        """Return for each vector the nearest chunk ids with their cosine similarity.

        A collection that is not there yet has no neighbours.
        """

        async def query(client: Any) -> list[list[tuple[str, float]]]:
            try:
                found = await self._collection(client, collection, create=False)
            except NotFoundError:
                return [[] for _ in vectors]
            answer = await found.query(
                query_embeddings=vectors, n_results=limit, include=["distances"]
            )
            return [
                [(chunk, 1.0 - distance) for chunk, distance in zip(ids, distances, strict=True)]
                for ids, distances in zip(answer["ids"], answer["distances"], strict=True)
            ]

        return await self._bounded(query)

    async def upsert(self, collection: str, ids: Sequence[str], vectors: Vectors) -> None:
        """Store vectors under their chunks' ids; doing it twice changes nothing."""
        step = self._settings.write_batch
        for start in range(0, len(ids), step):
            batch = slice(start, start + step)

            async def write(client: Any, batch: slice = batch) -> None:
                found = await self._collection(client, collection, create=True)
                await found.upsert(ids=list(ids[batch]), embeddings=vectors[batch])

            await self._bounded(write)

    async def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Remove vectors; those that are not there are fine."""

        async def remove(client: Any) -> None:
            try:
                found = await self._collection(client, collection, create=False)
            except NotFoundError:
                return
            await found.delete(ids=list(ids))

        if ids:
            await self._bounded(remove)

    async def drop(self, collection: str) -> None:
        """Remove a collection; one that is not there is fine."""

        async def remove(client: Any) -> None:
            try:
                await client.delete_collection(collection)
            except NotFoundError:
                return

        await self._bounded(remove)
        self._collections.pop(collection, None)

    async def count(self, collection: str) -> int:
        """Return how many vectors a collection has."""

        async def ask(client: Any) -> int:
            try:
                return int(await (await self._collection(client, collection, create=False)).count())
            except NotFoundError:
                return 0

        return await self._bounded(ask)

    async def check(self) -> None:
        """Raise ``IndexUnavailable`` unless the server answers."""
        await self._bounded(lambda client: client.heartbeat())

    async def close(self) -> None:
        """Close the connections of this event loop."""
        self._client = None
        self._collections.clear()
        # Chroma keeps one HTTP client per loop, and closes only those of all loops at once.
        held = AsyncFastAPI._clients.pop(hash(asyncio.get_running_loop()), None)
        if held is not None:
            await held.aclose()

    async def _collection(self, client: Any, name: str, *, create: bool) -> Any:
        if name not in self._collections:
            self._collections[name] = await (
                client.get_or_create_collection(
                    name, embedding_function=None, configuration=CONFIGURATION
                )
                if create
                else client.get_collection(name, embedding_function=None)
            )
        return self._collections[name]

    async def _bounded(self, call: Callable[[Any], Awaitable[Result]]) -> Result:
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                if self._client is None:
                    self._client = await self._connect()
                return await call(self._client)
        # Chroma's client raises what its HTTP library, its server and its own checks raise.
        except Exception as error:
            self._collections.clear()
            raise IndexUnavailable from error

    async def _connect(self) -> Any:
        return await chromadb.AsyncHttpClient(
            host=self._address.hostname or "127.0.0.1",
            port=self._address.port or 8000,
            ssl=self._address.scheme == "https",
            settings=chromadb.Settings(anonymized_telemetry=False),
        )


class BlockingVectors:
    """The same index for a worker, which is synchronous: an event loop of its own."""

    def __init__(self, index: VectorIndex) -> None:
        self._index = index
        self._runner = asyncio.Runner()

    def __enter__(self) -> "BlockingVectors":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._runner.run(self._index.close())
        self._runner.close()

    def upsert(self, collection: str, ids: Sequence[str], vectors: Vectors) -> None:
        """Store vectors under their chunks' ids."""
        self._runner.run(self._index.upsert(collection, ids, vectors))

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Remove vectors."""
        self._runner.run(self._index.delete(collection, ids))

    def drop(self, collection: str) -> None:
        """Remove a collection."""
        self._runner.run(self._index.drop(collection))
