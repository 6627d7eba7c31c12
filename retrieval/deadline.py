"""The one time limit of an answer."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from data.errors import DeadlineExceeded

T = TypeVar("T")


class Deadline:
    """A moment on the event loop's clock by which everything has to be done."""

    def __init__(self, seconds: float) -> None:
        self.at = asyncio.get_running_loop().time() + seconds

    def remaining(self) -> float:
        """Return the seconds that are left; negative once it has passed."""
        return self.at - asyncio.get_running_loop().time()

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Return what is awaited, or raise ``DeadlineExceeded`` and cancel it.

        A scope for each wait, never one around a ``yield``: that would cancel whoever reads.
        """
        try:
            async with asyncio.timeout_at(self.at) as scope:
                return await awaitable
        except TimeoutError as error:
            if scope.expired():
                raise DeadlineExceeded from error
            raise
