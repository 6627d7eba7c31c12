"""How long the parts of something took."""

import time


class Stopwatch:
    """Laps by name, in seconds; a name that comes twice is added up."""

    def __init__(self) -> None:
        self._lap = time.perf_counter()
        self.seconds: dict[str, float] = {}

    def lap(self, part: str) -> float:
        """Count the time since the last lap as spent on a part, and return the part's sum."""
        now = time.perf_counter()
        self.seconds[part] = round(self.seconds.get(part, 0.0) + now - self._lap, 4)
        self._lap = now
        return self.seconds[part]
