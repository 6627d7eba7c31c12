"""One turn of a worker child: the next slice of the most deserving job."""

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
    """Do one slice of the most deserving job, if there is one; none while the worker stops."""
    claim = claimed(held.stores.claims, worker, stopping)
    if claim is None:
        return
    settings = held.settings.jobs
    bounds = RunningSlice(settings.seconds_per_slice, stopping)
    has_more = False
    with (
        recorded(held.stores.claims, claim, stopping),
        Heartbeat(held.stores.claims, claim, bounds, settings),
    ):
        has_more = held.work[claim.kind](claim, bounds)
    if has_more and not stopping.is_asked:
        _ring_again(held, claim)


def claimed(claims: Claims, worker: str, stopping: Stopping) -> Claim | None:
    """Take a job, or return None when there is none or the worker stops.

    Waits while the catalogue is away: the ring that brought us here would be lost otherwise.
    """
    is_away = False
    while not stopping.is_asked:
        try:
            return claims.claim(worker)
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
