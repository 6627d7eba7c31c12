"""Rings for work that nobody does: rings get lost, workers die, brokers forget."""

import logging
import time
from collections.abc import Sequence

from data.errors import FootnoteError
from data.presence import Presence
from data.rings import Rings
from data.settings import JobSettings
from workers.queue import Bell
from workers.sweeping import Sweeper

logger = logging.getLogger(__name__)

DUTY = "reconcile"
# Rings of one round: enough to keep many workers busy, too few to flood a broker.
RINGS = 8
CLOCK_SECONDS = 60.0
SWEEP_SECONDS = 1800.0


class Reconciler:
    """Runs wherever a worker runs; one of them has the duty at a time."""

    def __init__(
        self,
        rings: Rings,
        presence: Presence,
        doorbell: Bell,
        sweeper: Sweeper,
        settings: JobSettings,
        worker: str,
    ) -> None:
        self._rings = rings
        self._presence = presence
        self._doorbell = doorbell
        self._sweeper = sweeper
        self._reined_in_at = -CLOCK_SECONDS
        self._swept_at = -SWEEP_SECONDS
        self._settings = settings
        self._worker = worker
        self._is_new = True
        self.is_on_duty = False
        # Whether the last round could not do all of it.
        self.is_hindered = False
        self._rung = 0

    def run_once(self) -> int:
        """Note that this worker lives and, if the duty is its own, ring; return the rings.

        In its first round every worker rings: the one before may have died with rings in hand.
        """
        before = self._rung
        try:
            self._presence.beat(self._worker)
            if self._is_new:
                self._ring_for(self._rings.waiting(RINGS))
                self._is_new = False
            lease = max(10.0, 5 * self._settings.reconcile_seconds)
            self.is_on_duty = self._presence.hold(DUTY, self._worker, lease)
            if self.is_on_duty:
                self._do_duty()
        except FootnoteError as error:  # the catalogue or the broker is away: the next round
            logger.warning("not reconciled", extra={"code": error.code})
            self.is_hindered = True
        else:
            self.is_hindered = False
        return self._rung - before

    def _do_duty(self) -> None:
        if time.monotonic() > self._reined_in_at + CLOCK_SECONDS:
            self._reined_in_at = time.monotonic()
            if jobs := self._rings.rein_in():
                logger.warning("the database's clock was set back", extra={"jobs": jobs})
        self._ring_for(self._rings.due(RINGS))
        if time.monotonic() > self._swept_at + SWEEP_SECONDS:
            self._swept_at = time.monotonic()
            self._sweeper.run_once()

    def _ring_for(self, waiting: Sequence[str]) -> None:
        for job in waiting:
            self._doorbell.ring()
            self._rings.note(job)
            self._rung += 1
        if waiting:
            logger.info("rang for waiting jobs", extra={"rings": len(waiting)})
