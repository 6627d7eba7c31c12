"""What is done as soon as this process is told to stop."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import uvicorn

STOPPING = (signal.SIGTERM, signal.SIGINT)
# What still runs in spite of a second signal is cancelled after so long.
HURRY_SECONDS = 1
# What ``signal.getsignal`` returns.
Handler = Callable[[int, FrameType | None], Any] | int | None


@contextmanager
def intercepted(
    begin: Callable[[Callable[[], None]], None], hurry: Callable[[], None]
) -> Iterator[None]:
    """Have ``begin`` called in the event loop when a signal to stop arrives; the server waits.

    ``begin`` gets what lets the server stop. The same signal once more: ``hurry`` is called, and
    the server stops at once. (A terminal's Ctrl-C reaches a worker of uvicorn as two different
    ones.) Does nothing outside of the main thread, where no signal arrives.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in STOPPING}
    seen: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        first, again = not seen, number in seen
        seen.append(number)
        handler = before[signal.Signals(number)]
        if first:
            loop.call_soon_threadsafe(begin, lambda: _let_stop(handler, number))
        elif again:
            loop.call_soon_threadsafe(hurry)
            loop.call_soon_threadsafe(lambda: _let_stop(handler, number, at_once=True))

    for number in STOPPING:
        # What was not asked to be handled keeps its default.
        if callable(before[number]):
            signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            if callable(handler):
                signal.signal(number, handler)


def _let_stop(handler: Handler, number: int, *, at_once: bool = False) -> None:
    """Tell the server.

    uvicorn's own handler would have the process end by the signal in the end; whoever was asked
    to stop and did so ends with code 0.
    """
    server = getattr(handler, "__self__", None)
    if isinstance(server, uvicorn.Server):
        server.should_exit = True
        if at_once:
            server.config.timeout_graceful_shutdown = HURRY_SECONDS
    elif callable(handler):
        handler(number, None)
