"""What happens in a slice becomes the job's state, under the claim's token."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from structlog.contextvars import bound_contextvars

from data.claims import Claims
from data.errors import ClaimLost, FootnoteError, SetupError, Unavailable
from data.records import Claim

logger = logging.getLogger(__name__)


@contextmanager
def recorded(claims: Claims, claim: Claim) -> Iterator[None]:
    """Turn what the block raises into a wait, a failure, or another attempt."""
    ids = {"job_id": claim.job_id, "document_id": claim.document_id}
    with bound_contextvars(**ids), _lost_in_silence():
        try:
            yield
        except ClaimLost:
            raise
        except (Unavailable, SetupError) as error:
            logger.warning("job waits", extra={"code": error.code})
            claims.wait(claim, str(error))
        except FootnoteError as error:
            logger.info("job failed", extra={"code": error.code})
            claims.fail(claim, error.code, str(error))
        # A defect: the job is tried again, and after three attempts it ends with its reason.
        except Exception as error:
            logger.exception("slice failed")
            claims.release(claim, f"{type(error).__name__} while it was being indexed.")


@contextmanager
def _lost_in_silence() -> Iterator[None]:
    try:
        yield
    except ClaimLost:
        logger.info("claim lost")
    except Unavailable as error:  # the catalogue itself is away: the lease will run out
        logger.warning("job left to its lease", extra={"code": error.code})
