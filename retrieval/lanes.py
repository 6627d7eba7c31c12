"""Named, bounded lanes in which async code has blocking work done."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar, TypeVarTuple

from data.errors import Overloaded, ShuttingDown

# More than the event loop's. Workers have 10 more (api/cli/stack.py).
NICENESS = 4

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")
Job = Callable[[], None]


class Lane:
    """A few threads of their own for one kind of blocking call, behind a bounded line.

    The line is kept here and not in the executor, where a caller that left would keep its place
    and its arguments until a thread comes by.
    """

    def __init__(self, name: str, threads: int, max_waiting: int) -> None:
        self.name = name
        self._threads = threads
        self._limit = threads + max_waiting
        self._executor = ThreadPoolExecutor(threads, name, _stand_back)
        self._lock = threading.Lock()
        # Insertion order is the line; a dictionary lets anyone leave it at once.
        self._line: dict[Future[Any], Job] = {}
        self._running = 0
        # Threads that are working through the line or about to.
        self._workers = 0
        self._closed = False

    @property
    def unfinished(self) -> int:
        """How many calls wait or run, those included whose caller has left while they run."""
        return len(self._line) + self._running

    async def run(self, call: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
        """Return what ``call`` returns, from a thread that has the caller's context variables.

        Raises ``Overloaded`` at once when the line is full. A caller that is cancelled leaves the
        line; a call that already runs goes on to its end, and its result is dropped.
        """
        answer: Future[T] = Future()
        context = copy_context()
        job = partial(_settle, answer, partial(context.run, call, *arguments))
        with self._lock:
            if self._closed:
                raise ShuttingDown
            if self.unfinished >= self._limit:
                raise Overloaded(line=self.name)
            self._line[answer] = job
            if self._workers < self._threads:
                self._workers += 1
                self._executor.submit(self._work)
        try:
            return await asyncio.wrap_future(answer)
        finally:
            self._leave(answer)

    def close(self) -> None:
        """Turn away the line and all who come, and return when the running calls are done."""
        self._turn_away()
        self._executor.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # A thread for the waiting: close() would hold the event loop while the running calls end.
        closer = ThreadPoolExecutor(1, thread_name_prefix=f"{self.name}-closer")
        try:
            await asyncio.get_running_loop().run_in_executor(closer, self.close)
        finally:
            closer.shutdown(wait=False)

    def _work(self) -> None:
        """Do what is in the line until it is empty."""
        while True:
            with self._lock:
                if not self._line:
                    self._workers -= 1
                    return
                answer = next(iter(self._line))
                job = self._line.pop(answer)
                self._running += 1
            try:
                if answer.set_running_or_notify_cancel():
                    job()
            finally:
                with self._lock:
                    self._running -= 1

    def _leave(self, answer: Future[Any]) -> None:
        with self._lock:
            self._line.pop(answer, None)

    def _turn_away(self) -> None:
        """Refuse whoever waits or comes."""
        with self._lock:
            self._closed = True
            waiting = list(self._line)
            self._line.clear()
        for answer in waiting:
            if answer.set_running_or_notify_cancel():
                answer.set_exception(ShuttingDown())


def _stand_back() -> None:
    """Let the event loop go first where there are not enough cores, as do threads made by this one.

    It has little to do for each of very many; what lanes do can wait, and is done together then.
    """
    if sys.platform == "linux":  # where a thread has a niceness of its own
        # Relative to the event loop's, wherever that is: only root may ask for less than it has.
        os.nice(NICENESS)


def _settle(answer: Future[T], call: Callable[[], T]) -> None:
    """Make the outcome of ``call`` the answer."""
    try:
        answer.set_result(call())
    except BaseException as error:  # noqa: BLE001 - whatever a call raises belongs to its caller
        answer.set_exception(error)
