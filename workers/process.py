"""The worker's parent process: runs Celery, and sees that no job is forgotten."""

import contextlib
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import time

from data.errors import SetupError, Unavailable
from data.index_folders import IndexFolders
from data.logs import configure_logs
from data.orphans import Orphans
from data.settings import Settings, child_environment
from data.signals import Signals, heeded
from data.stores import Stores, open_stores
from workers.app import QUEUE
from workers.duties import Duties
from workers.queue import Doorbell
from workers.reconcile import Reconciler
from workers.sweeping import Sweeper
from workers.watchdog import Watchdog
from workers.watching import Watching

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
# From the signal on. With the end of this process itself that is less than 20 seconds.
STOP_SECONDS = 18.0
# What a deaf Celery is given to end by itself.
DEAF_STOP_SECONDS = 5.0


def run(settings: Settings) -> int:
    """Run a worker until SIGTERM or SIGINT, and return its exit code.

    When Celery ends by itself, or has to be ended because it does not hear the bell, this ends
    too, with 1, for its supervisor to start it anew.
    """
    configure_logs(settings.logs)
    if settings.index.url is None:
        raise SetupError("Set FOOTNOTE_INDEX__URL, or start everything with `footnote up`.")
    # In a container that is started again, all but the last part is the same.
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
    with heeded() as signals, open_stores(settings) as stores:
        celery = _celery(settings, name)
        doorbell = Doorbell(settings.broker_url, settings.broker)
        duties = _duties(settings, stores, doorbell, name)
        watching = Watching(settings, stores, lambda: duties.are_ours)
        duties.start()
        watching.start()
        while not signals.stopping and celery.poll() is None and duties.go_on:
            if duties.is_deaf:
                logger.error("celery is deaf")
                break
            signals.wait(LOOK_SECONDS)
        deadline = time.monotonic() + (DEAF_STOP_SECONDS if duties.is_deaf else STOP_SECONDS)
        duties.stop()
        watching.stop()
        _end(celery, signals, deadline)
        if not signals.stopping:
            # What it died over need not wait for its lease to end.
            with contextlib.suppress(Unavailable):
                stores.claims.abandon(name)
        duties.join(deadline - time.monotonic())
        watching.join(deadline - time.monotonic())
    logger.info("worker stopped", extra={"code": celery.returncode})
    return 0 if signals.stopping and not duties.is_deaf else 1


def _duties(settings: Settings, stores: Stores, doorbell: Doorbell, name: str) -> Duties:
    jobs = settings.jobs
    folders = IndexFolders(settings.folder / "chroma")
    sweeper = Sweeper(Orphans(stores.blobs, stores.documents), stores.purges, folders)
    reconciler = Reconciler(stores.rings, stores.presence, doorbell, sweeper, jobs, name)
    watchdog = Watchdog(stores.rings.is_idle, doorbell, name, jobs.deaf_seconds)
    return Duties(reconciler, watchdog, stores.presence, name, jobs.reconcile_seconds)


def _celery(settings: Settings, name: str) -> subprocess.Popen[bytes]:
    # Gossip and mingle make reconnects to a restarted broker worse, and nobody needs them.
    command = (
        *(sys.executable, "-m", "celery", "-A", "workers.tasks", "worker"),
        # One child: a new one takes over what the last one held (Claims.abandon).
        *("--pool", "prefork", "--concurrency", "1", "--queues", QUEUE),
        *("--without-gossip", "--without-mingle", "--loglevel", "WARNING"),
        *("--hostname", f"footnote@{name}"),
    )
    # The environment and not the command line: an address may hold a password.
    environment = child_environment(CELERY_BROKER_URL=settings.broker_url)
    # A group of its own: a Ctrl-C is ours to pass on, and its children can be ended with it.
    return subprocess.Popen(command, env=environment, process_group=0)  # noqa: S603 - our own


def _end(celery: subprocess.Popen[bytes], signals: Signals, deadline: float) -> None:
    """Have Celery finish its slice, and kill what is left of it at the deadline.

    Not at a second signal: a service manager and the supervisor may send one each.
    """
    if celery.poll() is None:
        celery.terminate()
    while celery.poll() is None:
        if time.monotonic() > deadline:
            logger.warning("celery killed")
            with contextlib.suppress(ProcessLookupError):
                os.killpg(celery.pid, signal.SIGKILL)
        signals.wait(LOOK_SECONDS)
    # A child of one that was killed dies with it; now that is sure.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(celery.pid, signal.SIGKILL)
