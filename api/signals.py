"""What is done as soon as this process is told to stop."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOPPING = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def at_first_signal(call: Callable[[], None]) -> Iterator[None]:
    """Have ``call`` made in the event loop when a signal to stop arrives, before the server acts.

    uvicorn waits for streams to end before it closes the lifespan: streams that end only when
    something happens must hear of it earlier. Does nothing outside of the main thread, where
    no signal arrives.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in STOPPING}

    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(call)
        server = before[signal.Signals(number)]
        if callable(server):
            server(number, frame)

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
