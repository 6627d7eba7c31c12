"""A small corpus that is uploaded and indexed as the layers to the left do it."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import func, select, update

from data.acceptance import new_document_id
from data.contents import Chunk, FileFacts, Page, Profile, StoredChunk
from data.database import clock
from data.interventions import Seal
from data.records import Claim, Effort, JobStage, JobState, Receipt, StagedFile, UploadFields
from data.stores import Stores
from data.tables import jobs, metadata
from tests.memory_vectors import MemoryVectors
from tests.slices import Unbounded
from workers.purging import Purger

# Calls functions at the same moment, and returns what each returned or raised.
Together = Callable[..., list[Any]]


@dataclass(frozen=True)
class Corpus:
    """Uploads and indexes documents as the layers to the left do."""

    stores: Stores
    workspace: str

    def upload(
        self, content: str = "", workspace: str = "", password: str = "", **fields: Any
    ) -> Receipt:
        content = content or secrets.token_hex(8)
        return self.stores.acceptance.accept(
            workspace or self.workspace,
            new_document_id(),
            UploadFields(**{"filename": f"{content[:20]}.pdf", **fields}),
            staged(content),
            sealing(password),
        )

    def replace(
        self, document_id: str, content: str = "", filename: str = "new.pdf", password: str = ""
    ) -> Receipt:
        """Upload a new version."""
        content = content or secrets.token_hex(8)
        file = staged(content)
        place = self.stores.acceptance.reserve(self.workspace, document_id, file.sha256)
        return self.stores.acceptance.replace(
            self.workspace, document_id, place.version, filename, file, sealing(password)
        )

    def claim(self) -> Claim:
        claim = self.stores.claims.claim()
        assert claim is not None
        return claim

    def index(self, claim: Claim, texts: tuple[str, ...] = ("one", "two")) -> None:
        """Take an ingest job from its claim to the published version, a slice at a time."""
        self.stores.catalogue.publish(self.embed(claim, texts), len(texts), len(texts), ())

    def embed(self, claim: Claim, texts: tuple[str, ...]) -> Claim:
        """Do every slice but the last, and return the claim of that one."""
        self.parse(claim, texts)
        self.stores.versions.write_profile(self.claim(), Profile("Title"))
        self.write_chunks(writing := self.claim(), texts)
        assert writing.job_id == claim.job_id
        self.stores.claims.checkpoint(writing, JobStage.EMBEDDING, len(texts), len(texts))
        return self.claim()

    def parse(self, claim: Claim, texts: tuple[str, ...]) -> None:
        read = [Page(number, text, b"boxes") for number, text in enumerate(texts, 1)]
        self.stores.versions.write_pages(claim, read, FileFacts(len(texts)), Effort())

    def write_chunks(self, claim: Claim, texts: tuple[str, ...]) -> tuple[str, ...]:
        drafts = [
            Chunk(number, number + 1, ((0, len(text)),), "Section", text, f"Section\n{text}")
            for number, text in enumerate(texts)
        ]
        vectors = np.eye(len(texts), 4, dtype=np.float32)
        reuse = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        return self.stores.chunks.write(claim, drafts, vectors, reuse)

    def ready(self, *texts: str, **fields: Any) -> Receipt:
        """Upload and index a document whose pages are these texts."""
        receipt = self.upload(**fields)
        claim = self.claim()
        assert claim.job_id == receipt.job.id
        self.index(claim, texts or ("one", "two"))
        return receipt

    def finish(self) -> None:
        """End the open jobs, however long they were to wait."""
        with self.stores.database.write() as connection:
            connection.execute(update(jobs).values(state=JobState.CANCELLED))

    def purge(self) -> Claim:
        """Do the next slice of a purge as a worker does, with a vector index that is empty."""
        claim = self.claim()
        Purger(self.stores, MemoryVectors()).run(claim, Unbounded())
        return claim


def staged(content: str) -> StagedFile:
    digest = hashlib.sha256(content.encode()).hexdigest()
    return StagedFile("staged", len(content), digest, "application/pdf")


def sealing(password: str) -> Seal | None:
    return (lambda document_id: f"{password} of {document_id}".encode()) if password else None


def seen(stores: Stores, workspace: str, document_id: str) -> tuple[StoredChunk, ...]:
    """Return the chunks that a search in all libraries would show."""
    ids = stores.chunks.some_ids(document_id, None)
    libraries = [library.id for library in stores.libraries.every()]
    found = stores.visibility.visible(workspace, ids, libraries)
    return tuple(sorted(found.values(), key=lambda chunk: (chunk.version, chunk.number)))


def rows_by_table(stores: Stores) -> dict[str, int]:
    with stores.database.read() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }


def begin_second_version(stores: Stores, claim: Claim, corpus: Corpus) -> Claim:
    """Upload version 2 of a document, and do all but publish it."""
    queued = corpus.replace(claim.document_id).job
    while (taken := corpus.claim()).job_id != queued.id:
        stores.claims.wait(taken, "The second version first.")
    return corpus.embed(taken, ("new one", "new two", "new three"))


def let_lease_run_out(stores: Stores, claim: Claim) -> None:
    """What time does, without waiting for it."""
    with stores.database.write() as connection:
        connection.execute(
            update(jobs).where(jobs.c.id == claim.job_id).values(lease_until=clock() - 1)
        )


def end_waiting(stores: Stores, claim: Claim) -> None:
    with stores.database.write() as connection:
        connection.execute(update(jobs).where(jobs.c.id == claim.job_id).values(not_before=0))
