"""What Celery runs: one slice of the most deserving job."""

import logging
import os
import signal
import time
from contextlib import ExitStack

from celery.signals import setup_logging, worker_init, worker_process_init, worker_process_shutdown

from data.errors import BrokerUnavailable
from data.logs import configure_logs
from data.processes import die_with_parent
from data.records import Claim, JobKind
from data.settings import Settings
from workers.app import RUN_SLICE, app
from workers.heartbeat import Heartbeat
from workers.recording import recorded
from workers.resources import Resources, open_resources
from workers.slices import RunningSlice

logger = logging.getLogger(__name__)

OPEN_AGAIN_SECONDS = 2.0


class Child:
    """What this worker child has opened: Celery gives tasks no other way in."""

    def __init__(self) -> None:
        self._opened = ExitStack()
        self._resources: Resources | None = None

    def open(self, settings: Settings) -> None:
        """Open the resources, once for each child process."""
        self._resources = self._opened.enter_context(open_resources(settings))

    def close(self) -> None:
        """Close them."""
        self._opened.close()

    def resources(self) -> Resources:
        """Return what ``open`` has opened."""
        assert self._resources is not None
        return self._resources


child = Child()


@setup_logging.connect
def _log(**_: object) -> None:
    configure_logs(Settings().logs)


@worker_init.connect
def _tie_parent(**_: object) -> None:
    die_with_parent(signal.SIGTERM)


@worker_process_init.connect
def _open(**_: object) -> None:
    die_with_parent(signal.SIGKILL)
    try:
        child.open(Settings())
    # Celery would go on with a child that can do nothing: whatever it was, another one tries.
    except Exception:
        logger.exception("worker child not opened")
        time.sleep(OPEN_AGAIN_SECONDS)
        os._exit(1)


@worker_process_shutdown.connect
def _close(**_: object) -> None:
    child.close()


@app.task(name=RUN_SLICE)
def run_slice() -> None:
    """Do one slice of the most deserving job, if there is one.

    A ring only says that there is work. Safe to deliver twice, late, or never:
    the catalogue decides who owns a job, and the reconciler rings again.
    """
    held = child.resources()
    claim = held.stores.claims.claim()
    if claim is None:
        return
    seconds = held.settings.jobs.heartbeat_seconds
    with (
        recorded(held.stores.claims, claim),
        Heartbeat(held.stores.claims, claim, seconds),
    ):
        if _has_more(held, claim):
            _ring_again(held, claim)


def _has_more(held: Resources, claim: Claim) -> bool:
    bounds = RunningSlice(held.settings.jobs.seconds_per_slice)
    if claim.kind is JobKind.PURGE:
        return held.purger.run(claim, bounds)
    return held.pipeline.run_slice(claim, bounds)


def _ring_again(held: Resources, claim: Claim) -> None:
    try:
        held.doorbell.ring()
    except BrokerUnavailable:
        logger.warning("not rung: the reconciler will ring")
    else:
        held.stores.rings.note(claim.job_id)
