"""The doorbell as many requests share it."""

import logging
import threading
import time
from collections.abc import Callable

from data.errors import BrokerUnavailable, Unavailable
from retrieval.lanes import Lane

logger = logging.getLogger(__name__)

# While the broker is away no upload waits for it: the reconciler rings for them.
AFTER_FAILURE_SECONDS = 2.0
IN_LINE_SECONDS = 1.0


class SharedDoorbell:
    """Rings one at a time, and after a failure not at all for a moment."""

    def __init__(
        self, ring: Callable[[], None], after_failure_seconds: float = AFTER_FAILURE_SECONDS
    ) -> None:
        self._ring = ring
        self._after_failure_seconds = after_failure_seconds
        self._lock = threading.Lock()
        self._silent_until = 0.0

    def ring(self) -> None:
        """Send one ring, or raise ``BrokerUnavailable``."""
        if time.monotonic() < self._silent_until or not self._lock.acquire(timeout=IN_LINE_SECONDS):
            raise BrokerUnavailable
        try:
            self._ring()
        except BrokerUnavailable:
            self._silent_until = time.monotonic() + self._after_failure_seconds
            raise
        finally:
            self._lock.release()


async def ring_quietly(ring: Callable[[], None], lane: Lane) -> None:
    """Ring, for work that the reconciler would find anyway."""
    try:
        await lane.run(ring)
    except Unavailable as error:
        logger.warning("not rung", extra={"code": error.code})
