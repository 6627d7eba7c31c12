"""Pages are read by two processes, in slices that end where they should, and nobody can tell."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from data.errors import ClaimLost, ShuttingDown
from data.file_errors import ParserTimeout, UnreadableFile
from data.settings import OcrSettings, ParsingSettings
from ingestion.reading import Reader, Reading
from ingestion.relay import WORTH_A_PROCESS
from ingestion.slices import Slice
from tests.slices import Cancelled, Counted, Unbounded

Hostile = Callable[[str], Sequence[str]]
PAGES = 9 * WORTH_A_PROCESS - 1


@pytest.fixture
def long_file(tmp_path: Path) -> Path:
    path = tmp_path / "long.pdf"
    canvas = Canvas(str(path), invariant=1)
    for number in range(1, PAGES + 1):
        canvas.drawString(50, 700, f"This is page {number}.")
        canvas.showPage()
    canvas.save()
    return path


@pytest.fixture
def some_file(tmp_path: Path) -> Path:
    path = tmp_path / "some.pdf"
    path.write_bytes(b"not empty")
    return path


def read(
    path: Path,
    bounds: Slice,
    settings: ParsingSettings,
    command: Sequence[str],
    ocr: OcrSettings,
    ocr_seconds: float = 0.0,
) -> Reading:
    with Reader(settings, ocr, command) as reader:
        return reader.read(path, None, 1, ocr_seconds, bounds)


class TestALongFile:
    def test_gives_every_page_once_and_in_order(self, long_file: Path) -> None:
        with Reader(ParsingSettings(), OcrSettings()) as reader:
            facts, pages, _ = reader.read(long_file, None, 1, 0.0, Unbounded())

        assert facts.pages == PAGES
        assert [(page.number, page.text) for page in pages] == [
            (number, f"This is page {number}.") for number in range(1, PAGES + 1)
        ]

    def test_is_read_on_where_the_last_slice_ended(self, long_file: Path) -> None:
        settings = ParsingSettings(pages_per_process=6 * WORTH_A_PROCESS)

        with Reader(settings, OcrSettings()) as reader:
            _, first, _ = reader.read(long_file, None, 1, 0.0, Unbounded())
            _, second, _ = reader.read(long_file, None, len(first) + 1, 0.0, Unbounded())

        assert len(first) == 6 * WORTH_A_PROCESS
        assert [page.number for page in second] == list(range(49, PAGES + 1))

    def test_is_read_by_two_processes(self, some_file: Path, hostile: Hostile) -> None:
        command = (*hostile("none"), "16")

        pages = read(some_file, Unbounded(), ParsingSettings(), command, OcrSettings()).pages

        assert [page.number for page in pages] == list(range(1, 17))
        assert len({page.text.split()[-1] for page in pages}) == 2

    def test_of_slow_pages_is_worth_a_second_process(
        self, some_file: Path, hostile: Hostile
    ) -> None:
        command = (*hostile("slow"), "9")

        pages = read(some_file, Unbounded(), ParsingSettings(), command, OcrSettings()).pages

        assert len({page.text.split()[-1] for page in pages}) == 2

    def test_fails_as_a_whole_when_the_second_process_can_not_open_it(
        self, some_file: Path, hostile: Hostile
    ) -> None:
        command = (*hostile("die-at-second-open"), "40")

        with pytest.raises(UnreadableFile):
            read(some_file, Unbounded(), ParsingSettings(), command, OcrSettings())


class TestASlice:
    @pytest.mark.parametrize("asked", [1, 6])
    def test_that_is_over_keeps_the_pages_before_without_gaps(
        self, some_file: Path, hostile: Hostile, asked: int
    ) -> None:
        command = (*hostile("slow"), "100")

        pages = read(some_file, Counted(asked), ParsingSettings(), command, OcrSettings()).pages

        # It may go on for as long as the opening took.
        assert asked <= len(pages) < 100
        assert [page.number for page in pages] == list(range(1, len(pages) + 1))

    def test_ends_when_its_pages_are_as_large_as_they_may_be(self, long_file: Path) -> None:
        with Reader(ParsingSettings(slice_bytes=2000), OcrSettings()) as reader:
            _, pages, _ = reader.read(long_file, None, 1, 0.0, Unbounded())

        assert 1 < len(pages) < 12

    def test_of_pages_that_hang_ends_after_the_first_one(
        self, some_file: Path, hostile: Hostile
    ) -> None:
        settings = ParsingSettings(page_seconds=1)

        pages = read(some_file, Counted(1), settings, hostile("always-hang"), OcrSettings()).pages

        assert [(page.number, page.warning) for page in pages] == [(1, "page_unreadable")]

    @pytest.mark.parametrize("error", [ClaimLost(), ShuttingDown("Stopping.")])
    @pytest.mark.parametrize("mode", ["hang-at-open", "always-hang"])
    def test_that_nobody_wants_ends_in_the_middle_of_a_page(
        self, some_file: Path, hostile: Hostile, error: Exception, mode: str
    ) -> None:
        settings = ParsingSettings(open_seconds=3600, page_seconds=3600)

        with pytest.raises(type(error)):
            read(some_file, Cancelled(3, error), settings, hostile(mode), OcrSettings())

    def test_leaves_no_open_pipe(self, some_file: Path, hostile: Hostile) -> None:
        settings = ParsingSettings(open_seconds=1)
        before = set(Path("/proc/self/fd").iterdir())

        with pytest.raises(ParserTimeout):
            read(some_file, Unbounded(), settings, hostile("hang-at-open"), OcrSettings())

        assert set(Path("/proc/self/fd").iterdir()) == before


class TestPicturesOfText:
    """Each of them says that OCR took two seconds."""

    def test_are_read_until_ocr_has_taken_its_time(self, some_file: Path, hostile: Hostile) -> None:
        settings, command = ParsingSettings(), (*hostile("ocr"), "12")

        _, pages, seconds = read(some_file, Unbounded(), settings, command, OcrSettings(), 3.0)

        done = sum(page.ocr for page in pages)
        assert 2 <= done < 8
        assert [page.ocr for page in pages] == [True] * done + [False] * (12 - done)
        assert {page.warning for page in pages[done:]} == {"ocr_skipped"}
        assert seconds == 2.0 * done

    def test_are_empty_pages_like_others_without_ocr(
        self, some_file: Path, hostile: Hostile
    ) -> None:
        settings, command, off = ParsingSettings(), hostile("ocr"), OcrSettings(enabled=False)

        pages = read(some_file, Unbounded(), settings, command, off, 100.0).pages

        assert [(page.ocr, page.warning) for page in pages] == [(False, None)] * 5

    def test_that_only_ocr_can_not_bear_count_as_its_time(
        self, some_file: Path, hostile: Hostile
    ) -> None:
        settings, command = ParsingSettings(ocr_page_seconds=1), hostile("hang-with-ocr")

        _, pages, seconds = read(some_file, Unbounded(), settings, command, OcrSettings(), 100.0)

        assert [page.warning for page in pages] == [None, None, "ocr_failed", None, None]
        assert seconds > 8.0
