"""How many answers may run, how many may wait, and in which order they get their turn."""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from heapq import nsmallest
from typing import Protocol

from data.errors import Overloaded
from data.quota import Demand
from data.settings import AnswerSettings
from retrieval.line import Line
from retrieval.share import Share, SharesOut
from retrieval.tickets import Standing, Ticket

# While everything was taken a moment ago, the server is not asked again for each refusal.
FULL_SECONDS = 0.01
# While other processes hold what they don't use, they are given time to give it back.
PATIENCE_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 30
# So many may wait to hear whether they are let in.
MOST_ARRIVING = 4096
# So many keys are told to the server, those that wait least.
MOST_PRESSING = 8
# How much the last answer counts in how long a place is kept.
NEWEST_PART = 0.05


class Notes(Protocol):
    """Where the line's numbers are told (api/metrics.py)."""

    def note_waiting(self, waiting: int) -> None:
        """Note how long the line of this process is."""
        ...

    def note_refusal(self) -> None:
        """Note a question that got no place."""
        ...


class Admission:
    """A bounded number of places behind a bounded line, in which the keys take turns.

    With a quota the bounds hold for all processes of the deployment together, while it is
    ``opened``. Without one, or while its server is away, they hold for this process.
    """

    def __init__(
        self,
        settings: AnswerSettings,
        quota: SharesOut | None = None,
        notes: Notes | None = None,
    ) -> None:
        self._notes = notes
        self._running = 0
        self._line: Line[Ticket] = Line()
        # Who waits to hear whether they are let in, and of whom the server is being asked.
        self._arrivals: dict[Ticket, None] = {}
        self._asked: dict[Ticket, None] = {}
        self._pressing: tuple[tuple[str, int], ...] = ()
        # Keys of which some were refused a moment ago.
        self._full: set[str] = set()
        self._full_until = 0.0
        self._seconds = 0.0
        self._share = Share(settings, quota, self)

    @property
    def running(self) -> int:
        """How many places are taken in this process."""
        return self._running

    @property
    def waiting(self) -> int:
        """How long the line of this process is."""
        return len(self._line)

    @property
    def running_everywhere(self) -> int:
        """How many places are taken in the deployment, as far as this process has heard."""
        return self._running + self._share.granted.running_elsewhere

    @property
    def waiting_everywhere(self) -> int:
        """How many wait in the deployment, as far as this process has heard."""
        return len(self._line) + self._share.granted.waiting_elsewhere

    def opened(self) -> AbstractAsyncContextManager[None]:
        """Share the bounds with the other processes for the block."""
        return self._share.opened()

    async def enter(self, key_id: str) -> Ticket:
        """Return a ticket for a place or for the line, or raise ``Overloaded`` at once.

        Whoever holds a ticket must release it, also when its turn never came.
        """
        ticket = Ticket(key_id, self._leave)
        if self._let_in(ticket):
            return ticket
        if self._may_hope(key_id):
            ticket.since = time.monotonic()
            self._arrivals[ticket] = None
            self._share.ask()
            try:
                await ticket.heard()
            except asyncio.CancelledError:
                ticket.release()
                raise
        elif not self._make_room(ticket):
            raise self._refusal()
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

    def demand(self, kept: tuple[int, int], spare: tuple[int, int]) -> Demand:
        """Return what is used and asked for (for ``Share``)."""
        self._asked |= self._arrivals
        self._arrivals = {}
        if time.monotonic() >= self._full_until:
            self._full.clear()
        key, largest = self._line.largest()
        pressing = {ticket.key_id: self._line.waiting_of(ticket.key_id) for ticket in self._asked}
        fewest = nsmallest(MOST_PRESSING, pressing.items(), key=lambda item: item[1])
        self._pressing = tuple(one for one in fewest if one[1] + 2 > largest)
        return Demand(
            self._running,
            len(self._line),
            len(self._asked),
            *kept,
            *spare,
            largest,
            key,
            self._pressing,
        )

    def settled(self) -> bool:
        """Use what the share is now, and tell those who wait to hear (for ``Share``)."""
        granted = self._share.granted
        self._serve_line()
        for _ in range(granted.owed):
            # There is no key with none: any that has two or more is larger.
            self._turn_out("")
        asked, self._asked = self._asked, {}
        if granted.pressed:
            # There is room for one of this key: it goes first.
            key, _ = self._pressing[granted.pressed - 1]
            asked = dict.fromkeys(sorted(asked, key=lambda ticket: ticket.key_id != key))
        hopeful = {ticket: None for ticket in asked if not self._is_told(ticket)}
        self._arrivals = {**hopeful, **self._arrivals}
        if self._share.alone:
            # Nobody will be asked about those who came meanwhile.
            for ticket in self._arrivals:
                self._is_told(ticket)
            self._arrivals = {}
        self._share.note_change()
        return bool(hopeful)

    def _leave(self, ticket: Ticket) -> None:
        """Take back what a ticket has, whatever that is."""
        if ticket.stands is Standing.RUNNING:
            self._running -= 1
            self._seconds += NEWEST_PART * (time.monotonic() - ticket.since - self._seconds)
            self._serve_line()
            self._share.note_change()
        elif ticket.stands is Standing.WAITING:
            self._line.remove(ticket.key_id, ticket)
            self._note_line()
        elif ticket.stands is Standing.ARRIVING:
            self._arrivals.pop(ticket, None)
            self._asked.pop(ticket, None)
        ticket.stand(Standing.OVER)

    def _is_told(self, ticket: Ticket) -> bool:
        """Let one in or turn it away, unless there is hope yet."""
        if self._let_in(ticket):
            return True
        idle = self._share.granted.idle_elsewhere
        if idle and time.monotonic() < ticket.since + PATIENCE_SECONDS:
            return False
        if not self._make_room(ticket):
            self._note_full(ticket.key_id)
            ticket.turn_away(self._refusal())
        return True

    def _let_in(self, ticket: Ticket) -> bool:
        """Give a place, or one in the line, when there is one."""
        if self._running < self._share.may_run and not self._line:
            self._run(ticket)
        elif len(self._line) < self._share.may_wait:
            self._line.add(ticket.key_id, ticket)
            ticket.stand(Standing.WAITING)
            self._note_line()
        else:
            return False
        self._share.note_change()
        return True

    def _may_hope(self, key_id: str) -> bool:
        """Whether the server may know of room for a key that this process knows nothing of."""
        return (
            not self._share.alone
            and not (key_id in self._full and time.monotonic() < self._full_until)
            and len(self._arrivals) + len(self._asked) < MOST_ARRIVING
        )

    def _note_full(self, key_id: str) -> None:
        now = time.monotonic()
        if now >= self._full_until:
            self._full.clear()
            self._full_until = now + FULL_SECONDS
        self._full.add(key_id)

    def _make_room(self, ticket: Ticket) -> bool:
        """Let one in for the newest of the key that waits most, where its own waits less."""
        if not self._turn_out(ticket.key_id):
            return False
        self._line.add(ticket.key_id, ticket)
        ticket.stand(Standing.WAITING)
        self._note_line()
        return True

    def _turn_out(self, key_id: str) -> bool:
        """Turn out the newest of the key that waits most, where that has more than another."""
        turned_out = self._line.pop_surplus(key_id)
        if turned_out is None:
            return False
        turned_out.turn_away(self._refusal())
        self._note_line()
        return True

    def _serve_line(self) -> None:
        served = False
        while self._line and self._running < self._share.may_run:
            self._run(self._line.pop())
            served = True
        if served:
            self._note_line()

    def _run(self, ticket: Ticket) -> None:
        self._running += 1
        ticket.since = time.monotonic()
        ticket.stand(Standing.RUNNING)

    def _refusal(self) -> Overloaded:
        """Return the error for one that gets no place, which says when the line may be served."""
        if self._notes:
            self._notes.note_refusal()
        seconds = math.ceil(self._seconds * len(self._line) / max(1, self._running))
        return Overloaded(
            "Too many questions are being answered. Try again shortly.",
            retry_after_seconds=max(1, min(seconds, LONGEST_RETRY_SECONDS)),
        )

    def _note_line(self) -> None:
        self._share.note_change()
        if self._notes:
            self._notes.note_waiting(len(self._line))
