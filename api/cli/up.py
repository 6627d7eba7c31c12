"""``footnote up``: everything on this machine, from one command, until Ctrl-C."""

import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from api.cli import leftovers
from api.cli.home import owned, publish
from api.cli.stack import embedded
from api.cli.supervisor import Supervisor
from api.cli.terminal import announce
from data.settings import Settings
from data.signals import heeded

# What a killed supervisor left was told to stop by the kernel already.
RECLAIM_SECONDS = 5.0


def serve(settings: Settings, said: Mapping[str, str], *, tour: bool = False) -> None:
    """Run the embedded stack until SIGINT or SIGTERM; nothing of it is left afterwards.

    Raises ``HomeInUse``, ``PortTaken``, ``ProgramFailed``.
    """
    began = time.monotonic()
    home = settings.folder.resolve()
    with heeded() as signals, owned(home), ExitStack() as opened:
        if count := leftovers.reclaim(home, RECLAIM_SECONDS):
            announce(f"Ended {count} processes that an earlier start had left.")
        stack = embedded(settings, said, home, opened, tour=tour)
        publish(home, stack.address)
        announce(f"Starting Footnote on {home} …")
        if stack.converts:
            announce("Preparing the embedding model, once.")
        supervisor = Supervisor(stack.programs, home, signals, announce)
        supervisor.run(lambda: _welcome(settings, home, stack.address, supervisor, began))
        announce("Footnote has stopped.")


def _welcome(
    settings: Settings, home: Path, address: str, supervisor: Supervisor, began: float
) -> None:
    took = ", ".join(f"{name} {s:.1f} s" for name, s in supervisor.took.items() if s >= 0.05)
    announce(f"Footnote is ready after {time.monotonic() - began:.1f} s ({took}).")
    announce(f"  Address    {address}")
    announce(f"  API page   {address}/docs")
    announce(f"  Admin key  {_key(settings, home)}")
    announce(f"  Logs       {home / 'logs'}")
    announce("  Stop with Ctrl-C.")


def _key(settings: Settings, home: Path) -> str:
    """Return the first admin key for a terminal; for anything else only where it is."""
    if settings.admin_key is not None:
        return "the one in FOOTNOTE_ADMIN_KEY"
    path = home / "admin.key"
    if not path.is_file():
        return "made by an earlier start (its file was removed)"
    return path.read_text().strip() if sys.stdout.isatty() else f"in {path}"
