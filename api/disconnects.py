"""Work that stops when nobody waits for it any more."""

import asyncio
import select
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive, Scope, Send

from data.errors import ClientGone

T = TypeVar("T")

TRANSPORT = "footnote.transport"


async def gone(receive: Receive) -> None:
    """Return when the client has left. The request's body must have been read."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Return what the work returns; cancel it and raise ``ClientGone`` when the client leaves."""
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(gone(receive))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientGone
        return working.result()
    finally:
        leaving.cancel()
        working.cancel()
        # What the work holds is given back before this returns.
        await asyncio.gather(working, leaving, return_exceptions=True)


def remember_connection(scope: Scope, send: Send) -> None:
    """Keep what ``abort`` needs, where the server's own ``send`` is at hand.

    ASGI has no word for it: uvicorn's ``send`` is a method of what holds the connection.
    """
    cycle = getattr(send, "__self__", None)
    scope[TRANSPORT] = getattr(cycle, "transport", None)


def has_hung_up(scope: Scope) -> bool:
    """Whether a client has left while nothing is read from its connection.

    A server does not read on while another request waits behind the one that it answers, and
    what is not read does not tell its end.
    """
    transport = scope.get(TRANSPORT)
    if transport is None or transport.is_closing() or transport.is_reading():
        return False
    poll = select.poll()
    # Elsewhere than on Linux only what breaks is seen.
    poll.register(transport.get_extra_info("socket"), getattr(select, "POLLRDHUP", 0))
    return bool(poll.poll(0))


def abort(scope: Scope) -> None:
    """Cut a client's connection, and drop what it did not take.

    Closing it would wait until the client took everything, and keep it in memory until then.
    """
    transport = scope.get(TRANSPORT)
    if transport is not None:
        transport.abort()
