"""How many answers may run, how many may wait, and in which order they get their turn."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from data.errors import Overloaded
from data.settings import AnswerSettings


class Admission:
    """A bounded number of places behind a bounded line, first come, first served."""

    def __init__(self, settings: AnswerSettings) -> None:
        self._settings = settings
        self._running = 0
        # Insertion order is the line; a dictionary lets anyone leave it at once.
        self._line: dict[Ticket, None] = {}

    @property
    def running(self) -> int:
        """How many places are taken."""
        return self._running

    @property
    def waiting(self) -> int:
        """How long the line is."""
        return len(self._line)

    async def enter(self, key_id: str) -> "Ticket":  # noqa: ARG002 - one line for all, so far
        """Return a ticket for a place or for the line, or raise ``Overloaded`` at once.

        Whoever holds a ticket must release it, also when its turn never came.
        """
        ticket = Ticket(self)
        if self._running < self._settings.max_running:
            self._running += 1
            ticket.admit()
        elif len(self._line) < self._settings.max_waiting:
            self._line[ticket] = None
        else:
            raise Overloaded("Too many questions are being answered. Try again shortly.")
        return ticket

    @asynccontextmanager
    async def place(self, key_id: str) -> AsyncIterator[None]:
        """Hold a place for the block, waiting in the line; raises ``Overloaded`` at once."""
        ticket = await self.enter(key_id)
        try:
            await ticket.turn()
            yield
        finally:
            ticket.release()

    def leave(self, ticket: "Ticket") -> None:
        """Take a ticket out of the line, or pass its place on to the next in it."""
        if not ticket.admitted:
            del self._line[ticket]
        elif self._line:
            following = next(iter(self._line))
            del self._line[following]
            following.admit()
        else:
            self._running -= 1


class Ticket:
    """The right to a place, now or after those who came before."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._turn = asyncio.Event()
        self._released = False

    @property
    def admitted(self) -> bool:
        """Whether it has its place."""
        return self._turn.is_set()

    def admit(self) -> None:
        """Give it its place (for ``Admission``)."""
        self._turn.set()

    async def turn(self) -> None:
        """Return when it has its place."""
        await self._turn.wait()

    def release(self) -> None:
        """Give back the place, or leave the line. Safe to call more than once."""
        if not self._released:
            self._released = True
            self._admission.leave(self)
