"""As many of a file's pages as a slice has time and room for."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from data.contents import FileFacts, Page
from data.settings import OcrSettings, ParsingSettings
from ingestion.child import PARSER, TICK_SECONDS
from ingestion.haul import Haul
from ingestion.media_types import PDF
from ingestion.parsing import ParserProcess, frame_limit
from ingestion.relay import Relay
from ingestion.slices import Slice
from ingestion.spares import Spares

# When the slice is over, pages that are being read are waited for so long, all together: too
# short for the slice to be looked at again, which might give up what is done.
GRACE_SECONDS = TICK_SECONDS
# A slice reads for as long as opening the file took, so that most of the time is not for that;
# but on that account it lasts no longer than this.
LONGEST_EXTRA_SECONDS = 5.0


class Reading(NamedTuple):
    """What a slice has read: the file's facts, some pages, and what OCR took of the time."""

    facts: FileFacts
    pages: list[Page]
    ocr_seconds: float = 0.0


class Reader:
    """Reads files, with processes that wait for the next one."""

    def __init__(
        self, settings: ParsingSettings, ocr: OcrSettings, command: Sequence[str] = PARSER
    ) -> None:
        self._settings = settings
        self._ocr = ocr
        self._spares = Spares(frame_limit(settings), 2, command)

    def read(
        self,
        path: Path,
        password: str | None,
        first: int,
        ocr_seconds: float,
        bounds: Slice,
        media_type: str = PDF,
    ) -> Reading:
        """Return what the file says of itself, and its pages from ``first`` on, without gaps.

        At least one of them, however long it takes; at most about ``slice_bytes`` and, of a PDF,
        ``pages_per_process``; no more once the slice is over. OCR may take ``ocr_seconds``; pages
        beyond come with the warning ``ocr_skipped``. A page that ends two processes comes empty,
        with the warning ``page_unreadable``. Raises why the file can't be opened, and what the
        slice does.
        """
        haul = Haul(self._settings.slice_bytes, ocr_seconds, has_ocr=self._ocr.enabled)
        try:
            with ExitStack() as stack:
                # Other files are read whole when they are opened: once is enough.
                parsers = tuple(
                    stack.enter_context(self._parser(path, password, bounds, media_type))
                    for _ in range(2 if media_type == PDF else 1)
                )
                started = time.monotonic()
                facts = parsers[0].open()
                opened = time.monotonic()
                last = facts.pages
                if media_type == PDF:
                    last = min(first - 1 + self._settings.pages_per_process, last)
                until = opened + min(opened - started, LONGEST_EXTRA_SECONDS)
                _fill(haul, Relay(parsers, first, last), bounds, until)
        finally:
            self._spares.refill()
        return Reading(facts, haul.pages, haul.ocr_seconds)

    def _parser(
        self, path: Path, password: str | None, bounds: Slice, media_type: str
    ) -> ParserProcess:
        return ParserProcess(path, self._settings, password, self._spares, bounds.check, media_type)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._spares.close()


def _fill(haul: Haul, relay: Relay, bounds: Slice, until: float) -> None:
    """Read until all is read, the haul is full, or the slice is over and it is ``until``."""
    while relay.has_more and not haul.is_full:
        relay.hand_out(ocr=haul.wants_ocr)
        page = relay.attempt()
        if page is not None:
            haul.add(page)
        # Asked after every attempt, also after one that came to nothing.
        if bounds.is_over() and haul.pages and time.monotonic() >= until:
            for late in relay.ready(GRACE_SECONDS):
                haul.add(late)
                if haul.is_full:
                    break
            return
