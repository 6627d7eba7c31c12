"""Work that is ended from outside, with an error."""

import asyncio
from types import TracebackType
from typing import Self


class Interruption:
    """A block of one task that anyone may end while it waits for something.

    The error comes out of the block. Whoever cancels the task itself is not kept from it.
    """

    def __init__(self) -> None:
        self._task: asyncio.Task[object] | None = None
        self._cancelled_before = 0
        self._error: Exception | None = None
        self._left = False

    def end(self, error: Exception) -> None:
        """Raise the error in the block, now or as soon as it is entered; the first one counts."""
        if self._error is None and not self._left:
            self._error = error
            if self._task is not None:
                self._task.cancel()

    def __enter__(self) -> Self:
        if self._error is not None:
            raise self._error
        self._task = asyncio.current_task()
        assert self._task is not None
        self._cancelled_before = self._task.cancelling()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._left = True
        if self._error is None:
            return
        assert self._task is not None
        ours = self._task.uncancel() <= self._cancelled_before
        if ours and kind is not None and issubclass(kind, asyncio.CancelledError):
            raise self._error from None
