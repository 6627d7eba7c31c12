"""Changes of jobs: read from the catalogue once, handed to everyone who listens."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import suppress
from types import TracebackType
from typing import Self

from data.errors import FootnoteError, ShuttingDown
from data.jobs import Jobs
from data.records import Job
from retrieval.lanes import Lane

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.25
# Past the end of the catalogue's counter: nothing has changed since.
NOTHING_SINCE = 2**62


class JobFeed:
    """One poller for all streams of this process; it rests while nobody listens."""

    def __init__(self, jobs: Jobs, lane: Lane, poll_seconds: float = POLL_SECONDS) -> None:
        self._jobs = jobs
        self._lane = lane
        self._poll_seconds = poll_seconds
        self._listeners: dict[str, set[Listener]] = {}
        self._poller: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._closing = False

    async def follow(self, workspace: str, job_id: str) -> AsyncGenerator[Job, None]:
        """Yield the job as it is, then at every change, until a final state.

        Who listens slowly misses states in between, never the last one.
        """
        listener = Listener()
        self._listeners.setdefault(job_id, set()).add(listener)
        try:
            await self._started()
            # Read after the poller has its starting point: no change falls in between.
            job = await self._lane.run(self._jobs.get, workspace, job_id)
            yield job
            while not job.state.is_final:
                newer = await listener.next()
                if newer.changed > job.changed:
                    job = newer
                    yield job
        finally:
            self._forget(job_id, listener)

    async def _started(self) -> None:
        async with self._starting:
            if self._closing:
                raise ShuttingDown
            if self._poller is None or self._poller.done():
                start, _ = await self._lane.run(self._jobs.changed_since, NOTHING_SINCE)
                self._poller = asyncio.create_task(self._poll(start), name="job-feed")

    async def _poll(self, sequence: int) -> None:
        while self._listeners:
            await asyncio.sleep(self._poll_seconds)
            try:
                sequence, changed = await self._lane.run(self._jobs.changed_since, sequence)
            except FootnoteError as error:  # away for now: the next round reads it all
                logger.warning("jobs not polled", extra={"code": error.code})
                continue
            # Streams wait for this loop: whatever is wrong now, it tries again.
            except Exception:
                logger.exception("jobs not polled")
                continue
            for job in changed:
                for listener in self._listeners.get(job.id, ()):
                    listener.put(job)

    def _forget(self, job_id: str, listener: "Listener") -> None:
        self._listeners[job_id].discard(listener)
        if not self._listeners[job_id]:
            del self._listeners[job_id]

    def drain(self) -> None:
        """End every stream: the server is stopping."""
        self._closing = True
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.stop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.drain()
        if self._poller:
            self._poller.cancel()
            with suppress(asyncio.CancelledError):
                await self._poller


class Listener:
    """Holds the latest state of a job until it is taken."""

    def __init__(self) -> None:
        self._latest: Job | None = None
        self._stopping = False
        self._arrived = asyncio.Event()

    def put(self, job: Job) -> None:
        """Replace what nobody has taken yet."""
        self._latest = job
        self._arrived.set()

    def stop(self) -> None:
        """Let whoever waits know that nothing more comes."""
        self._stopping = True
        self._arrived.set()

    async def next(self) -> Job:
        """Return the latest state, once there is a new one, or raise ``ShuttingDown``."""
        await self._arrived.wait()
        self._arrived.clear()
        if self._latest is None or self._stopping:
            raise ShuttingDown
        return self._latest
