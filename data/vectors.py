"""Chroma over HTTP: ids and vectors only, one collection for a library and its model."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlsplit

import chromadb
import numpy as np
import numpy.typing as npt
from chromadb.api.async_fastapi import AsyncFastAPI
from chromadb.errors import InternalError, NotFoundError

from data.contents import Vectors
from data.errors import IndexIncomplete, IndexUnavailable
from data.nearest import NearestCall
from data.settings import IndexSettings

Result = TypeVar("Result")
# Recall of nearest neighbours against time; Chroma's defaults but for the distance.
CONFIGURATION = {"hnsw": {"space": "cosine", "ef_construction": 100, "ef_search": 100}}
# What our collections' names begin with (data/records.py).
PREFIX = "fn-"
# Collections of one request.
LISTED = 500


class VectorIndex:
    """Every call is bounded in time, and fails as ``IndexUnavailable``.

    What is missing of an index that answers is its leaf ``IndexIncomplete``.
    """

    def __init__(self, url: str, settings: IndexSettings) -> None:
        self._address = urlsplit(url)
        self._settings = settings
        self._client: Any = None
        self._collections: dict[str, Any] = {}
        self._nearest = NearestCall(self._address)

    async def nearest(
        self, collection: str, vectors: npt.NDArray[np.float32], limit: int
    ) -> list[list[tuple[str, float]]]:
        """Return for each vector the nearest chunk ids with their cosine similarity.

        Raises ``IndexIncomplete`` when there is no such collection.
        """

        async def query(found: Any) -> list[list[tuple[str, float]]]:
            answers = await self._nearest.find(found.id, vectors, limit)
            return [
                [(chunk, 1.0 - distance) for chunk, distance in zip(ids, distances, strict=True)]
                for ids, distances in zip(*answers, strict=True)
            ]

        return await self._using(collection, query)

    async def upsert(
        self, collection: str, ids: Sequence[str], vectors: Vectors, *, create: bool = True
    ) -> None:
        """Store vectors under their chunks' ids; doing it twice changes nothing.

        Raises ``IndexIncomplete`` when the collection is missing and is not to be made.
        """
        step = self._settings.write_batch
        for start in range(0, len(ids), step):
            batch = slice(start, start + step)

            async def write(found: Any, batch: slice = batch) -> None:
                await found.upsert(ids=list(ids[batch]), embeddings=vectors[batch])

            await self._using(collection, write, create=create)

    async def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Remove vectors; those that are not there are fine."""
        with suppress(IndexIncomplete):
            if ids:
                await self._using(collection, lambda found: found.delete(ids=list(ids)))

    async def create(self, collection: str) -> None:
        """Make a collection; one that is there is fine."""
        self._collections.pop(collection, None)
        await self._bounded(lambda client: self._collection(client, collection, create=True))

    async def drop(self, collection: str) -> None:
        """Remove a collection; one that is not there is fine."""
        with suppress(IndexIncomplete):
            await self._bounded(lambda client: client.delete_collection(collection))
        self._collections.pop(collection, None)

    async def count(self, collection: str) -> int | None:
        """Return how many vectors a collection has; None: there is no such collection."""
        try:
            return int(await self._using(collection, lambda found: found.count()))
        except IndexIncomplete:
            return None

    async def ids(self, collection: str, limit: int, offset: int) -> tuple[str, ...]:
        """Return some of a collection's ids, in the order in which they came."""
        answer = await self._using(
            collection, lambda found: found.get(limit=limit, offset=offset, include=[])
        )
        return tuple(answer["ids"])

    async def held(self, collection: str, ids: Sequence[str]) -> set[str]:
        """Return those of the ids that a collection has."""
        step = self._settings.write_batch
        found: set[str] = set()
        for start in range(0, len(ids), step):
            some = list(ids[start : start + step])

            async def ask(held: Any, some: list[str] = some) -> list[str]:
                return list((await held.get(ids=some, include=[]))["ids"])

            found.update(await self._using(collection, ask))
        return found

    async def collections(self) -> tuple[str, ...]:
        """Return the names of all collections that are ours."""

        async def list_them(client: Any) -> tuple[str, ...]:
            names: list[str] = []
            while some := await client.list_collections(limit=LISTED, offset=len(names)):
                names += [one.name for one in some]
            return tuple(name for name in names if name.startswith(PREFIX))

        return await self._bounded(list_them)

    async def probe(self, collection: str) -> None:
        """Find the neighbours of a vector that the collection has.

        Raises ``IndexIncomplete`` when the server answers, but can't do that.
        """

        async def find(found: Any) -> None:
            try:
                first = await found.get(limit=1, include=["embeddings"])
                if first["ids"]:
                    await found.query(query_embeddings=first["embeddings"], n_results=1, include=[])
            # Damaged files of one collection; others are served all the same.
            except InternalError as error:
                raise IndexIncomplete from error

        await self._using(collection, find)

    async def check(self) -> None:
        """Raise ``IndexUnavailable`` unless the server answers."""
        await self._bounded(lambda client: client.heartbeat())

    async def close(self) -> None:
        """Close the connections of this event loop."""
        self._client = None
        self._collections.clear()
        await self._nearest.close()
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

    async def _using(
        self, name: str, call: Callable[[Any], Awaitable[Result]], *, create: bool = False
    ) -> Result:
        """Call with a collection, which may have been dropped and made anew since it was used."""

        async def attempt(client: Any) -> Result:
            if name in self._collections:
                try:
                    return await call(self._collections[name])
                except NotFoundError:
                    self._collections.pop(name, None)
            return await call(await self._collection(client, name, create=create))

        return await self._bounded(attempt)

    async def _bounded(self, call: Callable[[Any], Awaitable[Result]]) -> Result:
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                if self._client is None:
                    self._client = await self._connect()
                return await call(self._client)
        except IndexIncomplete:
            raise
        except NotFoundError as error:
            raise IndexIncomplete from error
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

    def upsert(
        self, collection: str, ids: Sequence[str], vectors: Vectors, *, create: bool = True
    ) -> None:
        """Store vectors under their chunks' ids."""
        self._runner.run(self._index.upsert(collection, ids, vectors, create=create))

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Remove vectors."""
        self._runner.run(self._index.delete(collection, ids))

    def create(self, collection: str) -> None:
        """Make a collection."""
        self._runner.run(self._index.create(collection))

    def drop(self, collection: str) -> None:
        """Remove a collection."""
        self._runner.run(self._index.drop(collection))

    def count(self, collection: str) -> int | None:
        """Return how many vectors a collection has; None: there is no such collection."""
        return self._runner.run(self._index.count(collection))

    def ids(self, collection: str, limit: int, offset: int) -> tuple[str, ...]:
        """Return some of a collection's ids, in the order in which they came."""
        return self._runner.run(self._index.ids(collection, limit, offset))

    def held(self, collection: str, ids: Sequence[str]) -> set[str]:
        """Return those of the ids that a collection has."""
        return self._runner.run(self._index.held(collection, ids))

    def collections(self) -> tuple[str, ...]:
        """Return the names of all collections that are ours."""
        return self._runner.run(self._index.collections())

    def probe(self, collection: str) -> None:
        """Raise ``IndexIncomplete`` when a collection can't be searched."""
        self._runner.run(self._index.probe(collection))
