"""A file becomes pages, read by a process that may be killed at any time."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np

from data.boxes import pack
from data.contents import OCR_FAILED, OCR_SKIPPED, PAGE_UNREADABLE, FileFacts, Page
from data.errors import Unavailable
from data.file_errors import EmptyFile, ParserTimeout
from data.settings import ParsingSettings
from ingestion.child import Child, ChildDied, ChildHung, ChildRaved
from ingestion.media_types import PDF
from ingestion.opening import hello, opened, reason
from ingestion.parsers.frames import Frame, finite, page_of_frame
from ingestion.spares import Spares

# A page is given up when it has ended this many processes, and so is a file that is opened.
TRIES = 2


def frame_limit(settings: ParsingSettings) -> int:
    """Return how long a page of the parser can be.

    A character, its box and a line of its own take 29 bytes at most; empty lines between
    paragraphs come on top of the characters that are counted.
    """
    return 48 * settings.max_page_characters + (1 << 20)


class _Asked(NamedTuple):
    """A page that the process was asked for."""

    number: int
    ocr: bool


class ParserProcess:
    """Read one file in a confined process, replaced whenever it dies or has worked for long.

    Ask for pages, then take them, one ``attempt`` after the other. ``check`` is called twice a
    second while waiting; what it raises comes out here. For one thread: a process dies with the
    thread that started it.
    """

    def __init__(
        self,
        path: Path,
        settings: ParsingSettings,
        password: str | None,
        spares: Spares,
        check: Callable[[], None],
        media_type: str = PDF,
    ) -> None:
        self._path = path
        self._settings = settings
        self._hello = hello(path, password, settings, media_type)
        self._spares = spares
        self._check = check
        self._child: Child | None = None
        self._is_open = False
        # In the order in which they come; the process knows of the first so many.
        self._asked: deque[_Asked] = deque()
        self._sent = 0
        # How often the first of them has ended a process, and what that took if OCR was asked for.
        self._failures = 0
        self._lost_to_ocr = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    @property
    def is_open(self) -> bool:
        """Whether a process has the file open now."""
        return self._is_open

    @property
    def ahead(self) -> int:
        """How many pages were asked for and have not been taken."""
        return len(self._asked)

    def start(self) -> None:
        """Have a process begin to open the file, if none has; don't wait for it."""
        if self._child is not None:
            return
        if self._path.stat().st_size == 0:
            raise EmptyFile
        try:
            self._child = self._spares.take()
        except OSError as error:
            raise Unavailable("The parser process can't be started. Try again shortly.") from error
        self._tell(self._hello)

    def open(self) -> FileFacts:
        """Return what the file says of itself, or raise why it can't be read.

        An opening that ends the process is tried once more: someone else may have killed it.
        """
        for _ in range(TRIES):
            self.start()
            assert self._child is not None
            try:
                facts = opened(self._child, self._settings, self._check)
            except ChildDied:
                why = reason(self._child.end(), self._settings.memory_bytes)
                self._end()
                if isinstance(why, ParserTimeout):
                    break
            else:
                self._is_open = True
                return facts
        raise why

    def ask(self, numbers: Iterable[int], *, ocr: bool) -> None:
        """Have the process read these pages behind those that it was asked for already."""
        self._asked.extend(_Asked(number, ocr) for number in numbers)
        self.start()
        self._send()

    def attempt(self, seconds: float | None = None) -> Page | None:
        """Return the next page of those asked for, or nothing when it ended the process.

        Asking again then tries it a second time, without OCR. A page that ends that process as
        well comes empty, with the warning ``page_unreadable``.
        """
        asked = self._asked[0]
        started = time.monotonic()
        try:
            page = self._next(asked, seconds)
        except (ChildHung, ChildDied):
            self._end()
            self._failures += 1
            if self._failures < TRIES:
                self._asked[0] = _Asked(asked.number, ocr=False)
                self._lost_to_ocr = time.monotonic() - started if asked.ocr else 0.0
                return None
            page = Page(asked.number, "", pack(np.zeros((0, 4), np.float32)))
            page = replace(page, warning=PAGE_UNREADABLE)
        if self._lost_to_ocr:
            page = _without_ocr(page, self._lost_to_ocr)
        self._asked.popleft()
        self._failures, self._lost_to_ocr = 0, 0.0
        return page

    def _next(self, asked: _Asked, seconds: float | None) -> Page:
        """Return what the process answers, one that has the file open."""
        if not self._is_open:
            self.open()
        self._send()
        assert self._child is not None
        settings = self._settings
        usual = settings.ocr_page_seconds if asked.ocr else settings.page_seconds
        frame = self._child.answer(usual if seconds is None else seconds, self._check)
        try:
            page = page_of_frame(frame)
            worked = finite(frame.header["cpu_seconds"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ChildRaved from error
        if page.number != asked.number:
            raise ChildRaved
        self._sent -= 1
        if worked > settings.cpu_seconds / 2:
            # It would die in the middle of some page, which would be blamed for it.
            self._end()
        return page

    def _send(self) -> None:
        for asked in islice(self._asked, self._sent, None):
            self._tell(Frame({"page": asked.number, "ocr": asked.ocr}))
        self._sent = len(self._asked)

    def _tell(self, frame: Frame) -> None:
        assert self._child is not None
        # One that is gone says so when it is to answer.
        with suppress(ChildDied):
            self._child.ask(frame)

    def _end(self) -> None:
        child, self._child = self._child, None
        self._is_open = False
        self._sent = 0
        if child is not None:
            child.end()


def _without_ocr(page: Page, lost_seconds: float) -> Page:
    """Return a page that ended a process with OCR, and what came of it without."""
    if page.warning == OCR_SKIPPED or (page.warning is None and not page.text.strip()):
        return replace(page, warning=OCR_FAILED, ocr_seconds=lost_seconds)
    return page
