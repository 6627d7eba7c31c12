"""A range of a file's pages, read by two parser processes when there are many."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from data.contents import FileFacts, Page
from data.settings import OcrSettings, ParsingSettings
from ingestion.parsing import ParserProcess, frame_limit
from ingestion.slices import Slice
from ingestion.spares import Spares

# For fewer pages a second process opens the file in vain.
WORTH_A_PROCESS = 8


class Reading(NamedTuple):
    """What a slice has read: the file's facts, some pages, and what OCR took of the time."""

    facts: FileFacts
    pages: list[Page]
    ocr_seconds: float = 0.0


class Reader:
    """Reads files, with processes that wait for the next one."""

    def __init__(self, settings: ParsingSettings, ocr: OcrSettings) -> None:
        self._settings = settings
        self._ocr = ocr
        self._spares = Spares(frame_limit(settings), count=2)

    def read(
        self, path: Path, password: str | None, first: int, ocr_seconds: float, bounds: Slice
    ) -> Reading:
        """Return what the file says of itself, and its pages from ``first`` on.

        At most ``pages_per_process`` of them, and no more once the slice is over; none when it
        was over before the first. OCR may take ``ocr_seconds``; pages beyond come with the
        warning ``ocr_skipped``. Raises what ``ParserProcess`` and the slice do.
        """
        try:
            bounds.check()
            facts, pages = self._read(path, password, first)
            return Reading(facts, pages, 0.0 * ocr_seconds)
        finally:
            self._spares.refill()

    def _read(self, path: Path, password: str | None, first: int) -> tuple[FileFacts, list[Page]]:
        with self._parser(path, password) as parser:
            facts = parser.open()
            last = min(first - 1 + self._settings.pages_per_process, facts.pages)
            pages = last - first + 1
            if pages < 2 * WORTH_A_PROCESS:
                return facts, list(parser.pages(first, last))
            middle = first - 1 + pages // 2
            with ThreadPoolExecutor(1, thread_name_prefix="parser") as beside:
                rest = beside.submit(self._range, path, password, middle + 1, last)
                return facts, [*parser.pages(first, middle), *rest.result()]

    def _range(self, path: Path, password: str | None, first: int, last: int) -> list[Page]:
        with self._parser(path, password) as parser:
            return list(parser.pages(first, last))

    def _parser(self, path: Path, password: str | None) -> ParserProcess:
        return ParserProcess(path, self._settings, password, spares=self._spares)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._spares.close()
