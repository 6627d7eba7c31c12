"""The third pass over a file: its pages become chunks, and the chunks get their vectors."""

import hashlib
import logging
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from data.chunks import ROWS
from data.contents import Chunk, Embed, Profile, TokenStarts, Vector, Vectors
from data.errors import ClaimLost, IndexIncomplete, ShuttingDown
from data.records import Claim, Library
from data.settings import Settings
from data.stopwatch import Stopwatch
from data.stores import Stores
from ingestion.chunking import Chunker
from ingestion.removal import VectorStore, remove_chunks
from ingestion.slices import Slice

logger = logging.getLogger(__name__)

# The encoder runs dry at the end of each group (75 chunks: 87 a second, 150: 91).
CHUNKS_OF_A_GROUP = 150
# The encoder waits for the first group of a slice, so that is a small one.
CHUNKS_OF_THE_FIRST = 40


@dataclass(frozen=True, slots=True)
class Encoder:
    """What the pipeline needs of the embedding model."""

    fingerprint: str
    dimensions: int
    embed: Embed
    token_starts: TokenStarts


@dataclass(frozen=True, slots=True)
class Group:
    """Chunks that are embedded together, with the vectors that are known already."""

    chunks: tuple[Chunk, ...]
    # What makes two vectors the same: the model and the embedded text.
    reuse_keys: tuple[str, ...]
    known: dict[str, Vector]
    last_page: int


class EmbeddingPass:
    """Keeps the encoder busy: a thread beside it cuts what comes and stores what went."""

    def __init__(
        self, stores: Stores, vectors: VectorStore, encoder: Encoder, settings: Settings
    ) -> None:
        self._stores = stores
        self._vectors = vectors
        self._encoder = encoder
        self._pages_per_slice = settings.jobs.pages_per_slice
        self._chunker = Chunker(encoder.token_starts, settings.chunking)

    def run_slice(self, claim: Claim, bounds: Slice) -> int:
        """Embed and store the claim's next pages, and return the last of them.

        Raises ``ShuttingDown`` when the slice is over before its first group.
        """
        watch = Stopwatch()
        done = claim.cursor
        last = min(claim.cursor + self._pages_per_slice, claim.total)
        profile = self._stores.versions.profile(claim)
        # What a lost attempt wrote after the last checkpoint.
        remove_chunks(claim, self._stores, self._vectors, claim.version, claim.cursor)
        groups = self._groups(claim, profile, last)
        with ThreadPoolExecutor(1, thread_name_prefix="beside-encoder") as beside:
            coming = beside.submit(next, groups, None)
            stored: list[Future[None]] = []
            chunks = 0
            while (group := coming.result()) is not None:
                if bounds.is_over():
                    if not stored:
                        raise ShuttingDown
                    break
                coming = beside.submit(next, groups, None)
                watch.lap("chunking")
                vectors = self._embedded(group)
                watch.lap("embedding")
                chunks += len(group.chunks)
                if stored and stored[-1].done():
                    stored[-1].result()  # what can't be stored need not be embedded
                stored.append(beside.submit(self._store, claim, group, vectors))
                done = group.last_page
            for one in stored:
                one.result()
        watch.lap("storing")
        logger.info("pages embedded", extra={"chunks": chunks, "seconds": watch.seconds})
        return done

    def _groups(self, claim: Claim, profile: Profile, last: int) -> Iterator[Group]:
        number = self._stores.chunks.count_until(claim, claim.cursor)
        enough = CHUNKS_OF_THE_FIRST
        chunks: list[Chunk] = []
        for page in self._stores.versions.every_page(claim, claim.cursor + 1, last):
            chunks += self._chunker.chunks_of(page, profile, number + len(chunks))
            if len(chunks) >= enough or page.number == last:
                yield self._group(claim, chunks, page.number)
                number += len(chunks)
                enough, chunks = CHUNKS_OF_A_GROUP, []

    def _group(self, claim: Claim, chunks: list[Chunk], last_page: int) -> Group:
        keys = tuple(self._reuse_key(chunk) for chunk in chunks)
        known = self._stores.chunks.known_vectors(claim.workspace, keys)
        return Group(tuple(chunks), keys, known, last_page)

    def _embedded(self, group: Group) -> Vectors:
        """Return the chunks' vectors; texts that the workspace has embedded are not again."""
        vectors = np.zeros((len(group.chunks), self._encoder.dimensions), np.float32)
        new: list[int] = []
        for row, key in enumerate(group.reuse_keys):
            if key in group.known:
                vectors[row] = group.known[key]
            else:
                new.append(row)
        if new:
            vectors[new] = self._encoder.embed([group.chunks[row].embedded for row in new])
        return vectors

    def _store(self, claim: Claim, group: Group, vectors: Vectors) -> None:
        # The catalogue first: a purge finds in it every id that Chroma may hold, and a rebuild
        # that begins from now on has the rows that this does not write to its collection.
        ids = self._stores.chunks.write(claim, group.chunks, vectors, group.reuse_keys)
        for start in range(0, len(ids), ROWS):
            some = slice(start, start + ROWS)
            self._shelve(claim, ids[some], vectors[some])

    def _shelve(self, claim: Claim, ids: tuple[str, ...], vectors: Vectors) -> None:
        """Store vectors in every collection that is to hold them, or raise ``ClaimLost``."""
        library = self._stores.libraries.holding(claim.library_id)
        is_new = self._is_new(library)
        for collection in library.collections:
            try:
                self._vectors.upsert(collection, ids, vectors, create=is_new)
            except IndexIncomplete:
                # Lost, or only about to be made: its rebuild finds these in the catalogue.
                logger.warning("collection is missing", extra={"library_id": library.id})
        try:
            self._stores.claims.require(claim)
        except ClaimLost:
            # Who has purged them since has found nothing, or not all of it.
            gone = sorted({*ids} - self._stores.holdings.known(ids))
            for collection in library.collections:
                self._vectors.delete(collection, gone)
            raise

    def _is_new(self, library: Library) -> bool:
        """Return whether a collection may be made: one that was lost is rebuilt as a whole."""
        return library.building is None and not self._stores.visibility.any_ready((library.id,))

    def _reuse_key(self, chunk: Chunk) -> str:
        text = f"{self._encoder.fingerprint}\n{chunk.embedded}"
        return hashlib.sha256(text.encode()).hexdigest()
