"""Become another program that dies with its supervisor.

    python -I -S leash.py PARENT NICENESS FILES COMMAND…

Run as a script between fork and exec, so that the supervisor needs no code of its
own in a forked child. The process keeps its id; nothing of Python stays in it.
"""

import contextlib
import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Tie this process to its parent, set its limits, and become the command."""
    parent, niceness, files = (int(argument) for argument in arguments[:3])
    command = arguments[3:]
    if sys.platform == "linux":
        # SIGTERM, not SIGKILL: uvicorn and Celery then end their own children too.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        # The supervisor was killed before the line above.
        sys.exit(1)
    if niceness:
        os.nice(niceness)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = files if hard == resource.RLIM_INFINITY else min(files, hard)
    if soft < wanted and soft != resource.RLIM_INFINITY:
        with contextlib.suppress(ValueError, OSError):  # macOS has a lower limit than it tells
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
