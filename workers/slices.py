"""The bounds of a slice as a worker keeps them."""

import time


class RunningSlice:
    """Ends a slice after its time."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def is_over(self) -> bool:
        """Return whether the slice's time is up."""
        return time.monotonic() > self._until

    def check(self) -> None:
        """Do nothing yet."""
