"""One turn of a worker child: the next slices of the most deserving job."""

import logging
import time

from data.claims import Claims
from data.errors import FootnoteError, Unavailable
from data.records import Claim
from workers.heartbeat import Heartbeat
from workers.recording import recorded
from workers.resources import Resources
from workers.slices import RunningSlice
from workers.stopping import Stopping

logger = logging.getLogger(__name__)

AGAIN_SECONDS = 1.0


def take_turn(held: Resources, worker: str, stopping: Stopping) -> None:
    """Do a slice of the most deserving job, if there is one; none while the worker stops.

    And further ones while half the time of a slice is not over: a small file is done in one turn.
    """
    claims = held.stores.claims
    half = time.monotonic() + held.settings.jobs.seconds_per_slice / 2
    claim = claimed(claims, worker, stopping)
    while claim is not None and _has_more(held, claim, stopping):
        if stopping.is_asked:
            return
        goes_on = time.monotonic() < half
        following = claimed(claims, worker, stopping, claim.job_id) if goes_on else None
        if following is None:
            _ring_again(held, claim)
        claim = following


def _has_more(held: Resources, claim: Claim, stopping: Stopping) -> bool:
    """Do a slice, and return whether it is known that the job needs another one."""
    settings = held.settings.jobs
    bounds = RunningSlice(settings.seconds_per_slice, stopping)
    with (
        recorded(held.stores.claims, claim, stopping),
        Heartbeat(held.stores.claims, claim, bounds, settings),
    ):
        return held.work[claim.kind](claim, bounds)
    return False  # what it raised is recorded


def claimed(
    claims: Claims, worker: str, stopping: Stopping, job_id: str | None = None
) -> Claim | None:
    """Take a job, or the one asked for, or return None when there is none or the worker stops.

    Waits while the catalogue is away: the ring that brought us here would be lost otherwise.
    """
    is_away = False
    while not stopping.is_asked:
        try:
            return claims.claim(worker, job_id)
        except Unavailable as error:
            if not is_away:
                logger.warning("nothing claimed", extra={"code": error.code})
            is_away = True
            time.sleep(AGAIN_SECONDS)
    return None


def _ring_again(held: Resources, claim: Claim) -> None:
    try:
        held.doorbell.ring()
        held.stores.rings.note(claim.job_id)
    except FootnoteError as error:
        logger.warning("not rung: the reconciler will ring", extra={"code": error.code})
