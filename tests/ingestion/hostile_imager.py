"""A process that draws badly as its first argument says; started by the tests in place of ours."""

import os
import signal
import sys
import time
from pathlib import Path

from ingestion.parsers.frames import Frame
from ingestion.parsers.serving import confine, incoming, private_stdout, send

MODE, MARKER = sys.argv[1], Path(sys.argv[2])
SMALL = Frame({"width": 2, "height": 1}, b"\xff" * 6)


def answer() -> Frame:
    """Return a picture, or misbehave."""
    if MODE == "hang":
        time.sleep(3600)
    elif MODE == "spin":
        while True:
            pass
    elif MODE == "die" or (MODE == "die-once" and not MARKER.exists()):
        MARKER.touch()
        os.kill(os.getpid(), signal.SIGSEGV)
    elif MODE == "exhaust":
        bytearray(64 << 30)
    elif MODE == "rave":
        os.write(3, b"no frame" * 99)
    elif MODE == "flood":
        return Frame({"width": 1, "height": 1}, bytes(8 << 20))
    return {
        "short": Frame({"width": 2, "height": 1}, b"\xff"),
        "huge": Frame({"width": 1 << 20, "height": 1 << 20}, b"\xff" * 6),
        "empty": Frame({"width": 0, "height": 0}),
        "negative": Frame({"width": -2, "height": -1}, b"\xff" * 6),
        "endless": Frame({"width": 1e999, "height": 1}, b"\xff" * 6),
        "list": Frame({"width": [2], "height": 1}, b"\xff" * 6),
        "silent": Frame({}),
        "environment": Frame(
            {"width": len(os.environ), "height": 1}, b"\xff" * 3 * len(os.environ)
        ),
    }.get(MODE, SMALL)


if __name__ == "__main__":
    if MODE == "die-at-start":
        os.kill(os.getpid(), signal.SIGSEGV)
    out = private_stdout()
    hello = incoming(sys.stdin.buffer).get().header
    confine(memory_bytes=int(hello["memory_bytes"]), cpu_seconds=int(hello["cpu_seconds"]))
    send(out, Frame({"unconfined": True} if MODE == "unconfined" else {"confined": True}))
    send(out, answer())
