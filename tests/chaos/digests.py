"""What indexing made of a file, as the catalogue has it, in a form that two runs can share."""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

PAGES = """
    SELECT page, text, boxes, lines, warning, ocr FROM pages
    WHERE document_id = ? AND version = ? ORDER BY page
"""
CHUNKS = """
    SELECT number, page, ranges, section, text FROM chunks
    WHERE document_id = ? AND version = ? ORDER BY number
"""
VECTORS = """
    SELECT reuse_key, vector FROM vectors JOIN chunks ON chunks.id = vectors.chunk_id
    WHERE document_id = ? AND version = ? ORDER BY number
"""
# Of a vector and its twin of a calm run: other neighbours in a batch round differently.
LEAST_COSINE = 0.999


@dataclass(frozen=True)
class Digest:
    """The pages, chunks and embedded texts as SHA-256; the vectors as they are."""

    pages: str
    chunks: str
    reuse_keys: str
    vectors: npt.NDArray[np.float32]

    def differences(self, calm: "Digest") -> Iterator[str]:
        """Give what is not as in a calm run."""
        for part in ("pages", "chunks", "reuse_keys"):
            if getattr(self, part) != getattr(calm, part):
                yield f"{part} differ"
        if self.vectors.shape != calm.vectors.shape:
            yield f"vectors are {self.vectors.shape} and not {calm.vectors.shape}"
        elif (cosine := (self.vectors * calm.vectors).sum(axis=1).min()) < LEAST_COSINE:
            yield f"a vector has the cosine {cosine:.3f} to its twin"


@contextmanager
def catalogue(home: Path) -> Iterator[sqlite3.Connection]:
    """A connection that only reads."""
    with closing(sqlite3.connect(f"file:{home / 'catalogue.db'}?mode=ro", uri=True)) as opened:
        yield opened


def digest(opened: sqlite3.Connection, document_id: str, version: int) -> Digest:
    """Return what the catalogue has of a version."""
    version_of = (document_id, version)
    vectors = opened.execute(VECTORS, version_of).fetchall()
    matrix = np.frombuffer(b"".join(packed for _, packed in vectors), "<f2").astype(np.float32)
    rows = matrix.reshape(len(vectors), -1) if vectors else np.zeros((0, 0), np.float32)
    return Digest(
        pages=_hash(opened.execute(PAGES, version_of)),
        chunks=_hash(opened.execute(CHUNKS, version_of)),
        reuse_keys=_hash((key,) for key, _ in vectors),
        vectors=rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6),
    )


def _hash(rows: Iterable[tuple[object, ...]]) -> str:
    digested = hashlib.sha256()
    for row in rows:
        digested.update(repr(row).encode())
    return digested.hexdigest()
