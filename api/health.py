"""Whether what is needed is there: asked all at once, and briefly."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

from api.schemas.operations import CheckBody, HealthBody
from data.errors import FootnoteError, ShuttingDown

# Raises an error of the tree when the thing is not there, else returns what to say of it.
Check = Callable[[], Awaitable[str]]

SECONDS = 1.0


class Health:
    """The state of the deployment as this process sees it."""

    def __init__(self, checks: Mapping[str, Check], fresh_seconds: float = SECONDS) -> None:
        self._checks = checks
        self._fresh_seconds = fresh_seconds
        self._asking = asyncio.Lock()
        self._known: HealthBody | None = None
        self._until = 0.0

    async def report(self) -> HealthBody:
        """Return the state; it is a second old at most, however many ask."""
        async with self._asking:
            if self._known is None or time.monotonic() >= self._until:
                answers = await asyncio.gather(*map(_answer, self._checks.values()))
                self._known = summed_up(dict(zip(self._checks, answers, strict=True)))
                self._until = time.monotonic() + self._fresh_seconds
            return self._known


def summed_up(checks: dict[str, CheckBody]) -> HealthBody:
    """Return what the checks mean together."""
    down = {name for name, check in checks.items() if check.status == "down"}
    if down & {"catalogue", "blobs"} or {"embedder", "lexical"} <= down:
        return HealthBody(status="unavailable", checks=checks)
    return HealthBody(status="degraded" if down else "ready", checks=checks)


def stopping(report: HealthBody) -> HealthBody:
    """Return the report of a process that stops: no more requests are for it."""
    process = CheckBody(status="down", detail=str(ShuttingDown()))
    return HealthBody(status="unavailable", checks={**report.checks, "process": process})


async def _answer(check: Check) -> CheckBody:
    try:
        async with asyncio.timeout(SECONDS):
            return CheckBody(status="ok", detail=await check())
    except TimeoutError:
        return CheckBody(status="down", detail=f"No answer within {SECONDS:g} s.")
    except FootnoteError as error:
        return CheckBody(status="down", detail=str(error))
