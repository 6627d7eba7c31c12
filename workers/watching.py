"""The thread in which the worker that has the duty watches the vector index."""

import logging
import threading
import time
from collections.abc import Callable

from data.errors import FootnoteError
from data.settings import Settings
from data.stores import Stores
from data.vectors import BlockingVectors, VectorIndex
from workers.index_watch import IndexWatch

logger = logging.getLogger(__name__)

WATCH_SECONDS = 20.0
LOOK_SECONDS = 1.0
TIMEOUT_SECONDS = 4.0


class Watching:
    """Watches while somebody else says that this worker has the duty of it."""

    def __init__(self, settings: Settings, stores: Stores, is_on_duty: Callable[[], bool]) -> None:
        self._url = settings.index_url
        self._settings = settings.index.model_copy(update={"timeout_seconds": TIMEOUT_SECONDS})
        self._stores = stores
        self._is_on_duty = is_on_duty
        self._ended = threading.Event()
        # A daemon: a stop does not wait for an index that does not answer.
        self._thread = threading.Thread(target=self._run, name="watching", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End that. Does not wait."""
        self._ended.set()

    def join(self, seconds: float) -> None:
        """Wait until it has ended, at most for so long."""
        self._thread.join(max(0.0, seconds))

    def _run(self) -> None:
        with BlockingVectors(VectorIndex(self._url, self._settings)) as vectors:
            watch = IndexWatch(self._stores, vectors)
            watched_at = -WATCH_SECONDS
            while not self._ended.wait(LOOK_SECONDS):
                if self._is_on_duty() and time.monotonic() > watched_at + WATCH_SECONDS:
                    watched_at = time.monotonic()
                    self._watch(watch)

    def _watch(self, watch: IndexWatch) -> None:
        try:
            watch.run_once()
        except FootnoteError as error:  # the catalogue is away: the next round
            logger.warning("index not watched", extra={"code": error.code})
        # The thread would end for good, and with it what it is there for.
        except Exception:
            logger.exception("index not watched")
