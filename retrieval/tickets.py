"""What a question holds of the places and of the line."""

import asyncio
from collections.abc import Callable
from enum import Enum, auto

from data.errors import Overloaded


class Standing(Enum):
    """Where a ticket stands."""

    ARRIVING = auto()
    WAITING = auto()
    RUNNING = auto()
    OVER = auto()


class Ticket:
    """The right to a place, now or when its turn has come."""

    __slots__ = ("__weakref__", "_changed", "_error", "_leave", "key_id", "since", "stands")

    def __init__(self, key_id: str, leave: "Callable[[Ticket], None]") -> None:
        self._leave = leave
        self._changed: asyncio.Event | None = None
        self._error: Overloaded | None = None
        self.key_id = key_id
        # Since when it has its place; before, since when it waits to hear.
        self.since = 0.0
        self.stands = Standing.ARRIVING

    @property
    def admitted(self) -> bool:
        """Whether it has its place."""
        return self.stands is Standing.RUNNING

    async def turn(self) -> None:
        """Return when it has its place, or raise ``Overloaded``: another key's turn is first."""
        await self._leaves(Standing.WAITING)

    async def heard(self) -> None:
        """Return when it is let in, or raise ``Overloaded`` (for ``Admission``)."""
        await self._leaves(Standing.ARRIVING)

    def release(self) -> None:
        """Give back the place, or leave the line. Safe to call more than once."""
        self._leave(self)

    def stand(self, where: Standing) -> None:
        """Go on to another standing (for ``Admission``)."""
        self.stands = where
        if self._changed:
            self._changed.set()

    def turn_away(self, error: Overloaded) -> None:
        """Have whoever waits for it get an error (for ``Admission``)."""
        self._error = error
        self.stand(Standing.OVER)

    async def _leaves(self, standing: Standing) -> None:
        while self.stands is standing:
            self._changed = self._changed or asyncio.Event()
            self._changed.clear()
            await self._changed.wait()
        if self._error:
            raise self._error
