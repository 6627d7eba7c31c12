"""Something that goes on in a thread of its own for as long as a block lasts."""

import threading
from abc import ABC, abstractmethod
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self


class Background(ABC):
    """What its thread raises is raised where the block ends, unless that failed by itself."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self._thread = ThreadPoolExecutor(1, type(self).__name__)
        self._running: Future[None] | None = None

    @abstractmethod
    def run(self) -> None:
        """Go on until ``ended`` is set."""

    def __enter__(self) -> Self:
        self._running = self._thread.submit(self.run)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.ended.set()
        self._thread.shutdown()
        if error is None and self._running is not None:
            self._running.result()
