"""A conversation over a web socket: questions in, answers out, several at once."""

import asyncio
import logging
import time

from pydantic_core import to_json

from api.answers import measured
from api.draining import Draining
from api.errors import error_body
from api.metrics import Metrics
from api.schemas.ask import AnswerBody
from api.schemas.chat import (
    AskMessage,
    AuthMessage,
    CancelMessage,
    Message,
    enveloped,
    fields_of,
    id_of,
    message_of,
)
from api.schemas.search import SourceBody
from api.scopes import require_scope
from api.security import require_role
from api.sockets import TRY_LATER, UNAUTHENTICATED, Socket
from api.state import State
from data.errors import (
    Conflict,
    FootnoteError,
    Overloaded,
    Rejected,
    ShuttingDown,
    Unauthenticated,
)
from data.records import Key, Role
from retrieval.deadline import Deadline
from retrieval.events import Accepted, Done, Event, Sources, Token

logger = logging.getLogger(__name__)

# Of one socket; admission bounds what all of them ask.
MOST_RUNNING = 16
KEY_FIRST = 'Send {"type": "auth", "key": "…"} as the first message, and soon.'


class Chat:
    """One socket. Each question ends with one of ``done``, ``error`` and ``cancelled``.

    When the client leaves, everything that its questions cost stops.
    """

    def __init__(self, socket: Socket, state: State, metrics: Metrics, draining: Draining) -> None:
        self._socket = socket
        self._state = state
        self._metrics = metrics
        self._draining = draining
        self._secret = ""
        self._key: Key | None = None
        self._asked = 0
        self._running: dict[str, asyncio.Task[None]] = {}
        # Also those that only have to tell their end.
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Answer until the client leaves, loses its key, or takes nothing any more."""
        started = time.perf_counter()
        await self._socket.accept()
        reading = asyncio.create_task(self._read())
        try:
            await asyncio.wait((reading, self._socket.over), return_when=asyncio.FIRST_COMPLETED)
            if not self._socket.over.done():
                reading.result()
        finally:
            tasks = (reading, *self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._socket.close()
            self._log(time.perf_counter() - started)

    async def _read(self) -> None:
        if not await self._is_authenticated():
            return
        async for text in self._socket.messages():
            identity = None
            try:
                fields = fields_of(text)
                identity = id_of(fields)
                await self._take(message_of(fields))
            except FootnoteError as error:
                await self._tell_error(identity, error)

    async def _is_authenticated(self) -> bool:
        """Take the key, or end the socket."""
        try:
            async with asyncio.timeout(self._state.settings.api.auth_seconds):
                text = await self._socket.receive()
            if text is None:
                return False
            message = message_of(fields_of(text))
            if not isinstance(message, AuthMessage):
                raise Unauthenticated(KEY_FIRST)
            self._secret = message.key
            await self._require_key()
        except TimeoutError:
            await self._refuse(None, Unauthenticated(KEY_FIRST))
            return False
        except FootnoteError as error:
            await self._refuse(None, error)
            return False
        return True

    async def _require_key(self) -> Key:
        """Return the key as it is now: it may have been revoked since."""
        key = await self._state.authentication.key_behind(self._secret)
        self._key = require_role(key, Role.READER)
        return self._key

    async def _take(self, message: Message) -> None:
        match message:
            case AskMessage():
                self._begin(message)
            case CancelMessage():
                await self._cancel(message.id)
            case AuthMessage():
                raise Conflict("This socket has its key already.")

    def _begin(self, asked: AskMessage) -> None:
        if self._draining.begun:
            raise ShuttingDown
        if asked.id in self._running:
            raise Conflict("A question with this id is being answered.")
        if len(self._running) >= MOST_RUNNING:
            raise Overloaded(
                f"This socket has {MOST_RUNNING} questions already. Await one of them."
            )
        self._asked += 1
        task = asyncio.create_task(self._answer(asked))
        self._running[asked.id] = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _cancel(self, identity: str) -> None:
        """Stop a question; one that has just ended has told so already."""
        task = self._running.pop(identity, None)
        if task is None:
            return
        task.cancel()
        await asyncio.wait((task,))
        if task.cancelled():
            await self._socket.send(enveloped("cancelled", identity))

    async def _answer(self, asked: AskMessage) -> None:
        try:
            try:
                with self._state.streams.endable():
                    done = await self._done(asked)
            finally:
                # Its id is free before the client knows the end.
                self._running.pop(asked.id, None)
            await self._socket.send(message_to(asked.id, done))
        except Unauthenticated as error:
            await self._refuse(asked.id, error)
        except FootnoteError as error:
            await self._tell_error(asked.id, error)
        # Whatever it is, the client is told that there is no answer, and the log gets the rest.
        except Exception as error:
            logger.exception("answer failed")
            await self._tell_error(asked.id, error)

    async def _done(self, asked: AskMessage) -> Done:
        """Send all that happens before the end, and return that."""
        question = asked.question_for(await self._require_key())
        deadline = Deadline(question.timeout_seconds)
        await deadline.wait(require_scope(question.scope, self._state))
        answer = await self._state.answerer.answer(question, deadline)
        async with measured(answer, self._metrics) as events:
            async for event in events:
                if isinstance(event, Done):
                    return event
                if asked.stream or not isinstance(event, Token):
                    await self._socket.send(message_to(asked.id, event))
        raise AssertionError("an answer ended without its last event")

    async def _refuse(self, identity: str | None, error: FootnoteError) -> None:
        await self._tell_error(identity, error)
        self._socket.end(UNAUTHENTICATED if isinstance(error, Rejected) else TRY_LATER)

    async def _tell_error(self, identity: str | None, error: Exception) -> None:
        await self._socket.send(enveloped("error", identity, error_body(error)))

    def _log(self, seconds: float) -> None:
        over = self._socket.over
        fields = {
            "code": over.result() if over.done() else None,
            "questions": self._asked,
            "seconds": round(seconds, 1),
            "key_id": self._key.id if self._key else None,
        }
        logger.info("socket closed", extra=fields)


def message_to(identity: str, event: Event) -> str:
    """Return an event as a message."""
    match event:
        case Token():
            return enveloped("token", identity, to_json({"text": event.text}))
        case Accepted():
            return enveloped("accepted", identity, to_json({"answer_id": event.answer_id}))
        case Sources():
            sources = SourceBody.numbered(event.passages)
            return enveloped("sources", identity, to_json({"sources": sources}))
        case Done():
            body = AnswerBody.model_validate(event)
            return enveloped("done", identity, body.model_dump_json().encode())
