"""The bounds of a slice as a worker keeps them."""

import time

from data.errors import ClaimLost, ShuttingDown
from workers.stopping import Stopping

# A page that takes longer than this is given up when the worker stops. With what Celery needs
# to end itself, the whole stays under 20 seconds.
GRACE_SECONDS = 8.0


class RunningSlice:
    """Ends with its time or its worker's, and at once when its claim is lost."""

    def __init__(
        self, seconds: float, stopping: Stopping, grace_seconds: float = GRACE_SECONDS
    ) -> None:
        self._until = time.monotonic() + seconds
        self._stopping = stopping
        self._grace_seconds = grace_seconds
        self._is_lost = False
        self._is_told = False
        # Counts how often the slice got on.
        self.steps = 0

    def is_over(self) -> bool:
        """Return whether to end at this page and keep what is done; also notes that it got on.

        What is done may always be kept: only one that was told so and goes on is given up.
        """
        if self._is_told:
            self.check()
        elif self._is_lost:
            raise ClaimLost
        self.steps += 1
        # However slow the machine is, every slice gets on: its first step is not ended by time.
        is_late = self.steps > 1 and time.monotonic() > self._until
        self._is_told = is_late or self._stopping.is_asked
        return self._is_told

    def check(self) -> None:
        """Raise ``ClaimLost`` when nobody wants the work any more, ``ShuttingDown`` when it must
        be given up where it stands."""
        if self._is_lost:
            raise ClaimLost
        if self._stopping.seconds > self._grace_seconds:
            raise ShuttingDown

    def lose(self) -> None:
        """Note that somebody else has the job now, or nobody is to have it."""
        self._is_lost = True
