"""What happens in a slice becomes the job's state, under the claim's token."""

import errno
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from structlog.contextvars import bound_contextvars

from data.claims import Claims
from data.errors import ClaimLost, FootnoteError, SetupError, ShuttingDown, Unavailable
from data.records import Claim
from workers.slices import GRACE_SECONDS
from workers.stopping import Stopping

logger = logging.getLogger(__name__)

# Between two tries to record something while the catalogue is away: sooner than anybody else
# finds that the lease has run out, for then an outage would count as an attempt.
PAUSE_SECONDS = 0.25
# A disk that is full, read-only or broken, or a machine without a free file: no fault of the job.
OUTAGES = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE)


@contextmanager
def recorded(claims: Claims, claim: Claim, stopping: Stopping) -> Iterator[None]:
    """Turn what the block raises into a wait, a failure, or another attempt."""
    with bound_contextvars(job_id=claim.job_id, document_id=claim.document_id):
        try:
            yield
        # Whatever it was becomes the job's state.
        except Exception as error:  # noqa: BLE001 - a defect is logged and tried again
            _persist(_consequence(claims, claim, error, stopping), stopping)


def _consequence(
    claims: Claims, claim: Claim, error: Exception, stopping: Stopping
) -> Callable[[], None]:
    """Return what is to be recorded."""
    match error:
        case ClaimLost():
            logger.info("claim lost")
            return partial(claims.let_go, claim)
        case ShuttingDown() if stopping.is_asked:
            logger.info("job handed back")
            return partial(claims.hand_back, claim)
        case ShuttingDown():
            logger.warning("slice over before anything was done")
            return partial(claims.release, claim, "A slice ended before its first page was done.")
        case Unavailable() | SetupError():
            logger.warning("job waits", extra={"code": error.code})
            return partial(claims.wait, claim, str(error))
        case FootnoteError():
            logger.info("job failed", extra={"code": error.code})
            return partial(claims.fail, claim, error.code, str(error))
        case OSError(errno=number) if number in OUTAGES:
            logger.warning("job waits", exc_info=error)
            return partial(claims.wait, claim, "The worker's disk is full or can't be used.")
    # A defect: the job is tried again, and after three attempts it ends with its reason.
    logger.error("slice failed", exc_info=error)
    return partial(claims.release, claim, f"{type(error).__name__} while it was being indexed.")


def _persist(write: Callable[[], None], stopping: Stopping) -> None:
    """Record it, however long the catalogue is away; a worker that stops leaves it to the lease."""
    is_away = False
    while True:
        try:
            return write()
        except ClaimLost:
            return logger.info("claim lost")
        except Unavailable as error:
            if stopping.seconds > GRACE_SECONDS:
                return logger.warning("job left to its lease", extra={"code": error.code})
            if not is_away:
                logger.warning("not recorded yet", extra={"code": error.code})
            is_away = True
            time.sleep(PAUSE_SECONDS)
