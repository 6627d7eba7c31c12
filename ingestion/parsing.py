"""A file becomes pages, read by a process that may be killed at any time."""

import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from data.boxes import pack
from data.contents import PAGE_UNREADABLE, FileFacts, Page
from data.errors import FileRejected, Unavailable
from data.file_errors import (
    EmptyFile,
    ParserOutOfMemory,
    ParserTimeout,
    PasswordRequired,
    TooManyPages,
    UnreadableFile,
    WrongPassword,
)
from data.settings import ParsingSettings
from ingestion.child import PARSER, Child, ChildDied, ChildHung, ChildRaved, Ending
from ingestion.parsers.frames import Frame, page_of_frame
from ingestion.spares import Spares

# A page is given up when it has ended this many processes.
TRIES = 2

_REFUSALS: dict[str, type[FileRejected]] = {
    kind.code: kind for kind in (UnreadableFile, PasswordRequired, WrongPassword, ParserOutOfMemory)
}


def frame_limit(settings: ParsingSettings) -> int:
    """Return how long a page of the parser can be: a character, its box and a line of its own."""
    return 32 * settings.max_page_characters + (1 << 20)


class ParserProcess:
    """Read one file in a confined process, replaced now and then and whenever it dies.

    Processes come from ``spares``, if given: ready to read, and never used before.

    For one thread, and one ``pages`` at a time: a process dies with the thread that started it.
    """

    def __init__(
        self,
        path: Path,
        settings: ParsingSettings,
        password: str | None = None,
        *,
        spares: Spares | None = None,
        command: Sequence[str] = PARSER,
    ) -> None:
        self._path = path
        self._settings = settings
        self._password = password
        self._spares = spares or Spares(frame_limit(settings), 0, command)
        self._facts: FileFacts | None = None
        self._child: Child | None = None
        # Pages that the child was asked for and has not sent, and those that it may still send.
        self._asked = 0
        self._left = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process. Reading on starts another one."""
        child, self._child = self._child, None
        self._asked = self._left = 0
        if child is not None:
            child.end()

    def open(self) -> FileFacts:
        """Return what the file says of itself, or raise why it can't be read."""
        if self._facts is None:
            self._start()
        assert self._facts is not None
        return self._facts

    def pages(self, first: int, last: int) -> Iterator[Page]:
        """Yield the pages from ``first`` to ``last``, both counted from 1, as they are read.

        A page that ends the process twice comes empty, with the warning ``page_unreadable``.
        """
        if not 1 <= first <= last <= self.open().pages:
            raise ValueError(f"The file has no pages {first} to {last}.")
        return self._read(first, last)

    def _read(self, first: int, last: int) -> Iterator[Page]:
        if self._asked:
            # An earlier reader stopped in the middle; what it left in the pipe is not ours.
            self.close()
        try:
            for number in range(first, last + 1):
                yield self._page(number, last)
        finally:
            if self._asked:
                self.close()

    def _page(self, number: int, last: int) -> Page:
        for _ in range(TRIES):
            try:
                return self._next(number, last)
            except (ChildHung, ChildDied):
                self.close()
        return Page(number, "", pack(np.zeros((0, 4), np.float32)), warning=PAGE_UNREADABLE)

    def _next(self, number: int, last: int) -> Page:
        """Return the next page of the process, which is asked for as many as it may send."""
        child = self._child
        if child is None or self._left == 0:
            self.close()
            child = self._start()
        if self._asked == 0:
            self._asked = min(last - number + 1, self._left)
            child.ask(Frame({"first": number, "last": number + self._asked - 1}))
        frame = child.answer(self._settings.page_seconds)
        try:
            page = page_of_frame(frame)
        except (KeyError, TypeError, ValueError) as error:
            raise ChildRaved from error
        if page.number != number:
            raise ChildRaved
        self._asked -= 1
        self._left -= 1
        return page

    def _start(self) -> Child:
        """Start a process that has opened the file, or raise why there can't be one."""
        if self._path.stat().st_size == 0:
            raise EmptyFile
        try:
            self._child = self._spares.take()
        except OSError as error:
            raise Unavailable("The parser process can't be started. Try again shortly.") from error
        try:
            self._facts = self._opened(self._child)
        except BaseException:
            self.close()
            raise
        self._left = self._settings.pages_per_process
        return self._child

    def _opened(self, child: Child) -> FileFacts:
        settings = self._settings
        hello = {
            "path": str(self._path.absolute()),
            "password": self._password,
            "memory_bytes": settings.memory_bytes,
            "cpu_seconds": settings.cpu_seconds,
            "max_page_characters": settings.max_page_characters,
        }
        try:
            child.ask(Frame(hello))
            header = child.answer(settings.open_seconds).header
        except ChildHung as error:
            raise ParserTimeout from error
        except ChildRaved as error:
            raise UnreadableFile from error
        except ChildDied as error:
            raise self._reason(child.end()) from error
        if "error" in header:
            raise _REFUSALS.get(str(header["error"]), UnreadableFile)(
                str(header.get("message", ""))
            )
        try:
            title = header["title"]
            facts = FileFacts(int(header["pages"]), None if title is None else str(title))
        except (KeyError, TypeError, ValueError) as error:
            raise UnreadableFile from error
        if facts.pages > settings.max_pages:
            raise TooManyPages(facts.pages, settings.max_pages)
        return facts

    def _reason(self, ending: Ending) -> FileRejected:
        """Return what a process died of that had not opened the file yet."""
        if ending.code == -signal.SIGXCPU:
            return ParserTimeout()
        # Linux kills with SIGKILL when memory is short; PDFium traps at its own limit.
        near_limit = ending.peak_bytes > self._settings.memory_bytes // 2
        if ending.code == -signal.SIGKILL or near_limit:
            return ParserOutOfMemory()
        return UnreadableFile()
