"""Coroutines as commands: run until they end, or until somebody asks to stop."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a command's work; SIGINT and SIGTERM cancel it, which is ``KeyboardInterrupt``.

    What it has open is closed on the way: a question is cancelled at the server too.
    """

    async def heeding() -> Result:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        return await task

    try:
        return asyncio.run(heeding())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
