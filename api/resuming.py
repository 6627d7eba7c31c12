"""Answers that go on when their reader is gone, and can be taken up again."""

import asyncio
import logging
from types import TracebackType
from typing import Self

from api.answers import encoded_event, measured
from api.errors import error_body
from api.interruption import Interruption
from api.metrics import Metrics
from api.streaming import Events, encoded
from api.streams import Streams
from data.errors import FootnoteError, ReaderTooSlow
from data.recorded import Recording
from data.recordings import Recordings
from retrieval.answering import Answer
from retrieval.events import Accepted, Done, Token

logger = logging.getLogger(__name__)

# What the first reader has not taken yet. It can take up the rest later.
MOST_UNREAD_BYTES = 1024 * 1024


class Resuming:
    """Runs the resumable answers of this process, and reads those of all processes."""

    def __init__(self, recordings: Recordings, streams: Streams, metrics: Metrics) -> None:
        self._recordings = recordings
        self._streams = streams
        self._metrics = metrics
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, answer: Answer, workspace: str) -> Events:
        """Let an answer run; return its events, as they come and without a detour.

        It goes on when these are closed, until nobody has read it for too long.
        """
        resumable = _Resumable(answer, workspace, self._recordings)
        task = asyncio.create_task(resumable.run(self._streams, self._metrics))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return resumable

    async def follow(self, workspace: str, answer_id: str, after: int) -> Events:
        """Return the events behind that one of an answer, or raise ``AnswerNotFound``."""
        follower = await self._recordings.follow(workspace, answer_id, after)
        self._metrics.note_resumed()
        return follower

    async def cancel(self, workspace: str, answer_id: str) -> None:
        """Stop an answer that runs, or raise ``AnswerNotFound``."""
        await self._recordings.cancel(workspace, answer_id)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _Resumable:
    """One answer: its task, and for its first reader its events."""

    def __init__(self, answer: Answer, workspace: str, recordings: Recordings) -> None:
        self._answer = answer
        self._workspace = workspace
        self._recordings = recordings
        self._recording: Recording | None = None
        self._block = Interruption()
        self._number = 0
        self._unread: list[bytes] = []
        self._unread_bytes = 0
        self._arrived = asyncio.Event()
        self._attended = True
        self._over = False

    async def run(self, streams: Streams, metrics: Metrics) -> None:
        """Have the answer written, whether anybody reads or not."""
        try:
            with streams.including(self), self._block:
                await self._write(metrics)
        except FootnoteError as error:
            self._fail(error)
        # Its readers are told, the log gets the rest.
        except Exception as error:
            logger.exception("answer failed")
            self._fail(error)
        finally:
            self._over = True
            self._arrived.set()

    def tick(self, now: float) -> None:
        """Do nothing: it has a deadline of its own."""

    def end(self, error: Exception) -> None:
        """End it with an error."""
        self._block.end(error)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """Return what follows; several events at once when they come faster than they are taken."""
        while not self._unread:
            if not self._attended:
                raise ReaderTooSlow
            if self._over:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        unread, self._unread, self._unread_bytes = self._unread, [], 0
        return b"".join(unread)

    async def aclose(self) -> None:
        """Let it go on without its first reader."""
        self._leave()

    async def _write(self, metrics: Metrics) -> None:
        async with measured(self._answer, metrics) as events:
            async for event in events:
                if isinstance(event, Accepted):
                    self._recording = self._recordings.begin(
                        self._workspace, event.answer_id, self.end
                    )
                    self._recording.attended = self._attended
                encoded = encoded_event(event, self._number)
                self._put(encoded, is_last=isinstance(event, Done), waits=isinstance(event, Token))

    def _fail(self, error: Exception) -> None:
        if not self._over:
            self._put(encoded("error", error_body(error), self._number), is_last=True)

    def _put(self, event: bytes, *, is_last: bool, waits: bool = False) -> None:
        if self._recording is not None:
            self._recording.add(self._number, event, is_last=is_last, is_token=waits)
        self._number += 1
        self._over = is_last
        if self._attended:
            self._unread.append(event)
            self._unread_bytes += len(event)
            if self._unread_bytes > MOST_UNREAD_BYTES:
                self._leave()
        self._arrived.set()

    def _leave(self) -> None:
        self._attended = False
        self._unread.clear()
        if self._recording is not None:
            self._recording.attended = False
