"""Keeps a claim's lease alive while its slice is being done, and sees that the slice gets on."""

import logging
import os
import threading
import time
from collections.abc import Callable
from types import TracebackType

from data.claims import Claims
from data.errors import ClaimLost, FootnoteError, Unavailable
from data.records import Claim
from data.settings import JobSettings
from workers.slices import RunningSlice

logger = logging.getLogger(__name__)

# How often to look whether the claim is still held: a cancelled slice ends within three seconds.
LOOK_SECONDS = 1.0


def end_process() -> None:
    """End this worker child where it stands: Celery starts another one."""
    os._exit(1)


class Heartbeat:
    """A thread that extends the lease, tells the slice when it is lost, and ends a stuck one."""

    def __init__(
        self,
        claims: Claims,
        claim: Claim,
        bounds: RunningSlice,
        settings: JobSettings,
        end: Callable[[], None] = end_process,
    ) -> None:
        self._claims = claims
        self._claim = claim
        self._bounds = bounds
        self._settings = settings
        self._end = end
        self._is_held = True
        self._is_away = False
        self._extended_at = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        pause = min(LOOK_SECONDS, self._settings.heartbeat_seconds)
        steps, still, looked_at = self._bounds.steps, 0.0, time.monotonic()
        while not self._ended.wait(pause):
            now = time.monotonic()
            # While the whole process was stopped the slice could not get on.
            still += min(now - looked_at, 2 * pause)
            if self._bounds.steps != steps:
                steps, still = self._bounds.steps, 0.0
            looked_at = now
            if still > self._settings.stuck_seconds:
                self._give_up()
                return
            if self._is_held:
                self._look(now)

    def _look(self, now: float) -> None:
        try:
            if now - self._extended_at >= self._settings.heartbeat_seconds:
                self._claims.extend(self._claim)
                self._extended_at = now
            else:
                self._claims.require(self._claim)
        except ClaimLost:
            self._is_held = False
            self._bounds.lose()
        except Unavailable as error:  # the lease outlives a few missed beats
            if not self._is_away:
                logger.warning("heartbeat missed", extra={"code": error.code})
            self._is_away = True
        else:
            self._is_away = False

    def _give_up(self) -> None:
        seconds = self._settings.stuck_seconds
        logger.error("slice stuck", extra={"job_id": self._claim.job_id, "seconds": seconds})
        try:
            self._claims.release(self._claim, f"It got no further for {seconds:g} seconds.")
        except FootnoteError as error:  # then its lease runs out
            logger.warning("stuck slice not released", extra={"code": error.code})
        self._end()
