"""How long the stages of an answer take."""

import time


class Clock:
    """How long each stage took, in milliseconds."""

    def __init__(self) -> None:
        self._start = self._lap = time.perf_counter()
        self._timings: dict[str, float] = {}

    def lap(self, stage: str, **parts: float) -> None:
        """Keep the time since the last lap, and its parts as they are."""
        now = time.perf_counter()
        self._timings.update(parts)
        self._timings[stage] = milliseconds(self._lap, now)
        self._lap = now

    def first(self, stage: str) -> None:
        """Keep the time since the last lap, the first time only."""
        if stage not in self._timings:
            self._timings[stage] = milliseconds(self._lap)

    def timings(self) -> dict[str, float]:
        """Return all times, and the total until now."""
        return {**self._timings, "total": milliseconds(self._start)}


def milliseconds(start: float, end: float | None = None) -> float:
    """Return the time from ``start``, by ``perf_counter``, to ``end`` or to now."""
    return round(((end or time.perf_counter()) - start) * 1000, 2)
