"""Events of answers, kept in Redis or Valkey for a short while, so that they can be taken up."""

import asyncio
import hashlib
import logging
import secrets
from collections import deque
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Protocol, Self

import redis.asyncio
from redis.asyncio.client import Pipeline
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from data.answer_errors import AnswerCancelled
from data.ephemeral import redis_address
from data.errors import AnswerNotFound, BrokerUnavailable, Overloaded
from data.recorded import Follower, Recording, Stop, end_of
from data.settings import AnswerSettings, BrokerSettings

logger = logging.getLogger(__name__)

# A token costs no call of its own: all that is to be told is told this often, in one.
EXCHANGE_SECONDS = 0.05
# A process that was not heard of for so long is gone.
HEARTBEAT_SECONDS = 1.0
GONE_SECONDS = 6.0
CANCEL_SECONDS = 60
MOST_CANCELS = 100
# Answers that a process writes, and readers that took one up there.
MOST_PARTICIPANTS = 2048
# Of this process, at the server; what is asked more can't be taken up.
MOST_KEPT_BYTES = 48 * 1024 * 1024
# Whoever comes back sooner than its answer was first written down looks again after this.
SECOND_LOOK_SECONDS = 0.3
CONNECTIONS = 8


class Participant(Protocol):
    """What takes part in the exchange with the server."""

    over: bool

    def ask(self, calls: Pipeline, now: float) -> None:
        """Add calls, if any are due."""
        ...

    def hear(self, replies: list[Any], now: float) -> None:
        """Take the replies to these calls."""
        ...

    def miss(self, now: float) -> None:
        """Take note that the server did not reply."""
        ...


