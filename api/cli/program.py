"""What a supervisor is told to run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Program:
    """A command, how to tell that it is ready, and how it is to be stopped."""

    name: str
    # The first word is a path: nothing is searched for.
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    # Asked again and again by the supervisor's only thread: quick, and never raises.
    ready: Callable[[], bool] = lambda: True
    # Names of programs that, where they are run, have to have been ready once before this one.
    after: tuple[str, ...] = ()
    grace_seconds: float = 10.0
    # It may take a while to stop: it is told together with the first that stops, not in its turn.
    hears_at_once: bool = False
    niceness: int = 0
    files: int = 65_535
    # Ends by itself, once; with another status than 0 nothing after it can start.
    once: bool = False
    # Talks to the terminal, starts when everything else is ready, and may fail.
    foreground: bool = False


@dataclass(frozen=True)
class Pace:
    """How soon a program that died is started again."""

    first_seconds: float = 0.5
    most_seconds: float = 30.0
    # Having run this long, a death counts as the first one again.
    forgotten_after_seconds: float = 60.0
    # A program that died so often without having been ready is given up.
    hopeless: int = 3

    def pause(self, deaths: int) -> float:
        """Return how long to wait after so many deaths in a row."""
        return min(self.most_seconds, self.first_seconds * 2.0 ** min(deaths - 1, 16))
