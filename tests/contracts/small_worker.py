"""A worker without Celery and without a model, for what workers do to the stores."""

import re
import time
import zlib
from collections.abc import Callable, Sequence

import numpy as np
from sqlalchemy import select

from data.boxes import pack
from data.contents import FileFacts, Line, Page, Profile, Vectors
from data.errors import ClaimLost, Unavailable
from data.jobs import is_open
from data.records import Claim, Effort, JobKind, JobStage
from data.settings import Settings
from data.stores import Stores
from data.tables import chunks, jobs
from ingestion.embedding_pass import EmbeddingPass, Encoder
from tests.contracts.corpus import end_waiting
from tests.memory_vectors import MemoryVectors
from tests.slices import Counted, Unbounded
from workers.purging import Purger
from workers.reindexing import Reindexer

FINGERPRINT = "f" * 64


class Worker:
    """Does slices of whatever is claimable, as worker children do; several may at once."""

    def __init__(self, stores: Stores, vectors: MemoryVectors, settings: Settings) -> None:
        self._stores = stores
        self.on_embed: Callable[[], object] = lambda: None
        encoder = Encoder(FINGERPRINT, 4, self._embed, token_starts)
        self._embedding = EmbeddingPass(stores, vectors, encoder, settings)
        self._purger = Purger(stores, vectors)
        self.reindexer = Reindexer(stores, vectors, pause=lambda _: None)

    def work(self) -> None:
        """Do slices until no job is open."""
        deadline = time.monotonic() + 60
        while self._is_any_open():
            assert time.monotonic() < deadline
            if claim := self._stores.claims.claim():
                self._do(claim)

    def _do(self, claim: Claim) -> None:
        try:
            match claim.kind:
                case JobKind.INGEST:
                    self.ingest(claim)
                case JobKind.PURGE:
                    self._purger.run(claim, Counted(1))
                case JobKind.REINDEX:
                    self.reindexer.run_slice(claim, Counted(1))
        except Unavailable as error:
            self._stores.claims.wait(claim, str(error))
            end_waiting(self._stores, claim)
        except ClaimLost:
            self._stores.claims.let_go(claim)

    def ingest(self, claim: Claim) -> None:
        """Do the next of the three slices of a small file."""
        if claim.stage is JobStage.EMBEDDING:
            assert self._embedding.run_slice(claim, Unbounded()) == claim.total
            count = self._stores.chunks.count_until(claim, claim.total)
            self._stores.catalogue.publish(claim, claim.total, count, ())
        elif claim.total:
            self._stores.versions.write_profile(claim, Profile("Title"))
        else:
            read = [
                page_of(f"Page {number} of {claim.document_id}.", number) for number in (1, 2, 3)
            ]
            self._stores.versions.write_pages(claim, read, FileFacts(len(read)), Effort())

    def _embed(self, texts: Sequence[str]) -> Vectors:
        self.on_embed()
        seeds = [zlib.crc32(text.encode()) for text in texts]
        rows = [np.random.default_rng(seed).standard_normal(4) for seed in seeds]
        return np.stack(rows).astype(np.float32)

    def _is_any_open(self) -> bool:
        with self._stores.database.read() as connection:
            return connection.execute(select(jobs.c.id).where(is_open())).first() is not None


def page_of(text: str, number: int) -> Page:
    boxes = np.tile(np.array([0.1, 0.4, 0.2, 0.5], np.float32), (len(text), 1))
    return Page(number, text, pack(boxes), (Line(0, len(text), 10.0, bold=False),))


def token_starts(text: str) -> Sequence[int]:
    return [word.start() for word in re.finditer(r"\S+", text)]


def rows(stores: Stores) -> set[str]:
    with stores.database.read() as connection:
        return set(connection.execute(select(chunks.c.id)).scalars())
