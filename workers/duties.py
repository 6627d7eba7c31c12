"""What a worker does beside Celery, in a thread: sees that no job is forgotten, and who is deaf."""

import logging
import threading

from data.errors import FootnoteError
from data.presence import Presence
from workers.reconcile import Reconciler
from workers.watchdog import Watchdog

logger = logging.getLogger(__name__)


class Duties:
    """Rounds of the reconciler and the watchdog. Its thread may wait for what is away."""

    def __init__(
        self,
        reconciler: Reconciler,
        watchdog: Watchdog,
        presence: Presence,
        worker: str,
        seconds: float,
    ) -> None:
        self._reconciler = reconciler
        self._watchdog = watchdog
        self._presence = presence
        self._worker = worker
        self._seconds = seconds
        self._ended = threading.Event()
        # A daemon: a stop does not wait for a database that does not answer.
        self._thread = threading.Thread(target=self._run, name="duties", daemon=True)
        self.is_deaf = False

    @property
    def go_on(self) -> bool:
        """Whether the rounds go on: a defect may have ended them."""
        return self._thread.is_alive()

    @property
    def are_ours(self) -> bool:
        """Whether this worker is the one that does what only one is to do."""
        return self._reconciler.is_on_duty

    def start(self) -> None:
        """Begin with the rounds."""
        self._thread.start()

    def stop(self) -> None:
        """End the rounds, and give up what this worker has the duty of. Does not wait."""
        self._ended.set()

    def join(self, seconds: float) -> None:
        """Wait until that is done, at most for so long."""
        self._thread.join(max(0.0, seconds))

    def _run(self) -> None:
        while not self._ended.is_set():
            self._reconciler.run_once()
            if self._reconciler.is_hindered:  # so is Celery
                self._watchdog.forget()
            elif self._watchdog.is_deaf():
                self.is_deaf = True
            self._ended.wait(self._seconds)
        try:
            self._presence.leave(self._worker)
        except FootnoteError as error:  # its lease runs out
            logger.warning("left without a word", extra={"code": error.code})
