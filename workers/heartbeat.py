"""Keeps a claim's lease alive while its slice is being done."""

import logging
import threading
from types import TracebackType

from data.claims import Claims
from data.errors import ClaimLost, Unavailable
from data.records import Claim

logger = logging.getLogger(__name__)


class Heartbeat:
    """A thread that extends the lease; it stops by itself when the claim is lost."""

    def __init__(self, claims: Claims, claim: Claim, seconds: float) -> None:
        self._claims = claims
        self._claim = claim
        self._seconds = seconds
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
        while not self._ended.wait(self._seconds):
            try:
                self._claims.extend(self._claim)
            except ClaimLost:
                return
            except Unavailable as error:  # the lease outlives a few missed beats
                logger.warning("heartbeat missed", extra={"code": error.code})
