"""A claimed file becomes a published version, one slice at a time."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from data.contents import (
    NO_TEXT,
    OCR_FAILED,
    OCR_SKIPPED,
    PAGE_TRUNCATED,
    PAGE_UNREADABLE,
    Page,
)
from data.errors import ShuttingDown
from data.file_errors import NoTextFound, ParserTimeout, UnreadableFile
from data.records import Claim, Effort, JobStage, PageWarning, Source
from data.settings import Settings
from data.stopwatch import Stopwatch
from data.stores import Stores
from ingestion.embedding_pass import EmbeddingPass, Encoder
from ingestion.profile import profile_of
from ingestion.reading import Reader
from ingestion.removal import VectorStore, remove_chunks
from ingestion.slices import Slice

logger = logging.getLogger(__name__)

MESSAGES = {
    NO_TEXT: "These pages have no text, nor a picture of text that could be read.",
    PAGE_UNREADABLE: "These pages could not be read and were left out.",
    OCR_SKIPPED: "These pages are pictures, and OCR had taken its time for this file already.",
    OCR_FAILED: "These pages are pictures, and OCR could not read them.",
    PAGE_TRUNCATED: "These pages have more text than the limit; the rest of it was left out.",
}
# Of pages on which nothing can be found.
EMPTY = (NO_TEXT, OCR_SKIPPED, OCR_FAILED, PAGE_UNREADABLE)


class Pipeline:
    """Three passes over a file: read its pages, learn its profile, embed its chunks.

    A slice only groups work. Its size changes neither a chunk nor an id, so a run that was
    killed a hundred times ends with the same rows as an undisturbed one.
    """

    def __init__(
        self,
        stores: Stores,
        vectors: VectorStore,
        encoder: Encoder,
        reader: Reader,
        settings: Settings,
    ) -> None:
        self._stores = stores
        self._vectors = vectors
        self._fingerprint = encoder.fingerprint
        self._reader = reader
        self._settings = settings
        self._embedding = EmbeddingPass(stores, vectors, encoder, settings)

    def run_slice(self, claim: Claim, bounds: Slice) -> bool:
        """Do the claim's next slice, and return whether the job needs another one."""
        if claim.stage is JobStage.PARSING:
            if not claim.total or claim.cursor < claim.total:
                return self._read_pages(claim, bounds)
            return self._learn_profile(claim, bounds)
        return self._embed_pages(claim, bounds)

    def _read_pages(self, claim: Claim, bounds: Slice) -> bool:
        watch = Stopwatch()
        source = self._stores.versions.source(claim)
        if source.reading_seconds > self._settings.parsing.file_seconds:
            raise ParserTimeout
        password = self._password(claim, source)
        ocr_left = max(0.0, self._settings.ocr.file_seconds - source.ocr_seconds)
        with self._stores.blobs.local(source.key) as path:
            reading = self._reader.read(
                path, password, claim.cursor + 1, ocr_left, bounds, source.media_type
            )
        if not reading.pages:
            raise ShuttingDown
        read = [_noted(page) for page in reading.pages]
        took = watch.lap("parsing")
        effort = Effort(max(0.0, took - reading.ocr_seconds), reading.ocr_seconds)
        self._stores.versions.write_pages(claim, read, reading.facts, effort)
        watch.lap("storing")
        logger.info("pages read", extra={"pages": len(read), "seconds": watch.seconds})
        return True

    def _password(self, claim: Claim, source: Source) -> str | None:
        if source.password is None:
            return None
        return self._stores.secrets.unseal(source.password, claim.document_id)

    def _learn_profile(self, claim: Claim, bounds: Slice) -> bool:
        watch = Stopwatch()
        versions = self._stores.versions
        empty = [code for code, _ in versions.warnings(claim) if code in EMPTY]
        if len(empty) == claim.total:
            raise UnreadableFile if set(empty) == {PAGE_UNREADABLE} else NoTextFound
        source = versions.source(claim)
        pages = _watched(versions.every_page(claim, 1, claim.total), bounds)
        profile = profile_of(pages, source.facts, source.filename)
        # An earlier job for this version may have left some.
        remove_chunks(claim, self._stores, self._vectors, claim.version)
        versions.write_profile(claim, replace(profile, title=source.title or profile.title))
        watch.lap("profile")
        logger.info("profile learnt", extra={"seconds": watch.seconds})
        return True

    def _embed_pages(self, claim: Claim, bounds: Slice) -> bool:
        # Its vectors are of this model from now on, and of no other.
        self._stores.libraries.of_job(claim.library_id, self._fingerprint)
        last = self._embedding.run_slice(claim, bounds)
        if last == claim.total:
            return self._publish(claim)
        self._stores.claims.checkpoint(claim, JobStage.EMBEDDING, last, claim.total)
        return True

    def _publish(self, claim: Claim) -> bool:
        chunks = self._stores.chunks.count_until(claim, claim.total)
        if not chunks:
            raise NoTextFound
        found = self._stores.versions.warnings(claim)
        self._stores.catalogue.publish(claim, claim.total, chunks, _warnings(found))
        logger.info(
            "document indexed",
            extra={"document_id": claim.document_id, "pages": claim.total, "chunks": chunks},
        )
        return False


def _watched(pages: Iterable[Page], bounds: Slice) -> Iterator[Page]:
    """Give the pages. All of them: a profile is of the whole file, and is soon made."""
    for page in pages:
        bounds.is_over()
        yield page


def _noted(page: Page) -> Page:
    """Return the page with a warning when there is nothing to find on it."""
    blank = page.warning is None and not page.text.strip()
    return replace(page, warning=NO_TEXT) if blank else page


def _warnings(found: Sequence[tuple[str, int]]) -> tuple[PageWarning, ...]:
    """Return one warning for each code, with its pages."""
    pages: dict[str, list[int]] = {}
    for code, page in found:
        pages.setdefault(code, []).append(page)
    return tuple(
        PageWarning(code, MESSAGES.get(code, MESSAGES[PAGE_UNREADABLE]), tuple(numbers))
        for code, numbers in pages.items()
    )
