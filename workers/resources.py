"""What one worker child works with, opened together and closed together."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from data.records import Claim, JobKind
from data.settings import Settings
from data.stores import Stores, open_stores
from data.vectors import BlockingVectors, VectorIndex
from ingestion.embedding_pass import Encoder
from ingestion.pipeline import Pipeline
from ingestion.reading import Reader
from ingestion.slices import Slice
from retrieval.embedding import Embedder
from workers.purging import Purger
from workers.queue import Bell, Doorbell
from workers.reindexing import Reindexer

# Does a slice, and returns whether the job needs another one.
Work = Callable[[Claim, Slice], bool]


@dataclass(frozen=True, slots=True)
class Resources:
    """The tools of a worker child."""

    settings: Settings
    stores: Stores
    work: Mapping[JobKind, Work]
    doorbell: Bell


@contextmanager
def open_resources(settings: Settings) -> Iterator[Resources]:
    """Give a worker's tools; ``SetupError`` when the deployment is not ready for them."""
    with (
        open_stores(settings) as stores,
        BlockingVectors(VectorIndex(settings.index_url, settings.index)) as vectors,
        Reader(settings.parsing, settings.ocr) as reader,
    ):
        embedder = Embedder.open(settings.embedder, settings.folder, throughput=True)
        encoder = Encoder(
            fingerprint=embedder.fingerprint,
            dimensions=embedder.dimensions,
            embed=embedder.encode_documents,
            token_starts=embedder.token_starts,
        )
        doorbell = Doorbell(settings.broker_url, settings.broker)
        try:
            yield Resources(
                settings=settings,
                stores=stores,
                work={
                    JobKind.INGEST: Pipeline(stores, vectors, encoder, reader, settings).run_slice,
                    JobKind.PURGE: Purger(stores, vectors).run,
                    JobKind.REINDEX: Reindexer(stores, vectors).run_slice,
                },
                doorbell=doorbell,
            )
        finally:
            doorbell.close()
            embedder.close()
