"""Rings for work that nobody does: rings get lost, workers die, brokers forget."""

import logging
import time

from data.errors import FootnoteError
from data.presence import Presence
from data.rings import Rings
from data.settings import JobSettings
from workers.queue import Doorbell
from workers.sweeping import Sweeper

logger = logging.getLogger(__name__)

DUTY = "reconcile"
# Rings of one round: enough to keep many workers busy, too few to flood a broker.
RINGS = 8
SWEEP_SECONDS = 1800.0


class Reconciler:
    """Runs wherever a worker runs; one of them has the duty at a time."""

    def __init__(
        self,
        rings: Rings,
        presence: Presence,
        doorbell: Doorbell,
        sweeper: Sweeper,
        settings: JobSettings,
        worker: str,
    ) -> None:
        self._rings = rings
        self._presence = presence
        self._doorbell = doorbell
        self._sweeper = sweeper
        self._swept_at = -SWEEP_SECONDS
        self._settings = settings
        self._worker = worker

    def run_once(self) -> int:
        """Note that this worker lives and, if the duty is its own, ring; return the rings."""
        try:
            self._presence.beat(self._worker)
            lease = max(10.0, 5 * self._settings.reconcile_seconds)
            if not self._presence.hold(DUTY, self._worker, lease):
                return 0
            if time.monotonic() > self._swept_at + SWEEP_SECONDS:
                self._swept_at = time.monotonic()
                self._sweeper.run_once()
            due = self._rings.due(RINGS)
            for job in due:
                self._doorbell.ring()
                self._rings.note(job)
        except FootnoteError as error:  # the catalogue or the broker is away: the next round
            logger.warning("not reconciled", extra={"code": error.code})
            return 0
        if due:
            logger.info("rang for waiting jobs", extra={"rings": len(due)})
        return len(due)
