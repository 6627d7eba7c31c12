"""When a refused request is sent once more: only while no text has come."""

import random
import time
from email.utils import parsedate_to_datetime

import httpx

_RETRIES = 2
_FIRST_PAUSE_SECONDS = 0.25


def is_worth_retrying(status: int) -> bool:
    """Whether the same request may be answered later."""
    return status in (408, 429) or status >= 500


def pause_seconds(attempt: int, response: httpx.Response | None) -> float | None:
    """Return how long to wait before another attempt (from 0), or None when it was the last.

    The endpoint's ``Retry-After`` is obeyed; the caller knows whether there is the time.
    """
    if attempt >= _RETRIES:
        return None
    jitter = random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
    pause: float = _FIRST_PAUSE_SECONDS * 2**attempt * jitter
    if response is None:
        return pause
    return max(pause, _retry_after(response.headers.get("retry-after", "")))


def _retry_after(value: str) -> float:
    """Return the seconds of a ``Retry-After`` header: a number, a date, or nothing useful."""
    try:
        return float(value)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, OverflowError):
        return 0.0
