"""From an uploaded file to a published version, with everything real but the vectors."""

import io
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from reportlab.pdfgen.canvas import Canvas

from data.acceptance import new_document_id
from data.contents import Vectors
from data.errors import ClaimLost
from data.file_errors import NoTextFound, UnreadableFile
from data.purges import Remains
from data.records import Claim, JobState, StagedFile, UploadFields
from data.settings import JobSettings, ParsingSettings, Settings
from data.setup import prepare
from data.stores import Stores, open_stores
from ingestion.embedding_pass import Encoder
from ingestion.media_types import PDF
from ingestion.pipeline import Pipeline
from ingestion.reading import Reader
from ingestion.removal import remove_chunks
from ingestion.text_kinds import MARKDOWN
from tests.ingestion.hostile_files import page_tree
from tests.memory_vectors import MemoryVectors
from tests.slices import Unbounded

PAGES = 7


class CountingEmbed:
    """Different texts get different vectors, and every text is counted."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        seeds = [zlib.crc32(text.encode()) for text in texts]
        return np.stack([np.random.default_rng(seed).random(4, np.float32) for seed in seeds])


def words(text: str) -> list[int]:
    return [at for at, letter in enumerate(text) if at == 0 or text[at - 1].isspace()]


def pdf_of(pages: Sequence[str]) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(300, 400), invariant=1)
    for number, text in enumerate(pages, start=1):
        canvas.setFont("Helvetica", 8)
        canvas.drawString(100, 380, "The Running Header")
        for row, line in enumerate(text.split("\n")):
            canvas.drawString(20, 340 - 12 * row, line)
        canvas.drawString(140, 10, f"Page {number}")
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def story(number: int) -> str:
    return "\n".join(f"Sentence {row} of page {number} says so." for row in range(12))


STORY = pdf_of([story(number) for number in range(1, PAGES + 1)])


class Bench:
    """A pipeline over real stores in a folder."""

    def __init__(self, stores: Stores, reader: Reader, settings: Settings) -> None:
        self.stores = stores
        self.vectors = MemoryVectors()
        self.embed = CountingEmbed()
        self.pipeline = Pipeline(
            stores,
            self.vectors,
            Encoder("f" * 64, 4, self.embed, words),
            reader,
            settings,
        )
        key = stores.keys.find((settings.folder / "admin.key").read_text().strip())
        assert key is not None
        self.workspace = key.workspace

    def upload(self, content: bytes, filename: str = "a.pdf", media_type: str = PDF) -> str:
        staging = self.stores.blobs.stage()
        staging.write(content)
        file = StagedFile(staging.name, len(content), staging.finish(), media_type)
        document = new_document_id()
        self.stores.blobs.keep(file.name, f"{self.workspace}/{document}/1")
        self.stores.acceptance.accept(self.workspace, document, UploadFields(filename), file, None)
        return document

    def claim(self) -> Claim:
        claim = self.stores.claims.claim()
        assert claim is not None
        return claim

    def finish(self) -> int:
        slices = 1
        while self.pipeline.run_slice(self.claim(), Unbounded()):
            slices += 1
        return slices

    def rows(self, document: str) -> list[tuple[int, int, str, str]]:
        """Everything that a run leaves, without the document's own id."""
        found = self.stores.visibility.published(document, 1)
        return [(c.number, c.page, c.section, c.text) for _, c in found]


def settings_of(folder: Path, pages_per_slice: int, pages_per_process: int) -> Settings:
    return Settings(
        home=folder,
        jobs=JobSettings(pages_per_slice=pages_per_slice, lease_seconds=0.05),
        parsing=ParsingSettings(pages_per_process=pages_per_process),
    )


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    yield from _bench(tmp_path, 2, 3)


def _bench(folder: Path, pages_per_slice: int, pages_per_process: int) -> Iterator[Bench]:
    settings = settings_of(folder, pages_per_slice, pages_per_process)
    prepare(settings)
    with open_stores(settings) as stores, Reader(settings.parsing, settings.ocr) as reader:
        yield Bench(stores, reader, settings)


class TestAnUndisturbedRun:
    def test_publishes_every_page_and_chunk_with_its_vector(self, bench: Bench) -> None:
        document = bench.upload(STORY)

        bench.finish()

        shown = bench.stores.documents.get(bench.workspace, document)
        assert (shown.state, shown.pages, shown.chunks) == ("ready", PAGES, len(bench.vectors.rows))
        assert {page for _, page, _, _ in bench.rows(document)} == set(range(1, PAGES + 1))
        ids, _ = bench.stores.visibility.vectors_of(document, 1)
        assert set(ids) == set(bench.vectors.rows)

    def test_finds_the_sections_of_a_text_by_its_headings(self, bench: Bench) -> None:
        text = "## Flight\n\n### Wings\n\nFour. <b hidden>no</b>\n\n## Food\n\nThey eat.\n"
        document = bench.upload(text.encode(), "bees.md", MARKDOWN)

        bench.finish()

        assert bench.rows(document) == [
            (0, 1, "Flight > Wings", "Flight\n\nWings\n\nFour."),
            (1, 2, "Food", "Food\n\nThey eat."),
        ]

    def test_gives_chunks_that_are_the_page_s_own_text(self, bench: Bench) -> None:
        document = bench.upload(STORY)

        bench.finish()

        for _, chunk in bench.stores.visibility.published(document, 1):
            page = bench.stores.documents.page(bench.workspace, document, None, chunk.page)
            assert chunk.text == "\n".join(page.text[s:e] for s, e in chunk.ranges)

    def test_leaves_headers_and_footers_out_of_chunks_but_in_the_page(self, bench: Bench) -> None:
        document = bench.upload(STORY)

        bench.finish()

        assert all("Running Header" not in text for *_, text in bench.rows(document))
        page = bench.stores.documents.page(bench.workspace, document, None, 3)
        assert "The Running Header" in page.text

    def test_shows_nothing_before_its_last_slice(self, bench: Bench) -> None:
        document = bench.upload(STORY)

        while bench.pipeline.run_slice(bench.claim(), Unbounded()):
            assert bench.rows(document) == []

        assert bench.rows(document)

    def test_does_not_depend_on_the_size_of_a_slice(self, bench: Bench, tmp_path: Path) -> None:
        document = bench.upload(STORY)
        few_slices = bench.finish()
        for other in _bench(tmp_path / "other", 100, 100):
            again = other.upload(STORY)
            assert other.finish() < few_slices
            assert other.rows(again) == bench.rows(document)


