"""When a refused request is sent once more: only while no text has come."""

import math
import random
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Self

from data.errors import ModelUnavailable

_RETRIES = 2
_FIRST_PAUSE_SECONDS = 0.25
_TIMED_OUT, _TOO_MANY, _BROKEN = 408, 429, 500
# What a provider may ask for, at most: the next question asks again.
LONGEST_REST_SECONDS = 60.0
# A question waits so long for an endpoint that asked to be left alone, and no longer.
LONGEST_PAUSE_SECONDS = 2.0


@dataclass
class Refusal(Exception):
    """An endpoint did not begin to answer."""

    problem: ModelUnavailable
    # Whether that speaks against the endpoint, rather than against our request.
    counts: bool
    # Whether the same request may be answered a little later.
    again: bool
    # For how long it wants to be left alone by everybody; None: it did not say.
    rest_seconds: float | None = None

    @classmethod
    def of_status(cls, host: str, status: int, retry_after: str = "") -> Self:
        """Return what a status means; none of the body is told."""
        away = status == _TIMED_OUT or status >= _BROKEN
        busy = status == _TOO_MANY
        rest = seconds_in(retry_after) if away or busy else None
        problem = ModelUnavailable(
            f"The model at {host} answered with status {status}.",
            retry_after_seconds=math.ceil(rest or 0),
        )
        return cls(problem, counts=away, again=away or busy, rest_seconds=rest)

    def pause_seconds(self, attempt: int) -> float | None:
        """Return how long to wait before another attempt (from 0), None to give up."""
        if not self.again or attempt >= _RETRIES:
            return None
        pause: float = _FIRST_PAUSE_SECONDS * 2**attempt * jitter()
        # Those who were told the same moment do not all come back in it.
        return pause if self.rest_seconds is None else self.rest_seconds + pause / 4


def jitter() -> float:
    """Return a factor that spreads what would happen at once."""
    return random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing


def seconds_in(retry_after: str) -> float | None:
    """Return the seconds of a ``Retry-After`` header, a number or a date; None: of no use."""
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(retry_after).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return min(seconds, LONGEST_REST_SECONDS) if seconds > 0 else None
