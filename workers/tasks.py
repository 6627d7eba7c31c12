"""What Celery runs: one slice of the most deserving job."""

import logging
import os
import signal
import time
from contextlib import ExitStack
from typing import Any

from celery.signals import (
    setup_logging,
    worker_init,
    worker_process_init,
    worker_process_shutdown,
    worker_shutting_down,
)

from data.logs import configure_logs
from data.processes import die_with_parent
from data.settings import Settings
from workers.app import RUN_SLICE, app
from workers.resources import Resources, open_resources
from workers.stopping import Stopping
from workers.turn import take_turn

logger = logging.getLogger(__name__)

OPEN_AGAIN_SECONDS = 2.0


class Child:
    """What this worker child has opened: Celery gives tasks no other way in."""

    def __init__(self) -> None:
        self._opened = ExitStack()
        self._resources: Resources | None = None
        self.stopping = Stopping()

    def open(self, settings: Settings, worker: str) -> None:
        """Open the resources, once for each child process, and be ready for the first ring."""
        self._resources = self._opened.enter_context(open_resources(settings))
        self._resources.stores.presence.stir(worker)
        # Celery has one child at a time: what the last one held it has died over.
        self._resources.stores.claims.abandon(worker)

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
def _prepare_parent(**_: object) -> None:
    die_with_parent(signal.SIGTERM)
    child.stopping.share()


@worker_shutting_down.connect
def _tell_children(**_: object) -> None:
    child.stopping.ask_all()


@worker_process_init.connect
def _open(sender: str, **_: object) -> None:
    die_with_parent(signal.SIGKILL)
    try:
        child.open(Settings(), _worker(sender))
    # Celery would go on with a child that can do nothing: whatever it was, another one tries.
    except Exception:
        logger.exception("worker child not opened")
        time.sleep(OPEN_AGAIN_SECONDS)
        os._exit(1)


@worker_process_shutdown.connect
def _close(**_: object) -> None:
    child.close()


@app.task(name=RUN_SLICE, bind=True)
def run_slice(task: Any) -> None:
    """Do some of the most deserving job, if there is one.

    A ring only says that there is work. Safe to deliver twice, late, or never:
    the catalogue decides who owns a job, and the reconciler rings again.
    """
    with child.stopping.heeding_sigterm():
        take_turn(child.resources(), _worker(task.request.hostname), child.stopping)


def _worker(hostname: str) -> str:
    """Return the worker's name in the catalogue (workers/process.py makes both)."""
    return hostname.partition("@")[2]