class TestAnInterruptedRun:
    def test_ends_with_the_rows_of_an_undisturbed_one(self, bench: Bench, tmp_path: Path) -> None:
        document = bench.upload(STORY)
        for other in _bench(tmp_path / "other", 2, 3):
            interrupted = other.upload(STORY)
            claim = other.claim()
            while True:
                # The slice is done, but its worker dies before anyone hears of it: a second
                # claim is made as soon as the lease is over, and the first one's is void.
                stale = claim
                claim = _reclaimed(other)
                with pytest.raises(ClaimLost):
                    other.pipeline.run_slice(stale, Unbounded())
                if not other.pipeline.run_slice(claim, Unbounded()):
                    break
                claim = other.claim()

            bench.finish()
            assert other.rows(interrupted) == bench.rows(document)
            ids, _ = other.stores.visibility.vectors_of(interrupted, 1)
            assert set(ids) == set(other.vectors.rows)

    def test_does_not_embed_again_what_was_embedded(self, bench: Bench) -> None:
        bench.upload(STORY)
        bench.finish()
        first = len(bench.embed.texts)
        changed = [story(number) for number in range(1, PAGES + 1)]
        changed[3] = changed[3].replace("Sentence 5", "Another sentence")

        bench.upload(pdf_of(changed))
        bench.finish()

        assert first < len(bench.embed.texts) <= first + first // PAGES + 1


def _reclaimed(bench: Bench) -> Claim:
    while (claim := bench.stores.claims.claim()) is None:
        pass
    return claim


class TestAFileWithoutText:
    def test_fails_with_a_code_that_a_person_can_act_on(self, bench: Bench) -> None:
        buffer = io.BytesIO()
        canvas = Canvas(buffer, invariant=1)
        canvas.rect(10, 10, 50, 50)
        canvas.save()
        bench.upload(buffer.getvalue())

        bench.pipeline.run_slice(bench.claim(), Unbounded())
        with pytest.raises(NoTextFound):
            bench.pipeline.run_slice(bench.claim(), Unbounded())

    def test_is_unreadable_when_no_page_of_it_can_be_read(self, bench: Bench) -> None:
        bench.upload(page_tree(b"<</Type/Pages/Kids[2 0 R]/Count 2>>"))

        bench.pipeline.run_slice(bench.claim(), Unbounded())
        with pytest.raises(UnreadableFile):
            bench.pipeline.run_slice(bench.claim(), Unbounded())

    def test_is_a_warning_with_its_pages_when_other_pages_have_text(self, bench: Bench) -> None:
        buffer = io.BytesIO()
        canvas = Canvas(buffer, invariant=1)
        canvas.drawString(50, 700, "There is one page with text.")
        canvas.showPage()
        canvas.rect(10, 10, 50, 50)
        canvas.save()
        document = bench.upload(buffer.getvalue())

        bench.finish()

        (warning,) = bench.stores.documents.get(bench.workspace, document).warnings
        assert (warning.code, warning.pages) == ("no_text", (2,))


class TestAFileWithTooMuchText:
    def test_is_ready_with_what_the_limit_allows_and_says_so(self, tmp_path: Path) -> None:
        settings = Settings(home=tmp_path, parsing=ParsingSettings(max_page_characters=300))
        prepare(settings)
        with open_stores(settings) as stores, Reader(settings.parsing, settings.ocr) as reader:
            bench = Bench(stores, reader, settings)
            document = bench.upload(STORY)

            bench.finish()

            shown = stores.documents.get(bench.workspace, document)
        assert shown.state == "ready"
        assert [(w.code, len(w.pages)) for w in shown.warnings] == [("page_truncated", PAGES)]


class TestDeleting:
    def test_takes_back_every_vector_and_row(self, bench: Bench) -> None:
        document = bench.upload(STORY)
        bench.finish()
        bench.stores.catalogue.delete_document(bench.workspace, document)
        purge = bench.claim()

        remove_chunks(purge, bench.stores, bench.vectors, version=None)
        bench.stores.purges.finish(purge, Remains.DOCUMENT)

        assert bench.vectors.rows == {}
        assert bench.stores.chunks.some_ids(document, None) == ()
        states = [
            job.state
            for job in bench.stores.jobs.newest(bench.workspace, None, None, 10, None).items
        ]
        assert states == [JobState.SUCCEEDED, JobState.SUCCEEDED]
