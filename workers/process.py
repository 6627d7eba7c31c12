"""The worker's parent process: runs Celery, and sees that no job is forgotten."""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from types import FrameType

from data.errors import SetupError
from data.logs import configure_logs
from data.orphans import Orphans
from data.settings import Settings, child_environment
from data.stores import open_stores
from workers.app import QUEUE
from workers.queue import Doorbell
from workers.reconcile import Reconciler
from workers.sweeping import Sweeper

logger = logging.getLogger(__name__)


def run(settings: Settings) -> int:
    """Run a worker until SIGTERM or SIGINT, and return its exit code.

    When Celery ends by itself this ends too, for its supervisor to start it anew.
    """
    configure_logs(settings.logs)
    if settings.index.url is None:
        raise SetupError("Set FOOTNOTE_INDEX__URL, or start everything with `footnote up`.")
    name = f"{socket.gethostname()}-{os.getpid()}"
    ended = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    with open_stores(settings) as stores:
        celery = _celery(settings, name)
        doorbell = Doorbell(settings.broker_url, settings.broker)
        sweeper = Sweeper(Orphans(stores.blobs, stores.documents), stores.purges)
        reconciler = Reconciler(
            stores.rings, stores.presence, doorbell, sweeper, settings.jobs, name
        )
        while celery.poll() is None and not ended.is_set():
            reconciler.run_once()
            ended.wait(settings.jobs.reconcile_seconds)
        if celery.poll() is None:
            celery.terminate()
        code = celery.wait()
        doorbell.close()
        stores.presence.leave(name)
    logger.info("worker stopped", extra={"code": code})
    return 0 if ended.is_set() else code or 1


def _celery(settings: Settings, name: str) -> subprocess.Popen[bytes]:
    # Gossip and mingle make reconnects to a restarted broker worse, and nobody needs them.
    command = (
        *(sys.executable, "-m", "celery", "-A", "workers.tasks", "worker"),
        *("--pool", "prefork", "--concurrency", "1", "--queues", QUEUE),
        *("--without-gossip", "--without-mingle", "--loglevel", "WARNING"),
        *("--hostname", f"footnote@{name}"),
    )
    # The environment and not the command line: an address may hold a password.
    environment = child_environment(CELERY_BROKER_URL=settings.broker_url)
    return subprocess.Popen(command, env=environment)  # noqa: S603 - our own module, no shell
