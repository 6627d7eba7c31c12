"""A recorded answer, from the side of who writes it and of who takes it up."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from data.answer_errors import AnswerLost
from data.errors import (
    AnswerNotFound,
    BrokerUnavailable,
    ClientGone,
    FootnoteError,
)
from data.settings import AnswerSettings

if TYPE_CHECKING:
    from redis.asyncio.client import Pipeline

# Of one answer. The longest that a model may write comes to less than half.
MOST_BYTES = 2 * 1024 * 1024
# So long without the server, and an answer is not recorded any more.
PATIENCE_SECONDS = 5.0
# How often what is not new is looked at.
LOOK_SECONDS = 1.0
READER_SECONDS = 3.0
POLL_SECONDS = 0.1
MOST_ENTRIES = 200
# The server's words for an event that it has already: the reply to the first try was lost.
KNOWN = "equal or smaller"

Stop = Callable[[FootnoteError], None]


class Recording:
    """Takes the events of an answer, and knows when the last of its readers was there."""

    def __init__(
        self, key: str, by: str, settings: AnswerSettings, stop: Stop, wake: Callable[[], None]
    ) -> None:
        now = asyncio.get_running_loop().time()
        self._key = key
        self._by = by
        self._settings = settings
        self.stop = stop
        self._wake = wake
        self._pending: list[tuple[int, bytes, bool]] = []
        # Calls and events of the exchange that is under way.
        self._asked = self._written = 0
        self.bytes = 0
        self._ended = False
        self._heard_at = self._read_at = now
        self._look_at = now + LOOK_SECONDS
        self._looking = False
        # Whether somebody reads it in this process, without the server.
        self.attended = False
        # Nobody can take it up.
        self.lost = False
        self.over = False

    def add(self, number: int, event: bytes, *, is_last: bool = False, is_token: bool) -> None:
        """Write down an event; tokens may wait a moment for others."""
        self._ended = self._ended or is_last
        self.bytes += len(event)
        if not self.lost:
            self._pending.append((number, event, is_last))
            if self.bytes > MOST_BYTES:
                self.lose()
        if not is_token:
            self._wake()

    def ask(self, calls: "Pipeline", now: float) -> None:
        """Write what is new; look whether anybody reads."""
        self._leave_if_alone(now)
        self._looking = now >= self._look_at
        self._asked = self._written = 0
        if self.lost:
            self.over = self._ended
            if self._looking:
                self._look_at = now + LOOK_SECONDS
                # Half of it would be taken for all of it.
                calls.unlink(self._key)
            return
        if self._pending:
            self._write(calls)
        if self._looking:
            self._look_at = now + LOOK_SECONDS
            calls.pexpire(self._key, self._milliseconds())
            calls.exists(readers_of(self._key))

    def hear(self, replies: list[Any], now: float) -> None:
        """Forget what is written."""
        self._heard_at = now
        if self.lost:
            return
        refused = [r for r in replies[: self._asked] if isinstance(r, Exception)]
        del self._pending[: self._written]
        if any(KNOWN not in str(reply) for reply in refused):
            self.lose()
            return
        if self.attended or (self._looking and replies[-1] == 1):
            self._read_at = now
        self.over = self._ended and not self._pending

    def miss(self, now: float) -> None:
        """Keep what is not written, for a while."""
        if now - self._heard_at > PATIENCE_SECONDS:
            self.lose()
            self.over = self._ended

    def _write(self, calls: "Pipeline") -> None:
        """Write all that is new as one entry, named by the number of its last event."""
        first, (last, _, is_last) = self._pending[0][0], self._pending[-1]
        events = b"".join(event for _, event, _ in self._pending)
        fields: dict[Any, Any] = {"from": first, "events": events}
        if first == 0:
            fields["by"] = self._by
        calls.xadd(self._key, fields, id=f"{last + 1}-0")
        self._asked, self._written = 1, len(self._pending)
        if first == 0 or is_last:
            calls.pexpire(self._key, self._milliseconds())
            self._asked += 1
        if is_last:
            calls.set(end_of(self._key), last, px=self._milliseconds())
            self._asked += 1

    def _leave_if_alone(self, now: float) -> None:
        if self.attended:
            self._read_at = now
        elif self.lost or now - self._read_at > self._settings.resume_seconds:
            self.stop(ClientGone())

    def lose(self) -> None:
        """Record no more of it."""
        self.lost = True
        self._pending.clear()
        self._asked = self._written = 0

    def _milliseconds(self) -> int:
        """Return how long it is kept from now on; while it is written, that is put off."""
        kept = self._settings.kept_seconds
        return int(1000 * (kept if self._ended else max(kept, 2 * PATIENCE_SECONDS)))


class Follower:
    """Gives the events of a recording, as they are written down. Close it."""

    def __init__(self, key: str, heartbeat: str, after: int, wake: Callable[[], None]) -> None:
        self._key = key
        self._heartbeat = heartbeat
        self._after = after
        self._wake = wake
        self._events: list[bytes] = []
        self._complete = False
        self._error: FootnoteError | None = None
        self._arrived = asyncio.Event()
        self._heard_at = asyncio.get_running_loop().time()
        self._poll_at = self._look_at = 0.0
        self._polling = self._looking = False
        # There was more than what one reply may hold.
        self._is_behind = False
        self.over = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """Return what follows, several events at once where they are there.

        Raises ``AnswerLost`` when its process is gone, ``AnswerNotFound`` when it is not kept
        any more and ``BrokerUnavailable`` when the server is away.
        """
        while not self._events:
            if self._complete:
                raise StopAsyncIteration
            if self._error is not None:
                raise self._error
            self._arrived.clear()
            await self._arrived.wait()
        found, self._events = self._events, []
        if self._is_behind:
            self._poll_at = 0.0
            self._wake()
        return b"".join(found)

    async def aclose(self) -> None:
        """Read no more."""
        self.over = True

    def ask(self, calls: "Pipeline", now: float) -> None:
        """Read what is new, unless what came before is not taken yet."""
        self._polling = self._looking = False
        if self._complete:
            return
        self._polling = now >= self._poll_at and not self._events
        # Together with a poll: whoever is gone may have written the rest just before.
        self._looking = now >= self._look_at and (self._polling or bool(self._events))
        if self._polling:
            self._poll_at = now + POLL_SECONDS
            calls.xrange(self._key, min=f"({self._after + 1}-0", count=MOST_ENTRIES)
            calls.get(end_of(self._key))
        if self._looking:
            self._look_at = now + LOOK_SECONDS
            calls.exists(self._heartbeat)
            calls.exists(self._key)
            # A reader that is slow is a reader.
            calls.set(readers_of(self._key), 1, px=int(READER_SECONDS * 1000))

    def hear(self, replies: list[Any], now: float) -> None:
        """Take what is new, or why nothing more comes."""
        self._heard_at = now
        if any(isinstance(reply, Exception) for reply in replies):
            self._fail(AnswerNotFound())
            return
        found = replies[0] if self._polling else []
        for identity, fields in found:
            first, last = int(fields[b"from"]), int(identity.partition(b"-")[0]) - 1
            if first > self._after + 1:
                # The server has lost a part of it.
                self._fail(AnswerNotFound())
                return
            self._events.append(behind(fields[b"events"], self._after + 1 - first))
            self._after = last
        if self._polling:
            end = replies[1]
            self._complete = end is not None and self._after >= int(end)
            self._is_behind = len(found) == MOST_ENTRIES
        if found or self._complete:
            self._arrived.set()
        elif self._polling and self._looking and not replies[3]:
            self._fail(AnswerNotFound())
        elif self._polling and self._looking and not replies[2]:
            self._fail(AnswerLost())

    def miss(self, now: float) -> None:
        """Give up after a while."""
        if now - self._heard_at > PATIENCE_SECONDS:
            self._fail(BrokerUnavailable())

    def _fail(self, error: FootnoteError) -> None:
        self._error = error
        self._arrived.set()


def behind(events: bytes, count: int) -> bytes:
    """Return encoded events without so many at their beginning."""
    start = 0
    for _ in range(count):
        start = events.index(b"\n\n", start) + 2
    return events[start:]


def end_of(key: str) -> str:
    """Return where the number of a recording's last event is kept, once it is written."""
    return f"{key}:end"


def readers_of(key: str) -> str:
    """Return what is there while somebody reads a recording."""
    return f"{key}:readers"