class Recordings:
    """Writes and reads recordings, all that this process has to do in one call at a time.

    Nothing waits for the server: where it is away for long, answers can't be taken up, and are
    otherwise as they would be.
    """

    def __init__(
        self,
        url: str,
        broker: BrokerSettings,
        settings: AnswerSettings,
        most: int = MOST_PARTICIPANTS,
    ) -> None:
        self._settings = settings
        self._most = most
        pool = redis.asyncio.BlockingConnectionPool.from_url(
            redis_address(url),
            max_connections=CONNECTIONS,
            timeout=broker.timeout_seconds,
            socket_timeout=broker.timeout_seconds,
            socket_connect_timeout=broker.timeout_seconds,
            # Whoever asks tries again.
            retry=Retry(NoBackoff(), 0),
        )
        self._client = redis.asyncio.Redis(connection_pool=pool)
        self._pool = pool
        self._process = _Process(secrets.token_hex(8), self._stop)
        self._writing: dict[str, Recording] = {}
        # Until when it is kept, and how long it is; the first to go first.
        self._ended: deque[tuple[float, int]] = deque()
        self._participants: set[Participant] = set()
        self._soon = asyncio.Event()
        self._exchanging: asyncio.Task[None] | None = None
        self._away = False

    def begin(self, workspace: str, answer_id: str, stop: Stop) -> Recording:
        """Return the recording of a new answer.

        ``stop`` is called when somebody cancels the answer, or when nobody reads it any more.
        """
        key = key_of(workspace, answer_id)
        recording = Recording(key, self._process.name, self._settings, stop, self._soon.set)
        if self._kept_bytes() > MOST_KEPT_BYTES:
            logger.warning("answer not recorded", extra={"problem": "too much is kept"})
            recording.lose()
        self._writing[key] = recording
        self._include(recording)
        return recording

    async def follow(self, workspace: str, answer_id: str, after: int) -> Follower:
        """Return what reads a recording behind an event.

        Raises ``AnswerNotFound``, ``BrokerUnavailable`` or, when too many read already,
        ``Overloaded``.
        """
        key = key_of(workspace, answer_id)
        if len(self._participants) >= self._most:
            raise Overloaded("Too many answers are being taken up. Try again shortly.")
        writer = await self._writer_of(key)
        follower = Follower(key, heartbeat_of(writer), after, self._soon.set)
        self._include(follower)
        return follower

    async def cancel(self, workspace: str, answer_id: str) -> None:
        """Have an answer stopped, wherever it is written; one that has ended stays as it is.

        Raises ``AnswerNotFound`` or ``BrokerUnavailable``.
        """
        key = key_of(workspace, answer_id)
        if key in self._writing:
            self._writing[key].stop(AnswerCancelled())
            return
        writer = await self._writer_of(key)
        try:
            if not await self._client.exists(end_of(key)):
                async with self._client.pipeline(transaction=True) as calls:
                    calls.rpush(cancels_of(writer), key)
                    calls.expire(cancels_of(writer), CANCEL_SECONDS)
                    await calls.execute()
        except (RedisError, OSError) as problem:
            raise BrokerUnavailable from problem

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._exchanging is not None:
            self._exchanging.cancel()
            await asyncio.gather(self._exchanging, return_exceptions=True)
            # What has ended since is told.
            await self._exchange(self._writing.values())
        await self._client.aclose()
        await self._pool.aclose()

    async def _writer_of(self, key: str) -> str:
        for pause in (SECOND_LOOK_SECONDS, 0):
            try:
                found: Any = await self._client.xrange(key, count=1)
            except (RedisError, OSError) as error:
                raise BrokerUnavailable from error
            if found:
                # Its beginning may be lost, with all that the server had.
                if b"by" not in found[0][1]:
                    break
                return bytes(found[0][1][b"by"]).decode()
            await asyncio.sleep(pause)
        raise AnswerNotFound

    def _include(self, participant: Participant) -> None:
        self._participants.add(participant)
        if self._exchanging is None or self._exchanging.done():
            self._exchanging = asyncio.create_task(self._run(), name="recordings")
        self._soon.set()

    def _stop(self, key: str) -> None:
        if key in self._writing:
            self._writing[key].stop(AnswerCancelled())

    def _kept_bytes(self) -> int:
        """Return about how much of this process's recordings the server keeps now."""
        now = asyncio.get_running_loop().time()
        while self._ended and self._ended[0][0] < now:
            self._ended.popleft()
        running = sum(one.bytes for one in self._writing.values())
        return running + sum(size for _, size in self._ended)

    def _forget(self) -> None:
        """Take note of what is over."""
        self._participants = {one for one in self._participants if not one.over}
        until = asyncio.get_running_loop().time() + self._settings.kept_seconds
        for key, recording in tuple(self._writing.items()):
            if recording.over:
                del self._writing[key]
                self._ended.append((until, recording.bytes))

    async def _run(self) -> None:
        """Exchange while there is anything to tell or to hear."""
        while self._participants:
            self._soon.clear()
            await self._exchange((self._process, *self._participants))
            self._forget()
            try:
                async with asyncio.timeout(EXCHANGE_SECONDS):
                    await self._soon.wait()
            except TimeoutError:
                continue

    async def _exchange(self, participants: Iterable[Participant]) -> None:
        """Make all calls that are due at once."""
        now = asyncio.get_running_loop().time()
        asked: list[tuple[Participant, int, int]] = []
        calls = self._client.pipeline(transaction=False)
        for one in participants:
            before = len(calls)
            one.ask(calls, now)
            if len(calls) > before:
                asked.append((one, before, len(calls)))
        if not asked:
            return
        try:
            replies = await calls.execute(raise_on_error=False)
        except (RedisError, OSError) as error:
            if not self._away:
                logger.warning("answers not recorded", extra={"problem": type(error).__name__})
            self._away = True
            for one, _, _ in asked:
                one.miss(now)
            await asyncio.sleep(EXCHANGE_SECONDS)
        else:
            self._away = False
            for one, start, end in asked:
                one.hear(replies[start:end], now)


class _Process:
    """Says that this process lives, and hears which answers of it are cancelled."""

    over = False

    def __init__(self, name: str, stop: Callable[[str], None]) -> None:
        self.name = name
        self._stop = stop
        self._beat_at = 0.0

    def ask(self, calls: Pipeline, now: float) -> None:
        calls.lpop(cancels_of(self.name), MOST_CANCELS)
        if now >= self._beat_at:
            self._beat_at = now + HEARTBEAT_SECONDS
            calls.set(heartbeat_of(self.name), 1, px=int(GONE_SECONDS * 1000))

    def hear(self, replies: list[Any], now: float) -> None:  # noqa: ARG002 - as all do
        cancelled = replies[0]
        for key in cancelled if isinstance(cancelled, list) else ():
            self._stop(key.decode())

    def miss(self, now: float) -> None:  # noqa: ARG002 - as all do
        self._beat_at = 0.0


def key_of(workspace: str, answer_id: str) -> str:
    """Return where an answer is recorded; one of another workspace is found nowhere."""
    digest = hashlib.sha256(f"{workspace}\0{answer_id}".encode()).hexdigest()
    return f"footnote:recording:{digest[:40]}"


def heartbeat_of(process: str) -> str:
    """Return what is there while a process lives."""
    return f"footnote:recording-process:{process}"


def cancels_of(process: str) -> str:
    """Return the list of what a process is to cancel."""
    return f"footnote:recording-cancels:{process}"
