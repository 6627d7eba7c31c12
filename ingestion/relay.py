"""Up to two parser processes that read a file's pages in turn, a few each."""

import time
from collections import deque
from collections.abc import Iterator

from data.contents import Page
from ingestion.parsing import ParserProcess

# For fewer pages a second process opens the file in vain, unless they take long.
WORTH_A_PROCESS = 8
WORTH_SECONDS = 1.0
# A process is given as many pages at once as it reads in about so long, up to so many.
BLOCK_SECONDS = 0.2
BLOCK_PAGES = 8


class Relay:
    """Gives the pages from ``first`` to ``last`` in order, while two processes read ahead.

    The pages given at any time have no gaps. ``parsers`` are one or two, all for one file; the
    first one has opened it.
    """

    def __init__(self, parsers: tuple[ParserProcess, ...], first: int, last: int) -> None:
        self._parsers = parsers
        is_long = last - first + 1 >= 2 * WORTH_A_PROCESS
        self._running = len(parsers) if is_long else 1
        # The next page that nobody was asked for.
        self._next = first
        self._last = last
        # Who gives the next page, the one after it, and so on.
        self._turns: deque[ParserProcess] = deque()
        self._given = 0
        self._started = time.monotonic()

    @property
    def has_more(self) -> bool:
        """Whether some pages were not given yet."""
        return bool(self._turns) or self._next <= self._last

    def hand_out(self, *, ocr: bool) -> None:
        """Give each process something to read."""
        seconds = (time.monotonic() - self._started) * self._running / max(self._given, 1)
        if (self._last - self._next) * seconds > WORTH_SECONDS:
            self._running = len(self._parsers)
        size = min(max(int(BLOCK_SECONDS / seconds), 1), BLOCK_PAGES) if self._given else 1
        running = self._parsers[: self._running]
        while self._next <= self._last:
            parser = min(running, key=lambda parser: parser.ahead)
            if parser.ahead >= size:
                return
            block = range(self._next, min(self._next + size, self._last + 1))
            parser.ask(block, ocr=ocr)
            self._turns.extend([parser] * len(block))
            self._next = block.stop

    def attempt(self, seconds: float | None = None) -> Page | None:
        """Return the next page, or nothing when it ended its process and is to be tried again."""
        page = self._turns[0].attempt(seconds)
        if page is not None:
            self._turns.popleft()
            self._given += 1
        return page

    def ready(self, seconds: float) -> Iterator[Page]:
        """Give those of the pages handed out that come within so many seconds."""
        until = time.monotonic() + seconds
        while self._turns and self._turns[0].is_open and (left := until - time.monotonic()) > 0:
            page = self.attempt(left)
            if page is None:
                return
            yield page
